"""Actions on pumps: enrol, change, move, forecast, evaluate, hand over."""
