"""The guideline's releases and when each is in force: a version is added as one file in ``versions/`` and one line.

A released file never changes: what was determined under it must be explicable for ever. Its SHA-256 is recorded
here, and a test compares it; a correction is a new release.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import msgspec

from tracker.describe_value import shown
from tracker.errors import NotFound
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.schema import Guideline


class Release(msgspec.Struct, frozen=True):
    """One released version: its file, the days on which it is in force (``until`` is the last), the file's digest."""

    version: str
    file: str
    in_force_from: date
    in_force_until: date | None
    sha256: str


RELEASES: tuple[Release, ...] = (
    Release(
        version="2.0.2019",
        file="cmm_210_2_0_2019.json",
        in_force_from=date(2019, 8, 1),
        in_force_until=None,
        sha256="8adca3ef7c7d2b2648fea51f459634def492b69904a0ed8d3115f548a3bed7b0",
    ),
)

LATEST = RELEASES[-1].version
"""The newest release, whether or not it is in force yet. Who asks about a day takes ``in_force_on``."""

NONE_IN_FORCE = "none"
"""The version of an answer about a day before the first release: no criterion was applied."""

VERSIONS = Path(__file__).parent / "versions"


def in_force_on(day: date) -> str | None:
    """Name the version in force on ``day``; None before the first. Where two overlap, the later one holds."""
    for release in reversed(RELEASES):
        if release.in_force_from <= day and (release.in_force_until is None or day <= release.in_force_until):
            return release.version
    return None


def answers_on(day: date) -> str:
    """Name the version that answers a question asked on ``day``: the one in force, or the first before any was."""
    return in_force_on(day) or RELEASES[0].version


@cache
def find(version: str = LATEST) -> Edition:
    """Read a released version. Raises ``NotFound`` for a version that was never released here.

    For ``NONE_IN_FORCE`` it is the first one, whose criteria such an answer names without applying them.
    """
    for release in RELEASES:
        if version in {release.version, NONE_IN_FORCE}:
            text = (VERSIONS / release.file).read_bytes()
            return Edition(msgspec.json.decode(text, type=Guideline))
    raise NotFound(f"There is no version {shown(version)} of this guideline here.", field="version")
