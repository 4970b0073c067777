"""A hostile communicator against real processes: an honest pump is receipted and a nurse's pages answer throughout."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hostile.attacks import ATTACKS
from tests.hostile.attempt import attempt
from tests.hostile.installations import Installation, embedded, separate
from tests.servers import Postgres, wait_until

SPARE_MB = 40  # blocks that a store gives back at its own pace


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
    before = site.broker_mb()
    noticed = attempt(site, attack)
    print(f"{where}, {attack}: {noticed.told()}")  # noqa: T201 - shown with -s, and where the test fails
    assert noticed.faults == []
    assert noticed.receipts
    assert noticed.clicks
    wait_until(lambda: site.broker_mb() < before + SPARE_MB, 30, "the broker's room to be free again")
    assert all(process.poll() is None for process in site.product.processes.values())


def test_the_broker_holds_few_files_after_a_flood_of_sessions(on_sqlite: Installation) -> None:
    attempt(on_sqlite, "sessions", 100, after_s=0.0)
    wait_until(lambda: on_sqlite.broker_files() < 150, 30, "the files of surplus sessions to be gone")
