"""What the system does, one verb per file: the only place where pure decisions and stored records meet.

An action takes the transaction that its caller opened, who does it and when; it never commits.
"""
