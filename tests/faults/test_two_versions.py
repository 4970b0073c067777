"""A new version is put in place while the old one works: both on one database, process by process, nothing lost."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

from tests.end_to_end.product import Product, report
from tests.servers import end, free_port, listens, wait_until
from tests.web.conftest import sign_in
from tracker.records import schema

_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"
branch_labels = None
depends_on = None
{needs}

def upgrade() -> None:
    op.create_table("further", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("pump", sa.Column("further", sa.String(20), nullable=True))
    op.add_column("reading", sa.Column("further", sa.String(20), nullable=True))
    op.add_column("job_run", sa.Column("further", sa.Integer(), nullable=False, server_default="0"))
"""
PASSWORD = "a long password of a test"


def newer_version(folder: Path, needs: str = "") -> dict[str, str]:
    """The variables by which a command is of a later version: this code with one migration more."""
    shutil.copytree("tracker", folder / "tracker", ignore=shutil.ignore_patterns("__pycache__"))
    script = _MIGRATION.format(newest=schema.newest_revision(), needs=needs)
    (folder / "tracker/records/migrations/versions/9999_further.py").write_text(script)
    return {"PYTHONPATH": str(folder), "PYTHONSAFEPATH": "1"}


class Version(Product):
    """One of the versions of an installation: the same database, folders and broker, pages at a port of its own."""

    def __init__(self, beside: Product, variables: dict[str, str]) -> None:
        super().__init__(beside.folder)
        self.web_port = free_port()
        self.broker_port = beside.broker_port
        self.environment = beside.environment | variables | {"TRACKER_WEB_PORT": str(self.web_port)}
        self._token = beside._token

    def fails(self, *words: str) -> str:
        """Run a command that must not go well; what it said."""
        done = subprocess.run(
            [sys.executable, "-m", "tracker.cli.main", *words],
            capture_output=True,
            text=True,
            timeout=300,
            env=self.environment,
            check=False,
        )
        assert done.returncode != 0, done.stdout
        return done.stderr


def ready(product: Product) -> tuple[int, str]:
    """The status of readiness, and what it says of the schema."""
    answer = httpx.get(f"http://127.0.0.1:{product.web_port}/health/ready", timeout=30)
    return answer.status_code, answer.json()["checks"]["schema"]["detail"]


def test_the_old_version_works_on_beside_the_new_one_until_that_takes_its_place(
    tmp_path: Path, postgres_url: str
) -> None:
    old = Product(tmp_path, TRACKER_DATABASE_URL=postgres_url)
    running: list[Product] = [old]
    try:
        old.start_all("broker", "ingest", "web", "schedule")
        new = Version(old, newer_version(tmp_path / "newer"))
        running.append(new)
        password = old.enrol("ROLL-1")

        def stored(by: Product, number: int) -> None:
            """A report, as far as the pages of that version tell of it."""
            payload = json.dumps(report(number, alarms=["motor_stall"] if number == 2 else [])).encode()
            assert old.publish("pumps/ROLL-1/telemetry", payload, "ROLL-1", password) == 0
            with by.client() as api:
                wait_until(
                    lambda: api.get("/api/v1/pumps/ROLL-1/delivery").json()["received"] == number, 120, "the report"
                )

        stored(old, 1)
        new._token = old._token
        assert "run `tracker db upgrade`" in new.fails("web")
        assert "9999" in new.tracker("db", "upgrade")

        wait_until(lambda: ready(old)[0] == 200, 120, "the old pages to be ready on the new schema")
        assert "newer than this program's" in ready(old)[1]
        stored(old, 2)
        new.start("web")
        wait_until(lambda: listens(new.web_port), 120, "the new pages")
        with old.client() as before, new.client() as after:
            wait_until(lambda: before.get("/api/v1/pumps/ROLL-1/alarms").json()["items"], 120, "the alarm")
            alarm = after.get("/api/v1/pumps/ROLL-1/alarms").json()["items"][0]
            assert before.post(f"/api/v1/pumps/ROLL-1/alarms/{alarm['id']}/acknowledge", json={}).status_code < 300
            assert after.get("/api/v1/pumps/ROLL-1/alarms").json()["items"][0]["acknowledged_at"]
        with httpx.Client(base_url=f"http://127.0.0.1:{old.web_port}", timeout=30) as browser:
            assert sign_in(browser, "nurse@clinic.example", PASSWORD).status_code == 303
            page = browser.get(f"http://127.0.0.1:{new.web_port}/pumps", headers={"Accept": "text/html"})
            assert page.status_code == 200
            assert "ROLL-1" in page.text

        end(old.processes.pop("web"))
        old.start("web")  # a restart of the old version, as a supervisor does it
        wait_until(lambda: listens(old.web_port), 120, "the old pages again")
        assert "newer than this program's" in (tmp_path / "web.log").read_text()
        assert "9999" in old.tracker("db", "upgrade"), "as old containers do at each start"
        assert "newer than this program's" in old.tracker("db", "check")

        for name in ("schedule", "ingest"):
            end(old.processes.pop(name))
            new.start(name)
        end(old.processes.pop("web"))
        stored(new, 3)
        wait_until(lambda: ready(new) == (200, "is the one that this program needs"), 120, "every part of the new one")
        assert "unbroken" in new.tracker("audit", "verify")
    finally:
        for product in reversed(running):
            product.stop()


def test_where_the_new_schema_takes_something_away_the_old_version_says_to_start_the_new_one(
    tmp_path: Path, postgres_url: str
) -> None:
    old = Product(tmp_path, TRACKER_DATABASE_URL=postgres_url)
    try:
        old.start_all("web")
        new = Version(old, newer_version(tmp_path / "newer", needs='needs_program = "9999"'))
        new.tracker("db", "upgrade")
        wait_until(lambda: ready(old)[0] == 503 and "9999" in ready(old)[1], 120, "the old pages to step back")
        again = Version(old, {})
        for words in (("web",), ("ingest",), ("schedule",), ("db", "upgrade"), ("db", "check")):
            said = again.fails(*words)
            assert "start the new version in its place" in said, (words, said)
            assert "db upgrade" not in said
    finally:
        old.stop()
