"""Signs that two devices use one communicator's login: each throws the other out, or both number messages at once.

What one device alone does not do: use a message number twice for different contents; go on with an older epoch while a
newer one has begun; sign in again and again. A flapping of few minutes is no sign: signals get lost. Where most of a
clinic's communicators flap, its network or the broker does, and none of them is suspected for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from tracker.findings.sign_in_seen import QUIET_FOR
from tracker.ingest.batch import PumpBatch
from tracker.records.shared_sign_in import SharedSignInRecord, keep_signs, signs_of

WITHIN: Final = timedelta(hours=1)
"""Signs of so long count together. Assumed."""
SLOW, RAPID = "connections", "contest"
"""A few sign-ins in each of several slots of ten minutes; many in each of several minutes, as two devices do."""
_SLOT_S: Final = {SLOW: 600, RAPID: 60}
_RESTLESS: Final = {SLOW: 4, RAPID: 5}
"""So many greetings within one slot make it restless. Assumed."""
_ENOUGH: Final = {"numbers": 3, "epochs": 3, SLOW: 3, RAPID: 6}
"""So many numbers, turns back or restless slots within the hour are a suspicion. Assumed."""
_SHARED_BY: Final = 5
"""More restless pumps of one clinic than this, and most of those that signed in: no matter of one pump. Assumed."""


class SignIns:
    """What this process has seen of the greetings in this slot and the last; all else is in the database."""

    def __init__(self) -> None:
        self._slots = [_Slots(kind) for kind in (SLOW, RAPID)]

    def note(self, connection: Connection, batches: Sequence[PumpBatch], now: datetime) -> None:
        """Write down the signs of a batch, and have the pump evaluated where a suspicion begins or grows.

        Greetings are counted before the batch has committed: one that must be written again counts them twice.
        """
        for slots in self._slots:
            slots.move(now)
        found: dict[int, list[tuple[int, str, int]]] = {}
        at = int(now.timestamp()) // _SLOT_S[SLOW] * _SLOT_S[SLOW]
        for batch in batches:
            if not (batch.greetings or batch.conflicts or batch.turned_back):
                continue
            signs = [(at, kind, n) for kind, n in (("numbers", batch.conflicts), ("epochs", batch.turned_back)) if n]
            if batch.greetings:
                signs += [each for slots in self._slots if (each := slots.count(batch)) is not None]
            if signs:
                found[batch.pump.id] = signs
        if not found:
            return
        rows = signs_of(connection, list(found))
        for batch in batches:
            if (signs := found.get(batch.pump.id, [])) != []:
                row = rows.setdefault(batch.pump.id, SharedSignInRecord(pump_id=batch.pump.id, recent_at=now))
                batch.state.evaluate |= _add(row, signs, now)
        keep_signs(connection, list(rows.values()))


class _Slots:
    """Greetings of one slot by pump. A slot is judged when it is over: then it is known how many were restless."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._slot = 0
        self._greetings: dict[int, Counter[int]] = {}
        self._restless: set[int] = set()

    def move(self, now: datetime) -> None:
        """Judge the slot that is over, where the time has left it."""
        slot = int(now.timestamp()) // _SLOT_S[self._kind]
        if slot == self._slot:
            return
        over = self._greetings if slot == self._slot + 1 else {}
        self._slot, self._greetings, self._restless = slot, {}, set()
        for pumps in over.values():
            restless = {pump_id for pump_id, count in pumps.items() if count >= _RESTLESS[self._kind]}
            if len(restless) <= _SHARED_BY or 2 * len(restless) <= len(pumps):
                self._restless |= restless

    def count(self, batch: PumpBatch) -> tuple[int, str, int] | None:
        """Count the pump's greetings; a sign (beginning of the slot, kind, 1) where the last slot was restless."""
        self._greetings.setdefault(batch.pump.clinic_id, Counter())[batch.pump.id] += batch.greetings
        began = (self._slot - 1) * _SLOT_S[self._kind]
        return (began, self._kind, 1) if batch.pump.id in self._restless else None


def _add(row: SharedSignInRecord, signs: Sequence[tuple[int, str, int]], now: datetime) -> bool:
    """Add the signs; True where a suspicion begins or another kind joins it."""
    recent: Counter[tuple[int, str]] = Counter()
    for when, kind, count in row.recent:
        if when + _SLOT_S[SLOW] > (now - WITHIN).timestamp():
            recent[when, kind] += count
    for when, kind, count in signs:
        recent[when, kind] = 1 if kind in _SLOT_S else recent[when, kind] + count
    row.recent = [[when, kind, count] for (when, kind), count in sorted(recent.items())]
    row.recent_at = now
    totals: Counter[str] = Counter()
    for (_, kind), count in recent.items():
        totals[kind] += count
    enough = {SLOW if kind == RAPID else kind for kind, total in totals.items() if total >= _ENOUGH[kind]}
    if not enough:
        return False
    new = row.newest is None or row.since is None or now - row.newest > QUIET_FOR
    known = set() if new else {kind for kind in row.signs.split(",") if kind}
    if new:
        row.since = now
    row.newest, row.signs = now, ",".join(sorted(known | enough))
    return new or bool(enough - known)
