"""What was filled at a refill beside the volumes: product, lot, who compounded it, what was wasted and who saw it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from tracker.errors import Invalid, at_most

VOLUMES: Final = ("aspirated_ml", "filled_ml")
TEXTS: Final = {"product": 120, "lot": 80, "compounder": 120, "witnessed_by": 254, "not_measured_because": 500}
FIELDS: Final = (*VOLUMES, *TEXTS, "expires_on", "wasted")


def checked_fill(given: Mapping[str, Any] | None, *, refilled: bool) -> dict[str, Any] | None:
    """The fill as it is stored, without its volumes and without what is empty; None where nothing is left.

    Raises `Invalid` naming the field. `expires_on` is a day; `wasted` an amount in mL, a number or a decimal text.
    """
    if given is None:
        return None
    kept: dict[str, Any] = {}
    for name, value in given.items():
        if name not in FIELDS:
            raise Invalid(f"{name} is no part of a fill", field=f"fill.{name}")
        if value is None or name in VOLUMES or value == "":
            continue
        if name in TEXTS:
            at_most(TEXTS[name], value, f"fill.{name}")
        kept[name] = value.isoformat() if isinstance(value, date) else value
    if kept and not refilled:
        raise Invalid("a fill belongs to a refill; mark the visit as one", field="fill")
    return kept or None


def volume_of(given: Mapping[str, Any] | None, name: str, flat: float | None) -> float | None:
    """The volume that `fill` or the flat field gives. Raises `Invalid` where both are given and differ."""
    inside = None if given is None else given.get(name)
    if inside is not None and flat is not None and inside != flat:
        raise Invalid(f"{inside:g} mL here and {flat:g} mL in {name}: give one of the two", field=f"fill.{name}")
    return flat if inside is None else float(inside)
