"""Processes on a lifeline: they end with the one that started them, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.servers import wait_until
from tracker.cli.process_group import Parts

SLEEPER = "import os, sys, time, pathlib; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it ended between the two questions
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"


def pid_in(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text(), what="the child to say its number")
    return int(file.read_text())


def test_stopping_ends_every_part(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "logs", {})
    parts.start("one", sys.executable, "-c", SLEEPER, str(tmp_path / "one"))
    parts.start("two", sys.executable, "-c", SLEEPER, str(tmp_path / "two"))
    children = [pid_in(tmp_path / name) for name in ("one", "two")]
    parts.stop()
    assert not any(alive(child) for child in children)


def test_a_part_that_dies_is_started_again(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "logs", {})
    parts.start("one", sys.executable, "-c", SLEEPER, str(tmp_path / "one"))
    try:
        first = pid_in(tmp_path / "one")
        (tmp_path / "one").unlink()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: parts.restart_ended() == ["one"], what="the part to be started again")
        assert pid_in(tmp_path / "one") != first
    finally:
        parts.stop()


def test_killing_the_starter_outright_ends_its_parts(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import sys, time; from pathlib import Path; from tracker.cli.process_group import Parts\n"
                "parts = Parts(Path(sys.argv[2]), {})\n"
                "parts.start('one', sys.executable, '-c', sys.argv[1], sys.argv[3])\n"
                "time.sleep(60)"
            ),
            SLEEPER,
            str(tmp_path / "logs"),
            str(tmp_path / "one"),
        ]
    )
    child = pid_in(tmp_path / "one")
    starter.kill()
    starter.wait()
    wait_until(lambda: not alive(child), what="the child to end after its starter was killed")


def test_what_a_part_writes_is_in_its_log(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "logs", {})
    parts.start("one", sys.executable, "-c", "print('I could not start')")
    wait_until(lambda: "I could not start" in parts.log_tail("one"), what="the log")
    parts.stop()


def test_a_part_gets_a_value_of_its_own_in_place_of_the_file_that_held_one(tmp_path: Path) -> None:
    teller = "import os; print(os.environ.get('TRACKER_MQTT_URL'), os.environ.get('TRACKER_MQTT_URL_FILE'))"
    starter = (
        "import sys; from pathlib import Path; from tracker.cli.process_group import Parts; "
        "parts = Parts(Path(sys.argv[1]), {'TRACKER_MQTT_URL': 'mqtt://made'}); "
        "print(parts.run('one', sys.executable, '-c', sys.argv[2]).stdout.read().decode())"
    )
    told = subprocess.run(
        [sys.executable, "-c", starter, str(tmp_path), teller],
        env=os.environ | {"TRACKER_MQTT_URL_FILE": "/run/secrets/url"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "mqtt://made None"
