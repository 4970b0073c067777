"""One format for every log line of a process: our own, and those of uvicorn, APScheduler, Alembic and Python itself."""

from __future__ import annotations

import logging
import sys
import threading
from types import TracebackType
from typing import Any, Final

import structlog

from tracker.settings import Settings

#: Libraries whose lines an operator asks for with `debug`; at `info` they speak of each job and each connection.
_TALKATIVE: Final = ("apscheduler", "alembic", "uvicorn")
#: Never below a warning: their debug lines hold values of statements and requests, and with them patient data.
_NEVER_IN_DETAIL: Final = ("sqlalchemy", "httpx", "httpcore", "psycopg", "asyncio", "multipart", "python_multipart")


_before: dict[str, Any] = {}
"""The hooks that Python had, for ``take_down_logging``."""


class _OurHandler(logging.StreamHandler):  # type: ignore[type-arg] # generic in the stubs alone
    """The handler that this module adds, and takes away again."""


def set_up_logging(settings: Settings | None = None, *, level: int | None = None) -> None:
    """Structured lines on standard error, as ``log_format`` and ``log_level`` say; ``level`` goes before the latter."""
    wanted = "auto" if settings is None else settings.log_format
    least = level if level is not None else getattr(logging, (settings.log_level if settings else "info").upper())
    as_text = sys.stderr.isatty() if wanted == "auto" else wanted == "text"
    # The terminal's own traceback shows local variables, and with them the broker's password.
    text = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    renderer: structlog.typing.Processor = text if as_text else structlog.processors.JSONRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if as_text else [structlog.processors.format_exc_info]),
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    handler = _OurHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _OurHandler)] + [handler]
    quiet = max(least, logging.WARNING)
    root.setLevel(quiet)
    logging.getLogger("tracker").setLevel(least)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(least if least < logging.INFO else quiet)
    for name in _NEVER_IN_DETAIL:
        logging.getLogger(name).setLevel(quiet)
    logging.captureWarnings(capture=True)
    _before.setdefault("sys", sys.excepthook)
    _before.setdefault("threading", threading.excepthook)
    sys.excepthook = _ended
    threading.excepthook = _thread_ended


def take_down_logging() -> None:
    """As before ``set_up_logging``: for a process in which a command is one thing of several."""
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _OurHandler)]
    root.setLevel(logging.WARNING)
    for name in ("tracker", *_TALKATIVE, *_NEVER_IN_DETAIL):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=False)
    sys.excepthook = _before.pop("sys", sys.excepthook)
    threading.excepthook = _before.pop("threading", threading.excepthook)
    structlog.reset_defaults()


def _ended(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
    """The last line of a process that ends by a fault of its own."""
    if issubclass(kind, Exception):
        structlog.get_logger().critical("the process ends by a fault", exc_info=(kind, fault, trace))
    else:
        sys.__excepthook__(kind, fault, trace)


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and issubclass(ended.exc_type, Exception):
        structlog.get_logger().critical(
            "a thread ends by a fault",
            thread=ended.thread.name if ended.thread else None,
            exc_info=(ended.exc_type, ended.exc_value, ended.exc_traceback),
        )
