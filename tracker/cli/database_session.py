"""What the commands on records share: the settings, a database of the right schema, and who is at the keyboard."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tracker.actions.origin import COMMAND, Origin, coming_from
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.staff import OPERATOR
from tracker.settings import Settings


@contextmanager
def opened(settings: Settings | None = None, *, first: bool = False) -> Iterator[Database]:
    """The database that the environment names; raises ``StartupFault`` where its schema is not this program's.

    A command that enters the ``first`` records of an installation makes the schema in an empty database. The processes
    that run by themselves never do: an empty database is there, as a rule, a wrong address.
    """
    database = Database((settings or Settings()).database_url)
    try:
        if first and schema.current_revision(database) is None:
            schema.upgrade(database)
        schema.require_current(database)
        with coming_from(Origin(via=COMMAND)):
            yield database
    finally:
        database.close()


def operator() -> str:
    """The name under which the audit trail knows who ran the command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user has no name
        name = str(os.getuid())
    return f"{OPERATOR} ({name})"
