"""Checkpoints of the audit trail: signed with a key that neither the database nor the pages hold, kept elsewhere."""
