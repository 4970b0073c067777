"""How long a drug keeps in an implanted pump: days from the fill, with the source, or that it is not known."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from devices.drugs import find, parts
from devices.interval import Unknown


@dataclass(frozen=True, slots=True)
class Stability:
    """The days a fill keeps, why so, and the source's key in `devices.sources`."""

    days: int
    because: str
    source: str


_MIXTURES: Final = {
    frozenset({"morphine", "bupivacaine", "clonidine"}): Stability(
        90, "morphine with bupivacaine and clonidine keeps over 96 % for 90 days", "S32"
    ),
    frozenset({"baclofen", "morphine"}): Stability(30, "baclofen mixed with morphine keeps for 30 days", "S32b"),
}
_ALONE: Final = {
    "morphine": Stability(180, "morphine was proven stable in the pump for six months", "S2c"),
    "baclofen": Stability(180, "baclofen was proven stable in the pump for six months", "S2c"),
}
_ZICONOTIDE_FIRST: Final = Stability(14, "the first fill of ziconotide keeps for 14 days", "S27")
_ZICONOTIDE_DILUTED: Final = Stability(40, "diluted ziconotide keeps for 40 days", "S27")
_ZICONOTIDE_UNDILUTED: Final = Stability(84, "undiluted ziconotide keeps for 84 days", "S27")


def stability(drug: str | None, *, first_fill: bool | None = None, diluted: bool | None = None) -> Stability | Unknown:
    """Return how long a fill of the drug, or mixture, keeps.

    For ziconotide the answer depends on whether this is the pump's first fill with it and whether it was diluted; where
    one is not known and would matter, the answer is unknown. A drug or mixture without a source is unknown too.
    """
    if drug is None:
        return Unknown("The drug in the pump is not known.", "Enter the prescription.")
    found = [find(part) for part in parts(drug)]
    names = frozenset(entry.name for entry in found if entry is not None)
    if not found or len(names) < len(found):
        return _unlisted(drug)
    if names == {"ziconotide"}:
        return _ziconotide(first_fill=first_fill, diluted=diluted)
    known = _ALONE.get(next(iter(names))) if len(names) == 1 else _MIXTURES.get(names)
    return _unlisted(drug) if known is None else known


def stability_to_count_on(
    drug: str | None, *, first_fill: bool | None = None, diluted: bool | None = None
) -> Stability | Unknown:
    """As `stability`, but where something is not known that matters, the shortest limit that it leaves open.

    The reason then says what was not known: a refill asked for too early can be put right, one too late can't.
    """
    known = stability(drug, first_fill=first_fill, diluted=diluted)
    if isinstance(known, Stability) or not _is_ziconotide(drug):
        return known
    shortest = _ZICONOTIDE_FIRST if first_fill is None else _ZICONOTIDE_DILUTED
    return Stability(shortest.days, f"{shortest.because}, the shortest that may hold. {known.reason}", shortest.source)


def is_first_fill(drug: str | None, held_before: Iterable[str | None]) -> bool | None:
    """Return whether a fill is the pump's first with the drug, by what it held before; None if that is not known.

    `held_before` has what each record of an earlier fill names, None where it names nothing.
    """
    names = _names(drug)
    earlier = [_names(held) for held in held_before if held is not None]
    if not names or not earlier:
        return None
    return not any(names & held for held in earlier)


def _names(drug: str | None) -> frozenset[str]:
    found = [find(part) for part in parts(drug)] if drug is not None else []
    return frozenset(entry.name for entry in found if entry is not None)


def _is_ziconotide(drug: str | None) -> bool:
    return drug is not None and _names(drug) == {"ziconotide"}


def _ziconotide(*, first_fill: bool | None, diluted: bool | None) -> Stability | Unknown:
    if first_fill is None:
        return Unknown("Whether this is the first fill of ziconotide is not known.", "Record it with the refill.")
    if first_fill:
        return _ZICONOTIDE_FIRST
    if diluted is None:
        return Unknown("Whether the ziconotide was diluted is not known.", "Record it with the refill.")
    return _ZICONOTIDE_DILUTED if diluted else _ZICONOTIDE_UNDILUTED


def _unlisted(drug: str) -> Unknown:
    return Unknown(
        f"No source was found for how long {drug} keeps in a pump.", "Let the clinic's own cap on the interval hold."
    )
