"""Files that a broker of one's own reads: replaced whole, readable for whoever could read them before.

The tracker often writes them as root, and the broker reads them under an account of its own. So a file that is there
keeps its owner, group and mode, and the first one gets those that are asked for.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from tracker.errors import StartupFault

_PRIVATE = 0o600
_FOR_THE_GROUP = 0o640
_FOLDER_PRIVATE = 0o700
_FOLDER_FOR_THE_GROUP = 0o750
_UNCHANGED = -1  # what ``os.chown`` takes for "leave as it is"


@dataclass(frozen=True, slots=True)
class Readers:
    """Whose the files are: names of accounts and a mode, each None where it stays as it is.

    A file that does not exist yet is the process's own, with mode 0600, or 0640 where a group is named.
    """

    owner: str | None = None
    group: str | None = None
    mode: int | None = None


def replace_for(path: Path, text: str, readers: Readers, like: Path | None = None) -> None:
    """Put ``text`` in place of the file, whole or not at all, for its present readers or for those named.

    A missing folder is made for the same readers. A link is followed. Raises ``StartupFault`` for an unknown account,
    and where this process may not give the file to its owner: then the old file stays. ``like`` is a file whose
    readers a new one gets, where that is there already.
    """
    target = path.resolve()
    uid, gid, mode = _access(like.resolve() if like is not None and not target.exists() else target, readers)
    _make_folder(target.parent, readers)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            _give(descriptor, target, uid, gid)
            os.fchmod(descriptor, mode)
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def readable_by(path: Path) -> str:
    """Who reads the file, in words: its owner, and its group or everybody where they may."""
    found = path.stat()
    owner, group = _account_name(found.st_uid), _group_name(found.st_gid)
    if found.st_mode & stat.S_IROTH:
        return "everybody"
    return f"{owner} and the group {group}" if found.st_mode & stat.S_IRGRP else f"{owner} alone"


def _access(path: Path, readers: Readers) -> tuple[int, int, int]:
    """User id, group id and mode that the new file gets; -1: as this process makes it."""
    uid = _UNCHANGED if readers.owner is None else _user_id(readers.owner)
    gid = _UNCHANGED if readers.group is None else _group_id(readers.group)
    mode = _PRIVATE if readers.group is None else _FOR_THE_GROUP
    if path.exists():
        found = path.stat()
        uid = found.st_uid if uid == _UNCHANGED else uid
        if gid == _UNCHANGED:
            gid, mode = found.st_gid, stat.S_IMODE(found.st_mode)
        else:
            mode |= stat.S_IMODE(found.st_mode)
    return uid, gid, mode if readers.mode is None else readers.mode


def _make_folder(folder: Path, readers: Readers) -> None:
    if folder.exists():
        return
    folder.mkdir(parents=True, mode=_FOLDER_PRIVATE)
    uid = _UNCHANGED if readers.owner is None else _user_id(readers.owner)
    gid = _UNCHANGED if readers.group is None else _group_id(readers.group)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _give(descriptor, folder, uid, gid)
        os.fchmod(descriptor, _FOLDER_PRIVATE if readers.group is None else _FOLDER_FOR_THE_GROUP)
    finally:
        os.close(descriptor)


def _give(descriptor: int, path: Path, uid: int, gid: int) -> None:
    try:
        os.fchown(descriptor, uid, gid)
    except PermissionError:
        wanted = ":".join(
            name for name in ("" if uid < 0 else _account_name(uid), "" if gid < 0 else _group_name(gid)) if name
        )
        raise StartupFault(
            f"{path} belongs to {wanted}, and this account may not write it for them: run the command as root or as "
            "that owner. The file is as it was."
        ) from None


def _user_id(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise StartupFault(f"--owner names {name[:60]!r}, and this machine has no such account") from None


def _group_id(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise StartupFault(f"--group names {name[:60]!r}, and this machine has no such group") from None


def _account_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
