"""A process for another machine: it holds what must be said unless the tracker renews it, and says it."""
