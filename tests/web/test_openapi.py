"""The whole OpenAPI document, exercised by schemathesis with every check on."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.build import a_pump, a_rejected_message, a_state, an_alarm, an_item, an_outlook
from tests.servers import binary
from tests.web.conftest import Site
from tracker.records.job import LEADS, JobRun, beat

SERIAL = "NGP-000123"  # the example that the document itself gives
ACCEPTED = ("2xx", "401", "403", "404", "409", "422")
"""What a well-formed visit may be answered: 422 asks about a dose, a drug or an empty visit, each warning by its id."""
VISITS = ("/api/v1/pumps/{serial}/visits", "/api/v1/pumps/{serial}/visits/{visit_id}")


@pytest.fixture(scope="module")
def authorization(one_site: Site) -> str:
    """A clinic with a pump that has something of everything, and a token for it."""
    clinic = one_site.clinic()
    with one_site.database.writing() as session:
        pump = a_pump(session, clinic, serial=SERIAL)
        a_state(session, pump)
        an_alarm(session, pump)
        an_item(session, clinic, pump)
        an_outlook(session, pump)
        a_rejected_message(session, pump)
    authorization: str = one_site.api("physician").headers["Authorization"]
    return authorization


@pytest.fixture(scope="module", autouse=True)
def all_parts_alive(one_site: Site) -> Iterator[None]:
    """Signs of life of ingest and schedule, and something that listens where the broker would."""
    with one_site.database.writing() as session:
        now = one_site.clock()
        beat(session, "ingest", "ingest", "", now)
        beat(session, "schedule", "schedule", LEADS, now)
        session.add(JobRun(name="evaluate", started_at=now, succeeded_at=now, every_s=2))
    parts = urlsplit(one_site.web.settings.tracker_mqtt_url())
    with socket.create_server(("127.0.0.1", parts.port or 0), backlog=500):
        yield


@pytest.mark.parametrize("phases", ["examples,coverage", "fuzzing,stateful"])
def test_every_operation_keeps_to_the_document(one_site: Site, authorization: str, phases: str, tmp_path: Path) -> None:
    settings = tmp_path / "schemathesis.toml"
    settings.write_text(
        "".join(
            f'[[operations]]\ninclude-path = "{path}"\n'
            f"checks.positive_data_acceptance.expected-statuses = {list(ACCEPTED)}\n"
            for path in VISITS
        )
    )
    command = [
        binary("schemathesis"),
        f"--config-file={settings}",
        "run",
        f"{one_site.address}/openapi.json",
        "--header",
        f"Authorization: {authorization}",
        "--checks=all",
        f"--phases={phases}",
        "--max-examples=8",
        "--generation-deterministic",
        "--no-color",
        "--continue-on-failure",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]


def test_every_operation_says_what_it_is_for_and_every_error_is_a_problem_document(one_site: Site) -> None:
    document: dict[str, Any] = one_site.stranger().get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], f"{method} {path} has no sentence"
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and path.startswith("/api/"):
                    assert list(response["content"]) == ["application/problem+json"], (method, path, status)
            if path.startswith("/api/"):
                assert operation["security"] == [{"token": []}], path


def test_no_page_for_people_is_in_the_document(one_site: Site) -> None:
    paths = one_site.stranger().get("/openapi.json").json()["paths"]
    assert all(path.startswith(("/api/v1/", "/health/", "/metrics")) for path in paths)
