"""The catalogue of models: every figure that a forecast or an alarm rests on, with its source or marked as assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from devices.figure import Figure
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE
from devices.sources import SOURCES
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class NamedFigure:
    """One figure of a model as the page shows it."""

    name: str
    figure: Figure


@router.get("/models", response_class=HTMLResponse)
def models(request: Request, person: Annotated[Person, requires("guideline.read")]) -> HTMLResponse:
    """Every model with its figures, and the list of sources."""
    shown = [(model, list(figures_of(model))) for model in CATALOGUE.values()]
    return page(request, person, "models.html", models=shown, sources=SOURCES)


def figures_of(model: PumpModel) -> Iterator[NamedFigure]:
    """All figures of a model, those of its battery and its MRI rule among them, in the order of their fields."""
    yield from _figures("", model)


def _figures(prefix: str, part: Any) -> Iterator[NamedFigure]:
    for each in fields(part):
        value = getattr(part, each.name)
        name = f"{prefix} {each.name}".strip().replace("_", " ")
        if isinstance(value, Figure):
            yield NamedFigure(name, value)
        elif each.name in {"battery", "mri"} and value is not None:
            yield from _figures("MRI" if each.name == "mri" else each.name, value)
