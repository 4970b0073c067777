"""How a simulated patient comes by a pump: which model, which therapy, when, and what chance has in store for it."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from msgspec import Struct

from devices.model import DeviceKind, PumpModel
from devices.models.catalogue import CATALOGUE
from devices.report import Infusion
from simulators import events as h
from simulators.failure_draws import draw, infected_at_days
from simulators.pump import implanted
from simulators.pump_life import Course, Dice
from simulators.therapies import MORPHINE_PORT, THERAPIES, Therapy, for_constant_flow
from simulators.unit import make_unit

MODEL_SHARES: Final = {
    "synchromed-ii-20": 12,
    "synchromed-ii-40": 9,
    "synchromed-iii-20": 8,
    "synchromed-iii-40": 6,
    "prometra-ii-20": 7,
    "prometra-ii-40": 5,
    "codman-3000": 4,
    "isomed-35": 3,
    "synchromed-el-18": 3,
    "medstream-20": 2,
    "medstream-40": 1,
    "subcutaneous-reservoir": 2,
}
"""How common each model is in the clinic. Assumption."""

NOT_SIMULATED: Final = {
    "prometra-i-20": "no longer implanted; prometra-ii-20 behaves as it does",
    "synchromed-el-10": "no longer implanted; synchromed-el-18 behaves as it does",
    "isomed-20": "no longer implanted; isomed-35 behaves as it does",
    "archimedes-20": "no longer implanted; codman-3000 behaves as it does",
    "archimedes-40": "no longer implanted; codman-3000 behaves as it does",
    "archimedes-60": "no longer implanted; codman-3000 behaves as it does",
    "ip2000v-20": "no longer implanted; codman-3000 behaves as it does",
    "ip2000v-40": "no longer implanted; codman-3000 behaves as it does",
    "ip2000v-60": "no longer implanted; codman-3000 behaves as it does",
}
"""Models that no simulated patient has, and why not. A model of the catalogue stands here or in `MODEL_SHARES`."""

SYNCHROMED_III_SINCE: Final = date(2023, 11, 1)
"""The month after its approval; before that the same patient gets a SynchroMed II."""

SHARE_OF_EARLY_PATIENTS: Final = 0.72
"""Patients who had their pump within the clinic's first eight months; the others come evenly after. Assumption."""
_EARLY_DAYS: Final = 240

REPORT_EVERY_HOURS: Final = 21.0
"""A little under a day, so that readings come from all hours."""
REPORT_EVERY_HOURS_BACLOFEN: Final = 12.0
"""An interruption of baclofen is dangerous within a day, so those communicators ask twice a day."""

_PREFIXES: Final = (
    ("synchromed-iii", "SMC"),
    ("synchromed-ii", "SMB"),
    ("synchromed-el", "SMA"),
    ("prometra", "PRM"),
    ("codman", "CDM"),
    ("isomed", "ISO"),
    ("medstream", "MST"),
    ("subcutaneous", "RSV"),
)
_NURSES: Final = ("rn.alvarez", "rn.okafor", "rn.lindqvist", "rn.tanaka")
_PROGRAMMERS: Final = ("A810-00231", "A810-00417", "A820-00112")
_PORT_ML_PER_DAY: Final = 0.04
_WARY_MARK_ML: Final = 4.0


class Patient(Struct):
    """One patient and the pump of now. `pumps_left` more may follow it; `explant_at` is when it comes out, and why."""

    number: int
    course: Course
    pumps_left: int
    generation: int = 0
    explant_at: datetime | None = None
    reason: str = ""
    replaces: str | None = None
    left: bool = False


def admit(seed: int, number: int, opened: datetime, until: datetime, pumps_left: int) -> Patient:
    """The patient of that number, on the day of the first implant, which lies between `opened` and `until`."""
    rng = random.Random(f"{seed}/patient/{number}")
    names = tuple(MODEL_SHARES)
    model = CATALOGUE[names[number] if number < len(names) else rng.choices(names, tuple(MODEL_SHARES.values()))[0]]
    days = (until - opened).days
    early = rng.random() < SHARE_OF_EARLY_PATIENTS or model.id == "synchromed-el-18"
    day = rng.uniform(0, min(_EARLY_DAYS, days * 0.5)) if early else rng.uniform(0, days * 0.95)
    at = (opened + timedelta(days=int(day))).replace(hour=14) + timedelta(minutes=rng.randrange(240))
    therapy, dose = _therapy(model, rng)
    patient = Patient(number, implant(seed, number, 0, model, therapy, dose, at), pumps_left)
    plan_explant_for_infection(seed, patient)
    return patient


def implant(
    seed: int, number: int, generation: int, model: PumpModel, therapy: Therapy, dose_per_day: Decimal, at: datetime
) -> Course:
    """A new pump in this patient, filled, set and with all that will befall it on its agenda."""
    if model.id.startswith("synchromed-iii") and at.date() < SYNCHROMED_III_SINCE:
        model = CATALOGUE[model.id.replace("-iii-", "-ii-")]
    serial = _serial(seed, model, number, generation)
    dice = Dice(f"{seed}/{serial}/made")
    rng = dice.life
    flow = model.fixed_flow_ml_per_day
    mode = Infusion.SIMPLE_CONTINUOUS
    if model.kind is DeviceKind.RESERVOIR:
        flow, mode = _PORT_ML_PER_DAY, Infusion.BOLUS
    elif flow is None:
        flow = therapy.flow_ml_per_day(dose_per_day)
    mark = model.low_reservoir_ml or 0.0
    if therapy.drug == "baclofen":
        mark = max(mark, _WARY_MARK_ML) if rng.random() < 0.2 else mark
    often = REPORT_EVERY_HOURS_BACLOFEN if therapy.drug == "baclofen" else REPORT_EVERY_HOURS
    course = Course(
        serial=serial,
        state=implanted(make_unit(model, rng), model.capacity_ml, mode, flow, mark),
        therapy=therapy,
        dose_per_day=dose_per_day,
        at=at,
        implanted_at=at,
        report_every_hours=often,
        nurse=rng.choice(_NURSES),
        programmer=rng.choice(_PROGRAMMERS),
    )
    course.plan_after(rng.uniform(0.05, often / 24), h.Report())
    course.plan_refill(dice)
    if model.programmable:
        course.plan_check_up(dice)
    fate = draw(
        rng,
        motor=course.state.has_motor,
        battery=model.has_battery,
        approved_drug=therapy.approved,
        opioid="morph" in therapy.drug,
    )
    for age_days, happening in fate:
        course.plan_after(age_days, happening)
    return course


def plan_explant_for_infection(seed: int, patient: Patient) -> None:
    """Chance may want this pump out again within three months."""
    course = patient.course
    days = infected_at_days(random.Random(f"{seed}/{course.serial}/infection"))
    if days is not None:
        patient.explant_at, patient.reason = course.implanted_at + timedelta(days=int(days), hours=2), "infection"


def successor(model: PumpModel) -> PumpModel:
    """The model that replaces one: the newest of the same maker and size that is still sold."""
    if model.id == "synchromed-el-18":
        return CATALOGUE["synchromed-iii-20"]
    if model.id.startswith("synchromed"):
        return CATALOGUE[model.id.replace("-ii-", "-iii-")]
    if model.id.startswith("medstream"):
        return CATALOGUE[model.id.replace("medstream", "prometra-ii")]
    return model


def _therapy(model: PumpModel, rng: random.Random) -> tuple[Therapy, Decimal]:
    if model.kind is DeviceKind.RESERVOIR:
        return MORPHINE_PORT, MORPHINE_PORT.rounded(Decimal("0.4"))
    if model.fixed_flow_ml_per_day is not None:
        dose = Decimal(rng.randrange(15, 90)) / 10
        return for_constant_flow(model.fixed_flow_ml_per_day, dose), dose
    therapy = rng.choices(THERAPIES, [each.share for each in THERAPIES])[0]
    span = float(therapy.most_dose - therapy.least_dose)
    return therapy, therapy.rounded(therapy.least_dose + Decimal(str(round(span * rng.betavariate(2, 4), 4))))


def _serial(seed: int, model: PumpModel, number: int, generation: int) -> str:
    prefix = next(prefix for start, prefix in _PREFIXES if model.id.startswith(start))
    return f"{prefix}{100_000 + ((number * 10 + generation) * 7919 + seed * 104_729) % 900_000}"
