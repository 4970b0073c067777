"""The catalogue of pump models, each figure with its unit and its source or the mark of an assumption."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from devices.figure import Figure
from devices.model import PumpModel
from devices.models import catalogue
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["models"])


class FigureShown(BaseModel):
    """A figure and where it comes from."""

    value: float
    unit: str
    assumed: bool
    source: str


class ModelShown(BaseModel):
    """One model; null means that the device has no such thing."""

    id: str
    name: str
    maker: str
    kind: str
    has_battery: bool
    reservoir_measured: bool = Field(description="a sensor measures the volume; otherwise it is counted down")
    alarms: list[str]
    figures: dict[str, FigureShown | None] = Field(description="by name, such as `capacity`")
    notes: str


class Models(BaseModel):
    """The whole catalogue."""

    items: list[ModelShown]
    next: None = None


_FIGURES = (
    "capacity",
    "low_reservoir",
    "refill_discrepancy",
    "flow_min",
    "flow_max",
    "minimum_rate",
    "fixed_flow",
    "flow_accuracy",
)


@router.get("/models", response_model=Models)
def listed(_person: Annotated[Person, requires("pumps.read")]) -> dict[str, Any]:
    """Every model that a pump may be enrolled as."""
    return {"items": [_shown(model) for model in catalogue.CATALOGUE.values()], "next": None}


def _shown(model: PumpModel) -> dict[str, Any]:
    figures: dict[str, Figure | None] = {name: getattr(model, name) for name in _FIGURES}
    if model.battery is not None:
        figures |= {"service_life_max": model.battery.service_life_max, "eri_to_eos": model.battery.eri_to_eos}
    return {
        "id": model.id,
        "name": model.name,
        "maker": model.maker,
        "kind": model.kind.value,
        "has_battery": model.has_battery,
        "reservoir_measured": model.reservoir_measured,
        "alarms": sorted(code.value for code in model.alarms),
        "figures": {
            name: None
            if figure is None
            else FigureShown(value=figure.value, unit=figure.unit, assumed=figure.assumed, source=figure.citation)
            for name, figure in figures.items()
        },
        "notes": model.notes,
    }
