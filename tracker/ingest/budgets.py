"""Budgets: how much one pump may bring in a minute and in a day. What is over is neither stored nor receipted.

It is acknowledged to the broker, so that the broker's store is freed, and waits on the communicator's disk, which sends
again what no receipt covers. Messages are counted that are stored, not those that came before.

Sessions, epochs and refused bytes are counted in the database, under the lock that a batch holds on its pumps' states:
so the counts outlive a restart, and two workers that share a pump's messages count together. Of plain reports each
process remembers the last few of a pump and writes them down many at once, for speed: a fiftieth of the budget at most
is forgotten in a restart. A pump near its limit is counted in the database with each message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from sqlalchemy import Connection

from devices.report import ProgrammerSession
from tracker.findings.budget_seen import NOT_TAKEN, OVER_FOR
from tracker.ingest.batch import PumpBatch
from tracker.ingest.budget_limits import DEFAULT, Budget
from tracker.ingest.decode import Refused
from tracker.records.budget import PumpBudget, budgets_of, keep_budgets, near_limit

_PARTS: Final = 50  # of the budget of messages, so many are written down one after the other
_MESSAGES, _SESSIONS, _EPOCHS, _REFUSED_BYTES = range(4)
_WHOLE: Final = 4  # of the day alone: refused messages that were stored whole


_NAMES: Final = ("messages", "programmer sessions", "epochs", "refused bytes")


@dataclass(slots=True)
class Account:
    """What one pump has used, as of the batch that is being written."""

    row: PumpBudget
    budget: Budget

    def left(self, kind: int) -> int:
        """How many more of that kind may be stored now."""
        of_minute: int = self.budget.minute[kind] - self.row.minute_used[kind]
        return max(0, min(of_minute, self._of_day(kind)))

    def over_of(self, kind: int) -> str:
        """The budget that the next of that kind would exceed, in words."""
        if self._of_day(kind) <= 0:
            return f"{self.budget.day[kind]:,} {_NAMES[kind]} a day"
        return f"{self.budget.minute[kind]:,} {_NAMES[kind]} a minute"

    def use(self, kind: int, count: int) -> None:
        """Count what was stored."""
        self.row.minute_used[kind] += count
        self.row.day_used[kind] += count

    def keep_whole(self) -> bool:
        """Whether one more long refused message is stored whole today; it is counted then."""
        if self.row.day_used[_WHOLE] >= self.budget.whole_refused_per_day:
            return False
        self.row.day_used[_WHOLE] += 1
        return True

    def _of_day(self, kind: int) -> int:
        return int(self.budget.day[kind] - self.row.day_used[kind])


@dataclass(slots=True)
class Round:
    """What one transaction counts; it holds once that has committed."""

    minute: datetime
    unsaved: dict[int, int] = field(default_factory=dict)
    accounts: dict[int, Account] = field(default_factory=dict)
    tight: set[int] | None = None
    """All pumps near their limit today, where that was asked again."""


class Budgets:
    """The budgets of all pumps, and the messages of each that are stored and not counted in the database yet."""

    def __init__(self, budget: Budget = DEFAULT) -> None:
        self.budget = budget
        self._part = max(1, min(budget.minute.messages, budget.day.messages) // _PARTS)
        self._minute: datetime | None = None
        self._unsaved: dict[int, int] = {}
        self._tight: set[int] = set()

    def begin(self, connection: Connection, batches: Sequence[PumpBatch], now: datetime) -> Round:
        """Take what is over the budgets of messages, sessions and epochs out of the batches, into their ``held``."""
        this = Round(now.astimezone(UTC).replace(second=0, microsecond=0))
        unsaved, tight = self._unsaved, self._tight
        if this.minute != self._minute:
            most = self.budget.day.messages - 2 * self._part
            this.tight = tight = near_limit(connection, this.minute.date(), most)
            if self._minute is None or self._minute.date() != this.minute.date():
                unsaved = {}
        loud: list[tuple[PumpBatch, int]] = []
        for batch in batches:
            pump_messages, pump_id = batch.messages, batch.pump.id
            before = unsaved.get(pump_id, 0)
            came = before + len(pump_messages.numbered)
            if came >= self._part or pump_messages.sessions or batch.fresh or pump_messages.refused or pump_id in tight:
                loud.append((batch, before))
            else:
                this.unsaved[pump_id] = came
        self._open(connection, loud, this)
        for batch, _ in loud:
            _hold_messages(batch, this.accounts[batch.pump.id])
        return this

    def hold_refused(self, connection: Connection, batches: Sequence[PumpBatch], this: Round) -> None:
        """Take what is over the budget of refused bytes out of what is refused: it is not stored either."""
        refused = [batch for batch in batches if batch.refused]
        quiet = [batch for batch in refused if batch.pump.id not in this.accounts]
        self._open(
            connection,
            [(batch, this.unsaved.pop(batch.pump.id) - len(batch.messages.numbered)) for batch in quiet],
            this,
        )
        for batch in refused:
            account = this.accounts[batch.pump.id]
            left, kept = account.left(_REFUSED_BYTES), []
            for one in batch.refused:
                size = one.arrival.size or len(one.arrival.payload)
                if size <= left:
                    left -= size
                    kept.append(one)
                else:
                    _hold(batch, one, account.over_of(_REFUSED_BYTES))
            batch.refused = kept

    def keep(self, connection: Connection, batches: Sequence[PumpBatch], this: Round, now: datetime) -> None:
        """Write what was used of the pumps that are counted in the database, and which of them are over."""
        for batch in batches:
            account = this.accounts.get(batch.pump.id)
            if account is None:
                continue
            fresh = [epoch for epoch in batch.fresh if batch.marks[epoch].is_empty]
            for epoch in fresh:
                del batch.marks[epoch]  # nothing of it was taken: no receipt may speak of it
            account.use(_MESSAGES, len(batch.reports) + len(batch.sessions) + len(batch.refused))
            account.use(_SESSIONS, len(batch.sessions))
            account.use(_EPOCHS, len(batch.fresh) - len(fresh))
            account.use(_REFUSED_BYTES, sum(one.arrival.size or len(one.arrival.payload) for one in batch.refused))
            if batch.held:
                _note_held(account.row, batch, now)
        keep_budgets(connection, [account.row for account in this.accounts.values()])

    def committed(self, this: Round) -> None:
        """The transaction is in: what it counted holds."""
        if this.tight is not None:
            if self._minute is None or self._minute.date() != this.minute.date():
                self._unsaved = {}
            self._minute, self._tight = this.minute, this.tight
        self._unsaved.update(this.unsaved)
        for pump_id, account in this.accounts.items():
            self._unsaved.pop(pump_id, None)
            if account.left(_MESSAGES) < 2 * self._part:
                self._tight.add(pump_id)

    def _open(self, connection: Connection, loud: Sequence[tuple[PumpBatch, int]], this: Round) -> None:
        """Return the accounts of those pumps, each with what was seen of it in this minute so far."""
        rows = budgets_of(connection, [batch.pump.id for batch, _ in loud]) if loud else {}
        today = this.minute.date()
        for batch, before in loud:
            row = rows.get(batch.pump.id) or _new_row(batch.pump.id, this.minute, today)
            if row.minute_at != this.minute:
                row.minute_at, row.minute_used = this.minute, [0] * 4
            if row.day != today:
                row.day, row.day_used = today, [0] * 5
            this.accounts[batch.pump.id] = account = Account(row, self.budget)
            account.use(_MESSAGES, before)


def _new_row(pump_id: int, minute: datetime, day: date) -> PumpBudget:
    return PumpBudget(pump_id=pump_id, minute_at=minute, minute_used=[0] * 4, day=day, day_used=[0] * 5)


def _hold_messages(batch: PumpBatch, account: Account) -> None:
    pump_messages = batch.messages
    left = [account.left(kind) for kind in range(3)]
    enough = len(pump_messages.numbered) <= left[_MESSAGES] and pump_messages.sessions <= left[_SESSIONS]
    if enough and len(batch.fresh) <= left[_EPOCHS]:
        return
    fresh = set(batch.fresh)
    taken = []
    for message, arrival in pump_messages.numbered:
        if batch.has((message.epoch, message.seq)):
            taken.append((message, arrival))  # it came before and is not stored again
            continue
        kinds = [_MESSAGES]
        if isinstance(message, ProgrammerSession):
            kinds.append(_SESSIONS)
        if message.epoch in fresh:
            kinds.append(_EPOCHS)
        over = next((kind for kind in kinds if left[kind] <= 0), None)
        if over is not None:
            _hold(batch, Refused(arrival, "", "", (message.epoch, message.seq)), account.over_of(over))
            batch.held_messages.append(message)
            continue
        for kind in kinds:
            left[kind] -= 1
        fresh.discard(message.epoch)
        taken.append((message, arrival))
    pump_messages.numbered = taken
    pump_messages.refused = _without_new_epochs(batch, account, fresh, left[_EPOCHS])


def _without_new_epochs(batch: PumpBatch, account: Account, fresh: set[int], left: int) -> list[Refused]:
    """What is refused already, but for what would begin an epoch more than are left."""
    kept = []
    for one in batch.messages.refused:
        if one.number is not None and one.number[0] in fresh:
            if left <= 0:
                _hold(batch, one, account.over_of(_EPOCHS))
                continue
            left -= 1
            fresh.discard(one.number[0])
        kept.append(one)
    return kept


def _hold(batch: PumpBatch, one: Refused, over_of: str) -> None:
    batch.held.append(Refused(one.arrival, "", f"{NOT_TAKEN} of {over_of}, and waits on the communicator", one.number))
    batch.over_of = over_of


def _note_held(row: PumpBudget, batch: PumpBatch, now: datetime) -> None:
    new = row.held_at is None or row.over_since is None or now - row.held_at > OVER_FOR
    if new:
        row.over_since, row.held = now, 0
    if new or row.over_of != batch.over_of:
        batch.state.evaluate = True
    row.held += len(batch.held)
    row.held_at, row.over_of = now, batch.over_of
