"""Classify a failed transaction: try it again, wait for the database, or find the data at fault."""

from __future__ import annotations

import sqlite3
from enum import Enum
from typing import Final

import psycopg
import sqlalchemy.exc


class Fault(Enum):
    """The three things that can be done."""

    AGAIN = "two transactions met: the same once more succeeds"
    DOWN = "the database can't work now: nothing is done, and it is waited for"
    DATA = "one message can't be stored, or one pump not evaluated: halve the set and find it"


_AGAIN_CLASSES: Final = frozenset({"40"})
_DATA_CLASSES: Final = frozenset({"21", "22", "23", "44", "54", "P0"})
_SQLITE_DATA: Final = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.NotSupportedError,
)


def kind_of(fault: BaseException) -> Fault:
    """Judge an exception that a transaction ended with.

    By SQLSTATE on PostgreSQL: class 40 is a meeting of transactions; 21, 22, 23, 44, 54 and P0 blame the data;
    everything else (connection, disk, memory, shutdown, rights, a missing table) is no fault of the data. What is
    no database error at all is a fault that a message or a pump brought out in the program, and must not stop others.
    """
    if isinstance(fault, sqlalchemy.exc.DBAPIError):
        if fault.connection_invalidated:
            return Fault.DOWN
        if fault.orig is not None:
            fault = fault.orig
    if isinstance(fault, psycopg.Error):
        state = (fault.sqlstate or "")[:2]
        if state in _AGAIN_CLASSES:
            return Fault.AGAIN
        return Fault.DATA if state in _DATA_CLASSES else _without_state(fault)
    if isinstance(fault, sqlite3.Error):
        return Fault.DATA if isinstance(fault, _SQLITE_DATA) else Fault.DOWN
    if isinstance(fault, (sqlalchemy.exc.TimeoutError, sqlalchemy.exc.PendingRollbackError, OSError, MemoryError)):
        return Fault.DOWN
    return Fault.DATA


def _without_state(fault: psycopg.Error) -> Fault:
    """The driver itself refuses a value without asking the server; all else is the connection's or the server's."""
    if fault.sqlstate is None and isinstance(fault, (psycopg.DataError, psycopg.ProgrammingError)):
        return Fault.DATA
    return Fault.DOWN
