"""What goes with an alarm that may have stopped a drug: what to tell the patient, and what an emergency looks like."""

from __future__ import annotations

from typing import Final

from devices.drug_loss import DrugLoss, drug_loss
from devices.models import catalogue
from tracker.findings.at_risk import drugs_in
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem
from tracker.worklist.alarms import CAUSES

_MAY_STOP: Final = frozenset(CAUSES.values()) | {"contact", "mri"}
"""Kinds of task whose cause can stop the drug. Of a pump that is not heard, nobody knows that it runs."""


def advice(item: WorklistItem, pump: Pump | None) -> DrugLoss | None:
    """The advice for that task; None where it speaks of no pump or of nothing that stops a drug.

    It goes by the drugs of the record, which can be behind the pump.
    """
    if pump is None or item.kind not in _MAY_STOP:
        return None
    model = catalogue.find(pump.model)
    return drug_loss(drugs_in({"drug": pump.drug, "drugs": pump.drugs}), model.maker if model else "")
