"""Judge the clocks of a batch: most of it is in plain order, and costs a comparison for each report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from devices.message_order import Message, Standing, date_messages, earliest, in_plain_order, to_look_up
from tracker.ingest.batch import PumpBatch
from tracker.records.reading_order import enrolments, mark_wrong, mark_wrong_above, neighbours
from tracker.records.state_writes import Latest


def date_batches(connection: Connection, batches: Sequence[PumpBatch], now: datetime) -> None:
    """Put each pump's new messages in order beside what is stored; two queries for all that are not in plain order."""
    hard: list[PumpBatch] = []
    for batch in batches:
        state = batch.state
        if not batch.reports and not batch.sessions:
            continue
        plain = state.clock_behind_s is None and not batch.sessions
        if not (plain and in_plain_order(state.epoch, state.seq, state.measured_at, batch.reports)):
            hard.append(batch)
    if not hard:
        return
    standings = {batch.pump.id: standing_of(batch.state) for batch in hard}
    asked = [
        (batch.pump.id, *number)
        for batch in hard
        for number in to_look_up(standings[batch.pump.id], [*batch.reports, *batch.sessions])
    ]
    found = neighbours(connection, asked) if asked else {}
    known = enrolments(connection, [batch.pump.id for batch in hard])
    for batch in hard:
        pump_id = batch.pump.id
        floor, stored = earliest(*known[pump_id]), found.get(pump_id, {})
        if batch.state.epoch is None and _begin_plainly(batch, floor):
            continue
        messages: list[Message] = [*batch.reports, *batch.sessions]
        batch.standing, batch.dated = date_messages(standings[pump_id], messages, now, floor, stored)


def _begin_plainly(batch: PumpBatch, floor: datetime) -> bool:
    """Whether a pump's first reports rise in number and time from one that it can have measured."""
    if batch.sessions:
        return False
    first = batch.reports[0]
    return first.measured_at >= floor and in_plain_order(first.epoch, first.seq, first.measured_at, batch.reports[1:])


def mark_clocks(connection: Connection, batches: Sequence[PumpBatch]) -> None:
    """Mark the stored readings whose clock was wrong; called once they are in."""
    wrong = []
    for batch in batches:
        for one in batch.dated or ():
            if one.clock_wrong:
                wrong.append((batch.pump.id, one.message.epoch, one.message.seq))
            elif one.contradicts:
                mark_wrong_above(connection, batch.pump.id, one.message)
    if wrong:
        mark_wrong(connection, wrong)


def standing_of(state: Latest) -> Standing:
    """The newest report so far, by the state."""
    behind = None if state.clock_behind_s is None else timedelta(seconds=state.clock_behind_s)
    return Standing(
        state.epoch,
        state.seq,
        state.measured_at,
        state.clock_at,
        state.trusted_at,
        behind,
        state.clock_wrong_since,
    )
