"""The password file and the list of permissions for a Mosquitto of one's own, written from the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tracker.broker.credentials import TRACKER_USERNAME
from tracker.broker.partitions import KINDS
from tracker.broker.server_files import Readers, replace_for
from tracker.broker.users import BrokerUser

PASSWORD_FILE = "passwords"  # noqa: S105 - the name of a file
PERMISSIONS_FILE = "permissions"


@dataclass(frozen=True, slots=True)
class MosquittoFiles:
    """What was written: the two files that ``mosquitto.conf`` names, and how many pumps are in the first."""

    password_file: Path
    acl_file: Path
    pumps: int


def write_mosquitto_files(
    folder: Path, users: Iterable[BrokerUser], tracker_hash: str, readers: Readers | None = None
) -> MosquittoFiles:
    """Write both files again, each atomically, for the readers that it has or for those named.

    All hashes are as ``mosquitto_hash`` makes them; ``tracker_hash`` is that of the tracker's own password. Mosquitto
    reads the files again at SIGHUP and then closes the connections of those who are no longer in them.
    """
    lines = [f"{TRACKER_USERNAME}:{tracker_hash}"]
    lines += [f"{user.username}:{user.password_hash}" for user in users]
    files = MosquittoFiles(folder / PASSWORD_FILE, folder / PERMISSIONS_FILE, len(lines) - 1)
    # Permissions first: where only one of two files is new after a power cut, nobody may do more than before.
    replace_for(files.acl_file, permissions(), readers or Readers())
    replace_for(files.password_file, "\n".join(lines) + "\n", readers or Readers())
    return files


def permissions() -> str:
    """Who may do what, as Mosquitto's ``acl_file``: nobody anything, but for these lines.

    ``%u`` is the user name that a communicator signed in with, which is its pump's serial.
    """
    lines = [f"user {TRACKER_USERNAME}", *(f"topic read pumps/+/{kind}" for kind in KINDS)]
    lines += ["topic write pumps/+/receipt", ""]
    lines += [f"pattern write pumps/%u/{kind}" for kind in KINDS]
    lines.append("pattern read pumps/%u/receipt")
    return "\n".join(lines) + "\n"
