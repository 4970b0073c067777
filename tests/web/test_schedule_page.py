"""The page Schedule: when a backup was last restored on trial, and what the retention rule drops next."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.conftest import Site
from tracker.actions.verify_backup import verify_backup
from tracker.errors import StartupFault
from tracker.records import backup


def shown(site: Site) -> str:
    text = site.browser("administrator").get("/schedule").text
    return " ".join(text.partition('id="copies"')[2].partition("</section>")[0].split())


def test_the_page_says_when_a_backup_was_last_restored_on_trial_and_how_that_went(site: Site, tmp_path: Path) -> None:
    assert "No backup has been restored on trial yet" in shown(site)
    backup.backup(site.database, tmp_path / "copy")
    tried = verify_backup(site.database, tmp_path / "copy", "operator")
    assert tried.faults == ()
    assert f"A backup with {tried.in_all:,} rows was restored on trial" in shown(site)
    (tmp_path / "broken").write_bytes((tmp_path / "copy").read_bytes()[: 60 * 1024])
    with pytest.raises(StartupFault) as refused:
        verify_backup(site.database, tmp_path / "broken", "operator")
    assert refused.value.detail in shown(site)
    assert "The last one that was whole" in shown(site)
    assert 'id="job-restore_drill"' not in site.browser("administrator").get("/schedule").text


def test_the_page_announces_what_the_retention_rule_drops(site: Site) -> None:
    assert "All readings are kept." in shown(site)
    site.web.settings.readings_keep_months = 3
    assert "Readings measured before 2026-09-01 will be dropped on 2026-12-01." in shown(site)
