"""Actions on items of the worklist: refresh, claim, release, reassign, note, finish."""
