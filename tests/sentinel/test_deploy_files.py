"""The files that put a sentinel on its own machine name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import yaml

from tests.deploy.composition import schema
from tracker.cli.main import COMMANDS
from tracker.settings import Settings
from tracker.settings_source import secret_fields

FOLDER = Path("deploy/sentinel")


def test_the_composition_is_valid_and_runs_the_sentinel() -> None:
    document = yaml.safe_load((FOLDER / "docker-compose.yml").read_text())
    jsonschema.Draft202012Validator(schema()).validate(document)
    assert document["services"]["sentinel"]["command"] == ["tracker", "sentinel"]


def test_the_unit_runs_the_sentinel_and_waits_for_nothing_of_the_tracker() -> None:
    unit = (FOLDER / "tracker-sentinel.service").read_text()
    assert "ExecStart=/opt/tracker/bin/tracker sentinel\n" in unit
    assert "sentinel" in COMMANDS
    assert not re.search(r"^(Requires|PartOf)=|tracker-upgrade", unit, re.MULTILINE)


def test_the_files_name_settings_that_there_are() -> None:
    known = {f"TRACKER_{name.upper()}" for name in Settings.model_fields}
    known |= {f"TRACKER_{name.upper()}_FILE" for name in secret_fields(Settings)}
    for file in FOLDER.iterdir():
        named = set(re.findall(r"TRACKER_[A-Z_]*[A-Z]", file.read_text())) - {"TRACKER_SENTINEL_PUBLISH"}
        assert named <= known, file
