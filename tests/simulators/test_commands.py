"""The commands as processes: a clinic filled, killed and taken up again, live, a story, a load."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from simulators.stories.catalogue import STORIES
from tests.servers import wait_until
from tests.simulators.doubles import TrackerDouble

CLINIC = ("--seed", "3", "--pumps", "12", "--years", "0.5")
NOW = ("--now", "2026-11-22T18:00:00Z")


def simulators(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulators", *words], capture_output=True, text=True, timeout=60, check=False
    )


def has_more_than(double: TrackerDouble, messages: int) -> bool:
    return len(double.payloads) > messages


def begin(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "simulators", *words], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.csv"
    done = simulators("roster", *CLINIC, *NOW, "--json")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["serial", "username", "password"])
        writer.writerows([line["serial"], line["serial"], "x"] for line in json.loads(done.stdout))
    return path


class Receipting:
    """Keeps a tracker double's receipts coming, a few times a second, as a tracker would."""

    def __init__(self, double: TrackerDouble) -> None:
        self._double = double
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        told: dict[tuple[str, int], int] = {}
        while not self._ended.wait(0.1):
            for (serial, epoch), numbers in list(self._double.seen.items()):
                seen = set(numbers.copy())
                last = max(seen)
                if told.get((serial, epoch)) != len(seen):
                    told[serial, epoch] = len(seen)
                    gaps = [(seq, seq) for seq in range(1, last) if seq not in seen]
                    self._double.receipt(serial, last, *gaps[:64], epoch=epoch)


@pytest.fixture
def receipting(double: TrackerDouble) -> Iterator[TrackerDouble]:
    receipts = Receipting(double)
    yield double
    receipts.end()


def at_broker(port: int, credentials: Path, journal: Path) -> tuple[str, ...]:
    return ("--mqtt-url", f"127.0.0.1:{port}", "--credentials", str(credentials), "--journal", str(journal))


def test_help_names_every_command() -> None:
    shown = simulators("--help").stdout
    assert all(command in shown for command in ("roster", "fill", "live", "story", "load"))


def test_the_list_of_stories_names_them_all() -> None:
    shown = simulators("story").stdout
    assert all(story.name[:20] in shown for story in STORIES)


def test_the_roster_for_the_import_has_the_columns_that_it_takes() -> None:
    lines = list(csv.DictReader(simulators("roster", *CLINIC, *NOW, "--csv").stdout.splitlines()))
    assert len(lines) == 12
    assert {"serial", "model", "drug", "implanted_on"} <= set(lines[0])


def test_a_pump_without_a_credential_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.csv"
    path.write_text("serial,username,password\n")
    done = simulators("fill", *CLINIC, *at_broker(1, path, tmp_path / "j"))
    assert done.returncode == 1
    assert "no credential for" in done.stderr


def test_a_history_killed_midway_is_complete_after_a_second_start(
    mosquitto_port: int, receipting: TrackerDouble, credentials: Path, tmp_path: Path
) -> None:
    where = at_broker(mosquitto_port, credentials, tmp_path / "j")
    first = begin("fill", *CLINIC, *NOW, *where, "--progress", "json", "--truth", str(tmp_path / "truth.jsonl"))
    assert first.stdout is not None
    progress = json.loads(first.stdout.readline())
    assert progress["total"] > 1000
    wait_until(lambda: len(receipting.payloads) > 300, what="the first messages")
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    second = simulators("fill", *CLINIC, *NOW, *where, "--progress", "json")
    assert second.returncode == 0, second.stderr
    end = json.loads(second.stdout.splitlines()[-1])
    assert end["sent"] == end["receipted"] == end["total"]
    kept = {key: set(numbers) for key, numbers in receipting.seen.items()}
    assert all(numbers == set(range(1, len(numbers) + 1)) for numbers in kept.values())
    assert sum(map(len, kept.values())) == end["total"]
    third = simulators("fill", *CLINIC, *NOW, *where, "--progress", "json")
    assert json.loads(third.stdout.splitlines()[-1]) == end
    assert {key: set(numbers) for key, numbers in receipting.seen.items()} == kept


def test_a_journal_of_another_clinic_is_refused(
    mosquitto_port: int, receipting: TrackerDouble, credentials: Path, tmp_path: Path
) -> None:
    where = at_broker(mosquitto_port, credentials, tmp_path / "j")
    assert simulators("fill", *CLINIC, *NOW, *where, "--progress", "none").returncode == 0
    other = simulators("fill", "--seed", "4", "--pumps", "12", "--years", "0.5", *where)
    assert other.returncode == 1
    assert "the clinic of seed 3" in other.stderr
    assert receipting.seen


def test_a_live_clinic_ends_cleanly_when_told_to_and_counts_on_at_the_next_start(
    mosquitto_port: int, receipting: TrackerDouble, credentials: Path, tmp_path: Path
) -> None:
    where = at_broker(mosquitto_port, credentials, tmp_path / "j")
    marks = []
    for number in (signal.SIGINT, signal.SIGTERM):
        before = len(receipting.payloads)
        live = begin("live", *CLINIC, *where, "--every", "0.5")
        wait_until(partial(has_more_than, receipting, before + 60), what="live reports")
        live.send_signal(number)
        assert live.wait(10) == 0
        assert live.stdout is not None
        told = [json.loads(line) for line in live.stdout.read().splitlines()]
        live.stdout.close()
        marks.append(max(max(numbers) for numbers in receipting.seen.values()))
        stories = {line["story"] for line in told if "story" in line}
        assert ("sends_garbage" in stories) == (number is signal.SIGINT)
    assert marks[1] > marks[0]
    assert {epoch for _serial, epoch in receipting.seen} == {1}
    assert all(online[-1] is False for online in receipting.presences.values())


def test_one_story_is_played_by_one_pump(mosquitto_port: int, receipting: TrackerDouble, tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text("serial,username,password\nP1,P1,x\n")
    where = at_broker(mosquitto_port, path, tmp_path / "j")
    done = simulators("story", "motor_stalls", *where, "--seconds", "0.5")
    assert done.returncode == 0, done.stderr
    assert any(b"motor_stall" in payload for _topic, payload in receipting.payloads)
    assert simulators("story", "no_such_story").returncode == 2


def test_a_load_prints_what_came_of_it(mosquitto_port: int, receipting: TrackerDouble, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("serial,username,password\n" + "".join(f"L{n},L{n},x\n" for n in range(5)))
    where = at_broker(mosquitto_port, path, tmp_path / "j")
    done = simulators("load", *where, "--pumps", "4", "--count", "400", "--rate", "2000")
    result = json.loads(done.stdout)
    assert (result["pumps"], result["sent"], result["receipted"], result["complete"]) == (4, 400, 400, True)
    assert result["latency_p99_s"] is not None
    assert sum(len(set(numbers)) for numbers in receipting.seen.values()) == 400
