"""A hostile communicator's attacks in full number."""
