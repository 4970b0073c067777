"""Refresh the worklist: open the items that are wanted, change those that differ, resolve those whose cause is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from devices.alarms import Priority
from tracker.actions.messages.follow_items import items_changed
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.records.column_types import EVENT_REASON
from tracker.records.worklist import (
    DoneItem,
    WorklistEvent,
    WorklistItem,
    done_items_of_pumps,
    items_by_id,
    open_items_of_pumps,
)
from tracker.worklist.item import WantedItem, holds

TRACKER: Final = "tracker"
QUIET: Final = {
    Priority.MEDIUM: timedelta(days=7),
    Priority.LOW: timedelta(days=30),
}
"""How long a task that a person closed stays away although its cause still stands.

It comes back at once where it grew more urgent, or where something came that the person had not seen. One that is
urgent, or that speaks of a pump that does not deliver, has no such rest: nobody closes it while its cause lasts.
"""

HARM_MOVED: Final = timedelta(hours=12)


def apply_lines(
    session: Session, lines: Mapping[int, tuple[PumpSnapshot, Sequence[WantedItem]]], now: datetime
) -> None:
    """Make exactly those lines the open ones of those pumps; one open line per cause, whoever else is at work."""
    pump_ids = list(lines)
    opened = {(item.pump_id, item.key): item for item in open_items_of_pumps(session, pump_ids)}
    done = {
        (item.pump_id, item.key): item
        for item in done_items_of_pumps(session, pump_ids, now - max(QUIET.values()), but_by=TRACKER)
        if item.clinic_id == lines[item.pump_id][0].clinic_id  # what another clinic did before a hand-over was theirs
    }
    new: list[tuple[PumpSnapshot, WantedItem]] = []
    moved: list[WorklistItem] = []
    for pump_id, (view, wanted_lines) in lines.items():
        for line in wanted_lines:
            item = opened.pop((pump_id, line.key), None)
            if item is not None:
                item.clinic_id = line.clinic_id or view.clinic_id  # it may be of before a hand-over
                before = item.priority
                _update(session, item, line, now)
                if item.priority != before:
                    moved.append(item)
            elif not _rests(done.get((pump_id, line.key)), line, now):
                new.append((view, line))
    for item in opened.values():
        item.closed_at, item.changed_at = now, now
        item.closed_by, item.closed_reason = TRACKER, "resolved automatically"
        session.add(item)
        session.add(event(item.id, now, "cause gone", TRACKER))
        if item.priority >= Priority.MEDIUM:
            moved.append(item)
    if moved:
        items_changed(session, moved, now)
    open_lines(session, [(line.clinic_id or view.clinic_id, view.pump_id, line) for view, line in new], now)


def apply_clinic_lines(
    session: Session,
    clinic_id: int,
    items: Sequence[WorklistItem],
    lines: Sequence[WantedItem],
    gone: str,
    now: datetime,
) -> None:
    """Make exactly those lines the open ones among the clinic's ``items``; ``gone``: why one is closed by itself."""
    opened = {item.key: item for item in items}
    moved: list[WorklistItem] = []
    new: list[tuple[int, int | None, WantedItem]] = []
    for line in lines:
        item = opened.pop(line.key, None)
        if item is None:
            new.append((clinic_id, None, line))
            continue
        before = item.priority
        _update(session, item, line, now)
        if item.priority != before:
            moved.append(item)
    for item in opened.values():
        item.closed_at, item.changed_at = now, now
        item.closed_by, item.closed_reason = TRACKER, gone
        session.add(item)
        session.add(event(item.id, now, "cause gone", TRACKER))
        moved.append(item)
    if moved:
        items_changed(session, moved, now)
    open_lines(session, new, now)


def differ(items: Sequence[WorklistItem], lines: Sequence[WantedItem]) -> bool:
    """Whether the open items are not what the lines say."""
    wanted = {line.key: (int(line.priority), line.what[:300], line.why[:2000]) for line in lines}
    return wanted != {item.key: (item.priority, item.what, item.why) for item in items}


def open_lines(session: Session, new: Sequence[tuple[int, int | None, WantedItem]], now: datetime) -> None:
    """Open lines by clinic and pump; one whose cause has an open line already is left as it is."""
    if not new:
        return
    rows = [_row(clinic_id, pump_id, line, now) for clinic_id, pump_id, line in new]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(WorklistItem).on_conflict_do_nothing().returning(col(WorklistItem.id))
    opened = [item_id for (item_id,) in session.execute(statement, rows)]
    if opened:
        events = [{"item_id": one, "at": now, "kind": "opened", "by": TRACKER, "reason": ""} for one in opened]
        session.execute(insert(WorklistEvent), events)
        if any(line.priority >= Priority.MEDIUM for _, _, line in new):
            items = [item for item in items_by_id(session, opened).values() if item.priority >= Priority.MEDIUM]
            items_changed(session, items, now)


def event(item_id: int | None, at: datetime, kind: str, by: str, reason: str = "") -> WorklistEvent:
    """One thing that happened to a stored line."""
    if item_id is None:
        raise ValueError("the line is not stored yet")
    return WorklistEvent(item_id=item_id, at=at, kind=kind, by=by, reason=reason[:EVENT_REASON])


def _row(clinic_id: int, pump_id: int | None, line: WantedItem, now: datetime) -> dict[str, Any]:
    return {
        "clinic_id": clinic_id,
        "pump_id": pump_id,
        "kind": line.kind,
        "key": line.key,
        "priority": int(line.priority),
        "harm_at": line.harm_at,
        "what": line.what[:300],
        "why": line.why[:2000],
        "next_step": line.next_step[:1000],
        "link": line.link,
        "holds": holds(line),
        "since": line.since,
        "opened_at": now,
        "changed_at": now,
        "snoozed_until": line.snoozed_until,
    }


def _update(session: Session, item: WorklistItem, line: WantedItem, now: datetime) -> None:
    """Words and dates follow the records quietly; a change of what or how urgent is told as one."""
    told = (item.priority, item.what) != (int(line.priority), line.what[:300])
    rose = int(line.priority) > item.priority
    if told:
        session.add(event(item.id, now, "changed", TRACKER, f"was: {item.what}"))
        item.changed_at = now
        item.priority, item.what = int(line.priority), line.what[:300]
        session.add(item)
    texts = (line.why[:2000], line.next_step[:1000], line.link, holds(line))
    if (item.why, item.next_step, item.link, item.holds) != texts:
        item.why, item.next_step, item.link, item.holds = texts
        session.add(item)
    if abs(item.harm_at - line.harm_at) > HARM_MOVED or told:
        item.harm_at = line.harm_at
        session.add(item)
    snoozed = None if rose else line.snoozed_until
    if item.snoozed_until != snoozed:
        item.snoozed_until = snoozed
        session.add(item)


def _rests(done: DoneItem | None, line: WantedItem, now: datetime) -> bool:
    if done is None or done.closed_at is None or holds(line):
        return False
    if line.news_at is not None and line.news_at > done.closed_at:
        return False
    return int(line.priority) <= done.priority and now < done.closed_at + QUIET[line.priority]
