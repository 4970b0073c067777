"""Builders of what is decided about a pump: determinations, findings, attestations and documented facts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import Session

from tests.build import NOW, filled, kept, numbers
from tracker.guideline import determine_replacement
from tracker.records.determination import Determination, DocumentedFact
from tracker.records.finding import Attestation, FindingRecord
from tracker.records.pump import Pump


def a_determination(session: Session, pump: Pump, **given: Any) -> Determination:
    """A battery at its indicator; it needs information still, since nobody has spoken on abuse or neglect."""
    facts: dict[str, bool | None] = {
        "device_has_battery": True,
        "battery_nearing_end": True,
        "no_longer_beneficial": None,
        "repairable": None,
        "components_functional": None,
        "impending_failure_notice": True,
        "abuse_or_neglect": None,
    }
    line = determine_replacement(facts).as_line()
    source = {"kind": "reading", "id": "1/100", "text": f"report 1/100 of {pump.serial}", "at": NOW.isoformat()}
    default = {
        "pump_id": pump.id,
        "determined_at": NOW - timedelta(hours=1),
        "as_of": NOW - timedelta(hours=1),
        "cause": "telemetry",
        **{
            name: line[name]
            for name in ("guideline", "version", "question", "outcome", "readings", "criteria", "missing", "notes")
        },
        "facts": [
            {
                "name": name,
                "value": value,
                "because": "The pump reported its indicator." if value else "Nobody has documented it.",
                "source": source if value else None,
            }
            for name, value in facts.items()
        ],
    }
    determination: Determination = kept(session, filled(Determination, default, given))
    return determination


def a_finding(session: Session, pump: Pump, **given: Any) -> FindingRecord:
    number = next(numbers)
    default = {
        "pump_id": pump.id,
        "kind": "late_refill",
        "key": f"late_refill:{number}",
        "found_at": NOW - timedelta(days=3),
        "happened_at": NOW - timedelta(days=40),
        "neglect_or_abuse": True,
        "strength": "weak",
        "points_at": "patient",
        "sentence": "The refill of 13 Oct 2026 came 9 days after it was due.",
        "evidence": [{"kind": "visit", "id": 1, "text": "refill on 13 Oct 2026", "at": NOW.isoformat()}],
        "explanations": ["The clinic moved the appointment.", "The patient was in hospital."],
    }
    finding: FindingRecord = kept(session, filled(FindingRecord, default, given))
    return finding


def an_attestation(session: Session, pump: Pump, **given: Any) -> Attestation:
    default: dict[str, Any] = {
        "pump_id": pump.id,
        "at": NOW - timedelta(days=1),
        "by": "physician@clinic.example",
        "name": "Dr. Imai",
        "meaning": "I have seen the findings and find no evidence of abuse or neglect.",
        "abuse_or_neglect": False,
        "findings": [],
    }
    attestation: Attestation = kept(session, filled(Attestation, default, given))
    return attestation


def a_documented_fact(session: Session, pump: Pump, **given: Any) -> DocumentedFact:
    default = {
        "pump_id": pump.id,
        "fact": "no_longer_beneficial",
        "value": True,
        "author": "physician@clinic.example",
        "document": "Letter of 2 Nov 2026, page 1",
        "entered_at": NOW - timedelta(days=2),
    }
    fact: DocumentedFact = kept(session, filled(DocumentedFact, default, given))
    return fact
