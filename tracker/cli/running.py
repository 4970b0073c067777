"""What long-running commands share: stopping on a signal, one log format, a port that is free."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import sys
import threading
from types import FrameType

import structlog

from tracker.errors import StartupFault


def stop_on_signal() -> threading.Event:
    """An event that SIGTERM and SIGINT set; a second signal ends the process at once."""
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set()

    signal.signal(signal.SIGTERM, told)
    signal.signal(signal.SIGINT, told)
    return stop


def set_up_logging(*, level: int = logging.INFO) -> None:
    """Structured lines on standard error: readable on a terminal, JSON elsewhere."""
    lively = sys.stderr.isatty()
    # The terminal's own traceback shows local variables, and with them the broker's password.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = plain if lively else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if lively else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)


def require_free_port(host: str, port: int, *, what: str, setting: str) -> None:
    """Refuse to start on a taken port, in one sentence that names the setting to change."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            if isinstance(fault, socket.gaierror) or fault.errno == errno.EADDRNOTAVAIL:
                setting, other = setting.replace("_PORT", "_HOST"), "an address of this machine"
            else:
                other = "another port"
            raise StartupFault(
                f"{what} can't listen on {host}:{port} ({fault.strerror}): set {setting} to {other}"
            ) from fault
