"""What ingest writes of few pumps' states: what was refused of them, and clocks that are wrong.

Statements of their own spare the usual batch these columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, update

from tracker.records.pump import PumpState


class Clock(NamedTuple):
    """The clock of the newest report, by the state's columns. All but ``measured_at`` are None while it is right."""

    measured_at: datetime | None
    clock_at: datetime | None
    trusted_at: datetime | None
    clock_behind_s: int | None
    clock_wrong_since: datetime | None


def keep_refusals(connection: Connection, refusals: Sequence[tuple[int, tuple[str, datetime | None, str]]]) -> None:
    """Few pumps are refused anything: a statement of its own spares all others its columns."""
    if not refusals:
        return
    rows = [{"pump": pump, "named": named, "named_at": at, "why": why[:400]} for pump, (named, at, why) in refusals]
    connection.execute(_REFUSED, rows)


def keep_clocks(connection: Connection, clocks: Sequence[tuple[int, Clock]]) -> None:
    """Each pump's clock; called after its report is shown, since a wrong clock's counts from its arrival."""
    rows = [{"pump": pump_id, **clock._asdict()} for pump_id, clock in clocks]
    if rows:
        connection.execute(_CLOCKS, rows)


_STATE: Any = PumpState.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_REFUSED: Final = (
    update(_STATE)
    .where(_STATE.c.pump_id == bindparam("pump"))
    .values(
        refused_alarms=bindparam("named"), refused_alarms_at=bindparam("named_at"), refused_because=bindparam("why")
    )
)
_CLOCKS: Final = (
    update(_STATE)
    .where(_STATE.c.pump_id == bindparam("pump"))
    .values({name: bindparam(name) for name in Clock._fields})
)
