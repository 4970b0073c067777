"""One pump as its records show it at a moment: the value that every decision here is made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from devices.alarms import AlarmCode, Priority
from devices.interval import Interval
from devices.model import PumpModel
from devices.prescription import Prescription
from devices.volume_course import VolumeCourse
from tracker.findings.battery_seen import NOTHING_TOLD, BatterySeen, NoticeSeen
from tracker.findings.budget_seen import OverBudget
from tracker.findings.emergency_seen import EmergencySeen
from tracker.findings.sign_in_seen import SharedSignIn


@dataclass(frozen=True, slots=True)
class Source:
    """The record that a fact came from: its kind and id, and how it reads."""

    kind: str
    id: str | None
    text: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class StateSeen:
    """The report measured last. ``clock_at``: what a wrong clock said; the report then counts from its arrival."""

    epoch: int
    seq: int
    measured_at: datetime
    received_at: datetime | None
    battery_percent: float | None
    battery_indicator: str | None
    reservoir_ml: float | None
    flow_ml_per_day: float | None
    infusion: str | None
    motor: str | None
    alarms: frozenset[str]
    clock_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LinkSeen:
    """What is known of the contact: never, connected, late, disconnected, suspended; since when; the last one.

    Three ages are kept apart: ``last_contact_at`` (heard: anything came), ``understood_at`` (a report or session came
    that was not refused), ``measured_at`` (the newest measurement's own time). ``unmeasured_by`` is what came since the
    newest measurement without being one: refused, repeated, late, or nothing. ``refused_alarms`` are the critical
    alarms that refused messages name since then, ``refused_because`` is why the newest was refused.
    ``clock_wrong_since``: when the first report of a clock that is wrong arrived, ``clock_behind_s`` how far behind.
    """

    state: str
    since: datetime | None
    last_contact_at: datetime | None
    understood_at: datetime | None = None
    measured_at: datetime | None = None
    unmeasured_by: str = ""
    refused_alarms: tuple[str, ...] = ()
    refused_alarms_at: datetime | None = None
    refused_because: str = ""
    clock_wrong_since: datetime | None = None
    clock_behind_s: int | None = None

    @property
    def heard_at(self) -> datetime | None:
        """When anything came from the communicator."""
        return self.last_contact_at


@dataclass(frozen=True, slots=True)
class AlarmSeen:
    """One open alarm. ``priority`` is the one that fits now; ``stored_priority`` what its row says."""

    id: int
    code: AlarmCode
    priority: Priority
    waits_since: datetime
    first_seen_at: datetime
    last_seen_at: datetime
    count: int
    active: bool
    acknowledged_at: datetime | None
    snoozed_until: datetime | None
    escalated_at: datetime | None
    assignee: str | None
    stored_priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """A forecast date with its 80 % interval, or None and why; and what it rests on."""

    interval: Interval | None
    basis: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A volume that does not fall while the pump reports a flow: since when, where it stands, what should be gone."""

    since: datetime
    reservoir_ml: float
    expected_ml: float
    reports: int


@dataclass(frozen=True, slots=True)
class OutlookSeen:
    """What is ahead of the pump, and what the thinned history behind it shows.

    ``ran_at``: the newest report in which the pump delivered as programmed, neither stopped nor at minimum rate; None
    where the history no longer holds one. ``still_since``: the first report since then; None while the pump runs.
    ``standing``: the volume stands still although a flow is reported. ``off``: it falls far faster or slower than the
    flow explains. ``unknown``: what keeps a date from being computed, a sentence each.
    """

    eri: Expectation
    eos: Expectation
    low_mark: Expectation
    empty: Expectation
    refill_by: datetime | None
    refill_reason: str
    unknown: tuple[str, ...] = ()
    ran_at: datetime | None = None
    still_since: datetime | None = None
    standing: Standing | None = None
    off: VolumeCourse | None = None
    battery: BatterySeen = NOTHING_TOLD


@dataclass(frozen=True, slots=True)
class DocumentedSeen:
    """A fact that a named person entered with its document."""

    id: int
    fact: str
    value: bool
    author: str
    document: str
    entered_at: datetime


@dataclass(frozen=True, slots=True)
class FindingSeen:
    """A finding as it stands, with its ruling if there is one. ``id`` is None until it is stored."""

    id: int | None
    key: str
    kind: str
    sentence: str
    found_at: datetime
    happened_at: datetime
    neglect_or_abuse: bool
    strength: str
    points_at: str
    ruling: str | None
    ruled_at: datetime | None
    ruled_by: str | None
    resolved: bool
    mend: str | None


def last_unlogged_refill(findings: Iterable[FindingSeen]) -> datetime | None:
    """When the reservoir last rose with no refill logged since; a ruling on it does not undo that it rose."""
    rises = (one.happened_at for one in findings if one.kind == "unlogged_refill" and not one.resolved)
    return max(rises, default=None)


def refills_not_shown(findings: Iterable[FindingSeen]) -> frozenset[int]:
    """The visits whose refill the reports never showed, by their ids; one ruled on as explained was done after all."""
    standing = (one for one in findings if not one.resolved and one.ruling != "explained")
    numbers = (one.key.rpartition(":")[2] for one in standing if one.kind == "refill_not_seen")
    return frozenset(int(number) for number in numbers if number.isdigit())


@dataclass(frozen=True, slots=True)
class AttestationSeen:
    """A clinician's signed word on abuse or neglect."""

    id: int
    at: datetime
    by: str
    name: str
    abuse_or_neglect: bool


@dataclass(frozen=True, slots=True)
class DraftSeen:
    """A visit that a session drafted and nobody has confirmed."""

    id: int
    performed_at: datetime
    drafted_at: datetime
    codes: tuple[str, ...]
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingSeen:
    """What a confirmed ``visit``, a ``draft`` or a ``session`` set the pump to.

    ``sets``: ``stopped``, ``minimum_rate`` or ``running``; None where it says nothing of that, as an analysis does.
    ``drugs``: as they were written. ``completed``: whether a session ran to its end; None where nobody said so.
    ``read``: whether a person read or programmed the pump then. ``prescription``: what it says whole; None for a part.
    """

    by: str
    id: int
    at: datetime
    sets: str | None
    drugs: tuple[str, ...] = ()
    completed: bool | None = None
    read: bool = False
    prescription: Prescription | None = None


@dataclass(frozen=True, slots=True)
class MriSeen:
    """An MRI after which the pump has not been checked."""

    id: int
    performed_at: datetime
    check_due_at: datetime
    overdue_at: datetime


@dataclass(frozen=True, slots=True)
class AdvisorySeen:
    """An advisory that covers the pump and nobody has acknowledged for it."""

    match_id: int
    reference: str
    title: str
    action: str
    matched_at: datetime
    covered: str = "yes"


@dataclass(frozen=True, slots=True)
class PumpSnapshot:
    """All of the above for one pump. ``model`` is None where the catalogue no longer knows it.

    Of the newest determination: ``missing`` facts, and whether one of the first criterion's limbs is met.
    ``clinic_silent``: so many of the clinic's pumps are silent at once that the fault lies with the clinic.
    ``handover_offered_at``: since when the pump is offered to another clinic; None where it is not.
    ``settings``: what visits, drafts and sessions set the pump to, the newest of each, in order of time.
    ``notices``: every built-in notice of failure since the implant, oldest first. ``not_kept``: of a past moment, that
    its readings are not kept any more, in a sentence. ``refill_cap_days``: the longest that a fill may stay, set for
    this pump or else for the clinic.
    ``prescribed_ml_per_day``: the flow that the record's dose and concentration ask for; None where one is missing.
    ``prescription``: the record's, None where a part of it is missing; ``prescribed_at``: since when a visit set it.
    ``over_budget``: the communicator sent more than it may, of late. ``shared_sign_in``: two devices may use its login.
    ``emergencies``: accesses by another clinic that wait for a review, oldest first.
    ``zone``: the clinic's time zone by its IANA name; days in texts are days there (``findings.clinic_day``).
    """

    pump_id: int
    clinic_id: int
    serial: str
    model: PumpModel | None
    lifecycle: str
    implanted_on: date | None
    drug: str | None
    report_interval_s: int
    created_at: datetime
    suspended_until: datetime | None
    replacement_planned_for: date | None
    refill_cap_days: int | None
    state: StateSeen | None
    link: LinkSeen
    zone: str = "UTC"
    prescribed_ml_per_day: float | None = None
    prescription: Prescription | None = None
    prescribed_at: datetime | None = None
    outlook: OutlookSeen | None = None
    alarms: tuple[AlarmSeen, ...] = ()
    notices: tuple[NoticeSeen, ...] = ()
    documented: tuple[DocumentedSeen, ...] = ()
    findings: tuple[FindingSeen, ...] = ()
    attestation: AttestationSeen | None = None
    drafts: tuple[DraftSeen, ...] = ()
    settings: tuple[SettingSeen, ...] = ()
    mri: tuple[MriSeen, ...] = ()
    advisories: tuple[AdvisorySeen, ...] = ()
    missing: tuple[str, ...] = ()
    limb_met: bool = False
    clinic_silent: bool = False
    determined_at: datetime | None = None
    not_kept: str | None = None
    handover_offered_at: datetime | None = None
    over_budget: OverBudget | None = None
    emergencies: tuple[EmergencySeen, ...] = ()
    shared_sign_in: SharedSignIn | None = None
