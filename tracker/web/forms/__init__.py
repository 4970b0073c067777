"""Forms: what was typed, read into values or shown again with the fields at fault named."""
