"""Messages whose number was seen before: the same again is a duplicate; other content under the number is refused.

A number belongs to the first message that was *accepted* under it. One that was refused is stored with its reason and
counts as received, but does not exclude a good message that carries its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from devices.report import StatusReport
from tracker.ingest import programmer_sessions
from tracker.ingest.batch import PumpBatch
from tracker.ingest.decode import Number, Numbered, Refused
from tracker.records import reading

_SHOWN: Final = 900  # letters of each content in a reason


def settle_repeats(connection: Connection, batches: Sequence[PumpBatch]) -> None:
    """Compare each repeated number with what is stored, or came earlier in the batch."""
    for batch in batches:
        if batch.repeats:
            _settle(connection, batch)


def _settle(connection: Connection, batch: PumpBatch) -> None:
    here: list[Numbered] = [*batch.reports, *batch.sessions]
    first: dict[Number, Any] = {(each.epoch, each.seq): _content(each) for each in here}
    asked = sorted({(message.epoch, message.seq) for message, _ in batch.repeats} - first.keys())
    if asked:
        first |= reading.stored_contents(connection, batch.pump.id, asked)
        first |= programmer_sessions.stored_sessions(
            connection, batch.pump.id, [each for each in asked if each not in first]
        )
    for message, arrival in batch.repeats:
        number = message.epoch, message.seq
        content = _content(message)
        if number not in first:
            batch.accept(message, arrival)
            first[number] = content
        elif first[number] == content:
            batch.repeat(arrival)
        else:
            reason = (
                f"seq {message.seq} of epoch {message.epoch} was used before for another message; "
                f"stored: {_shown(first[number])}; this one: {_shown(content)}"
            )
            batch.refused.append(Refused(arrival, "seq", reason, number))
            batch.conflicts += not arrival.retained


def _content(message: Numbered) -> Any:
    return reading.content_of(message) if isinstance(message, StatusReport) else programmer_sessions.content_of(message)


def _shown(content: Any) -> str:
    named = content if isinstance(content, dict) else dict(zip(reading.CONTENT_NAMES, content, strict=True))
    said = {name: value for name, value in named.items() if value is not None}
    text = msgspec.json.encode(said, enc_hook=str).decode()
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
