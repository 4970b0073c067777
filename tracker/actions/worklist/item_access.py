"""Whether a person may handle a task: by their role and the kind of work that it is."""

from __future__ import annotations

from tracker.errors import NotAllowed
from tracker.records.worklist import WorklistItem
from tracker.worklist.areas import Area, area_of, may_handle, refusal


def area_of_item(item: WorklistItem) -> Area:
    """Whose work the task is."""
    return area_of(item.kind, of_a_pump=item.pump_id is not None)


def may_handle_item(item: WorklistItem, role: str) -> bool:
    """Whether a person of that role claims, hands over, notes on and closes the task."""
    return may_handle(role, area_of_item(item))


def check_may_handle(item: WorklistItem, role: str) -> None:
    """Raise `NotAllowed` with a sentence where the task is not that role's work."""
    area = area_of_item(item)
    if not may_handle(role, area):
        raise NotAllowed(refusal(role, area))
