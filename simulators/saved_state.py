"""The state of a simulated clinic, saved in the journal so that the next start goes on from there.

A history is saved as the clinic at its beginning and the number of events stored since: both are committed with the
messages, so a process killed at any moment neither skips a message nor stores one twice.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from simulators.clinic import Clinic
from simulators.journal import Journal

_CLINIC: Final = "clinic"
_STAND: Final = "stand"
_encode = msgspec.json.Encoder(decimal_format="string").encode


class OtherClinicError(ValueError):
    """The journal belongs to another clinic than the one asked for."""


class Stand(Struct, frozen=True):
    """How far the clinic has come. `until` is the end of a history under way, with `events` of it stored already.

    `lived_until` is the moment of the saved clinic; `messages` counts all that were ever stored; `told` are the live
    stories that were begun.
    """

    seed: int
    pumps: int
    opened: datetime
    roster_until: datetime
    lived_until: datetime
    until: datetime | None
    events: int
    messages: int
    told: tuple[str, ...] = ()


def read(journal: Journal) -> tuple[Clinic, Stand] | None:
    """The clinic and its state as saved last, or None in a new journal."""
    stand, clinic = journal.note(_STAND), journal.note(_CLINIC)
    if stand is None or clinic is None:
        return None
    return msgspec.json.decode(clinic, type=Clinic), msgspec.json.decode(stand, type=Stand)


def notes(stand: Stand, clinic: Clinic | None = None) -> Mapping[str, bytes]:
    """What to commit; without the clinic, the saved one stays."""
    kept = {_STAND: _encode(stand)}
    if clinic is not None:
        kept[_CLINIC] = _encode(clinic)
    return kept


def check_same(stand: Stand, seed: int, pumps: int) -> None:
    """Raises `OtherClinicError` when the journal was begun with another seed or size."""
    if (stand.seed, stand.pumps) != (seed, pumps):
        raise OtherClinicError(
            f"this journal holds the clinic of seed {stand.seed} with {stand.pumps} pumps, not that of seed {seed} "
            f"with {pumps}; name another folder with --journal, or ask for the same clinic"
        )
