"""A kind of finding is one file and one line: nothing else needs to know of it, and what is forgotten is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from benchmarks.accuracy.truth import CAUSES
from devices.models.catalogue import MODELS
from devices.sources import SOURCES
from tracker.findings.catalogue import CATALOGUE, KINDS, title
from tracker.findings.history import Direction
from tracker.findings.kind import FindingKind

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tracker" / "findings" / "kinds"
CONTRACT = frozenset(
    {
        "alarm_unattended",
        "code_contradicted",
        "handling_against_limits",
        "late_refill",
        "prolonged_stop",
        "ran_dry",
        "refill_not_seen",
        "session_not_completed",
        "unknown_programmer",
        "unlogged_refill",
        "unlogged_reprogramming",
        "volume_discrepancy",
        "volume_vanished",
    }
)
MAY_BEAR_ON_NEGLECT = frozenset({"late_refill", "ran_dry", "unknown_programmer", "volume_vanished"})
"""The rest are what a clinic does, or a device."""

NEW_KIND = '''
"""An MRI of which nobody said whether the pump was emptied first."""

from typing import Final

from tracker.findings.history import Direction, Evidence, Finding
from tracker.findings.kind import Explanation, FindingKind, FixedAt, Rests


def unsaid(history):
    for exam in history.mri:
        if exam.emptied_before is None:
            yield Finding(
                kind="mri_unsaid",
                key=f"mri_unsaid:{exam.id}",
                happened_at=exam.performed_at,
                strength="weak",
                points_at="clinic",
                sentence="Nobody said whether the pump was emptied.",
                evidence=(Evidence("mri", str(exam.id), "an MRI", exam.performed_at),),
            )


KIND: Final = FindingKind(
    name="mri_unsaid",
    title="An MRI of which little is known",
    find=unsaid,
    urgent=False,
    bears_on_neglect=False,
    rests_on=Rests.RECORDS,
    answered=None,
    named_by_record=True,
    directions=frozenset({Direction.OTHER}),
    explanations=(Explanation("the other hospital did not tell", "reasoned"),),
    fixed_at=FixedAt.NOWHERE,
)
'''
STORY = """
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sys

from sqlmodel import select

import tracker
from tests.actions.build import a_pump, a_report
from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.actions.pumps.log_mri import log_mri
from tracker.actions.replacement.rule_finding import rule_finding
from tracker.records import schema
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.finding import FindingRecord
from tracker.records.worklist import WorklistItem
from tracker.web.views.formatting import word

assert Path(tracker.__file__).is_relative_to(Path.cwd()), tracker.__file__
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
database = Database(f"sqlite:///{Path.cwd() / 'copy.db'}")
schema.upgrade(database)


def look(session, pump, at):
    since = session.get_one(tracker.records.pump.PumpState, key(pump.id)).evaluate_at
    save_evaluations(session, evaluate_pumps(session, [(key(pump.id), since)], at), at)


with database.writing() as session:
    pump = a_pump(session, NOW - timedelta(days=9))
    a_report(session, pump, NOW - timedelta(days=1), 1)
    exam = log_mri(session, pump, performed_at=NOW - timedelta(hours=9), by="rn@clinic.example", now=NOW)
    look(session, pump, NOW)
    (found,) = session.exec(select(FindingRecord).where(FindingRecord.kind == "mri_unsaid")).all()
    assert found.explanations == ["the other hospital did not tell"]
    items = session.exec(select(WorklistItem).where(WorklistItem.kind == "finding")).all()
    assert "An MRI of which little is known" in {item.what for item in items}
    assert word("mri_unsaid") == "An MRI of which little is known"
    rule_finding(session, key(found.id), ruling="explained", reason="told by phone", by="dr@clinic.example", now=NOW)
    session.get_one(tracker.records.programmer_session.MriExam, exam.id).emptied_before = True
    tracker.records.pump.look_again(session, [key(pump.id)], NOW + timedelta(hours=1))
    session.flush()
    look(session, pump, NOW + timedelta(hours=2))
    session.refresh(found)
    assert found.ruling == "explained"
    assert found.mended_at == NOW + timedelta(hours=2)
print("found, shown, reviewed, resolved")
"""


def a_copy(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run the story in a copy of the product to which the new kind's file was added, and that line."""
    for package in ("tracker", "devices"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    findings = folder / "tracker" / "findings"
    (findings / "kinds" / "mri_unsaid.py").write_text(NEW_KIND)
    text = (findings / "catalogue.py").read_text()
    named = text.replace("    late_refill,\n", "    late_refill,\n    mri_unsaid,\n", 1)
    (findings / "catalogue.py").write_text(named.replace("    ran_dry.KIND,\n", f"    ran_dry.KIND,\n{line}", 1))
    (folder / "story.py").write_text(STORY)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(ROOT)))}
    return subprocess.run(
        [sys.executable, "story.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_kind_added_by_its_file_and_a_line_is_found_shown_reviewed_and_resolved(tmp_path: Path) -> None:
    ran = a_copy(tmp_path, "    mri_unsaid.KIND,\n")
    assert ran.stdout.strip() == "found, shown, reviewed, resolved", ran.stderr


def test_each_file_of_a_kind_stands_in_the_catalogue_under_its_name() -> None:
    assert [kind.name for kind in KINDS] == list(CATALOGUE)
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(CATALOGUE)
    assert set(CATALOGUE) >= CONTRACT


def test_nothing_of_a_kind_has_a_default_so_that_what_is_forgotten_is_named() -> None:
    assert [one.name for one in fields(FindingKind) if one.default is not MISSING] == []
    with pytest.raises(TypeError, match="rests_on"):
        FindingKind(name="x", title="x", find=lambda _: (), urgent=False, bears_on_neglect=False)  # type: ignore[call-arg]


def test_each_kind_can_be_held_against_the_truth_of_simulated_clinics() -> None:
    assert set(CAUSES) == set(CATALOGUE)


def test_only_what_may_be_the_patients_counts_as_a_sign_of_neglect() -> None:
    assert {kind.name for kind in KINDS if kind.bears_on_neglect} == MAY_BEAR_ON_NEGLECT


def test_pages_and_tasks_name_a_kind_alike_and_one_that_is_gone_by_its_code() -> None:
    assert len({kind.title for kind in KINDS}) == len(KINDS)
    assert title("volume_guessed") == "Volume guessed"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_names_what_to_exclude_first_in_every_direction_and_for_every_model(kind: FindingKind) -> None:
    assert kind.directions
    for direction in kind.directions:
        for model in MODELS:
            assert len(kind.explain(direction, model)) >= 2, (direction, model.id)
    for one in kind.explanations:
        assert one.source == "reasoned" or one.source in SOURCES, one
        assert one.directions <= kind.directions or one.directions & kind.directions, one


VOLUME = [
    (kind, direction)
    for kind, direction in (
        ("late_refill", Direction.LATE),
        ("ran_dry", Direction.LATE),
        ("ran_dry", Direction.EARLY),
        ("volume_vanished", Direction.LESS),
        ("volume_discrepancy", Direction.LESS),
    )
]


@pytest.mark.parametrize(("kind", "direction"), VOLUME)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_what_left_sooner_than_expected_may_be_boluses_altitude_heat_over_infusion_sensor_or_leak_where_each_applies(
    kind: str, direction: Direction, model: object
) -> None:
    pump = next(one for one in MODELS if one is model)
    said = " ".join(CATALOGUE[kind].explain(direction, pump))
    flows = pump.fixed_flow_ml_per_day is not None or pump.programmable
    assert "leak" in said
    assert ("boluses" in said) is pump.programmable
    assert ("fill level sensor" in said) is pump.reservoir_measured
    if flows:
        assert all(word in said for word in ("altitude", "temperature", "over-infusion"))
        assert ("counts its volume down" in said) is not pump.reservoir_measured


def test_more_left_than_expected_is_explained_by_what_kept_it_there() -> None:
    pump = next(one for one in MODELS if one.id == "synchromed-ii-20")
    more = " ".join(CATALOGUE["volume_discrepancy"].explain(Direction.MORE, pump))
    assert "stall" in more
    assert "leak" not in more
    assert "over-infusion" not in more
