"""The folder of the checkpoints: the key, its public half, the file of checkpoints, and when the trail was last seen.

The folder belongs to the process that makes checkpoints. Neither the database's owner nor the pages need to read it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from tracker.actions.audit import FIRST
from tracker.anchor.checkpoint import Checkpoint, NotACheckpoint, line_of, read_line
from tracker.errors import Invalid, StartupFault
from tracker.private_files import private_file, private_folder, private_text

_TAIL_BYTES = 65_536  #: more than twice the longest line
KEY, PUBLIC, CHECKPOINTS, SEEN = "anchor.key", "anchor.pub", "checkpoints.jsonl", "seen"


def signing_key(folder: Path) -> OKPKey:
    """The Ed25519 key of the folder, made at the first call; ``anchor.pub`` beside it is for those who verify."""
    path = folder / KEY
    made = "" if path.exists() else OKPKey.generate_key("Ed25519", private=True).as_pem(private=True).decode()
    try:
        key = OKPKey.import_key(private_text(path, made or None))
    except (JoseError, ValueError) as fault:
        raise StartupFault(f"{path} holds no Ed25519 key in PEM form") from fault
    public = key.as_pem(private=False).decode()
    if not (folder / PUBLIC).exists():
        (folder / PUBLIC).write_text(public)
    return key


def public_key(path: Path) -> OKPKey:
    """The key with which checkpoints are verified. Raises ``Invalid`` where the file holds none."""
    try:
        return OKPKey.import_key(path.read_text())
    except OSError as fault:
        raise Invalid(f"the public key {path} can't be read: name it with --public-key") from fault
    except (JoseError, ValueError) as fault:
        raise Invalid(f"{path} holds no Ed25519 key in PEM form") from fault


def read_file(path: Path, keys: Sequence[OKPKey]) -> list[Checkpoint]:
    """The checkpoints of a file, or of a log that syslog wrote. Raises ``Invalid`` that names the first line at fault.

    A file of ours is whole from its first line on: each checkpoint names the one before it.
    """
    found: list[Checkpoint] = []
    before = FIRST
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as fault:
        raise Invalid(f"the checkpoints {path} can't be read: {fault.strerror}") from fault
    for number, line in enumerate(lines, 1):
        if '"jws"' not in line:
            if line.strip() and line.lstrip().startswith("{"):
                raise Invalid(f"line {number} of {path} does not hold: it is no checkpoint")
            continue
        try:
            checkpoint = read_line(line, keys)
        except NotACheckpoint as fault:
            raise Invalid(f"line {number} of {path} does not hold: {fault}") from fault
        if line.startswith("{") and checkpoint.previous != before:
            raise Invalid(f"line {number} of {path} does not hold: the checkpoint before it is missing")
        found.append(checkpoint)
        before = checkpoint.name
    return found


def last_checkpoint(path: Path, key: OKPKey) -> Checkpoint | None:
    """The newest checkpoint of the file; None where there is none. Raises ``Invalid`` where it does not hold.

    A line that a killed process wrote in part is taken off: no later checkpoint names it.
    """
    if not path.exists():
        return None
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
        whole = tail.rfind(b"\n") + 1
        if whole < len(tail):
            file.truncate(start + whole)
    lines = tail[:whole].splitlines()
    try:
        return read_line(lines[-1].decode(errors="replace"), [key]) if lines else None
    except NotACheckpoint as fault:
        raise Invalid(f"the last line of {path} does not hold: {fault}") from fault


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder against another process that would make checkpoints at the same moment."""
    private_folder(folder)
    private_file(folder / ".lock")
    with (folder / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def append(path: Path, checkpoints: Iterable[Checkpoint]) -> None:
    """Add the checkpoints' lines to the file; on return they are on the disk."""
    private_file(path)
    with path.open("a") as file:
        file.writelines(line_of(one) + "\n" for one in checkpoints)
        file.flush()
        os.fsync(file.fileno())
