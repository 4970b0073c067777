"""What the reported flow gives of each drug, held against the recorded dose: the same sum for every model and mode.

The flow is the one that the pump reports as programmed. Stopped pumps, minimum rate and no flow are judged in
`findings.delivery`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from devices.interval import Unknown
from devices.model import PumpModel
from devices.prescription import PrescribedDrug, Prescription, amount, flow_for, is_diluent, most_flow_with_boluses
from devices.units import mass_of
from tracker.findings.pump_snapshot import PumpSnapshot

SEVERAL_TIMES: Final = 2.0
"""So many times the recorded dose, or one part in so many of it, harms now. Assumed."""
CLEAR_SHARE: Final = 0.15
"""A programmed flow this far from the recorded dose is no rounding. Assumed, as over 15 % off the label is [S14]."""
VARYING: Final = frozenset({"flex", "bolus"})
VARYING_FACTOR: Final = 2.0
"""In a flexible mode the flow of a moment may be so many times the day's mean, or one part in so many. Assumed."""


@dataclass(frozen=True, slots=True)
class Given:
    """A flow that does not fit: ``ratio`` of given to recorded; ``far`` where it harms now."""

    flow_ml_per_day: float
    ratio: float
    far: bool

    @property
    def too_much(self) -> bool:
        """Whether more is given than is recorded."""
        return self.ratio > 1


def reported_flow(view: PumpSnapshot) -> float | None:
    """The flow that the pump gives now, in mL a day: the reported one, or a constant-flow pump's own.

    None where it is not known, or where the pump does not deliver as programmed.
    """
    state, model = view.state, view.model
    if state is None or state.infusion in {"stopped", "minimum_rate"} or state.motor in {"stalled", "stopped"}:
        return None
    flow = state.flow_ml_per_day
    if flow is None and model is not None:
        flow = model.fixed_flow_ml_per_day
    return flow if flow is not None and flow > 0 else None


def does_not_fit(
    prescription: Prescription, flow: float, infusion: str | None, model: PumpModel | None
) -> Given | None:
    """How the flow differs from the one that the prescription asks for; None where it fits or that is not known.

    The flow may reach the basal dose with every allotted bolus taken. A constant flow may vary by the model's accuracy.
    """
    least, most = flow_for(prescription), most_flow_with_boluses(prescription)
    if isinstance(least, Unknown):
        return None
    upper = float(least if isinstance(most, Unknown) else most)
    lower = float(least)
    if upper == 0:
        return Given(flow, float("inf"), far=True)
    share = CLEAR_SHARE
    if model is not None and model.fixed_flow is not None:
        share = max(share, model.flow_accuracy.value / 100)
    widest = VARYING_FACTOR if infusion in VARYING else 1.0
    over, under = flow / upper / widest, flow / lower * widest if lower else float("inf")
    if over > 1 + share:
        return Given(flow, flow / lower if lower else flow / upper, far=over >= SEVERAL_TIMES)
    if under < 1 - share:
        return Given(flow, flow / lower, far=under <= 1 / SEVERAL_TIMES)
    return None


def fits(prescription: Prescription, flow: float, infusion: str | None, model: PumpModel | None) -> bool:
    """Whether the flow is the one that the prescription asks for, as far as that can be told."""
    known = not isinstance(flow_for(prescription), Unknown)
    return known and does_not_fit(prescription, flow, infusion, model) is None


def given_against_recorded(prescription: Prescription, flow: float) -> str:
    """The sum in words: what the flow gives of each drug, and what the record says."""
    drugs = [drug for drug in prescription.drugs if not is_diluent(drug)] or list(prescription.drugs)
    gives = " and ".join(
        f"{amount(flow)} mL/day of {_of(drug, several=len(drugs) > 1)} gives {_dose(drug, Decimal(str(flow)))}"
        for drug in drugs
    )
    says = " and ".join(f"{amount(drug.dose_per_day)} {mass_of(drug.unit)}/day" for drug in drugs)
    return f"{gives}; the record says {says}."


def _of(drug: PrescribedDrug, *, several: bool) -> str:
    named = f" {drug.drug}" if several else ""
    return f"{amount(drug.concentration)} {drug.unit}{named}"


def _dose(drug: PrescribedDrug, flow: Decimal) -> str:
    return f"{amount(flow * drug.concentration)} {mass_of(drug.unit)}/day"
