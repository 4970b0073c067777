"""Actions on alarms: note, rate, acknowledge, assign, snooze, escalate."""
