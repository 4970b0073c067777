"""What a pump itself told of its battery and of its failing, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.alarms import AlarmCode


@dataclass(frozen=True, slots=True)
class BatterySeen:
    """What the pump itself told of its battery, apart from every projection.

    ``eri_at``, ``eos_at``: the first report of the indicator and of the end. ``charge``: the end of service by the
    reported charge alone, early and late end, with ``charge_at``, the newest report of one. ``limit``: when the model
    stops whatever its battery. ``doubt``: how the reports contradict each other, empty where they don't.
    """

    eri_at: datetime | None = None
    eos_at: datetime | None = None
    charge: tuple[datetime, datetime] | None = None
    charge_at: datetime | None = None
    limit: datetime | None = None
    doubt: str = ""


NOTHING_TOLD = BatterySeen()
"""Of a pump that told nothing of its battery."""


@dataclass(frozen=True, slots=True)
class NoticeSeen:
    """An alarm by which the pump announced its failure, open or long closed; ``id`` is the alarm's."""

    id: int
    code: AlarmCode
    first_seen_at: datetime
    opened_at: datetime
