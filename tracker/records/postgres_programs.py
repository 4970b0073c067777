"""PostgreSQL's own client programs, in the version of the server.

A program may be newer than the server, never older: ``pg_dump`` refuses that. A newer ``pg_restore`` sets parameters
that an older server does not know. So a machine may have several versions, and the server's own is taken.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from tracker.errors import StartupFault
from tracker.records.database import Database


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server: its major version, and whether this process reaches it by TLS."""

    version: int
    encrypted: bool

    def environment(self) -> dict[str, str]:
        """For its programs: they too encrypt where this process does, or fail where they can't."""
        return (
            {**os.environ, "PGSSLMODE": "require"}
            if self.encrypted and "PGSSLMODE" not in os.environ
            else dict(os.environ)
        )


_PLACES: Final = Path("/usr/lib/postgresql")  # of Debian, and of the image: one folder for each major version


def program(name: str, server: int, places: Path = _PLACES) -> str:
    """The path of the program in the server's major version, else in the next newer one, else the machine's.

    Raises ``StartupFault`` where there is none, or where the machine's is older than the server.
    """
    versions = {int(one.name): one / "bin" / name for one in places.glob("*") if one.name.isdigit()}
    for version in sorted(versions):
        if version >= server and versions[version].is_file():
            return str(versions[version])
    found = shutil.which(name)
    if found is None:
        raise StartupFault(f"{name} is not on this machine: install PostgreSQL's client programs")
    version = _version(found)
    if version < server:
        raise StartupFault(
            f"{name} is of version {version} and the server of {server}: install PostgreSQL's client programs {server}"
        )
    return found


def server(database: Database) -> Server:
    """The server that this process reaches. Raises ``StartupFault`` where it can't be reached."""
    try:
        with database.engine.connect() as connection:
            info = connection.dialect.server_version_info
            driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
            encrypted = driver.pgconn.ssl_in_use
    except DBAPIError as fault:
        raise StartupFault(f"the database can't be reached: {str(fault.orig).strip()}") from fault
    if not info:
        raise StartupFault("the database does not tell its version")
    return Server(version=int(info[0]), encrypted=encrypted)


def without_password(url: URL) -> tuple[str, dict[str, str]]:
    """The database's address for a command line, and the variable that hands its password on."""
    if "sslpassword" in url.query:  # libpq takes it from no variable
        raise StartupFault("TRACKER_DATABASE_URL holds sslpassword, which copies can't use: take a key without one")
    given = url.password or url.query.get("password")
    query = {name: value for name, value in url.query.items() if name != "password"}
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    return bare.render_as_string(), {"PGPASSWORD": str(given)} if given else {}


def _version(path: str) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\(PostgreSQL\) (\d+)", told)
    return int(found[1]) if found else 0
