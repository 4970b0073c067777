"""The facts of CMM-210.5 as a pump's records show them, each with why and with the record that it came from.

What the records don't show stays unknown. Telemetry alone answers for the battery and the built-in notice; everything
else takes a named person's word, and abuse or neglect takes a ruling on every finding and a clinician's signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.alarms import BUILT_IN_NOTICE, AlarmCode, meaning, notice_reason
from tracker.findings.clinic_day import day_text, time_text
from tracker.findings.view import FindingSeen, PumpView, Source

NEARING_END = timedelta(days=183)
FRESH_FOR = timedelta(days=30)
DOCUMENTED = ("no_longer_beneficial", "repairable", "components_functional")
WORDS = {
    "no_longer_beneficial": "whether the pump is still of benefit",
    "repairable": "whether it can be repaired",
    "components_functional": "whether its components still work",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: its value (None is unknown), the sentence that explains it, the record behind it."""

    name: str
    value: bool | None
    because: str
    source: Source | None


def replacement_facts(view: PumpView, now: datetime) -> tuple[Fact, ...]:
    """All facts that the replacement criteria ask for, in a fixed order."""
    documented = tuple(_documented(view, name) for name in DOCUMENTED)
    return (_has_battery(view), _battery(view, now), *documented, _notice(view, now), _abuse(view))


def _has_battery(view: PumpView) -> Fact:
    name = "device_has_battery"
    if view.model is None:
        return Fact(name, None, "The model is not in the catalogue.", None)
    source = Source("model", view.model.id, view.model.name, None)
    if view.model.has_battery:
        return Fact(name, True, f"The {view.model.name} has a battery.", source)
    return Fact(name, False, f"The {view.model.name} has no battery.", source)


def _reading(view: PumpView) -> Source | None:
    if view.state is None:
        return None
    named = f"{view.state.epoch}/{view.state.seq}"
    return Source("reading", named, f"report {named} of {view.serial}", view.state.measured_at)


def _battery(view: PumpView, now: datetime) -> Fact:
    name = "battery_nearing_end"
    if view.model is not None and not view.model.has_battery:
        return Fact(name, None, "There is no battery that could near its end.", None)
    state, reading = view.state, _reading(view)
    if state is not None and state.battery_indicator in {"eri", "eos"}:
        which = "its elective replacement indicator" if state.battery_indicator == "eri" else "its end of service"
        return Fact(name, True, f"The pump reported {which}, last on {time_text(view, state.measured_at)}.", reading)
    expected = None if view.outlook is None else view.outlook.eos
    if expected is None or expected.interval is None:
        why = "no forecast was made yet" if expected is None else expected.basis
        return Fact(name, None, f"When the battery will end is not known: {why}", reading)
    span = f"between {day_text(view, expected.interval.low)} and {day_text(view, expected.interval.high)}"
    sentence = (
        f"End of service is expected on {day_text(view, expected.interval.median)} (middle estimate; 80 % {span})"
    )
    basis = Source("forecast", None, expected.basis, None if state is None else state.measured_at)
    if expected.interval.median <= now + NEARING_END:
        return Fact(name, True, f"{sentence}, which is within 6 months.", basis)
    if state is None or now - state.measured_at > FRESH_FOR:
        return Fact(name, None, f"{sentence}, but the newest report is too old to rely on that.", basis)
    return Fact(name, False, f"{sentence}, which is more than 6 months away.", basis)


def _documented(view: PumpView, name: str) -> Fact:
    entered = [fact for fact in view.documented if fact.fact == name]
    if not entered:
        return Fact(name, None, f"Nobody has documented {WORDS[name]}.", None)
    newest = max(entered, key=lambda fact: (fact.entered_at, fact.id))
    said = "yes" if newest.value else "no"
    because = f"{newest.author} entered on {time_text(view, newest.entered_at)}, from {newest.document}: {said}."
    source = Source("documented_fact", str(newest.id), newest.document, newest.entered_at)
    return Fact(name, newest.value, because, source)


def _notice(view: PumpView, now: datetime) -> Fact:
    name = "impending_failure_notice"
    if view.model is not None and not view.model.alarms:
        source = Source("model", view.model.id, view.model.name, None)
        return Fact(name, False, f"No component of the {view.model.name} can give notice.", source)
    state, reading = view.state, _reading(view)
    if state is None:
        return Fact(name, None, "The pump has never reported.", None)
    given = sorted(AlarmCode(code) for code in state.alarms if code in _NOTICE)
    if given:
        code = given[0]
        alarm = next((alarm for alarm in view.alarms if alarm.code is code), None)
        since = "" if alarm is None else f" since {time_text(view, alarm.first_seen_at)}"
        title = meaning(code).title
        given_by = reading if alarm is None else Source("alarm", str(alarm.id), title, alarm.first_seen_at)
        return Fact(name, True, f"{title}: reported{since}. {notice_reason(code)}", given_by)
    if now - state.measured_at > FRESH_FOR:
        return Fact(
            name,
            None,
            f"The newest report is of {time_text(view, state.measured_at)}, too old to rule it out.",
            reading,
        )
    return Fact(
        name,
        False,
        f"The report of {time_text(view, state.measured_at)} carries no alarm that announces failure.",
        reading,
    )


_NOTICE = frozenset(str(code) for code in BUILT_IN_NOTICE)


def unsettled(findings: tuple[FindingSeen, ...]) -> tuple[FindingSeen, ...]:
    """The findings of neglect or abuse that still stand in the way: without a ruling, or upheld.

    One that the records no longer show, since somebody mended them, stands in nobody's way.
    """
    return tuple(
        one
        for one in findings
        if one.neglect_or_abuse and not one.mended and one.ruling not in {"explained", "not_relevant"}
    )


def _abuse(view: PumpView) -> Fact:
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
    if any(one.neglect_or_abuse and not one.mended and one.found_at > signed.at for one in view.findings):
        return Fact(
            name,
            None,
            f"A finding came after {signed.name} attested on {time_text(view, signed.at)}: attest anew.",
            source,
        )
    return Fact(name, False, f"{signed.name} attested on {time_text(view, signed.at)} that none is evident.", source)
