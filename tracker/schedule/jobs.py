"""The jobs, as values. A job is added by its file and one line here."""

from __future__ import annotations

from typing import Final

from tracker.schedule.alarms import tend_alarms
from tracker.schedule.job import Job
from tracker.schedule.silence import note_silence
from tracker.schedule.sweep import sweep

JOBS: Final[tuple[Job, ...]] = (
    Job(
        "evaluate",
        "Forecast, determine and list what to do for every pump that changed or is due.",
        2,
        lambda database, _settings, now: sweep(database, now),
    ),
    Job(
        "silence",
        "Find the pumps, and the clinics, that have fallen silent.",
        10,
        lambda database, _settings, now: note_silence(database, now),
    ),
    Job(
        "alarms",
        "End snoozes whose time has come and escalate alarms that nobody acknowledges.",
        15,
        lambda database, _settings, now: tend_alarms(database, now),
    ),
)
