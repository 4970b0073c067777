"""The facts of CMM-210.5 as a pump's records show them, each with why and with the record that it came from.

What the records don't show stays unknown. The battery and the built-in notice are answered by what the pump itself told
or by a document; everything else takes a named person's word, and abuse or neglect takes a ruling on every finding and
a clinician's signature.
"""

from __future__ import annotations

from datetime import datetime

from tracker.findings.battery_fact import battery_fact
from tracker.findings.clinic_day import time_text
from tracker.findings.fact import Fact, documented
from tracker.findings.notice_fact import notice_fact
from tracker.findings.pump_snapshot import FindingSeen, PumpSnapshot, Source

DOCUMENTED = (
    "battery_nearing_end",
    "no_longer_beneficial",
    "repairable",
    "impending_failure_notice",
    "components_functional",
)
"""The facts that a person may document. Of the battery and the notice the pump itself may tell as well."""
PERSONS_ALONE = ("no_longer_beneficial", "repairable", "components_functional")
"""The facts of lost benefit (CMM-210.5 1b), which no telemetry shows."""
WORDS = {
    "no_longer_beneficial": "whether the pump is still of benefit",
    "repairable": "whether it can be repaired",
    "components_functional": "whether its components still work",
}


def replacement_facts(view: PumpSnapshot, now: datetime) -> tuple[Fact, ...]:
    """All facts that the replacement criteria ask for, in a fixed order."""
    alone = tuple(_documented(view, name) for name in PERSONS_ALONE)
    return (_has_battery(view), battery_fact(view, now), *alone, notice_fact(view, now), _abuse(view))


def _has_battery(view: PumpSnapshot) -> Fact:
    name = "device_has_battery"
    if view.model is None:
        return Fact(name, None, "The model is not in the catalogue.", None)
    source = Source("model", view.model.id, view.model.name, None)
    if view.model.has_battery:
        return Fact(name, True, f"The {view.model.name} has a battery.", source)
    return Fact(name, False, f"The {view.model.name} has no battery.", source)


def _documented(view: PumpSnapshot, name: str) -> Fact:
    return documented(view, name) or Fact(name, None, f"Nobody has documented {WORDS[name]}.", None)


def unsettled(findings: tuple[FindingSeen, ...]) -> tuple[FindingSeen, ...]:
    """The findings of neglect or abuse that still stand in the way: without a ruling, or upheld.

    One that the records no longer show, since somebody corrected them, does not count.
    """
    return tuple(
        one
        for one in findings
        if one.neglect_or_abuse and not one.resolved and one.ruling not in {"explained", "not_relevant"}
    )


def _abuse(view: PumpSnapshot) -> Fact:
    name = "abuse_or_neglect"
    signed = view.attestation
    if signed is not None and signed.abuse_or_neglect:
        source = Source("attestation", str(signed.id), f"signed by {signed.name}", signed.at)
        return Fact(name, True, f"{signed.name} attested abuse or neglect on {time_text(view, signed.at)}.", source)
    open_ = [one for one in unsettled(view.findings) if one.ruling is None]
    upheld = [one for one in unsettled(view.findings) if one.ruling == "upheld"]
    if open_:
        count = f"{len(open_)} finding waits" if len(open_) == 1 else f"{len(open_)} findings wait"
        first = Source("finding", open_[0].key, open_[0].sentence, open_[0].happened_at)
        return Fact(name, None, f"{count} for a ruling.", first)
    if upheld:
        first = Source("finding", upheld[0].key, upheld[0].sentence, upheld[0].happened_at)
        return Fact(
            name, None, "A finding was upheld; a clinician has yet to say whether it is abuse or neglect.", first
        )
    if signed is None:
        return Fact(name, None, "No clinician has attested yet; records without a sign of it are no proof.", None)
    source = Source("attestation", str(signed.id), f"signed by {signed.name}", signed.at)
    if any(one.neglect_or_abuse and not one.resolved and one.found_at > signed.at for one in view.findings):
        return Fact(
            name,
            None,
            f"A finding came after {signed.name} attested on {time_text(view, signed.at)}: attest again.",
            source,
        )
    return Fact(name, False, f"{signed.name} attested on {time_text(view, signed.at)} that none is evident.", source)
