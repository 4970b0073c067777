"""The life of a pump: every pair of states is a move or a refusal."""

from __future__ import annotations

from itertools import product

import pytest

from devices.lifecycle import FOLLOWED, IN_PATIENT, LifecycleState, MoveNotAllowed, allowed, move

S = LifecycleState
MOVES = {
    (S.IN_STOCK, S.IMPLANTED),
    (S.IN_STOCK, S.RETURNED),
    (S.IMPLANTED, S.REPLACEMENT_PLANNED),
    (S.IMPLANTED, S.TRANSFERRED),
    (S.IMPLANTED, S.LOST_TO_FOLLOW_UP),
    (S.IMPLANTED, S.EXPLANTED),
    (S.IMPLANTED, S.REPLACED),
    (S.IMPLANTED, S.DECEASED),
    (S.REPLACEMENT_PLANNED, S.IMPLANTED),
    (S.REPLACEMENT_PLANNED, S.TRANSFERRED),
    (S.REPLACEMENT_PLANNED, S.LOST_TO_FOLLOW_UP),
    (S.REPLACEMENT_PLANNED, S.EXPLANTED),
    (S.REPLACEMENT_PLANNED, S.REPLACED),
    (S.REPLACEMENT_PLANNED, S.DECEASED),
    (S.TRANSFERRED, S.IMPLANTED),
    (S.TRANSFERRED, S.EXPLANTED),
    (S.TRANSFERRED, S.DECEASED),
    (S.LOST_TO_FOLLOW_UP, S.IMPLANTED),
    (S.LOST_TO_FOLLOW_UP, S.TRANSFERRED),
    (S.LOST_TO_FOLLOW_UP, S.EXPLANTED),
    (S.LOST_TO_FOLLOW_UP, S.DECEASED),
    (S.DECEASED, S.EXPLANTED),
    (S.EXPLANTED, S.RETURNED),
    (S.REPLACED, S.RETURNED),
}


@pytest.mark.parametrize(("before", "after"), list(product(S, S)), ids=str)
def test_every_pair_of_states_is_a_move_or_a_refusal(before: LifecycleState, after: LifecycleState) -> None:
    if (before, after) in MOVES:
        assert move(before, after) is after
    else:
        with pytest.raises(MoveNotAllowed) as caught:
            move(before, after)
        assert (caught.value.before, caught.value.after) == (before, after)


def test_the_refusal_names_the_moves_that_are_possible() -> None:
    with pytest.raises(MoveNotAllowed, match=r"explanted cannot become implanted; it can become returned\."):
        move(S.EXPLANTED, S.IMPLANTED)
    with pytest.raises(MoveNotAllowed, match="it can become nothing more"):
        move(S.RETURNED, S.IN_STOCK)


def test_a_pump_that_was_taken_out_never_goes_into_a_patient_again() -> None:
    reached, open_ends = set(), {S.EXPLANTED, S.REPLACED}
    while open_ends:
        reached |= open_ends
        open_ends = {after for before in open_ends for after in allowed(before)} - reached
    assert not reached & (IN_PATIENT | {S.IN_STOCK})


def test_every_state_can_be_reached_from_the_shelf_and_has_its_words() -> None:
    reached = {S.IN_STOCK}
    for _ in S:
        reached |= {after for before in reached for after in allowed(before)}
    assert reached == set(S)


def test_a_followed_pump_is_in_a_patient() -> None:
    assert FOLLOWED < IN_PATIENT
