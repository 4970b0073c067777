"""A rejected message that is taken after all counts once, whenever it is taken and however often it comes again."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlmodel import select

from tests.build import a_clinic, a_pump
from tests.ingest.conftest import NOW, Desk, sent, session, status
from tracker.actions.rejected.discard_rejected import discard_rejected
from tracker.actions.rejected.replay_rejected import replay_rejected
from tracker.errors import Conflict, Invalid
from tracker.ingest.inbound_message import Arrival
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Pump
from tracker.records.rejected import RejectedMessage

LATER = NOW + timedelta(hours=3)
NURSE = "rn@north.example"


MODEL = "synchromed-iii-20"
"""What the pump is. Its record said another model until somebody looked at it again."""


def misread(seq: int) -> dict[str, object]:
    """A report of the model that the pump is: refused until the record says so too."""
    return status(seq, model=MODEL, reservoir_ml=9.5)


def retake(desk: Desk, number: int = 0) -> RejectedMessage:
    """Correct the model of the pumps whose reports name it, then take the message."""
    with desk.database.writing() as opened:
        message = desk.rejected()[number]
        if MODEL.encode() in message.payload:
            for pump in opened.exec(select(Pump)):
                pump.model = MODEL
                opened.add(pump)
            opened.flush()
        return replay_rejected(opened, desk.rejected()[number].id or 0, by=NURSE, now=LATER)


def counts(desk: Desk, serial: str = "PUMP-1") -> tuple[int, int, int]:
    state = desk.state(serial)
    return state.received, state.rejected, state.duplicates


def test_it_was_received_when_it_came_and_is_no_longer_rejected_once_taken(desk: Desk) -> None:
    desk.reports(status(1), misread(2), status(3))
    assert (counts(desk), desk.mark()) == ((3, 1, 0), (3, []))
    taken = retake(desk)
    assert (taken.status, taken.settled_by) == ("replayed", NURSE)
    assert (counts(desk), desk.mark()) == ((3, 0, 0), (3, []))
    assert [reading.seq for reading in desk.readings()] == [1, 2, 3]
    assert (desk.state().seq, desk.state().reservoir_ml) == (3, 12.44), "a later measurement is known"


def test_sent_again_afterwards_it_is_a_duplicate(desk: Desk) -> None:
    desk.reports(status(1), misread(2))
    retake(desk)
    desk.reports(misread(2), now=LATER)
    assert counts(desk) == (2, 0, 1)
    assert len(desk.readings()) == 2


def test_one_that_came_before_its_pump_was_enrolled_is_received_when_it_is_taken(desk: Desk) -> None:
    desk.write(sent(status(1), serial="NEW-1"), sent(session(2), serial="NEW-1", kind="session"))
    with desk.database.writing() as opened:
        desk.ids["NEW-1"] = a_pump(opened, a_clinic(opened, name="South"), serial="NEW-1").id
    retake(desk, 0)
    retake(desk, 1)
    assert (counts(desk, "NEW-1"), desk.mark(serial="NEW-1")) == ((2, 0, 0), (2, []))
    desk.write(sent(status(1), serial="NEW-1"), sent(session(2), serial="NEW-1", kind="session"), now=LATER)
    assert counts(desk, "NEW-1") == (2, 0, 2)


@pytest.mark.parametrize("serial", ["PUMP-1", "NEW-1"])
def test_one_that_came_by_a_partition_is_kept_under_the_devices_own_topic_and_taken(desk: Desk, serial: str) -> None:
    desk.write(Arrival(f"ingest/3/{serial}/telemetry".encode(), msgspec.json.encode(misread(1)), 1))
    assert [message.topic for message in desk.rejected()] == [f"pumps/{serial}/telemetry"]
    if serial not in desk.ids:
        with desk.database.writing() as opened:
            desk.ids[serial] = a_pump(opened, a_clinic(opened, name="South"), serial=serial).id
    assert retake(desk).status == "replayed"
    assert [reading.seq for reading in desk.readings(serial)] == [1]


def test_it_is_taken_once_only(desk: Desk) -> None:
    desk.reports(misread(1))
    retake(desk)
    with pytest.raises(Conflict, match="replayed it already"):
        retake(desk)
    assert counts(desk) == (1, 0, 0)


def test_a_good_message_that_took_its_number_stays_and_nothing_is_counted_again(desk: Desk) -> None:
    desk.reports(misread(1))
    desk.reports(status(1))
    before = counts(desk)
    with pytest.raises(Conflict, match="stored already"):
        retake(desk)
    assert (counts(desk), desk.rejected()[0].status) == (before, "kept")


def test_a_report_is_not_taken_under_a_sessions_number(desk: Desk) -> None:
    desk.reports(misread(1))
    desk.write(sent(session(1), kind="session"))
    with pytest.raises(Conflict, match="a session numbered 1/1 is stored already, and a number names one message"):
        retake(desk)
    assert (desk.readings(), len(desk.all_of(ProgrammerSessionRecord))) == ([], 1)
    assert desk.rejected()[0].status == "kept"


def test_a_session_is_not_taken_under_a_reports_number(desk: Desk) -> None:
    desk.write(sent(session(1, model=MODEL), kind="session"))
    desk.reports(status(1))
    with pytest.raises(Conflict, match="a report numbered 1/1 is stored already, and a number names one message"):
        retake(desk)
    assert (len(desk.readings()), desk.all_of(ProgrammerSessionRecord)) == (1, [])
    assert desk.rejected()[0].status == "kept"


def test_one_that_is_still_no_good_or_was_discarded_stays_rejected(desk: Desk) -> None:
    desk.reports(status(1, reservoir_ml=-3), misread(2))
    with pytest.raises(Invalid, match="still refused"):
        retake(desk)
    with desk.database.writing() as opened:
        discard_rejected(opened, desk.rejected()[1].id or 0, reason="another pump's", by=NURSE, now=LATER)
    assert [message.status for message in desk.rejected()] == ["kept", "discarded"]
    assert (counts(desk), desk.readings()) == ((2, 2, 0), [])


@pytest.mark.parametrize("kind", ["telemetry", "session"])
def test_a_clock_that_ran_ahead_is_not_right_once_its_hour_has_come(desk: Desk, kind: str) -> None:
    ahead = (NOW + timedelta(hours=1)).isoformat()
    told = status(2, measured_at=ahead) if kind == "telemetry" else session(2, measured_at=ahead)
    desk.reports(status(1))
    desk.write(sent(told, kind=kind))
    with pytest.raises(Invalid, match="still refused: measured_at lies 60 minutes in the future"):
        retake(desk)
    assert (desk.state().seq, [reading.seq for reading in desk.readings()]) == (1, [1])
    assert desk.rejected()[0].status == "kept"
