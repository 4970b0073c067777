"""Every simulated story ends with exactly the alarms, findings, lines and determination that its file states."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from simulators.stories.catalogue import STORIES
from simulators.story import Story
from tests.schedule.virtual import Clock, Ending
from tracker.records import schema
from tracker.records.database import Database

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def _needs_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the database ends with the test


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ending]:
    """All stories played once."""
    folder: Path = tmp_path_factory.mktemp("stories")
    database = Database(f"sqlite:///{folder / 'tracker.db'}")
    event.listen(database.engine, "connect", _needs_no_disk)
    schema.upgrade(database)
    played = Clock(database, START).play(STORIES)
    database.close()
    return played


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_as_its_file_states(endings: dict[str, Ending], story: Story) -> None:
    ending, expected = endings[story.name], story.expects
    told = "\n".join(ending.said)
    assert set(ending.alarms) == {str(code) for code in expected.alarms}, told
    assert ending.findings == expected.findings, told
    assert ending.worklist == expected.worklist, told
    assert ending.outcome == expected.outcome
    assert ending.rejected is expected.rejected


def test_the_routine_story_opens_less_than_one_and_a_half_lines_a_month(endings: dict[str, Ending]) -> None:
    (routine,) = (story for story in STORIES if story.name == "routine")
    assert endings["routine"].opened / (routine.days / 30.4) < 1.5
