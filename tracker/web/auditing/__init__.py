"""What requests leave in the audit trail: reads of patients' records, and who did what."""
