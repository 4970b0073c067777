"""A fact of CMM-210.5 with its reason and its record, and what people documented of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import DocumentedSeen, PumpSnapshot, Source

FRESH_FOR = timedelta(days=30)
DENIED_FOR = timedelta(days=183)
"""How long a document that says no stands against what may have changed since: the six months of "nearing". Assumed."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its value (None is unknown), the sentence that explains it, the record behind it."""

    name: str
    value: bool | None
    because: str
    source: Source | None


def documented(view: PumpSnapshot, name: str) -> Fact | None:
    """The newest entry of that fact with its document; None where nobody entered one."""
    newest = _newest(view, name)
    return None if newest is None else _fact(view, newest)


def with_document(view: PumpSnapshot, told: Fact, evident_at: datetime | None, now: datetime) -> Fact:
    """What the pump told, or what a person documented of the same fact.

    A document that says yes decides. One that says no decides too, unless the pump gave its evidence after it
    (``evident_at``) or it is over six months old: a person answers for it, and the pump's own word stands beside it.
    """
    newest = _newest(view, told.name)
    if newest is None:
        return told
    if newest.value:
        return _fact(view, newest)
    if told.value and evident_at is not None and evident_at > newest.entered_at:
        return told
    if now - newest.entered_at > DENIED_FOR:
        return replace(told, because=f"{told.because} The document of {time_text(view, newest.entered_at)} is too old.")
    denied = _fact(view, newest)
    return (
        replace(denied, because=f"{denied.because} The pump told otherwise: {told.because}") if told.value else denied
    )


def reading(view: PumpSnapshot) -> Source | None:
    """The newest report as a source."""
    if view.state is None:
        return None
    named = f"{view.state.epoch}/{view.state.seq}"
    return Source("reading", named, f"report {named} of {view.serial}", view.state.measured_at)


def too_old(view: PumpSnapshot, measured_at: datetime, now: datetime) -> bool:
    """Whether a report says nothing of today: over 30 days old, or twice the interval at which the pump reports."""
    return now - measured_at > max(FRESH_FOR, 2 * timedelta(seconds=view.report_interval_s))


def _newest(view: PumpSnapshot, name: str) -> DocumentedSeen | None:
    entered = [fact for fact in view.documented if fact.fact == name]
    return max(entered, key=lambda fact: (fact.entered_at, fact.id), default=None)


def _fact(view: PumpSnapshot, entry: DocumentedSeen) -> Fact:
    said = "yes" if entry.value else "no"
    because = f"{entry.author} entered on {time_text(view, entry.entered_at)}, from {entry.document}: {said}."
    source = Source("documented_fact", str(entry.id), entry.document, entry.entered_at)
    return Fact(entry.fact, entry.value, because, source)
