"""A whole clinic: the same seed gives the same bytes, every kind of pump is there, and its roster is true."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from devices.check import check_session, check_status
from devices.models.catalogue import CATALOGUE
from devices.report import ProgrammerSession, StatusReport
from devices.wire import decode_session, decode_status
from simulators.clinic import Clinic, open_clinic
from simulators.numbering import numbered
from simulators.publications import speak
from simulators.roster import roster
from simulators.status_messages import Event, Fact, Said
from simulators.truth import TruthFile

OPENED = datetime(2024, 1, 1, tzinfo=UTC)
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
PUMPS = 24


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(open_clinic(3, PUMPS, OPENED, UNTIL).history(UNTIL))


def said(events: list[Event]) -> list[Said]:
    return [event for event in events if isinstance(event, Said)]


def digest(seed: int) -> str:
    until = OPENED + timedelta(days=200)
    bytes_said = hashlib.sha256()
    for spoken in speak(open_clinic(seed, 12, OPENED, until).history(until)):
        bytes_said.update(spoken.topic.encode() + spoken.payload)
    return bytes_said.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    assert digest(5) == digest(5)
    assert digest(5) != digest(6)


def test_every_message_can_be_read_and_fits_its_model(events: list[Event]) -> None:
    for event in said(events):
        payload = numbered(event.message, 1, 1)
        model = CATALOGUE[event.message.model]
        if isinstance(event.message, StatusReport):
            report = decode_status(payload)
            check_status(report, model, event.at)
            assert (report.battery is None) == (not model.has_battery)
        else:
            check_session(decode_session(payload), model, event.at)


def test_messages_come_in_order_of_time_and_none_from_after_the_end(events: list[Event]) -> None:
    times = [event.at for event in said(events)]
    assert times == sorted(times)
    assert times[-1] <= UNTIL


def test_every_kind_of_pump_is_there_and_as_many_as_asked_for(events: list[Event]) -> None:
    models = {event.serial: event.message.model for event in said(events)}
    kinds = {CATALOGUE[model].kind for model in models.values()}
    assert kinds == {model.kind for model in CATALOGUE.values()}
    assert len(roster(open_clinic(3, PUMPS, OPENED, UNTIL), OPENED, UNTIL)) == PUMPS


def test_the_roster_names_just_the_pumps_that_speak_and_about_how_often(events: list[Event]) -> None:
    lines = {line.serial: line for line in roster(open_clinic(3, PUMPS, OPENED, UNTIL), OPENED, UNTIL)}
    spoken = Counter(event.serial for event in said(events))
    assert set(spoken) == set(lines)
    assert sum(line.messages for line in lines.values()) == pytest.approx(spoken.total(), rel=0.03)
    replaced = {line.serial: line.replaced_by for line in lines.values() if line.replaced_by}
    assert all(lines[new].replaces == old for old, new in replaced.items() if new)


def test_the_roster_names_the_programmer_of_every_session(events: list[Event]) -> None:
    lines = {line.serial: line for line in roster(open_clinic(3, PUMPS, OPENED, UNTIL), OPENED, UNTIL)}
    seen = {(one.serial, one.message.programmer) for one in said(events) if isinstance(one.message, ProgrammerSession)}
    assert seen
    assert seen <= {(serial, line.programmer) for serial, line in lines.items()}


def test_what_truly_happens_does_not_depend_on_whether_anybody_reports(events: list[Event]) -> None:
    unseen = open_clinic(3, PUMPS, OPENED, UNTIL).history(UNTIL, reports=False)
    quiet = sorted((each.serial, each.what, each.at) for each in unseen if isinstance(each, Fact))
    seen = sorted((each.serial, each.what, each.at) for each in events if isinstance(each, Fact))
    marks = {"eri", "eos", "explanted", "implanted", "refill", "mri", "motor_stall"}
    assert [one for one in quiet if one[1] in marks] == [one for one in seen if one[1] in marks]
    assert {"refill", "mri"} <= {what for _serial, what, _at in seen}


def test_volume_rises_only_by_a_refill(events: list[Event]) -> None:
    filled = {(event.serial, event.at) for event in events if isinstance(event, Fact) and "refill" in event.what}
    last: dict[str, Said] = {}
    for event in said(events):
        before = last.get(event.serial)
        if before is not None and event.true_ml > before.true_ml:
            assert any(serial == event.serial and before.at <= at <= event.at for serial, at in filled)
        last[event.serial] = event


def test_refills_find_about_what_the_pump_expects(events: list[Event]) -> None:
    tapped = {event.serial for event in events if isinstance(event, Fact) and event.what == "volume_removed"}
    messages = [event.message for event in said(events) if event.serial not in tapped]
    volumes = [each.reservoir for each in messages if isinstance(each, ProgrammerSession) and each.reservoir]
    differences = [
        each.aspirated_ml - each.expected_ml
        for each in volumes
        if each.aspirated_ml is not None and each.expected_ml is not None
    ]
    assert len(differences) > 100
    assert sum(abs(each) > 2 for each in differences) / len(differences) < 0.06
    mean = sum(differences) / len(differences)
    assert abs(mean) < 0.6, "a SynchroMed II delivers a little more than programmed (S8), a Prometra a little less"


def test_a_clinic_written_down_and_taken_up_again_goes_on() -> None:
    half = OPENED + timedelta(days=300)
    clinic = open_clinic(3, 12, OPENED, UNTIL)
    first = list(clinic.history(half))
    again = msgspec.json.decode(msgspec.json.Encoder(decimal_format="string").encode(clinic), type=Clinic)
    assert again == clinic
    rest = list(again.history(UNTIL))
    assert said(first)[-1].at <= half < said(rest)[0].at
    assert {event.serial for event in said(rest)} >= {event.serial for event in said(first) if event.at > half}


def test_the_truth_file_tells_the_true_volume_of_every_message(events: list[Event], tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with TruthFile(path) as truth:
        for event in events[:3000]:
            truth.write(event)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(lines) == 3000
    states = [line for line in lines if line["what"] == "state"]
    first = said(events)[0]
    assert states[0]["serial"] == first.serial
    assert states[0]["reservoir_ml"] == pytest.approx(first.true_ml, abs=1e-3)
    assert {"refill"} <= {line["what"] for line in lines}
