"""``tracker demo``: a whole simulated clinic with its broker, staff and mailbox on this machine."""
