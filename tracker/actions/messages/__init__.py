"""Messages: what is written to the outbox, for whom, and what their answers do."""
