"""The jobs that run by the clock: one leader among any number of schedulers, each job idempotent and accounted for."""
