"""Note which pumps are heard of and which fell silent: connected, late, disconnected or suspended, as one set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from devices.alarms import Priority
from devices.lifecycle import FOLLOWED
from tracker.actions.alarms.end_snoozes import wake
from tracker.actions.messages.follow_items import items_changed
from tracker.actions.worklist.refresh_worklist import TRACKER, event, open_lines
from tracker.findings.measured import NEVER_HEARD, SILENT_AFTER
from tracker.records.alarm import open_alarms
from tracker.records.column_types import to_micros
from tracker.records.worklist import OUTAGE, clinics_with, open_item
from tracker.worklist.item import WantedItem

LATE_AFTER: Final = 1.5
"""A report this many intervals after the last is late. Assumed."""
OUTAGE_LEAST: Final = 5
OUTAGE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A pump whose contact, or whose data, is no longer what its state says."""

    pump_id: int
    was: str
    link: str
    data_was: str
    data: str


def changed_links(session: Session, now: datetime) -> list[LinkChange]:
    """Every pump whose contact or data has another name now than recorded; reads only, all pumps in one statement."""
    rows = session.connection().execute(
        _SQLITE if session.get_bind().dialect.name == "sqlite" else _POSTGRESQL,
        {
            "now": to_micros(now) if session.get_bind().dialect.name == "sqlite" else now,
            "late": LATE_AFTER,
            "gone": SILENT_AFTER,
            "never": NEVER_HEARD.days,
        },
    )
    return [LinkChange(*row) for row in rows]


def write_links(session: Session, changes: Sequence[LinkChange], now: datetime) -> None:
    """Record the new names; a pump that became silent, or is no longer, is evaluated at the scheduler's next turn."""
    at = {"at": to_micros(now) if session.get_bind().dialect.name == "sqlite" else now}
    watched = {"disconnected", "suspended"}
    changes = sorted(changes, key=lambda one: one.pump_id)  # the order in which ingest takes them
    rows = [
        {
            "pump": one.pump_id,
            "link": one.link,
            "data": one.data,
            "matters": int((one.link != one.was and one.link in watched) or one.data != one.data_was),
            **at,
        }
        for one in changes
    ]
    if rows:
        session.connection().execute(_WRITE, rows)
    back = [one.pump_id for one in changes if one.was == "suspended" != one.link]
    for alarms in open_alarms(session, back).values():
        for alarm in alarms:
            wake(session, alarm, now, "reporting was suspended and is expected again")


@dataclass(frozen=True, slots=True)
class Outage:
    """A clinic most of whose pumps fell silent at once (``begins``), or are heard of again."""

    clinic_id: int
    silent: int
    watched: int
    begins: bool


def changed_outages(session: Session) -> list[Outage]:
    """Every clinic whose outage begins or ends; reads only."""
    silent: Counter[int] = Counter()
    watched: Counter[int] = Counter()
    for clinic_id, link, count in session.connection().execute(_BY_CLINIC):
        watched[clinic_id] += count
        if link in {"late", "disconnected"}:
            silent[clinic_id] += count
    known = clinics_with(session, OUTAGE)
    out = {
        clinic_id
        for clinic_id, total in watched.items()
        if silent[clinic_id] >= OUTAGE_LEAST and silent[clinic_id] >= OUTAGE_SHARE * total
    }
    return [Outage(one, silent[one], watched[one], begins=one in out) for one in sorted(out ^ known)]


def write_outages(session: Session, outages: Sequence[Outage], now: datetime) -> None:
    """Open one line for a clinic whose outage begins, close it where it ends; its silent pumps are evaluated again."""
    at = to_micros(now) if session.get_bind().dialect.name == "sqlite" else now
    for one in outages:
        known = open_item(session, one.clinic_id, OUTAGE)
        if one.begins:
            open_lines(session, [(one.clinic_id, None, _outage(one.silent, one.watched, now))], now)
        elif known is not None:
            known.closed_at, known.changed_at = now, now
            known.closed_by, known.closed_reason = TRACKER, "the pumps are heard of again"
            session.add(known)
            session.add(event(known.id, now, "cause gone", TRACKER))
            items_changed(session, [known], now)
        session.connection().execute(_LOOK_AGAIN, {"clinic": one.clinic_id, "at": at})


def _outage(silent: int, total: int, now: datetime) -> WantedItem:
    return WantedItem(
        key=OUTAGE,
        kind="contact",
        priority=Priority.HIGH,
        harm_at=now + timedelta(hours=24),
        what="Most of the clinic's pumps are silent",
        why=f"{silent} of {total} pumps have missed their reports at once: the fault is likely the clinic's "
        "connection, the broker or this system, not the pumps. What they do now is unknown.",
        next_step="Check the connection and the broker. If it lasts, call the patients whose drug runs out first.",
        since=now,
        link="/connectivity",
    )


_NAMED: Final = """
SELECT pump_id, link, wanted, data_status, data FROM (
  SELECT pump_id, link, wanted, data_status, CASE
    WHEN wanted NOT IN ('connected', 'late') OR measured_at + {limit} >= :now THEN 'current'
    WHEN measured_at IS NULL AND (lifecycle IN ({followed})) = {false} THEN 'current'
    WHEN measured_at IS NULL AND created_at + {first} >= :now THEN 'current'
    WHEN unmeasured_by = 'refused' THEN 'unreadable'
    WHEN unmeasured_by IN ('repeated', 'late', 'held') THEN unmeasured_by
    ELSE 'none' END AS data
  FROM (
    SELECT s.pump_id, s.link, s.data_status, s.measured_at, s.unmeasured_by, p.created_at, p.lifecycle,
      p.report_interval_s, CASE
      WHEN s.last_contact_at IS NULL THEN 'never'
      WHEN p.suspended_until > :now THEN 'suspended'
      WHEN s.last_contact_at + {limit} < :now THEN 'disconnected'
      WHEN s.last_contact_at + {late} < :now THEN 'late'
      ELSE 'connected' END AS wanted
    FROM pump_state s JOIN pump p ON p.id = s.pump_id) AS heard) AS named
WHERE link <> wanted OR data_status <> data"""
_FOLLOWED: Final = ", ".join(f"'{state}'" for state in sorted(FOLLOWED))
_SQLITE: Final = text(
    _NAMED.format(
        limit="max(report_interval_s, 60) * 1000000 * :gone",
        late="max(report_interval_s, 60) * 1000000 * :late",
        first="CASE WHEN unmeasured_by = 'refused' THEN max(report_interval_s, 60) * 1000000 * :gone "
        "ELSE max(max(report_interval_s, 60) * 1000000 * :gone, :never * 86400000000) END",
        followed=_FOLLOWED,
        false="0",
    )
)
_POSTGRESQL: Final = text(
    _NAMED.format(
        limit="make_interval(secs => greatest(report_interval_s, 60) * :gone)",
        late="make_interval(secs => greatest(report_interval_s, 60) * :late)",
        first="CASE WHEN unmeasured_by = 'refused' THEN make_interval(secs => greatest(report_interval_s, 60) * :gone) "
        "ELSE greatest(make_interval(secs => greatest(report_interval_s, 60) * :gone), make_interval(days => :never)) "
        "END",
        followed=_FOLLOWED,
        false="false",
    )
)

_WRITE: Final = text("""
UPDATE pump_state SET link_since = CASE WHEN link = :link THEN link_since ELSE :at END,
  link = :link, data_status = :data, changed_at = :at,
  evaluate_at = CASE WHEN (link <> :link AND link IN ('disconnected', 'suspended')) OR :matters = 1
    THEN :at ELSE evaluate_at END
WHERE pump_id = :pump""")

_BY_CLINIC: Final = text("""
SELECT p.clinic_id, s.link, COUNT(*) FROM pump_state s JOIN pump p ON p.id = s.pump_id
WHERE s.link IN ('connected', 'late', 'disconnected')
  AND p.lifecycle NOT IN ('explanted', 'replaced', 'deceased', 'returned', 'transferred')
GROUP BY p.clinic_id, s.link""")

_LOOK_AGAIN: Final = text("""
UPDATE pump_state SET evaluate_at = :at
WHERE link = 'disconnected' AND pump_id IN (SELECT id FROM pump WHERE clinic_id = :clinic)""")
