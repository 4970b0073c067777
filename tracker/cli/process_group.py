"""The parts that the demo starts as processes: each on a lifeline, watched, started again when it dies, logged."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from tracker.private_files import private_folder

_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 15.0
_STOP_S = 12.0


@dataclass(slots=True)
class Part:
    """One process of the demo."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    started: float = 0.0
    retry_at: float = 0.0


@dataclass(slots=True)
class Parts:
    """All processes of the demo. ``stop`` ends every one; the lifelines end them even if nobody calls it."""

    log_dir: Path
    environment: Mapping[str, str]
    running: list[Part] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self, name: str, *command: str) -> Part:
        """Start a process that is kept running until ``stop``; what it writes goes to ``NAME.log``."""
        part = Part(name, list(command))
        self._launch(part)
        self.running.append(part)
        return part

    def run(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        """Start a process that ends by itself, its standard output open to be read; it is on a lifeline too."""
        return self._spawn(name, list(command), stdout=subprocess.PIPE)

    def restart_ended(self) -> list[str]:
        """Start again what died, with growing pauses. Returns the names of those started."""
        restarted = []
        now = time.monotonic()
        for part in self.running:
            if part.process is None or part.process.poll() is None or self.stopping.is_set():
                continue
            if not part.retry_at:
                part.failures = 1 if now - part.started > 60 else part.failures + 1
                part.retry_at = now + min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (part.failures - 1))
                structlog.get_logger().warning("a part ended", part=part.name, status=part.process.returncode)
            if now >= part.retry_at:
                self._launch(part)
                restarted.append(part.name)
        return restarted

    def stop(self) -> None:
        """End every process, the last started first, and wait until they are gone."""
        self.stopping.set()
        for part in reversed(self.running):
            process = part.process
            if process is None:
                continue
            if process.stdin is not None:
                process.stdin.close()  # cuts the lifeline
        deadline = time.monotonic() + _STOP_S
        for part in reversed(self.running):
            if part.process is None:
                continue
            try:
                part.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()

    def log_tail(self, name: str, lines: int = 5) -> str:
        """The last lines that a part wrote, for a message about its end."""
        path = self.log_dir / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def _launch(self, part: Part) -> None:
        part.process = self._spawn(part.name, part.command)
        part.started = time.monotonic()
        part.retry_at = 0.0

    def _spawn(self, name: str, command: list[str], stdout: int | None = None) -> subprocess.Popen[bytes]:
        private_folder(self.log_dir)
        with (self.log_dir / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tracker.cli.exit_with_parent", *command],
                stdin=subprocess.PIPE,
                stdout=log if stdout is None else stdout,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends its parts in order
            )

    def _environment(self) -> dict[str, str]:
        """This process's, with the values that the parts get; a file that held such a value gives way to it."""
        in_files = {f"{name}_FILE" for name in self.environment}
        return {name: text for name, text in os.environ.items() if name not in in_files} | dict(self.environment)
