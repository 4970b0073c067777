"""The short form of ``make soak``'s drill: each disturbance once, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.faults.disturbances import DISTURBANCES
from benchmarks.faults.drill import run
from benchmarks.faults.watched import Disturbed, Look, wrong
from tests.servers import binary

BUSY = 3.0  # a machine that runs other tests beside: the soak allows for none of it


@pytest.mark.needs("nginx")
@pytest.mark.needs("faketime")
@pytest.mark.needs("mosquitto")
@pytest.mark.parametrize("kind", DISTURBANCES)
def test_through_each_disturbance_nothing_is_lost_and_readiness_is_right(kind: str, tmp_path: Path) -> None:
    for program in ("nginx", "faketime", "mosquitto"):
        binary(program)
    assert run(tmp_path, kind, 0.2, BUSY, print) == []


HUNG = Disturbed("database hangs", down=frozenset({"database"}), began=100, ended=130)
WELL, DOWN = frozenset[str](), frozenset({"database", "schema", "ingest", "schedule"})


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (Look(90, 91, WELL), None),
        (Look(90, 91, frozenset({"ingest"})), "named and not down"),
        (Look(101, 102, WELL), None),
        (Look(101, 102, frozenset({"broker"})), "broker is named and not down"),
        (Look(110, 111, DOWN), None),
        (Look(110, 111, WELL), "database is down and not named"),
        (Look(110, 129, DOWN), "no answer within"),
        (Look(110, 111, None), "no answer within"),
        (Look(135, 136, DOWN), None),
        (Look(145, 146, DOWN), "named and not down"),
    ],
)
def test_each_answer_is_held_against_what_was_down(look: Look, said: str | None) -> None:
    found = wrong([look], [HUNG], 1.0)
    assert bool(found) == bool(said)
    assert said is None or said in found[0]
