"""Actions on visits: log, draft, confirm, amend, withdraw, with their codes and prescriptions."""
