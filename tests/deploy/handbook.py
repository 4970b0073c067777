"""The handbook's blocks of commands, and a machine of their own to run them on as they are written.

A block runs as it stands unless a comment before it says where it runs or why it can't::

    <!-- not run: REASON -->
    <!-- run where: root, mosquitto. REASON -->
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.servers import binary, end, wait_until

ROOT = Path(__file__).parent.parent.parent
HANDBOOK = ROOT / "docs" / "operations.md"
NOBODY = 65534
CONDITIONS = frozenset({"root", "sqlite", "postgresql", "embedded broker", "mosquitto"})
_FENCE = re.compile(
    r"(?:^<!-- (?P<said>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SYSTEMCTL = """\
#!/bin/sh -e
# What systemd does for `systemctl restart mosquitto` with the unit of Debian's package; no other word is known.
test "$*" = "restart mosquitto"
mkdir -p /run/mosquitto /var/log/mosquitto && chown mosquitto /run/mosquitto /var/log/mosquitto
{mosquitto} -c /etc/mosquitto/mosquitto.conf >/dev/null 2>&1 &
until test -s /run/mosquitto/mosquitto.pid; do sleep 0.1; done
"""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. ``where`` is what must hold for it to run; ``reason`` says why it runs nowhere else."""

    line: int
    language: str
    text: str
    run: bool
    where: frozenset[str]
    reason: str


def blocks(document: str) -> list[Block]:
    """Every fenced block of the text, in order. Raises ValueError for a comment that says neither of both things."""
    found = []
    for fence in _FENCE.finditer(document):
        said = " ".join((fence["said"] or "").split())
        run, where, reason = True, "", ""
        if said.startswith("not run: "):
            run, reason = False, said.removeprefix("not run: ")
        elif said.startswith("run where: "):
            where, _, reason = said.removeprefix("run where: ").partition(". ")
        elif said:
            raise ValueError(f"a comment before a block says {said!r}: begin it with 'not run: ' or 'run where: '")
        conditions = frozenset(one.strip() for one in where.split(",") if one.strip())
        line = document.count("\n", 0, fence.start("language")) + 1
        found.append(Block(line, fence["language"], fence["text"], run, conditions, reason))
    return found


class Machine:
    """A machine inside this one: ports, process ids and folders of the system are its own, and end with it.

    ``holds`` are the conditions that are true here. The commands run in ``home`` with the environment given.
    """

    def __init__(self, folder: Path, holds: frozenset[str], environment: Mapping[str, str]) -> None:
        self.holds = holds
        self.home = folder / "home"
        self._folder = folder
        self._as_nobody = os.geteuid() == 0 and "root" not in holds
        tools = folder / "bin"
        for each in (self.home, tools):
            each.mkdir()
        _program(tools / "tracker", f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tracker.cli.main "$@"\n')
        mounts = ["mount -t tmpfs tmpfs /run"] if "root" in holds else []
        if {"root", "mosquitto"} <= holds:
            _program(tools / "systemctl", _SYSTEMCTL.format(mosquitto=binary("mosquitto")))
            for place in (Path("/etc/mosquitto"), Path("/var/lib/mosquitto"), Path("/var/log/mosquitto")):
                own = folder / place.name / place.parent.name
                subprocess.run(["mkdir", "-p", str(own.parent)], check=True)
                subprocess.run(["cp", "-a", str(place), str(own)], check=True)
                mounts.append(f"mount --bind {shlex.quote(str(own))} {place}")
        if self._as_nobody:
            os.chown(self.home, NOBODY, NOBODY)
        (self.home / "deploy").symlink_to(ROOT / "deploy")  # the handbook's reader stands in a checkout
        self._environment = {
            "HOME": str(self.home),
            "PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin:/sbin",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            **environment,
        }
        self._holder = self._hold(mounts)
        self._ran = 0

    def _hold(self, mounts: list[str]) -> subprocess.Popen[bytes]:
        """Make the machine; it lasts as long as this process."""
        rights = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
        own = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        ready = self._folder / "ready"
        steps = ["ip link set lo up", *mounts, f"touch {shlex.quote(str(ready))}", "exec sleep infinity"]
        words = [binary("unshare"), *rights, *own, "sh", "-ec", "\n".join(steps)]
        holder = subprocess.Popen(words, stderr=(self._folder / "machine.log").open("wb"))
        wait_until(lambda: ready.exists() or holder.poll() is not None, 20, "a machine of its own")
        if holder.poll() is not None:
            said = (self._folder / "machine.log").read_text().strip()
            _unavailable(f"this test needs a machine that lets it make namespaces: {said}")
        return holder

    def run(self, block: Block) -> str:
        """Run a block in one shell that stops at the first fault; what it printed. A fault is an AssertionError."""
        self._ran += 1
        script, printed = (self._folder / f"{self._ran}{end}" for end in (".sh", ".log"))
        script.write_text(block.text)
        first = psutil.Process(self._holder.pid).children()[0].pid
        words = [binary("nsenter"), f"--target={first}", "--mount", "--net", "--pid"]
        if os.geteuid() != 0:
            words += ["--user", "--preserve-credentials"]
        if self._as_nobody:  # it may read this checkout and its interpreter, wherever they are; its rights end there
            allowed = [f"--{kind}-caps=-all,+dac_read_search" for kind in ("inh", "ambient")]
            words += [binary("setpriv"), f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *allowed]
        words += ["sh", "-c", f"cd {shlex.quote(str(self.home))} && exec sh -e {shlex.quote(str(script))}"]
        with printed.open("wb") as log:  # no pipe: what the block leaves running would hold it open
            done = subprocess.run(
                words,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=120,
                check=False,
            )
        said = printed.read_text(errors="replace")
        assert done.returncode == 0, f"the block at line {block.line} ended with {done.returncode}:\n{said[-3000:]}"
        return said

    def close(self) -> None:
        """End the machine and all that runs on it."""
        end(self._holder)


@contextmanager
def machine(holds: frozenset[str], environment: Mapping[str, str]) -> Iterator[Machine]:
    """A fresh machine that ends with the block."""
    with tempfile.TemporaryDirectory(prefix="pump-handbook-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        opened = Machine(Path(folder), holds, environment)
        try:
            yield opened
        finally:
            opened.close()


def _program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def _unavailable(message: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
