"""Refused messages are stored with their reason.

One with a readable (epoch, seq) is always stored, because its receipt lets the communicator delete it. Of the others,
which no receipt covers, a limited number is stored per pump and the rest is counted. A limited number of long ones a
day is stored whole; of more, the first KiB with length and digest: a report is shorter than that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tracker.ingest.batch import PumpBatch
from tracker.ingest.budgets import Account
from tracker.ingest.decode import Number, PumpMessages, Refused, read_topic
from tracker.records import rejected


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages of no enrolled pump: refused, refused and only counted, and seen before."""

    refused: int
    cut: int
    duplicates: int


def keep_of_pumps(
    connection: Connection, batches: Sequence[PumpBatch], limit: int, now: datetime, accounts: Mapping[int, Account]
) -> None:
    """Store what was refused of enrolled pumps and count what came before.

    Of what has no number that is in now, at most ``limit`` are stored a pump and the rest is counted. ``accounts`` of
    those pumps say how many more are stored whole today.
    """
    rows: list[dict[str, Any]] = []
    for batch in batches:
        if not batch.refused:
            continue
        serial, account = batch.pump.serial, accounts[batch.pump.id]
        seen = _seen(connection, serial, batch)
        owner = {"pump_id": batch.pump.id, "clinic_id": batch.pump.clinic_id}
        room: int | None = None
        fresh = []
        for one in batch.refused:
            again = one.arrival.retained or (one.number is not None and batch.has(one.number))
            digest = rejected.digest_of(one.arrival.payload)
            if again and digest in seen:
                batch.duplicates += 1
                continue
            fresh.append(one)
            seen.add(digest)
            if one.number is not None and batch.mark(one.number):
                rows.append(_row(one, digest, serial, now, one.number, whole=_whole(one, account)) | owner)
                continue
            if room is None:
                room = rejected.room_left(connection, serial, limit)
            if room > 0:
                room -= 1
                rows.append(_row(one, digest, serial, now, whole=_whole(one, account)) | owner)
            else:
                batch.cut += 1
        batch.refused = fresh
    if rows:
        rejected.keep_rejected(connection, rows)


def keep_of_nobody(
    connection: Connection,
    unknown: Mapping[str, PumpMessages],
    unknown_topics: Sequence[Refused],
    limit: int,
    now: datetime,
    *,
    whole: int,
) -> Counts:
    """Store what came for serials that are not enrolled, and on unknown topics; ``whole`` of each in full."""
    if not unknown and not unknown_topics:
        return Counts(0, 0, 0)
    room = rejected.room_for_unknown(connection)
    rows: list[dict[str, Any]] = []
    refused = cut = duplicates = 0
    for serial, found in [
        *((serial, _all(serial, messages)) for serial, messages in unknown.items()),
        (None, list(unknown_topics)),
    ]:
        if not found:
            continue
        seen = rejected.kept_digests(connection, serial)
        room_here = rejected.room_left(connection, serial, limit)
        for one in found:
            digest = rejected.digest_of(one.arrival.payload)
            if digest in seen:
                duplicates += 1
                continue
            seen.add(digest)
            refused += 1
            if room > 0 and room_here > 0:
                room -= 1
                room_here -= 1
                fits = limit - room_here <= whole
                rows.append(_row(one, digest, serial, now, whole=fits) | {"pump_id": None, "clinic_id": None})
            else:
                cut += 1
    if rows:
        rejected.keep_rejected(connection, rows)
    return Counts(refused, cut, duplicates)


def _whole(one: Refused, account: Account) -> bool:
    """Whether it is stored whole: a short one always, a long one while the day's number lasts."""
    return len(one.arrival.payload) <= rejected.SHORT_BYTES or account.keep_whole()


def _seen(connection: Connection, serial: str, batch: PumpBatch) -> set[str]:
    """What is stored of the pump already: asked only where one of the refused could be a repetition."""
    numbers = sorted({one.number for one in batch.refused if one.number is not None and batch.has(one.number)})
    again = bool(numbers) or any(one.arrival.retained for one in batch.refused)
    return rejected.kept_digests(connection, serial, numbers) if again else set()


def _all(serial: str, messages: PumpMessages) -> list[Refused]:
    """Everything that came from a pump that is not enrolled."""
    reason = f"serial {serial} belongs to no enrolled pump: enrol it, and the message can be taken"
    good = [Refused(arrival, "serial", reason) for _, arrival in (*messages.numbered, *messages.presence)]
    return good + [Refused(one.arrival, "serial", f"{reason}; moreover {one.reason}") for one in messages.refused]


def _row(
    one: Refused, digest: str, serial: str | None, now: datetime, number: Number | None = None, *, whole: bool
) -> dict[str, Any]:
    epoch, seq = number or (None, None)
    payload = one.arrival.payload
    return {
        "serial": serial,
        "topic": _topic(one.arrival.topic)[:400],
        "epoch": epoch,
        "seq": seq,
        "payload": payload if whole else payload[: rejected.SHORT_BYTES],
        "size": one.arrival.size or len(payload),
        "digest": digest,
        "field": one.field[:120],
        "reason": one.reason[:2000],
        "received_at": now,
    }


def _topic(arrived_on: bytes) -> str:
    """The topic as the device published to it: partitions map it to another, which means nothing afterwards."""
    named = read_topic(arrived_on)
    if named is not None:
        serial, kind = named
        return f"pumps/{serial}/{kind}"
    return arrived_on.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
