"""A process for another machine: it keeps what must be said unless the tracker renews it, and says it."""
