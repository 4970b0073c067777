"""Units of drug: read in each usual spelling, never guessed. mcg taken for mg kills.

Amounts are compared in micrograms, exactly. Both micro signs (U+00B5, U+03BC), `ug`, `mcg` and the words are one unit.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

MCG_IN: Final[Mapping[str, Decimal]] = MappingProxyType(
    dict.fromkeys(("mcg", "ug", "\u03bcg", "microgram", "micrograms"), Decimal(1))
    | dict.fromkeys(("mg", "milligram", "milligrams"), Decimal(1000))
    | dict.fromkeys(("ng", "nanogram", "nanograms"), Decimal("0.001"))
)
"""How many micrograms each unit of mass holds, by its name after `casefold`, which makes U+00B5 into U+03BC."""

_ML: Final = frozenset({"ml", "cc", "milliliter", "millilitre"})


def mass_in_mcg(unit: str) -> Decimal | None:
    """Return how many micrograms a unit of mass holds (`mg`: 1000), or None for one that is not known."""
    return MCG_IN.get(unit.strip().casefold())


def is_volume(unit: str) -> bool:
    """Return whether the unit is the milliliter."""
    return unit.strip().casefold() in _ML


@lru_cache(maxsize=1024)  # thousands of pumps hold the same few units
def mass_of(unit: str) -> str | None:
    """Return the mass in a unit of concentration as written (`mcg` of `mcg/mL`), or None for one that is not known."""
    mass, slash, volume = unit.strip().partition("/")
    if slash and is_volume(volume) and mass_in_mcg(mass) is not None:
        return mass.strip()
    return None


def concentration_in_mcg(unit: str) -> Decimal | None:
    """Return how many micrograms a mL one of the unit of concentration holds (`mg/mL`: 1000), None if not known."""
    mass = mass_of(unit)
    return None if mass is None else mass_in_mcg(mass)
