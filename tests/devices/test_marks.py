"""Every figure of every model is a source's for that model, or is marked assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from devices.figure import Figure
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE, MODELS
from simulators.generate_patient import MODEL_SHARES, NOT_SIMULATED

SPEAKS_OF = {
    "S1": ("synchromed-ii-",),
    "S7": ("codman-3000",),
    "S8": ("synchromed-ii-",),
    "S11": ("prometra-ii-", "prometra-i-"),
    "S12": ("prometra-i-",),
    "S16": ("medstream-",),
    "S18": ("isomed-",),
    "S20": ("synchromed-ii-", "synchromed-el-"),
    "S23": ("synchromed-ii-", "synchromed-el-"),
    "S24": ("prometra-ii-", "prometra-i-"),
    "S25": ("synchromed-el-",),
    "S25b": ("synchromed-ii-",),
    "S26": ("prometra-i-",),
    "S30": ("synchromed-ii-",),
}
"""The models that each source speaks of: a figure for another model is no figure of that source."""


def figures(value: object, name: str = "") -> Iterator[tuple[str, str | None]]:
    """Each figure's name and source, and those of an MRI rule's advice."""
    if isinstance(value, Figure):
        yield name, value.source
    elif is_dataclass(value):
        for field in fields(value):
            yield from figures(getattr(value, field.name), f"{name}.{field.name}".strip("."))
        if name == "mri":
            yield "mri.advice", getattr(value, "source", None)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_source_is_named_only_for_the_models_that_it_speaks_of(model: PumpModel) -> None:
    for name, source in figures(model):
        if source is not None:
            assert model.id.startswith(SPEAKS_OF[source]), f"{name} of {model.id} is called a figure of {source}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_what_no_source_gives_is_assumed_for_every_model(model: PumpModel) -> None:
    never = ("flow_min", "flow_max", "minimum_rate", "fixed_flow", "flow_accuracy", "delivered_sd", "weibull")
    for name, source in figures(model):
        if any(part in name for part in never):
            assert source is None, name


def test_a_limit_of_service_has_a_source_for_synchromed_ii_alone() -> None:
    for model in MODELS:
        if model.battery is not None:
            cited = not model.battery.service_life_max.assumed
            assert cited == model.id.startswith("synchromed-ii-"), model.id


def test_synchromed_ii_delivers_more_than_programmed_as_measured_in_patients() -> None:
    for name in ("synchromed-ii-20", "synchromed-ii-40"):
        delivered = CATALOGUE[name].delivered
        assert (delivered.value > 1, delivered.source) == (True, "S8")


def test_every_model_is_simulated_or_it_is_said_why_not() -> None:
    assert set(MODEL_SHARES) | set(NOT_SIMULATED) == set(CATALOGUE)
    assert not set(MODEL_SHARES) & set(NOT_SIMULATED)
    assert all(NOT_SIMULATED.values())
