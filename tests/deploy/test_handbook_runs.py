"""The handbook's commands, run as they are written: two databases, two brokers, root and an ordinary user.

Each database and each account is met once here; `make soak` sets EVERY_MACHINE=1 and has all four together.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.deploy.handbook import HANDBOOK, blocks, machine
from tests.servers import Postgres, binary

UNITS = sorted(Path("deploy/systemd").glob("*.service"))
OWNER = "mqtt://tracker:PASSWORD@127.0.0.1:1883"  # as the handbook's Mosquitto has it
GIVEN = {"PASSWORD": "a long password of a test", "ROLE_PASSWORD": "another long password of a test"}


MACHINES = [
    ("sqlite and embedded broker", "ordinary user"),
    ("postgresql and mosquitto", "root"),
    ("sqlite and embedded broker", "root"),
    ("postgresql and mosquitto", "ordinary user"),
]


@pytest.mark.needs("unshare")
@pytest.mark.parametrize(("kind", "account"), MACHINES if os.environ.get("EVERY_MACHINE") else MACHINES[:2])
def test_the_handbooks_commands_work_as_they_are_written(
    kind: str, account: str, request: pytest.FixtureRequest
) -> None:
    if account == "root" and os.geteuid() != 0:
        pytest.skip("only root runs commands as root")
    holds, given = {*kind.split(" and "), account}, dict(GIVEN)
    if "postgresql" in holds:
        binary("mosquitto")
        given |= {"TRACKER_DATABASE_URL": by_socket(request.getfixturevalue("postgres")), "TRACKER_MQTT_URL": OWNER}
    ran: list[str] = []
    with machine(frozenset(holds), given) as own:
        for block in blocks(HANDBOOK.read_text()):
            if block.run and block.language == "sh" and block.where <= holds:
                own.run(block)
                ran.append(block.text)
    assert any("/health/ready" in text for text in ran)


def by_socket(cluster: Postgres) -> str:
    """A new database's URL that another machine's network can't hinder: the server's socket is a file."""
    name = cluster.new_database().rpartition("/")[2]
    return f"postgresql://tracker@/{name}?host={cluster.folder}&port={cluster.port}"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_what_a_unit_starts_is_run_with_the_same_words(unit: Path) -> None:
    (started,) = re.findall(r"^ExecStart=/opt/tracker/bin/(.*)$", unit.read_text(), re.MULTILINE)
    run = [block.text for block in blocks(HANDBOOK.read_text()) if block.run]
    lines = [line.partition(" #")[0].rstrip(" &") for text in run for line in text.splitlines()]
    assert started in lines
