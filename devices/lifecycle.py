"""The life of one pump, from the shelf to its end: the states it can be in and the moves between them.

Every pair of states has an answer: a move is allowed or it is refused with the moves that are. A state says where the
pump is in its life; whether it is well (alarms, battery, silence) is said elsewhere and changes nothing here.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class LifecycleState(StrEnum):
    """Where a pump is in its life."""

    IN_STOCK = "in_stock"
    IMPLANTED = "implanted"
    REPLACEMENT_PLANNED = "replacement_planned"
    TRANSFERRED = "transferred"
    LOST_TO_FOLLOW_UP = "lost_to_follow_up"
    EXPLANTED = "explanted"
    REPLACED = "replaced"
    DECEASED = "deceased"
    RETURNED = "returned"


_S = LifecycleState

_MOVES: Final[Mapping[LifecycleState, frozenset[LifecycleState]]] = MappingProxyType(
    {
        _S.IN_STOCK: frozenset({_S.IMPLANTED, _S.RETURNED}),
        _S.IMPLANTED: frozenset(
            {_S.REPLACEMENT_PLANNED, _S.TRANSFERRED, _S.LOST_TO_FOLLOW_UP, _S.EXPLANTED, _S.REPLACED, _S.DECEASED}
        ),
        _S.REPLACEMENT_PLANNED: frozenset(
            {_S.IMPLANTED, _S.TRANSFERRED, _S.LOST_TO_FOLLOW_UP, _S.EXPLANTED, _S.REPLACED, _S.DECEASED}
        ),
        _S.TRANSFERRED: frozenset({_S.IMPLANTED, _S.EXPLANTED, _S.DECEASED}),
        _S.LOST_TO_FOLLOW_UP: frozenset({_S.IMPLANTED, _S.TRANSFERRED, _S.EXPLANTED, _S.DECEASED}),
        _S.DECEASED: frozenset({_S.EXPLANTED}),
        _S.EXPLANTED: frozenset({_S.RETURNED}),
        _S.REPLACED: frozenset({_S.RETURNED}),
        _S.RETURNED: frozenset(),
    }
)

IN_PATIENT: Final[frozenset[LifecycleState]] = frozenset(
    {_S.IMPLANTED, _S.REPLACEMENT_PLANNED, _S.TRANSFERRED, _S.LOST_TO_FOLLOW_UP}
)
"""The pump is in a living patient."""

FOLLOWED: Final[frozenset[LifecycleState]] = frozenset({_S.IMPLANTED, _S.REPLACEMENT_PLANNED})
"""The clinic answers for the pump: its silence, its alarms and its dates belong on the worklist."""


class MoveNotAllowed(ValueError):
    """A pump cannot go from the one state to the other; as text, a sentence that names the moves it can make."""

    def __init__(self, before: LifecycleState, after: LifecycleState) -> None:
        """Take the state the pump is in and the one it was to go to."""
        self.before = before
        self.after = after
        super().__init__(before, after)

    def __str__(self) -> str:
        """The sentence."""
        possible = ", ".join(sorted(state.value for state in allowed(self.before))) or "nothing more"
        return f"A pump that is {self.before.value} cannot become {self.after.value}; it can become {possible}."


def allowed(before: LifecycleState) -> frozenset[LifecycleState]:
    """Return the states that a pump in this state can go to; to stay as it is is no move."""
    return _MOVES[before]


def move(before: LifecycleState, after: LifecycleState) -> LifecycleState:
    """Return the state after the move. Raises MoveNotAllowed."""
    if after not in _MOVES[before]:
        raise MoveNotAllowed(before, after)
    return after
