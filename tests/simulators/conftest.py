"""Fixtures for the simulators' tests: a broker of each kind, a tracker double, a fleet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulators.communicator import Pace
from simulators.fleet import Broker, Credential, Fleet
from simulators.journal import Journal
from tests.simulators.brokers import BROKERS, mosquitto
from tests.simulators.doubles import TrackerDouble

QUICK = Pace(receipt_timeout=60.0, memory_grace=0.3, backoff=0.1, backoff_max=0.3, missing_gap=0.0)

MakeFleet = Callable[..., Fleet]


@pytest.fixture(params=sorted(BROKERS))
def broker_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """A broker of each kind in turn."""
    with BROKERS[request.param](tmp_path) as port:
        yield port


@pytest.fixture
def mosquitto_port(tmp_path: Path) -> Iterator[int]:
    """One Mosquitto."""
    with mosquitto(tmp_path) as port:
        yield port


@pytest.fixture
def double(request: pytest.FixtureRequest) -> Iterator[TrackerDouble]:
    """A tracker double at whichever broker the test asked for."""
    name = "broker_port" if "broker_port" in request.fixturenames else "mosquitto_port"
    tracker = TrackerDouble(request.getfixturevalue(name))
    yield tracker
    tracker.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    opened = Journal(tmp_path / "journal.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def make_fleet(journal: Journal) -> Iterator[MakeFleet]:
    """Makes fleets over the journal that leave at the end."""
    fleets: list[Fleet] = []

    def make(port: int, *serials: str, pace: Pace = QUICK) -> Fleet:
        fleet = Fleet(journal, Broker("127.0.0.1", port), [Credential(each, each, "x") for each in serials], pace)
        fleets.append(fleet)
        return fleet

    yield make
    for fleet in fleets:
        fleet.leave()
