"""How long a drug stays stable in an implanted pump: days from the fill, with the source, or that it is not known.

`stability` is what a source proved. `stability_to_count_on` is the limit that a refill is asked for by: where sources
disagree, where something is not known, or in a mixture, the shortest that may hold, with what is not known beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from devices.drugs import components, find
from devices.interval import Unknown
from devices.model import PumpModel

SYNCHROMED_II: Final = frozenset({"synchromed-ii-20", "synchromed-ii-40"})
SYNCHROMED_II_AND_III: Final = SYNCHROMED_II | {"synchromed-iii-20", "synchromed-iii-40"}
SYNCHROMED: Final = SYNCHROMED_II | {"synchromed-el-18"}

_PUMPS: Final = {
    SYNCHROMED_II: "a SynchroMed II",
    SYNCHROMED_II_AND_III: "a SynchroMed II or III",
    SYNCHROMED: "a SynchroMed",
}


@dataclass(frozen=True, slots=True)
class Stability:
    """The days for which a fill is stable, why so, and the source's key in `devices.sources`.

    `tested_in`: the models that the source tested or names; empty where it names none. `beside`: sentences on what is
    not known, or contradicted, to be said with the date.
    """

    days: int
    because: str
    source: str
    tested_in: frozenset[str] = frozenset()
    beside: tuple[str, ...] = ()


_MIXTURES: Final = {
    frozenset({"morphine", "bupivacaine", "clonidine"}): Stability(
        90, "morphine with bupivacaine and clonidine keeps over 96 % for 90 days", "S32", SYNCHROMED
    ),
    frozenset({"morphine", "clonidine"}): Stability(
        90, "morphine with clonidine keeps at least 94 % for 90 days", "F3", SYNCHROMED
    ),
    frozenset({"baclofen", "morphine"}): Stability(30, "baclofen mixed with morphine keeps for 30 days", "S32b"),
}
_ALONE: Final = {
    "morphine": Stability(180, "morphine was proven stable in the pump for six months", "S2c", SYNCHROMED_II),
    "baclofen": Stability(180, "baclofen was proven stable in the pump for six months", "S2c", SYNCHROMED_II),
    "hydromorphone": Stability(120, "hydromorphone keeps over 95 % for four months", "F1", SYNCHROMED),
    "bupivacaine": Stability(84, "bupivacaine keeps over 96 % for twelve weeks", "F2", SYNCHROMED),
}
_MORE_CAUTIOUS: Final = {
    "morphine": Stability(
        90,
        "a university hospital leaves morphine in the pump for at most 90 days; the maker's release of 2003 says six "
        "months (source S2c), and the shorter one counts",
        "F6",
        SYNCHROMED_II,  # the pump of the release: the page names none
    ),
}
_ZICONOTIDE_FIRST: Final = Stability(14, "the first fill of ziconotide keeps for 14 days", "S27", SYNCHROMED_II_AND_III)
_ZICONOTIDE_DILUTED: Final = Stability(40, "diluted ziconotide keeps for 40 days", "S27", SYNCHROMED_II_AND_III)
_ZICONOTIDE_UNDILUTED: Final = Stability(84, "undiluted ziconotide keeps for 84 days", "S27", SYNCHROMED_II_AND_III)
_LESS_IN_PATIENTS: Final = {
    frozenset({"hydromorphone"}): "In patients' pumps hydromorphone was found to decay (source F5); the authors of the "
    "four months advise a refill every three.",
    frozenset({"hydromorphone", "ziconotide"}): "In patients' pumps this mixture was found to decay (source F5).",
    frozenset({"baclofen", "ziconotide"}): "In patients' pumps this mixture was found to decay (source F5).",
}


def stability(drug: str | None, *, first_fill: bool | None = None, diluted: bool | None = None) -> Stability | Unknown:
    """Return how long a source proved that a fill of just this drug, or mixture, stays stable.

    For ziconotide the answer depends on whether this is the pump's first fill with it and whether it was diluted; where
    one is not known and would matter, the answer is unknown. A drug or mixture without a source is unknown too.
    """
    names = _names(drug)
    if drug is None or not names:
        return Unknown("The drug in the pump is not known.", "Enter the prescription.")
    if names == {"ziconotide"}:
        return _ziconotide(first_fill=first_fill, diluted=diluted)
    known = _ALONE.get(next(iter(names))) if len(names) == 1 else _MIXTURES.get(names)
    return _unlisted(drug) if known is None else known


def stability_to_count_on(
    drug: str | None,
    *,
    first_fill: bool | None = None,
    diluted: bool | None = None,
    model: PumpModel | None = None,
) -> Stability | Unknown:
    """Return the limit to ask for a refill by: a refill asked for too early can be put right, one too late can't.

    A mixture is stable no longer than the shortest-lived of its parts, and of the mixtures in it, that a source knows.
    What is not known is said in `beside`: parts and mixtures without a source, a pump in which nobody tested the drug.
    Unknown where no source knows any part.
    """
    names = _names(drug)
    if drug is None or not names:
        return Unknown("The drug in the pump is not known.", "Enter the prescription.")
    limits = [limit for mixed, limit in _MIXTURES.items() if mixed <= names]
    limits += [limit for name in sorted(names) if (limit := _alone(name, first_fill, diluted)) is not None]
    if not limits:
        return _unlisted(drug)
    shortest = min(limits, key=lambda limit: limit.days)
    beside = [*_not_sourced(drug, names, shortest)]
    beside += [words for mixed, words in _LESS_IN_PATIENTS.items() if mixed == names]
    if model is not None and model.id not in shortest.tested_in:
        beside.append(_another_pump(drug, model, shortest))
    return replace(shortest, beside=tuple(beside))


def is_first_fill(drug: str | None, held_before: Iterable[str | None]) -> bool | None:
    """Return whether a fill is the pump's first with the drug, by what it held before; None if that is not known.

    `held_before` has what each record of an earlier fill names, None where it names nothing. In a mixture with
    ziconotide it is the ziconotide that counts: it alone has a limit of its own for the first fill.
    """
    names = _names(drug)
    if "ziconotide" in names:
        names = frozenset({"ziconotide"})
    earlier = [_names(held) for held in held_before if held is not None]
    if not names or not earlier:
        return None
    return not any(names & held for held in earlier)


def _names(drug: str | None) -> frozenset[str]:
    return frozenset() if drug is None else frozenset(components(drug))


def _alone(name: str, first_fill: bool | None, diluted: bool | None) -> Stability | None:
    """The shortest limit that may hold for one part."""
    if name != "ziconotide":
        return _MORE_CAUTIOUS.get(name) or _ALONE.get(name)
    known = _ziconotide(first_fill=first_fill, diluted=diluted)
    if isinstance(known, Stability):
        return known
    shortest = _ZICONOTIDE_FIRST if first_fill is None else _ZICONOTIDE_DILUTED
    return replace(shortest, because=f"{shortest.because}, the shortest that may hold: {_bare(known.reason)}")


def _bare(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _not_sourced(drug: str, names: frozenset[str], shortest: Stability) -> Iterable[str]:
    """What no source gives: the mixture as a whole, and each part of it."""
    if len(names) > 1 and names not in _MIXTURES:
        yield (
            f"No source gives how long {drug} keeps in this pump; it is counted as keeping no longer than its "
            f"shortest-lived known part, {shortest.days} days."
        )
    for name in sorted(names):
        if len(names) > 1 and _alone(name, None, None) is None and names not in _MIXTURES:
            listed = find(name)
            if listed is None or listed.daily_dose is not None:  # what merely dilutes spoils nothing
                yield f"No source gives how long {name} keeps in this pump."


def _another_pump(drug: str, model: PumpModel, limit: Stability) -> str:
    where = _PUMPS.get(limit.tested_in, "a pump that its source does not name")
    return (
        f"No source gives how long {drug} keeps in a {model.name}: the {limit.days} days were found in {where} "
        f"(source {limit.source})."
    )


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
        f"No source gives how long {drug} keeps in this pump.",
        "Let the clinic's own limit on the days between refills hold.",
    )
