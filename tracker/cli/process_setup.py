"""What long-running commands share: settings that are said at the start, stopping on a signal, a port that is free."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from importlib.metadata import version
from types import FrameType

import structlog

from tracker.cli.log_format import set_up_logging
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.database import Database
from tracker.settings import Settings


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


def begin(process: str) -> Settings:
    """The settings of a process that runs until it is stopped; its first log line says what it uses.

    Raises ``StartupFault`` for a setting that can't be.
    """
    settings = Settings()
    say_start(process, settings)
    return settings


def say_start(process: str, settings: Settings) -> None:
    """Set up the log; its first line says which version runs on which database, broker and folders."""
    set_up_logging(settings)
    structlog.get_logger().info(
        "starting",
        process=process,
        version=version("pump-tracker"),
        database=settings.shown_database(),
        broker=settings.shown_broker(),
        data_dir=str(settings.data_dir),
        audit_dir=str(settings.anchors_dir),
    )


def require_schema(database: Database) -> None:
    """Refuse to run on a schema with which this program may not work; say so where it works with a newer one."""
    schema.require_current(database)
    found = schema.standing(database)
    if found.is_newer:
        structlog.get_logger().warning(found.detail)


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
