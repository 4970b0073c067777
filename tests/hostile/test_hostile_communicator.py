"""A hostile communicator against real processes: an honest pump is receipted and a nurse's pages answer throughout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from benchmarks.hostile.attacks import ATTACKS
from benchmarks.hostile.attempt import attempt
from benchmarks.hostile.installations import TWINS, Installation, embedded, separate
from tests.broker.clients import Device
from tests.end_to_end.product import report
from tests.servers import Postgres, wait_until

SPARE_MB = 40  # blocks that a store gives back at its own pace
DATABASE_MB = 48  # of a minute's budget: 20,000 reports and 8 MiB of refused messages, with their indexes and the log
MEMORY_MB = 300  # that all processes hold beyond the installation's beginning: what a batch or a queue had once needed


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with embedded(tmp_path_factory.mktemp("embedded")) as site:
        yield site


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Installation]:
    with separate(tmp_path_factory.mktemp("separate"), postgres) as site:
        yield site


@pytest.mark.parametrize("where", ["on_sqlite", "on_postgresql"])
@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_shuts_nobody_else_out_and_leaves_no_room_taken(
    request: pytest.FixtureRequest, where: str, attack: str
) -> None:
    site: Installation = request.getfixturevalue(where)
    before, database = site.broker_mb(), site.database_mb()
    noticed = attempt(site, attack)
    print(f"{where}, {attack}: {noticed.told()}")  # noqa: T201 - shown with -s, and where the test fails
    assert noticed.faults == []
    assert noticed.receipts
    assert noticed.clicks
    wait_until(lambda: site.broker_mb() < before + SPARE_MB, 30, "the broker's room to be free again")
    assert site.database_mb() < database + DATABASE_MB
    most = site.memory_at_first + MEMORY_MB
    wait_until(lambda: site.memory_mb() < most, 30, "the memory of a flood to be free again")
    assert all(process.poll() is None for process in site.product.processes.values())


def test_the_broker_holds_few_files_after_a_flood_of_sessions(on_sqlite: Installation) -> None:
    attempt(on_sqlite, "sessions", 100, after_s=0.0)
    wait_until(lambda: on_sqlite.broker_files() < 150, 30, "the files of surplus sessions to be gone")


@pytest.mark.parametrize("where", ["on_sqlite", "on_postgresql"])
def test_two_devices_with_one_client_id_are_one_task(request: pytest.FixtureRequest, where: str) -> None:
    site: Installation = request.getfixturevalue(where)
    for turn in range(1, 6):
        for epoch in (1, 2):  # each throws the other one out, and goes on with its own count
            with Device(site.product.broker_port, TWINS, site.passwords[TWINS], client_id=TWINS) as one:
                hello = {"v": 1, "online": True, "at": datetime.now(UTC).isoformat()}
                one.deliver(f"pumps/{TWINS}/presence", json.dumps(hello).encode(), retain=True)
                one.deliver(f"pumps/{TWINS}/telemetry", json.dumps(report(turn, epoch=epoch)).encode())
                one.subscribe(f"pumps/{TWINS}/receipt")
                wait_until(lambda: one.messages, what="a receipt")
    with closing(site.nurse()) as pages:
        said = "Two devices may use the same login"
        wait_until(lambda: said in pages.get(f"/pumps/{TWINS}").text, 30, "the task on the pump's page")
        items = pages.get("/api/v1/worklist?limit=200&kind=record").json()["items"]
        assert [item["what"] for item in items if item["serial"] == TWINS].count(said) == 1
