"""An emergency access to a pump's record, as the owning clinic's worklist sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EmergencySeen:
    """An emergency access by a person of another clinic that the owning clinic has not reviewed."""

    id: int
    clinic_id: int
    opened_by: str
    from_clinic: str
    reason: str
    opened_at: datetime
