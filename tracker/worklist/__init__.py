"""Which items the worklist needs for a pump, decided from its snapshot. Pure: no clock, no database, no network."""
