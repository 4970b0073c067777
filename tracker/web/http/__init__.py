"""HTTP itself: what every request meets, how errors are answered, readiness, metrics and the OpenAPI document."""
