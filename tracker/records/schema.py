"""The schema's state: bring it forward, or say where it stands and whether this program may work with it.

Two versions work side by side for the length of a restart. A migration that only adds lets the version before go on;
one that takes something away names in ``needs_program`` the revision of the oldest program that can do without it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tracker.errors import StartupFault
from tracker.records.compatibility import oldest_program, say_oldest_program
from tracker.records.database import Database

_LOCK = 7_210_210  # an arbitrary number that the migrations of this program share
SIDE_BY_SIDE_SINCE: Final = "0032"
"""From this revision on programs go by the rule; those before it work with their own schema alone."""
_ITS_OWN: Final = "is the one that this program needs"


class Standing(NamedTuple):
    """Whether this program may work with the schema as it stands, and a sentence that says why."""

    may_work: bool
    detail: str

    @property
    def is_newer(self) -> bool:
        """Whether a newer program brought it where it is, and this one may work with it all the same."""
        return self.may_work and self.detail != _ITS_OWN


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@cache
def _revisions() -> dict[str, str]:
    """Every revision that this program knows, the oldest first, with the oldest program that may work with it."""
    oldest, found = SIDE_BY_SIDE_SINCE, {}
    for script in reversed(list(ScriptDirectory.from_config(_config()).walk_revisions())):
        oldest = str(getattr(script.module, "needs_program", oldest))
        found[script.revision] = oldest
    return found


def newest_revision() -> str:
    """The revision that this program's code needs."""
    return list(_revisions())[-1]


def current_revision(database: Database) -> str | None:
    """The revision that the database is at; None where it is empty."""
    with database.engine.connect() as connection:
        return _at(connection)


def standing(database: Database) -> Standing:
    """Where the schema stands for this program: its own, an older one, or a newer one that it may or may not use."""
    with database.engine.connect() as connection:
        return _standing(connection)


def upgrade(database: Database) -> str:
    """Bring the schema to the newest revision, in one transaction, one process at a time. Returns the revision.

    A newer schema with which this program may work stays as it is. Raises ``StartupFault`` where it may not.
    """
    with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        at = _at(connection)
        if at is not None and at not in _revisions():
            found = _standing(connection)
            if not found.may_work:
                raise StartupFault(found.detail)
            return at
        command.upgrade(_config(connection), "head")
        say_oldest_program(connection, _revisions()[newest_revision()])
    return newest_revision()


def require_current(database: Database) -> None:
    """Refuse to run on a schema with which this program may not work."""
    found = standing(database)
    if not found.may_work:
        raise StartupFault(found.detail)


def _at(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _standing(connection: Connection) -> Standing:
    at, own = _at(connection), newest_revision()
    if at == own:
        return Standing(may_work=True, detail=_ITS_OWN)
    if at is None or at in _revisions():
        return Standing(
            may_work=False,
            detail=f"the database is at revision {at or 'none'} and this program needs {own}: run `tracker db upgrade`",
        )
    oldest = oldest_program(connection)
    if oldest is None:
        return Standing(
            may_work=False,
            detail=f"the database is at revision {at}, which this program ({own}) does not know and which says nothing "
            "of older programs: see TRACKER_DATABASE_URL, or start the version that made it",
        )
    if oldest in _revisions():
        return Standing(
            may_work=True,
            detail=f"the database is at revision {at}, newer than this program's {own}, and this program may go on "
            "working with it until the new version takes its place",
        )
    return Standing(
        may_work=False,
        detail=f"the database is at revision {at}, and programs older than {oldest} can't work with it; this one is of "
        f"{own}: start the new version in its place",
    )
