"""What the records show, as pure decisions: alarm lives, signs of neglect or abuse, unlogged events, tasks."""
