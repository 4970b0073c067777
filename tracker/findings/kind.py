"""What a kind of finding is: its function and everything that the rest of the product must know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from devices.model import PumpModel
from tracker.findings.history import Direction, Finding, History
from tracker.findings.pump_snapshot import FindingSeen


class Rests(StrEnum):
    """What a finding rests on, and so what can show that its cause is gone.

    `readings`: the reported volumes, as far as they are kept. `records`: visits, sessions, alarms, examinations.
    `never`: it stays until a person has reviewed it.
    """

    READINGS = "readings"
    RECORDS = "records"
    NEVER = "never"


class FixedAt(StrEnum):
    """Where a page leads to fix the cause: a new visit, filled in as far as the finding tells, or what it rests on."""

    NEW_VISIT = "new_visit"
    NEW_REFILL = "new_refill"
    NEW_REFILL_THEN = "new_refill_then"
    NEW_REPROGRAMMING_THEN = "new_reprogramming_then"
    ITS_VISIT = "its_visit"
    PROGRAMMERS = "programmers"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Something that explains a finding with nobody at fault, to be excluded first.

    ``source`` is a mark of the domain's list of sources, or "reasoned". ``directions`` empty: whatever the direction.
    ``applies``: to which models.
    """

    text: str
    source: str
    directions: frozenset[Direction] = frozenset()
    applies: Callable[[PumpModel], bool] = lambda _model: True


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of finding. Nothing has a default: what is forgotten is named when the program starts.

    ``find``: the function that finds it. ``title``: how the worklist names it. ``urgent``: whether a patient may be
    harmed now. ``bears_on_neglect``: whether any case of it may; the function says which. ``rests_on``: what resolves
    it. ``answered``: whether records explain one whose readings are no longer kept. ``named_by_record``: its key names
    its cause, so that two that are near in time are two. ``directions``: those that its findings can have.
    ``explanations``: what may explain it. ``fixed_at``: where a page leads to fix its cause.
    """

    name: str
    title: str
    find: Callable[[History], Iterable[Finding]]
    urgent: bool
    bears_on_neglect: bool
    rests_on: Rests
    answered: Callable[[History, FindingSeen], bool] | None
    named_by_record: bool
    directions: frozenset[Direction]
    explanations: tuple[Explanation, ...]
    fixed_at: FixedAt

    def explain(self, direction: Direction, model: PumpModel) -> tuple[str, ...]:
        """What may explain a finding of that direction with that model, in the order of the kind's list."""
        return tuple(
            one.text
            for one in self.explanations
            if (not one.directions or direction in one.directions) and one.applies(model)
        )

    def in_view(self, history: History, happened_at: datetime, since: datetime) -> bool:
        """Whether what such a finding rests on is still kept, so that its absence says that its cause is gone."""
        if self.rests_on is Rests.READINGS:
            return len(history.volumes) > 1 and happened_at > history.volumes[1].at
        return self.rests_on is Rests.RECORDS and happened_at > since
