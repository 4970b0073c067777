"""PostgreSQL's index for what is typed into the search of pumps: any part of a serial, reference or UDI.

It rests on the server's own extension pg_trgm. A server without it, or a role that may not add it, does without the
index: a search then reads each of the clinic's pumps.
"""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

INDEX: Final = "ix_pump_text"
_COLUMNS: Final = "serial gin_trgm_ops, patient_reference gin_trgm_ops, udi gin_trgm_ops"
_MAKE: Final = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX IF NOT EXISTS {INDEX} ON pump USING gin ({_COLUMNS})",
)
_log = structlog.get_logger(__name__)


def make_index(connection: Connection) -> None:
    """Make it where it can be had; where not, say with what it is made later."""
    try:
        with connection.begin_nested():
            for statement in _MAKE:
                connection.execute(text(statement))
    except DBAPIError as fault:
        _log.warning("search_index_not_made", fault=str(fault.orig).strip(), later="; ".join(_MAKE))
