"""Clients that are made from the OpenAPI document by the usual programs work, in Python and in TypeScript."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hatch_build import npm_command
from tests.servers import binary
from tests.web.conftest import Site
from tracker.web.http.operation_names import NAMES

HERE = Path("tests/clients")
SERVER_OF_OURS = [{"url": "/", "description": "This installation"}]

PROGRAM = """
import sys

from pump_client import AuthenticatedClient, Client
from pump_client.api.health import get_liveness
from pump_client.api.pumps import change_pump, enrol_pump, get_pump, list_pumps
from pump_client.api.worklist import list_worklist
from pump_client.models import Changes, NewPump, NewPumpModel, PagePumpListed, Problem, PumpEnrolled

address, token = sys.argv[1:]
assert get_liveness.sync_detailed(client=Client(base_url=address)).status_code == 200

client = AuthenticatedClient(base_url=address, token=token)
made = enrol_pump.sync(client=client, body=NewPump(serial="SN-1", model=NewPumpModel("synchromed-ii-20")))
assert isinstance(made, PumpEnrolled), made
changed = change_pump.sync_detailed("SN-1", client=client, body=Changes(patient_reference="MRN 4711"))
assert changed.status_code == 200, changed.content
assert get_pump.sync("SN-1", client=client).patient_reference == "MRN 4711"
listed = list_pumps.sync(client=client, limit=10)
assert isinstance(listed, PagePumpListed), listed
assert [one.serial for one in listed.items] == ["SN-1"]
assert list_worklist.sync_detailed(client=client).status_code == 200

missing = get_pump.sync("NOT-THERE", client=client)
assert isinstance(missing, Problem), missing
assert missing.status == 404
stranger = list_pumps.sync(client=AuthenticatedClient(base_url=address, token="x"))
assert isinstance(stranger, Problem), stranger
assert stranger.status == 401
print("done")
"""
"""A small program with the client that was made: its arguments are the server's address and a token."""


@pytest.fixture
def document(site: Site, tmp_path: Path) -> Path:
    """The document as the server gives it."""
    file = tmp_path / "openapi.json"
    file.write_text(site.stranger().get("/openapi.json").text)
    return file


def run(*words: str | Path, folder: Path, **environment: str) -> str:
    """Run a program of the clients' makers; what it printed."""
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return done.stdout


def test_every_call_has_one_name_that_a_program_can_use_and_the_server_is_named(document: Path) -> None:
    described: dict[str, Any] = json.loads(document.read_text())
    calls = {
        f"{method.upper()} {path}": operation["operationId"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    assert calls == dict(NAMES), "name each call in tracker/web/http/operation_names.py"
    assert len(set(calls.values())) == len(calls)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in calls.values())
    assert not [name for name in described["components"]["schemas"] if "__" in name], "two shapes have one name"
    assert described["servers"] == SERVER_OF_OURS


def test_a_python_client_is_made_without_a_warning_and_works(site: Site, document: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    python = environment / "bin" / "python"
    lock = Path("requirements/clients.lock").absolute()
    uv = binary("uv")
    run(uv, "venv", "--quiet", environment, folder=tmp_path)
    run(uv, "pip", "install", "--quiet", "--require-hashes", "--python", python, "-r", lock, folder=tmp_path)
    search = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    words = ("generate", "--path", document, "--output-path", tmp_path / "pump_client", "--meta", "none")
    run(environment / "bin" / "openapi-python-client", *words, "--fail-on-warning", folder=tmp_path, PATH=search)
    token = site.api("administrator").headers["Authorization"].removeprefix("Bearer ")
    said = run(python, "-c", PROGRAM, site.address, token, folder=tmp_path)
    assert said == "done\n"


def test_types_for_typescript_are_made_and_a_program_with_them_compiles(document: Path, tmp_path: Path) -> None:
    for name in ("package.json", "package-lock.json", "use.ts"):
        shutil.copy(HERE / name, tmp_path)
    npm = npm_command()
    run(*npm, "ci", "--no-audit", "--no-fund", "--prefer-offline", folder=tmp_path)
    run(*npm, "exec", "--no", "--", "openapi-typescript", document, "--output", "api.d.ts", folder=tmp_path)
    options = ("--noEmit", "--strict", "--target", "es2022", "--lib", "es2022,dom", "--skipLibCheck", "false")
    run(*npm, "exec", "--no", "--", "tsc", *options, "use.ts", folder=tmp_path)
