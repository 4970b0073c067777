"""Files and folders for their owner alone: a machine's other users are to read neither secrets nor records."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from tracker.errors import StartupFault


def private_folder(folder: Path) -> None:
    """Make the folder, and those above it, where they are missing; one that is there stays as it is."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(exist_ok=True)  # says so where a file has the name


def private_file(path: Path) -> None:
    """Make the file, empty, where it is missing; one that is there is not so much as opened.

    Closing any descriptor of a file gives up this process's locks on it, SQLite's among them.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def private_text(path: Path, make: str | None = None) -> str:
    """The text of a file that its owner alone can read; made with a new secret (or ``make``) where it is absent.

    Raises ``StartupFault`` for an empty file, which would let everybody in.
    """
    if not path.exists():
        private_folder(path.parent)
        _put_first(path, make or secrets.token_urlsafe(32))
    text = path.read_text().strip()
    if not text:
        raise StartupFault(f"{path} is empty and should hold a secret: remove it, and the next start makes a new one")
    return text


def _put_first(path: Path, text: str) -> None:
    """Make the file whole and on the disk, unless another process of this installation does so first."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)  # never over another's, as a rename would
    finally:
        Path(fresh).unlink()
