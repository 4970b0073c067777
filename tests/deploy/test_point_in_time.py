"""The database is put back to the minute before a mistake, with pgBackRest and the handbook's own lines."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.end_to_end.product import Product
from tests.servers import Postgres, binary, postgres_cluster, wait_until

pytestmark = pytest.mark.needs("pgbackrest")
HANDBOOK = Path("docs/operations.md").read_text()
COPIES = HANDBOOK.partition("## Back to a minute of the past")[2].partition("\n## ")[0]


def configured(cluster: Postgres) -> Path:
    """The handbook's configuration, with the folders and the port of this cluster."""
    (shown,) = re.findall(r"^\[global\]\n.*?(?=^```)", COPIES, re.MULTILINE | re.DOTALL)
    here = cluster.folder / "pgbackrest"
    for there, mine in {
        "/var/lib/pgbackrest": f"{here}/copies",
        "/var/lib/postgresql/15/main": str(cluster.folder / "data"),
    }.items():
        assert there in shown
        shown = shown.replace(there, mine)
    more = f"[global]\nlock-path={here}/lock\nlog-path={here}/log\nspool-path={here}/spool\n"
    server = f"pg1-port={cluster.port}\npg1-socket-path={cluster.folder}\npg1-user=tracker\npg1-database=postgres\n"
    file = cluster.folder / "pgbackrest.conf"
    file.write_text(shown.replace("[global]\n", more) + server)
    file.chmod(0o644)
    return file


def settings(configuration: Path) -> list[str]:
    """The handbook's settings of PostgreSQL."""
    (shown,) = re.findall(r"^archive_mode = on\n.*?(?=^```)", COPIES, re.MULTILINE | re.DOTALL)
    pairs = [line.partition(" = ") for line in shown.splitlines()]
    there = "pgbackrest --"
    return [
        f"{name}={value.strip(chr(39)).replace(there, f'pgbackrest --config={configuration} --')}"
        for name, _, value in pairs
    ]


def command(cluster: Postgres, configuration: Path, holds: str, target: str = "") -> None:
    """Run the one line of the handbook that holds these words, as the account that the server runs as."""
    lines = re.findall(r"^sudo -u postgres (pgbackrest .*)$", COPIES, re.MULTILINE)
    (line,) = (one for one in lines if holds in one)
    if target:
        line = re.sub(r'--target="[^"]+"', f'--target="{target}"', line)
        assert target in line
    program, *words = shlex.split(line)
    done = subprocess.run(
        [binary(program), f"--config={configuration}", *words],
        user="postgres" if os.geteuid() == 0 else None,
        cwd=cluster.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def enrolled(product: Product, begin: str, count: int) -> None:
    product.enrol_all({f"{begin}-{number}": "synchromed-ii-20" for number in range(count)})


def test_after_a_mistake_the_records_are_those_of_the_minute_before_and_the_trail_is_unbroken(tmp_path: Path) -> None:
    binary("pgbackrest")
    with postgres_cluster("fsync=off") as cluster:
        configuration = configured(cluster)
        if os.geteuid() == 0:
            here = cluster.folder / "pgbackrest"
            here.mkdir()
            for one in (here, configuration):
                os.chown(one, cluster.folder.stat().st_uid, cluster.folder.stat().st_gid)
        cluster.stop()
        cluster.start("fsync=off", *settings(configuration))
        url = cluster.new_database()
        address = url.replace("+psycopg", "")
        product = Product(tmp_path, TRACKER_DATABASE_URL=url)
        product.tracker("db", "upgrade")
        enrolled(product, "BEFORE", 3)
        for each in ("stanza-create", " check", "--type=full"):
            command(cluster, configuration, each)
        enrolled(product, "AFTER", 4)
        entries = product.tracker("audit", "verify")
        with psycopg.connect(address, autocommit=True) as connection:
            row = connection.execute("SELECT now()::text").fetchone()
            assert row is not None
            connection.execute("SELECT pg_sleep(0.1)")
            connection.execute("DROP TABLE determination, communicator_credential CASCADE")
            connection.execute("UPDATE pump SET serial = 'WRONG-' || id")
            connection.execute("SELECT pg_switch_wal()")
        cluster.stop()
        command(cluster, configuration, "--delta", target=row[0])
        cluster.start("fsync=off", *settings(configuration))

        def writes() -> bool:
            with psycopg.connect(address) as connection:
                return connection.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)

        wait_until(writes, 60, "the end of the recovery")
        assert "is sound" in product.tracker("db", "check")
        assert product.tracker("audit", "verify") == entries
        with psycopg.connect(address) as connection:
            serials = [serial for (serial,) in connection.execute("SELECT serial FROM pump ORDER BY serial")]
            assert connection.execute("SELECT count(*) FROM communicator_credential").fetchone() == (7,)
        assert serials == [*(f"AFTER-{number}" for number in range(4)), *(f"BEFORE-{number}" for number in range(3))]
        enrolled(product, "LATER", 1)
        assert "unbroken" in product.tracker("audit", "verify")
