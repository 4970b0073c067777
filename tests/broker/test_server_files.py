"""The files of a broker of one's own: whoever could read them before still can, and only the broker is told."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import end, wait_until
from tracker.broker.file_watch import IN_STEP, FileWatch
from tracker.broker.reload import hang_up, reload_from
from tracker.broker.server_files import Readers, readable_by, replace_for
from tracker.errors import StartupFault, Unavailable

NOBODY = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives a file to somebody else")


def access(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def test_a_first_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "passwords"
    replace_for(path, "first", Readers())
    assert access(path) == (os.geteuid(), os.getegid(), 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert readable_by(path) == f"{pwd.getpwuid(os.geteuid()).pw_name} alone"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o440])
def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "passwords"
    path.write_text("old")
    path.chmod(mode)
    replace_for(path, "new", Readers())
    assert (path.read_text(), access(path)[2]) == ("new", mode)


@as_root
def test_a_file_that_is_there_keeps_its_owner_and_group(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    path.write_text("old")
    os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
    path.chmod(0o600)
    replace_for(path, "new", Readers())
    assert (path.read_text(), access(path)) == ("new", (NOBODY.pw_uid, NOBODY.pw_gid, 0o600))


@as_root
def test_a_first_file_and_its_folder_are_for_the_group_that_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new" / "passwords"
    replace_for(path, "first", Readers(group=grp.getgrgid(NOBODY.pw_gid).gr_name))
    assert access(path) == (0, NOBODY.pw_gid, 0o640)
    assert access(path.parent) == (0, NOBODY.pw_gid, 0o750)


@as_root
def test_naming_an_owner_changes_a_file_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "passwords"
    replace_for(path, "first", Readers())
    replace_for(path, "second", Readers(owner="nobody"))
    assert access(path) == (NOBODY.pw_uid, 0, 0o600)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "passwords"
    real.write_text("old")
    link.symlink_to(real)
    replace_for(link, "new", Readers())
    assert link.is_symlink()
    assert real.read_text() == "new"


@as_root
def test_whoever_may_not_give_the_file_to_its_owner_is_refused_and_the_file_stays() -> None:
    with tempfile.TemporaryDirectory() as name:  # unlike pytest's own, a folder that others may enter
        folder = Path(name)
        folder.chmod(0o777)
        path = folder / "passwords"
        path.write_text("old")
        os.seteuid(NOBODY.pw_uid)
        try:
            with pytest.raises(StartupFault, match="belongs to root"):
                replace_for(path, "new", Readers())
        finally:
            os.seteuid(0)
        assert path.read_text() == "old"
        assert [one.name for one in folder.iterdir()] == ["passwords"]


@pytest.mark.parametrize("readers", [Readers(owner="no-such-account"), Readers(group="no-such-group")])
def test_an_account_that_does_not_exist_is_named(tmp_path: Path, readers: Readers) -> None:
    with pytest.raises(StartupFault, match="no-such"):
        replace_for(tmp_path / "passwords", "text", readers)


@contextmanager
def process_named(folder: Path, name: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process of that name that does nothing about SIGHUP, and a file with its process id."""
    program = folder / name
    shutil.copy(str(shutil.which("sleep")), program)
    process = subprocess.Popen([program, "60"])
    pid_file = folder / "pid"
    pid_file.write_text(f"{process.pid}\n")
    try:
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text().strip() == name, what="the process to start")
        yield process, pid_file
    finally:
        end(process, signal.SIGKILL)


linux = pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="the system does not tell what a process is")


@linux
def test_a_process_id_that_has_gone_to_another_program_is_left_alone(tmp_path: Path) -> None:
    with process_named(tmp_path, "postgres") as (process, pid_file):
        with pytest.raises(Unavailable, match="is postgres and no broker"):
            hang_up(pid_file)
        assert process.poll() is None


@linux
def test_a_broker_that_is_only_starting_is_left_alone_since_the_signal_would_end_it(tmp_path: Path) -> None:
    with process_named(tmp_path, "mosquitto") as (process, pid_file):
        with pytest.raises(Unavailable, match="is starting"):
            hang_up(pid_file)
        assert process.poll() is None


@pytest.mark.parametrize("text", [None, "", "soon", "4194999"])
def test_a_process_id_that_is_none_is_said(tmp_path: Path, text: str | None) -> None:
    pid_file = tmp_path / "pid"
    if text is not None:
        pid_file.write_text(text)
    with pytest.raises(Unavailable, match="pid"):
        hang_up(pid_file)


def test_a_command_that_fails_is_no_reload(tmp_path: Path) -> None:
    done = reload_from(None, f"touch '{tmp_path / 'a b'}'")
    assert done is not None
    done()
    assert (tmp_path / "a b").exists()
    for command in ("false", "/no/such/program"):
        failing = reload_from(None, command)
        assert failing is not None
        with pytest.raises(Unavailable, match="did not reload"):
            failing()


def test_two_ways_or_an_empty_command_are_refused() -> None:
    with pytest.raises(StartupFault, match="name one of them"):
        reload_from(Path("pid"), "true")
    with pytest.raises(StartupFault, match="names no command"):
        reload_from(None, " ")
    with pytest.raises(StartupFault, match="is no command"):
        reload_from(None, "'")


class Broker:
    """What the watch works on: versions recorded, files written, reloads that may fail, and what it says."""

    def __init__(self) -> None:
        self.version, self.written, self.reloaded, self.away = 1, 0, 0, False
        self.said: list[str] = []

    def write(self) -> int:
        self.written += 1
        return 1

    def reload(self) -> None:
        if self.away:
            raise Unavailable("the broker does not run")
        self.reloaded += 1

    def watch(self) -> FileWatch:
        return FileWatch(lambda: self.version, self.write, self.reload, self.said.append, 0.005)


def test_a_broker_that_is_away_is_told_once_it_is_back_and_its_files_are_written_once() -> None:
    broker = Broker()
    broker.away = True
    stop = threading.Event()
    running = threading.Thread(target=broker.watch().run, args=(stop,))
    running.start()
    try:
        wait_until(lambda: len(broker.said) > 5, what="several looks")
        assert (broker.written, broker.reloaded) == (1, 0)
        assert set(broker.said) == {"the broker does not know the newest sign-ins: the broker does not run"}
        broker.away = False
        wait_until(lambda: broker.said[-1] == IN_STEP, what="the broker to be told")
        assert (broker.written, broker.reloaded) == (1, 1)
        broker.version = 2
        wait_until(lambda: broker.reloaded == 2, what="the next change")
        assert broker.written == 2
    finally:
        stop.set()
        running.join()
