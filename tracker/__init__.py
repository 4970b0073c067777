"""The tracker: telemetry in, records kept, replacement criteria determined, pages and API out."""
