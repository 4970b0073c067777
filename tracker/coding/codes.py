"""The procedure codes of CMM-210.6, and the three that belong beside them though the guideline does not list them.

Numbers with our own short wording; the official descriptors belong to the American Medical Association and are not
stored. The numbers are facts of the code set; whether one is listed is a fact of the guideline.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

GUIDELINE_LIST = "CMM-210.6, version 2.0.2019"
CPT_FAMILY = "CPT; completes the families 62320-62327 and 62367-62370; not in CMM-210.6, version 2.0.2019"


class Act(StrEnum):
    """Kinds of act that a code can stand for."""

    VISIT = "visit"
    IMPLANT_OR_REPLACE_DEVICE = "implant_or_replace_device"
    REMOVE_DEVICE = "remove_device"
    IMPLANT_OR_REVISE_CATHETER = "implant_or_revise_catheter"
    REMOVE_CATHETER = "remove_catheter"
    TRIAL_INJECTION = "trial_injection"
    TRIAL_INFUSION = "trial_infusion"


class Device(StrEnum):
    """What is implanted, as the codes tell devices apart."""

    PROGRAMMABLE_PUMP = "programmable_pump"
    NONPROGRAMMABLE_PUMP = "nonprogrammable_pump"
    RESERVOIR = "reservoir"


class Region(StrEnum):
    """Where along the spine an injection or a catheter is placed."""

    CERVICAL_THORACIC = "cervical_thoracic"
    LUMBAR_SACRAL = "lumbar_sacral"


class Code(Struct, frozen=True):
    """One procedure code and what tells it from its neighbors; None where a property has no part in the choice.

    ``reprogrammed``, ``refilled`` and ``professional_skill`` speak of visits, ``laminectomy`` of catheters, ``region``
    and ``imaging`` of trials. A code for visits is one of those of which a pump may have one a day.
    """

    number: str
    act: Act
    words: str
    device: Device | None = None
    refilled: bool | None = None
    reprogrammed: bool | None = None
    professional_skill: bool | None = None
    laminectomy: bool | None = None
    region: Region | None = None
    imaging: bool | None = None
    listed: bool = True
    source: str = GUIDELINE_LIST


def _trial(number: str, act: Act, region: Region, *, imaging: bool, listed: bool = True) -> Code:
    what = "single injection" if act is Act.TRIAL_INJECTION else "infusion through an indwelling catheter"
    where = "neck or chest" if region is Region.CERVICAL_THORACIC else "lower back or sacrum"
    words = f"Trial by {what}, {where}, {'with' if imaging else 'without'} imaging"
    source = GUIDELINE_LIST if listed else CPT_FAMILY
    return Code(number, act, words, region=region, imaging=imaging, listed=listed, source=source)


_IN_TRIAL, _BY_CATHETER = Act.TRIAL_INJECTION, Act.TRIAL_INFUSION
_UPPER, _LOWER = Region.CERVICAL_THORACIC, Region.LUMBAR_SACRAL

CODES: tuple[Code, ...] = (
    _trial("62320", _IN_TRIAL, _UPPER, imaging=False),
    _trial("62321", _IN_TRIAL, _UPPER, imaging=True),
    _trial("62322", _IN_TRIAL, _LOWER, imaging=False),
    _trial("62323", _IN_TRIAL, _LOWER, imaging=True),
    _trial("62324", _BY_CATHETER, _UPPER, imaging=False),
    _trial("62325", _BY_CATHETER, _UPPER, imaging=True),
    _trial("62326", _BY_CATHETER, _LOWER, imaging=False),
    _trial("62327", _BY_CATHETER, _LOWER, imaging=True, listed=False),
    Code(
        "62350",
        Act.IMPLANT_OR_REVISE_CATHETER,
        "Tunneled catheter implanted or revised, without laminectomy",
        laminectomy=False,
    ),
    Code(
        "62351",
        Act.IMPLANT_OR_REVISE_CATHETER,
        "Tunneled catheter implanted or revised, with laminectomy",
        laminectomy=True,
    ),
    Code("62355", Act.REMOVE_CATHETER, "Implanted catheter removed"),
    Code(
        "62360",
        Act.IMPLANT_OR_REPLACE_DEVICE,
        "Reservoir under the skin implanted or replaced",
        device=Device.RESERVOIR,
    ),
    Code(
        "62361",
        Act.IMPLANT_OR_REPLACE_DEVICE,
        "Nonprogrammable pump implanted or replaced",
        device=Device.NONPROGRAMMABLE_PUMP,
    ),
    Code(
        "62362",
        Act.IMPLANT_OR_REPLACE_DEVICE,
        "Programmable pump implanted or replaced, with its preparation",
        device=Device.PROGRAMMABLE_PUMP,
    ),
    Code("62365", Act.REMOVE_DEVICE, "Implanted pump or reservoir removed"),
    Code(
        "62367",
        Act.VISIT,
        "Pump analysed; neither reprogrammed nor refilled",
        refilled=False,
        reprogrammed=False,
    ),
    Code(
        "62368",
        Act.VISIT,
        "Pump analysed and reprogrammed; not refilled",
        refilled=False,
        reprogrammed=True,
    ),
    Code(
        "62369",
        Act.VISIT,
        "Pump analysed, reprogrammed and refilled",
        refilled=True,
        reprogrammed=True,
        professional_skill=False,
        listed=False,
        source=CPT_FAMILY,
    ),
    Code(
        "62370",
        Act.VISIT,
        "Pump analysed, reprogrammed and refilled; needed the skill of a physician or other qualified professional",
        refilled=True,
        reprogrammed=True,
        professional_skill=True,
        listed=False,
        source=CPT_FAMILY,
    ),
    Code(
        "95990",
        Act.VISIT,
        "Pump or reservoir refilled, any analysis included; not reprogrammed",
        refilled=True,
        reprogrammed=False,
        professional_skill=False,
    ),
    Code(
        "95991",
        Act.VISIT,
        "Pump or reservoir refilled, any analysis included; not reprogrammed; needed the skill of a physician or "
        "other qualified professional",
        refilled=True,
        reprogrammed=False,
        professional_skill=True,
    ),
)

BY_NUMBER: dict[str, Code] = {code.number: code for code in CODES}

ONE_A_DAY: frozenset[str] = frozenset(code.number for code in CODES if code.act is Act.VISIT)
"""The codes for analysis and refill: a pump has at most one of them on one day."""

ONE_A_DAY_SOURCE = (
    "First Coast Service Options, CMS coding guideline on 95990: 62367-62370 are not reported with 95990 or 95991"
)
