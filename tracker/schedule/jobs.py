"""The jobs, as values. A job is added by its file and one line here."""

from __future__ import annotations

from typing import Final

from tracker.schedule.advisories import match_all
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.evaluate_urgent_pumps import evaluate_urgent_pumps
from tracker.schedule.job import Job
from tracker.schedule.messages import follow_tasks, note_who_is_reached, send_digests, tell_people
from tracker.schedule.reading_retention import drop_old, make_ahead
from tracker.schedule.rejected_retention import tidy_refused
from tracker.schedule.silence import note_silence

JOBS: Final[tuple[Job, ...]] = (
    Job(
        "evaluate",
        "Forecast, determine and list what to do for every pump that changed or is due.",
        2,
        lambda database, _settings, now: evaluate_due_pumps(database, now),
    ),
    Job(
        "urgent",
        "Evaluate pumps with a new alarm of high priority at once, however long the other evaluations take.",
        1,
        lambda database, _settings, now: evaluate_urgent_pumps(database, now),
        waits_for_none=True,
    ),
    Job(
        "silence",
        "Find the pumps, and the clinics, that no data comes from.",
        10,
        lambda database, _settings, now: note_silence(database, now),
    ),
    Job(
        "alarms",
        "End snoozes whose time has come and escalate alarms that nobody acknowledges.",
        15,
        lambda database, _settings, now: tend_alarms(database, now),
    ),
    Job(
        "messages",
        "Tell whoever is due to be told of a task that nobody has taken, and let acknowledgments lapse.",
        5,
        lambda database, _settings, now: tell_people(database, now),
        waits_for_none=True,
    ),
    Job(
        "escalations",
        "Begin the escalation of urgent tasks that have none, and end that of closed ones.",
        60,
        lambda database, _settings, now: follow_tasks(database, now),
    ),
    Job(
        "coverage",
        "Find alarms, policies and on-call gaps of which nobody would be told, and list them as tasks.",
        60,
        lambda database, _settings, now: note_who_is_reached(database, now),
    ),
    Job(
        "digest",
        "Tell each person once a day what is open for them and not urgent.",
        60,
        lambda database, _settings, now: send_digests(database, now),
    ),
    Job(
        "advisories",
        "Match advisories and recalls to the pumps that they cover.",
        60,
        lambda database, _settings, now: match_all(database, now),
    ),
    Job(
        "partitions",
        "Make the months' partitions of the readings ahead of time (PostgreSQL).",
        6 * 3600,
        lambda database, _settings, now: make_ahead(database, now),
    ),
    Job(
        "retention",
        "Drop readings older than the clinic keeps, where a limit is set.",
        24 * 3600,
        lambda database, settings, now: drop_old(database, settings.readings_keep_months, now),
    ),
    Job(
        "rejected",
        "Drop rejected messages that were settled long ago, and the use of budgets of past days.",
        24 * 3600,
        lambda database, settings, now: tidy_refused(database, settings.rejected_keep_days, now),
    ),
)
