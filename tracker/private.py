"""Files and folders for their owner alone: a machine's other users are to read neither secrets nor records."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from tracker.errors import StartupFault


def private_text(path: Path, make: str | None = None) -> str:
    """The text of a file that its owner alone can read; made with a new secret (or ``make``) where it is absent.

    Raises ``StartupFault`` for an empty file, which would let everybody in.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
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
