"""Settings of PostgreSQL's sessions: times in UTC, plans without compiling, how long a statement may take.

A direct connection is set up once. A pooler (PgBouncer with ``pool_mode=transaction``) lends a connection another
session of the server for each transaction. What is set there stays for the next borrower: a job would then end by the
pages' time-out, and a prepared statement would be missing or another process's. So behind a pooler each transaction
makes its own settings, and nothing is prepared.
"""

from __future__ import annotations

from typing import Final

import psycopg
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

_POOLED: Final = "tracker_pooled"
_ALWAYS: Final = {
    # Many small queries at once: compiling one, or starting workers for it, takes longer than the query does.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    # In a zone west of it the calendar's first hours would lie before Christ, where the driver can read nothing.
    "TimeZone": "UTC",
}


def listen(engine: Engine, statement_ms: int | None) -> None:
    """Have every transaction of the engine run under these settings; ``statement_ms``: so long a statement may take."""
    wanted = _ALWAYS if statement_ms is None else _ALWAYS | {"statement_timeout": str(statement_ms)}
    for_all = _told(wanted, in_the_transaction=False)
    for_one = _told(wanted, in_the_transaction=True)

    def prepare(connection: psycopg.Connection, record: ConnectionPoolEntry) -> None:
        before, connection.autocommit = connection.autocommit, True
        if is_pooled(connection):
            connection.prepare_threshold = None
            record.info[_POOLED] = True
        else:
            connection.execute(for_all.encode())
        connection.autocommit = before

    def begin(connection: Connection) -> None:
        if _POOLED in connection.info:
            connection.exec_driver_sql(for_one)

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)


def is_pooled(connection: psycopg.Connection) -> bool:
    """Whether something stands between us and the server: its session then has another number than ours."""
    found = connection.execute("SELECT pg_backend_pid()").fetchone()
    return found is None or found[0] != connection.info.backend_pid


def _told(wanted: dict[str, str], *, in_the_transaction: bool) -> str:
    each = (f"set_config('{name}', '{value}', {str(in_the_transaction).lower()})" for name, value in wanted.items())
    return f"SELECT {', '.join(each)}"  # one statement: a driver takes no two where values could be given
