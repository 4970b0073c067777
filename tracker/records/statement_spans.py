"""Statements as spans of a trace, where traces are sent: what kind, where and how long, never their values.

A constant that stands in a statement is left out too: it may have been put there from what somebody typed.
"""

from __future__ import annotations

import re
import time
from typing import Any, Final

from opentelemetry import trace
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext

_BEGAN: Final = "tracker_span_began"
_SHOWN: Final = 1000
_CONSTANT: Final = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")


def listen(engine: Engine) -> None:
    """Make a span of every statement of the engine; nothing where this process sends no traces."""
    if not hasattr(trace.get_tracer_provider(), "add_span_processor"):
        return
    tracer = trace.get_tracer("tracker.statements")
    system = engine.dialect.name

    def begin(connection: Connection, *_: object) -> None:
        connection.info[_BEGAN] = time.time_ns()

    def end(connection: Connection, statement: str | None, fault: BaseException | None = None) -> None:
        began = connection.info.pop(_BEGAN, None)
        if began is None or statement is None:
            return
        shown = " ".join(_CONSTANT.sub("?", statement[:_SHOWN]).split())
        kind = shown.partition(" ")[0].upper()[:20]
        attributes = {"db.system.name": system, "db.operation.name": kind, "db.query.text": shown}
        span = tracer.start_span(kind, kind=trace.SpanKind.CLIENT, start_time=began, attributes=attributes)
        if fault is not None:
            span.set_attribute("error.type", type(fault).__name__)
            span.set_status(trace.StatusCode.ERROR)
        span.end()

    def ended(
        connection: Connection, _cursor: object, statement: str, _values: object, _context: ExecutionContext, _many: Any
    ) -> None:
        end(connection, statement)

    def failed(context: ExceptionContext) -> None:
        if context.connection is not None:
            end(context.connection, context.statement, context.original_exception)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", ended)
    event.listen(engine, "handle_error", failed)
