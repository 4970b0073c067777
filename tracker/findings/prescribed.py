"""Prescriptions and flows beside each other: whether two say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from devices.interval import Unknown
from devices.prescription import Prescription, boluses_ml_per_day, differences, same_prescription
from devices.prescription_json import FIELDS, prescription_or_none
from tracker.findings.history import VolumeSeen

SHARE_OF_FLOW: Final = 0.05
LEAST_CHANGE_ML_PER_DAY: Final = 0.005
STEADY: Final = frozenset({"simple_continuous"})


def changed(before: VolumeSeen, after: VolumeSeen) -> bool:
    """Whether two reports of steady infusion name flows that differ; a bolus or a flexible step is no change."""
    if before.infusion not in STEADY or after.infusion not in STEADY:
        return False
    if not before.flow_ml_per_day or not after.flow_ml_per_day:
        return False
    change = abs(after.flow_ml_per_day - before.flow_ml_per_day)
    return change > max(LEAST_CHANGE_ML_PER_DAY, SHARE_OF_FLOW * before.flow_ml_per_day)


def same_doses(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both say the same quantities of the same drugs; what can't be read is compared as it stands."""
    if one == other:
        return True
    left, right = prescription_or_none(one), prescription_or_none(other)
    if left is None or right is None:
        return _as_written(one, other)
    return not differences(Prescription(left.drugs), Prescription(right.drugs))


def same_in_all(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two prescriptions say the same in doses, mode and boluses."""
    left, right = prescription_or_none(one), prescription_or_none(other)
    if left is None or right is None:
        return _as_written(one, other) and one.get("mode") == other.get("mode")
    return same_prescription(left, right) and (left.mode, left.boluses) == (right.mode, right.boluses)


def allotted_ml_per_day(prescription: Prescription | None) -> float:
    """The volume of all boluses that the patient may take in a day, in mL; 0 where none are told of."""
    if prescription is None:
        return 0.0
    volume = boluses_ml_per_day(prescription)
    return 0.0 if isinstance(volume, Unknown) else float(volume)


def words(told: Mapping[str, Any]) -> str:
    """A prescription in words."""
    parts = told.get("drugs") or [told]
    return " + ".join(
        f"{one.get('drug')} {one.get('concentration')} {one.get('unit')}, {one.get('dose_per_day')} a day"
        for one in parts
    )


def _as_written(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(part) == other.get(part) for part in ("drugs", *FIELDS))
