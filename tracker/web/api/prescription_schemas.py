"""A prescription as requests carry it: one drug in four fields or a mixture in `drugs`, and the patient's boluses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from devices.prescription import MOST_DRUGS
from devices.prescription_json import FIELDS, LONGEST_LOCKOUT, MOST_BOLUSES
from tracker.web.api.field_types import NO_NUL, WHOLE, Amount, Given

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=NO_NUL)]
Unit = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=NO_NUL), Field(examples=["mcg/mL"])]


class Drug(Given):
    """One drug of a mixture; quantities are decimal numbers as text."""

    drug: Name
    concentration: Amount
    unit: Unit
    dose_per_day: Amount


Drugs = Annotated[list[Drug], Field(min_length=1, max_length=MOST_DRUGS)]


class Boluses(Given):
    """The most that the patient may take by herself: a dose, so many times a day."""

    dose: Amount
    unit: Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=NO_NUL)] = Field(examples=["mcg"])
    per_day: Annotated[int, Field(ge=0, le=MOST_BOLUSES), WHOLE] = Field(description="0 takes the boluses away")
    lockout_minutes: Annotated[int, Field(ge=0, le=LONGEST_LOCKOUT), WHOLE] | None = None


class Prescription(Given):
    """What a pump is set to give: the four fields for one drug, or `drugs`. With both given they must agree."""

    model_config = ConfigDict(
        json_schema_extra={
            # Said so, not by `anyOf`: programs that write clients take that for a union of types.
            "if": {"required": ["drugs"], "properties": {"drugs": {"type": "array"}}},
            "else": {"required": list(FIELDS), "properties": {name: {"type": "string"} for name in FIELDS}},
        }
    )

    drug: Name | None = None
    concentration: Amount | None = None
    unit: Unit | None = None
    dose_per_day: Amount | None = None
    drugs: Drugs | None = None
    mode: Literal["stopped", "minimum_rate", "simple_continuous", "flex", "bolus"] | None = None
    boluses: Boluses | None = None
