"""Which drugs a patient may lose when a pump stops: recorded, drafted, reported last. An unknown one is dangerous.

A record can be behind the pump: a session reports another drug than is recorded, a draft waits for its confirmation.
Until a person has settled that, the riskiest of the drugs named decides how urgent an interruption is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from devices.alarms import AlarmCode, Priority, priority
from devices.drugs import DANGEROUS_TO_LOSE, components, withdrawal_risk
from tracker.findings.pump_snapshot import PumpSnapshot


def drugs_at_risk(view: PumpSnapshot) -> frozenset[str]:
    """Every drug that the record, a draft or the last session names, by its catalogue name or as written if unknown.

    Empty where nothing names one. A confirmed visit's drug is the record's, or was corrected there since.
    """
    named = [view.drug, *(drug for one in view.settings if one.by != "visit" for drug in one.drugs)]
    return frozenset(part for text in named if text for part in components(text))


def dangerous_to_lose(view: PumpSnapshot) -> bool:
    """Whether losing the drug harms the patient; a drug that is not known counts as dangerous."""
    return dangerous(drugs_at_risk(view))


def dangerous(drugs: Iterable[str]) -> bool:
    """Whether any of the drugs is dangerous to lose; so are those of an empty set, since nobody knows them."""
    named: list[str | None] = [*drugs] or [None]
    return any(withdrawal_risk(drug) in DANGEROUS_TO_LOSE for drug in named)


def priority_at_risk(code: AlarmCode, drugs: Iterable[str]) -> Priority:
    """How soon somebody must act on that alarm: by the drug of these that is the most dangerous to lose."""
    named: list[str | None] = [*drugs] or [None]
    return max(priority(code, drug) for drug in named)


def drugs_in(prescription: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The drug texts of a stored prescription: its one ``drug``, and each of a mixture's ``drugs``."""
    if not prescription:
        return ()
    parts = prescription.get("drugs") or ()
    named = [prescription.get("drug"), *(part.get("drug") for part in parts if isinstance(part, Mapping))]
    return tuple(drug for drug in named if isinstance(drug, str) and drug.strip())
