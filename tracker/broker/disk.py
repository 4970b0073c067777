"""The disk under the broker's store: full, and with room again.

A ``nats-server`` whose store could not write refuses every further message, also after room was made, until it is
started again. What it had acknowledged is safe, and what it refuses stays on the communicators' disks.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_ROOM_BYTES = 1024**2
_PROBE_FILE = "room"


class DiskWatch:
    """Knows whether the store failed, and finds out whether its disk takes a MiB again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.failed = False

    def fail(self) -> bool:
        """The store failed to write; whether that is news."""
        news = not self.failed
        self.failed = True
        return news

    def has_room_again(self) -> bool:
        """Whether the store had failed and its disk has room now; tried by writing."""
        return self.failed and self.has_room()

    def has_room(self) -> bool:
        """Whether a MiB can be written beside the store and reaches the disk."""
        probe = self._folder / _PROBE_FILE
        try:
            with probe.open("wb") as file:
                file.write(b"\0" * _ROOM_BYTES)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            with contextlib.suppress(OSError):  # a disk that takes no more may not let go of a file either
                probe.unlink(missing_ok=True)
        return True
