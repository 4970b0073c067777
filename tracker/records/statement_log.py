"""Statements in the log: those that fail or take long, and with the log level `debug` all. Never their values.

A line carries the id of the request that it was made for, since that is bound to the log for as long as it lasts.
"""

from __future__ import annotations

import logging
import time
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext

SLOW_S: Final = 1.0
_BEGAN: Final = "tracker_statement_began"
_SHOWN: Final = 2000

_detail = logging.getLogger("tracker.statements")  # asked for its level alone, which costs next to nothing
_log = structlog.get_logger("tracker.statements")


def listen(engine: Engine) -> None:
    """Watch every statement of the engine."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _ended)
    event.listen(engine, "handle_error", _failed)


def _begin(connection: Connection, *_: object) -> None:
    connection.info[_BEGAN] = time.perf_counter()


def _ended(
    connection: Connection, _cursor: object, statement: str, _values: object, _context: ExecutionContext, many: Any
) -> None:
    seconds = time.perf_counter() - connection.info.pop(_BEGAN, time.perf_counter())
    if seconds >= SLOW_S:
        _log.warning("a statement took long", seconds=round(seconds, 3), statement=_shown(statement), many=bool(many))
    elif _detail.isEnabledFor(logging.DEBUG):
        _log.debug("statement", seconds=round(seconds, 6), statement=_shown(statement), many=bool(many))


def _failed(context: ExceptionContext) -> None:
    """The kind of the fault alone: a driver's sentence repeats values, such as the key that is there already."""
    fault = context.original_exception
    _log.info(
        "a statement failed",
        fault=type(fault).__name__,
        sqlstate=getattr(fault, "sqlstate", None) or getattr(fault, "sqlite_errorname", None),
        statement=None if context.statement is None else _shown(context.statement),
    )


def _shown(statement: str) -> str:
    return " ".join(statement[:_SHOWN].split())
