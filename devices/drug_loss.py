"""What to say and to watch for when a pump no longer gives its drug: for the person who answers an alarm at night.

The signs come from `devices.drugs`, each with its source or as an assumption. That somebody with dangerous signs is
sent to an emergency department is an assumption of ours, and marked so.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from devices.drugs import DANGEROUS_TO_LOSE, Drug, WithdrawalRisk, components, find, withdrawal_risk

BACLOFEN_ONSET: Final = (
    "Withdrawal mostly begins after 48 to 96 hours, and can begin after 12 (sources F14 and F15). In 3 to 5 of 100 "
    "people it is severe and grows worse over 24 to 72 hours."
)
MAKERS_LINE: Final = "Medtronic answers around the clock at 800-707-0933 (source S20)."
"""For Medtronic's pumps alone."""


_NOT_SEEN: Final = frozenset({"breakdown of muscle", "organ failure", "death"})
"""Harm that a patient can't tell of on the telephone."""


class DrugLoss(NamedTuple):
    """`tell_patient`: what to say on the telephone; `emergency`: what harm looks like, one sentence or more a drug."""

    tell_patient: str
    emergency: tuple[str, ...]
    risk: WithdrawalRisk


def drug_loss(drugs: Sequence[str], maker: str = "") -> DrugLoss:
    """Return what to say and to watch for when all of those drugs stop; a text may name a mixture.

    An empty list and a drug that is in no catalogue count as the most dangerous, since nobody knows.
    """
    names = tuple(dict.fromkeys(name for text in drugs for name in components(text)))
    risk = withdrawal_risk(" + ".join(names)) if names else WithdrawalRisk.UNKNOWN
    signs = [_signs(name) for name in names] or ["The drug in this pump is not known: treat its loss as dangerous."]
    if "baclofen" in names:
        signs.append(BACLOFEN_ONSET)
    if maker == "Medtronic" and risk in DANGEROUS_TO_LOSE:
        signs.append(MAKERS_LINE)
    return DrugLoss(_tell(names, risk), tuple(signs), risk)


def _tell(names: Sequence[str], risk: WithdrawalRisk) -> str:
    what = " and ".join(names) or "its drug"
    begin = f"The pump may have stopped giving {what}. Ask how the patient feels now"
    if risk not in DANGEROUS_TO_LOSE:
        return f"{begin}. Say that pain may return, and when the clinic calls again."
    known = [_felt(drug.withdrawal_signs) for name in names if (drug := find(name)) and _is_dangerous(drug)]
    watch = f", and whether there is any of this: {'; '.join(dict.fromkeys(known))}" if known else ""
    return (
        f"{begin}{watch}. With any such sign the patient goes to an emergency department at once and says "
        f"there that a pump in the body gives {what} into the spine. (This advice is an assumption.)"
    )


def _is_dangerous(drug: Drug) -> bool:
    return drug.withdrawal in DANGEROUS_TO_LOSE


def _felt(signs: str) -> str:
    """The signs that a patient or those with them can see."""
    return ", ".join(one for one in signs.split(", ") if one not in _NOT_SEEN)


def _signs(name: str) -> str:
    drug = find(name)
    if drug is None:
        return f"{name}: not in the catalogue. Treat its loss as dangerous."
    source = f"source {drug.withdrawal_source}" if drug.withdrawal_source else "assumed"
    lead = "Life-threatening. " if drug.withdrawal is WithdrawalRisk.LIFE_THREATENING else ""
    return f"{drug.name}: {lead}When it stops: {drug.withdrawal_signs} ({source})."
