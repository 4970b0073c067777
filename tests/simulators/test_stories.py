"""Every story in the catalogue runs, says what it promises, and says the same each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices import topics
from devices.alarms import LATCHED
from devices.check import check_session, check_status
from devices.report import StatusReport
from devices.wire import WireError, decode_session, decode_status
from simulators.publications import Spoken, speak
from simulators.status_messages import Fact, Said
from simulators.stories.catalogue import CATALOGUE, STORIES
from simulators.story import Story, tell

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

each_story = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def reports(story: Story) -> list[StatusReport]:
    said = [event.message for event in tell(story, "P1", START) if isinstance(event, Said)]
    return [message for message in said if isinstance(message, StatusReport)]


def facts(story: Story) -> set[str]:
    return {event.what for event in tell(story, "P1", START) if isinstance(event, Fact)}


def refused(spoken: Spoken, story: Story) -> str:
    try:
        if spoken.topic == topics.session("P1"):
            check_session(decode_session(spoken.payload), story.model, spoken.at)
        else:
            check_status(decode_status(spoken.payload), story.model, spoken.at)
    except WireError as fault:
        return str(fault)
    return ""


@each_story
def test_the_same_story_gives_the_same_bytes(story: Story) -> None:
    first, second = (list(speak(tell(story, "P1", START))) for _ in range(2))
    assert first == second
    assert len(first) > 5


@each_story
def test_only_stories_that_say_so_send_what_is_refused(story: Story) -> None:
    faults = [fault for spoken in speak(tell(story, "P1", START)) if (fault := refused(spoken, story))]
    assert bool(faults) == story.expects.rejected, faults[:3]


@each_story
def test_the_alarms_at_the_end_are_those_expected(story: Story) -> None:
    told = reports(story)
    seen = {alarm for report in told for alarm in report.alarms}
    open_at_the_end = set(told[-1].alarms) | (seen & LATCHED)
    assert open_at_the_end == story.expects.alarms


@each_story
def test_a_story_tells_of_its_own_length_in_order(story: Story) -> None:
    events = [event for event in tell(story, "P1", START) if isinstance(event, Said)]
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert events[0].at >= START
    assert events[-1].at <= START + timedelta(days=story.days)


@each_story
def test_the_catalogue_names_each_story_as_its_file_does(story: Story) -> None:
    assert CATALOGUE[story.name] is story
    assert story.title
    assert story.expects.epochs in {1, 2}


def test_memory_lost_begins_a_second_epoch_at_one() -> None:
    story = CATALOGUE["loses_memory"]
    numbers = [
        (report.epoch, report.seq)
        for spoken in speak(tell(story, "P1", START))
        for report in [decode_status(spoken.payload)]
    ]
    turn = numbers.index((2, 1))
    assert numbers[:turn] == [(1, seq) for seq in range(1, turn + 1)]
    assert numbers[turn:] == [(2, seq) for seq in range(1, len(numbers) - turn + 1)]


def test_a_repeating_communicator_sends_the_same_bytes_three_times_out_of_order() -> None:
    spoken = list(speak(tell(CATALOGUE["repeats_itself"], "P1", START)))
    copies = [spoken.count(one) + sum(o.payload == one.payload and o != one for o in spoken) for one in spoken]
    assert set(copies) == {1, 3}
    sequence = [decode_status(each.payload).seq for each in spoken]
    assert sequence != sorted(sequence)
    assert set(sequence) == set(range(1, max(sequence) + 1))


def test_a_silent_communicator_says_nothing_while_its_pump_runs_on() -> None:
    story = CATALOGUE["goes_silent"]
    told = reports(story)
    assert told[-1].measured_at <= START + timedelta(days=10, hours=1)
    assert "silent" in facts(story)


def test_a_refill_that_finds_too_little_says_so_in_its_session() -> None:
    said = [
        event.message for event in tell(CATALOGUE["refill_finds_too_little"], "P1", START) if isinstance(event, Said)
    ]
    volumes = [message.reservoir for message in said if not isinstance(message, StatusReport)]
    assert len(volumes) == 1
    assert volumes[0] is not None
    assert volumes[0].expected_ml is not None
    assert volumes[0].aspirated_ml is not None
    assert volumes[0].expected_ml - volumes[0].aspirated_ml > 3


def test_a_fast_clock_is_believed_until_it_is_ten_minutes_ahead() -> None:
    story = CATALOGUE["clock_drift"]
    spoken = list(speak(tell(story, "P1", START)))
    judged = [bool(refused(each, story)) for each in spoken]
    ahead = [decode_status(each.payload).measured_at - each.at > timedelta(minutes=10) for each in spoken]
    assert judged == ahead
    assert any(judged)
