"""Whose the broker's folder and port are: one living tracker, no leftover server, a free port.

A tracker that was killed can't end its broker. On Linux the kernel does it; elsewhere, and in the moment between,
the next start finds the server by its process id file, makes sure that it is ours by its command line, and ends it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from tracker.errors import StartupFault
from tracker.private_files import private_folder

PID_FILE = "nats-server.pid"
_ENDING_SECONDS = 10.0


class FolderLock:
    """Held by the one tracker that runs a broker in this folder; the kernel lets go of it when that process ends."""

    def __init__(self, folder: Path) -> None:
        private_folder(folder)
        self._descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise StartupFault(
                f"Another tracker already runs the broker in {folder}. Stop it, or set TRACKER_DATA_DIR to another "
                "folder and TRACKER_BROKER_PORT to another port."
            ) from None

    def release(self) -> None:
        """Let another process have the folder."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def end_leftover(folder: Path, server_file: Path) -> bool:
    """End the server of an earlier start of this folder, if one still runs; whether there was one.

    Only while holding the folder's lock: then its owner is known to be gone. A process that merely got the same
    number is left alone.
    """
    try:
        pid = int((folder / PID_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return False
    if not _is_ours(pid, server_file):
        return False
    for ending in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, ending)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + _ENDING_SECONDS
        while time.monotonic() < deadline:
            if not _is_ours(pid, server_file):
                return True
            time.sleep(0.02)
    raise StartupFault(f"The broker of an earlier start (process {pid}) can't be ended. End it and start again.")


def _is_ours(pid: int, server_file: Path) -> bool:
    return str(server_file) in _command_line(pid)


def _command_line(pid: int) -> list[str]:
    """The words that a process was started with; none for one that has ended."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            return []
    shown = subprocess.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout.split()


def need_free_port(host: str, port: int) -> None:
    """Raise ``StartupFault``, naming the setting, where something listens on the port already or none may."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as fault:
            raise StartupFault(_port_sentence(host, port, fault)) from fault


def _port_sentence(host: str, port: int, fault: OSError) -> str:
    if fault.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host}, where the broker would listen, is taken by another program. "
            "Set TRACKER_BROKER_PORT to a free port and start again."
        )
    return (
        f"The broker can't listen on {host}, port {port}: {fault.strerror}. "
        "Set TRACKER_BROKER_HOST and TRACKER_BROKER_PORT to where it can."
    )
