"""A case as values: when what happens, and what is expected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from tracker.rehearse.document import Node
from tracker.rehearse.expectations import AnyOf, Expectation
from tracker.rehearse.paths import Path

MAIN: Final = "main"
OTHER: Final = "other"
Clinic = Literal["main", "other"]


@dataclass(frozen=True, slots=True)
class Enrol:
    """Enrol a pump at one of the two clinics; ``body`` is what the API takes."""

    serial: str
    clinic: Clinic
    body: Node


@dataclass(frozen=True, slots=True)
class Send:
    """A message that arrives. ``given`` are the fields of the case; ``measured`` the device's clock as written."""

    kind: Literal["telemetry", "session", "presence"]
    serial: str
    given: dict[str, Node]
    measured: Node | None
    retained: bool
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class SendRaw:
    """A message as it stands: bytes, or a payload of which the sums are calculated."""

    topic: str
    payload: Node | bytes
    retained: bool
    accepted: bool | None


@dataclass(frozen=True, slots=True)
class RunJobs:
    """The jobs run at this moment."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API as a person of that role."""

    role: str
    clinic: Clinic
    method: str
    path: str
    body: Node | None
    statuses: tuple[str, ...]
    keep: Mapping[str, tuple[Node, Path]]
    answer: str | None
    expect: tuple[Expectation | AnyOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """A look at a pump, or (``serial`` None) at a clinic."""

    serial: str | None
    clinic: Clinic
    name: str | None
    expect: tuple[Expectation | AnyOf, ...] = ()


Act = Enrol | Send | SendRaw | RunJobs | Call | Look


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the case (numbered from 1) with the moments at which it happens."""

    number: int
    node: Node
    first: datetime
    every: timedelta | None
    until: datetime
    act: Act

    @property
    def times(self) -> int:
        """How often it happens."""
        return 1 if self.every is None else (self.until - self.first) // self.every + 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole case."""

    name: str
    source: str
    start: datetime
    zone: ZoneInfo
    jobs_every: timedelta | None
    settings: Mapping[str, Any]
    steps: tuple[Step, ...]
    models: Mapping[str, str] = field(default_factory=dict)
    """The model of each serial (in lower case) that some step enrols."""

    @property
    def has_other_clinic(self) -> bool:
        """Whether a second clinic plays a part."""
        return any(getattr(step.act, "clinic", MAIN) == OTHER for step in self.steps)
