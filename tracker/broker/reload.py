"""Tell a broker of one's own to read its files again: SIGHUP to its process, or a command."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from tracker.errors import StartupFault, Unavailable

Reload = Callable[[], None]
"""Raises ``Unavailable`` where the broker was not told."""

SERVERS = frozenset({"mosquitto", "nats-server"})
_COMMAND_SECONDS = 20.0
_SIGHUP_BIT = 1 << (signal.SIGHUP - 1)


def reload_from(pid_file: Path | None, command: str | None) -> Reload | None:
    """The way that is named; None where none is. Raises ``StartupFault`` where both are, or the command is empty."""
    if pid_file is not None and command is not None:
        raise StartupFault("--pid-file and --reload both say how to reload the broker: name one of them")
    if pid_file is not None:
        return lambda: hang_up(pid_file)
    if command is None:
        return None
    try:
        words = shlex.split(command)
    except ValueError as fault:
        raise StartupFault(f"--reload is no command: {fault}") from None
    if not words:
        raise StartupFault("--reload names no command")
    return lambda: _run(words)


def hang_up(pid_file: Path, processes: Path = Path("/proc")) -> None:
    """Send SIGHUP to the broker whose process id stands in the file.

    Raises ``Unavailable`` where none runs. A file left by a broker that has ended may name any other process by now,
    and a broker that is only starting would die of the signal: where the system tells (Linux), both are left alone.
    """
    try:
        pid = int(pid_file.read_text().strip())
    except (OSError, ValueError) as fault:
        raise Unavailable(f"{pid_file} names no broker: {fault}") from fault
    if processes.is_dir():
        _require_listening(processes / str(pid), pid_file)
    try:
        os.kill(pid, signal.SIGHUP)
    except OSError as fault:
        raise Unavailable(f"the broker of {pid_file}, process {pid}, can't be told: {fault.strerror}") from fault


def _require_listening(process: Path, pid_file: Path) -> None:
    try:
        name = (process / "comm").read_text().strip()
        status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    except OSError:
        raise Unavailable(f"the broker of {pid_file} does not run") from None
    if name not in SERVERS:
        raise Unavailable(f"{pid_file} names process {process.name}, which is {name} and no broker")
    if not int(status["SigCgt"], 16) & _SIGHUP_BIT:
        raise Unavailable(f"the broker of {pid_file} is starting")


def _run(words: list[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise Unavailable(f"{words[0]} did not reload the broker: {fault}") from fault
    if done.returncode:
        raise Unavailable(f"{words[0]} did not reload the broker: {done.stderr.strip()[:300] or done.returncode}")
