"""The schema's state: bring it forward, or say where it stands."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tracker.errors import StartupFault
from tracker.records.database import Database

_LOCK = 7_210_210  # an arbitrary number that the migrations of this program share


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def newest_revision() -> str:
    """The revision that this program's code needs."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None where it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> str:
    """Bring the schema to the newest revision, in one transaction, one process at a time. Returns the revision."""
    with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(_config(connection), "head")
    return newest_revision()


def require_current(database: Database) -> None:
    """Refuse to run on a schema that this code does not know."""
    at, needed = current_revision(database), newest_revision()
    if at != needed:
        raise StartupFault(
            f"the database is at revision {at or 'none'} and this program needs {needed}: run `tracker db upgrade`"
        )
