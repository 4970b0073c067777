"""From what was done to the code that stands for it, and the conflicts with what the pump was already coded for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from tracker.coding.codes import CODES, ONE_A_DAY, Act, Code, Device, Region
from tracker.coding.spelling import numbers_in
from tracker.errors import Invalid


class CodingError(Invalid):
    """An act that has no code because it can't have been so; ``field`` names what is wrong with it."""


class CodingResult(Struct, frozen=True):
    """The codes of one act, whether the guideline lists all of them, and why these.

    ``conflicts`` has a sentence for each code of the same day that the new one can't stand beside. The new code stays
    in ``codes``: a person decides which of them stands.
    """

    codes: tuple[str, ...]
    listed_in_guideline: bool
    conflicts: tuple[str, ...]
    because: str

    def as_line(self) -> dict[str, Any]:
        """Give the result as plain JSON values, in the shape that the command and the API write."""
        return {
            "codes": list(self.codes),
            "listed_in_guideline": self.listed_in_guideline,
            "conflicts": list(self.conflicts),
            "because": self.because,
        }


def code_visit(
    device: Device | str,
    *,
    analysed: bool = False,
    reprogrammed: bool = False,
    refilled: bool = False,
    professional_skill: bool = False,
    already_coded_today: Iterable[str] = (),
) -> CodingResult:
    """Code one visit for one pump. Raises ``CodingError`` for analysis or reprogramming of a device that has neither.

    A refill takes its analysis with it, and so does reprogramming: a visit has one code or, with nothing done, none.
    ``professional_skill`` says that the refill needed the skill of a physician or other qualified professional.
    """
    kind = Device(device)
    for name, done in (("analysed", analysed), ("reprogrammed", reprogrammed)):
        if done and kind is not Device.PROGRAMMABLE_PUMP:
            raise CodingError(f"act.{name}: only a programmable pump can be {name}, not a {_words(kind)}.", field=name)
    if not (analysed or reprogrammed or refilled):
        return CodingResult(
            (), listed_in_guideline=True, conflicts=(), because="No code: nothing was done that has one."
        )
    code = _only(
        code
        for code in CODES
        if code.act is Act.VISIT
        and code.refilled is refilled
        and code.reprogrammed is reprogrammed
        and code.professional_skill in {None, professional_skill}
    )
    return _result(code, already_coded_today)


def code_device(act: Act, device: Device | None = None) -> CodingResult:
    """Code the implant or replacement of a ``device``, or the removal of any."""
    return _result(_only(code for code in CODES if code.act is act and code.device in {None, device}), ())


def code_catheter(act: Act, *, laminectomy: bool | None = None) -> CodingResult:
    """Code the implant or revision of a catheter, with or without laminectomy, or its removal."""
    return _result(_only(code for code in CODES if code.act is act and code.laminectomy in {None, laminectomy}), ())


def code_trial(act: Act, region: Region, *, imaging: bool) -> CodingResult:
    """Code a trial by injection or by infusion, by where it was given and whether imaging guided it."""
    fits = (code for code in CODES if code.act is act and code.region is region and code.imaging is imaging)
    return _result(_only(fits), ())


def _only(codes: Iterable[Code]) -> Code:
    """The one code that fits; the list of codes is such that there is always exactly one."""
    (code,) = codes
    return code


def _result(code: Code, already_coded_today: Iterable[str]) -> CodingResult:
    listed = "" if code.listed else " CMM-210.6 does not list this code."
    return CodingResult(
        codes=(code.number,),
        listed_in_guideline=code.listed,
        conflicts=_conflicts(code, already_coded_today),
        because=f"{code.number}: {code.words}.{listed}",
    )


def _conflicts(code: Code, already_coded_today: Iterable[str]) -> tuple[str, ...]:
    """One analysis or refill code per pump and day: name each one already there, the same code among them.

    A code may come in any spelling of billing systems (``tracker.coding.spelling``); it is the same code.
    """
    if code.number not in ONE_A_DAY:
        return ()
    earlier = dict.fromkeys(number for text in already_coded_today for number in numbers_in(text))
    return tuple(
        f"{code.number} cannot stand beside {number}, already coded for this pump today: a pump has one analysis or "
        "refill code a day, and a person decides which."
        for number in earlier
        if number in ONE_A_DAY
    )


def _words(device: Device) -> str:
    return device.value.replace("_", " ")
