"""Lists: pages of them, exports, calendars, counts and what was searched for."""
