"""What the guideline leaves open is said, for every section that asks anything."""

from __future__ import annotations

import pytest

from tracker.guideline import RELEASES, find, tree
from tracker.guideline.omissions import omissions_of


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.version)
def test_every_omission_stands_in_a_section_and_says_what_is_done_here(release: object) -> None:
    document = find(release.version).document  # type: ignore[attr-defined]
    sections = {section.id for section in document.sections}
    told = omissions_of(document)
    assert len({one.what for one in told}) == len(told) >= len(document.omissions)
    for one in told:
        assert one.section in sections
        assert one.here.endswith(".")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("CMM-210.5", "nearing"),
        ("CMM-210.5", "documents"),
        ("CMM-210.5", "abuse"),
        ("CMM-210.5", "beneficial"),
        ("CMM-210.5", "built-in notice"),
        ("CMM-210.3", "no hours"),
        ("CMM-210.3", "epidural"),
        ("CMM-210.6", "new volume"),
    ],
)
def test_what_the_text_leaves_open_is_read_on_the_guidelines_page(section: str, words: str) -> None:
    (shown,) = (one for one in tree("2.0.2019").sections if one.id == section)
    assert any(words in one.what for one in shown.omissions)


def test_a_projection_is_called_no_document() -> None:
    told = [one for one in omissions_of(find("2.0.2019").document) if one.section == "CMM-210.5"]
    assert any("projection" in one.here and "stays unknown" in one.here for one in told)
