"""Read a case: the head of the file, and the moments of its steps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from tracker.actions.staff.add_staff import checked_zone
from tracker.errors import TrackerError
from tracker.rehearse.document import CaseFault, Node, read_document, shown
from tracker.rehearse.read_step import ACTS, StepReader, known_models
from tracker.rehearse.scenario import Look, Scenario, Step
from tracker.rehearse.settings import RehearsalSettings
from tracker.rehearse.times import moment_of, moment_since, signed_span, span_of

_HEAD: Final = ("name", "source", "clinic", "start", "settings", "jobs_every", "steps")
_TIMING: Final = ("at", "every", "until")
_JOBS_EVERY: Final = timedelta(hours=1)
_MOST_TIMES: Final = 1_000_000
_OWN: Final = frozenset({"data_dir", "database_url"})


def read_case(path: Path) -> Scenario:
    """The case in the file. Raises ``CaseFault``, or ``OSError`` where the file can't be read."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise CaseFault(1, "", "the file is not text in UTF-8") from fault
    return case_of(read_document(text), path.stem)


def case_of(root: Node, name: str = "") -> Scenario:
    """The case that a document holds; ``name`` where it gives itself none."""
    head = root.mapping(_HEAD, ("start", "steps"))
    start = moment_of(head["start"].value)
    if start is None:
        raise head["start"].fault(f"{shown(head['start'].plain())} is no time such as 2026-03-02T08:00:00Z")
    steps = head["steps"].items()
    if not steps:
        raise head["steps"].fault("at least one step is needed")
    return Scenario(
        name=head["name"].text() if "name" in head else name,
        source=head["source"].text() if "source" in head else "",
        start=start,
        zone=_zone(head.get("clinic")),
        jobs_every=_jobs_every(head.get("jobs_every")),
        settings=_settings(head.get("settings")),
        steps=_steps(steps, start),
        models=known_models(steps),
    )


def _zone(clinic: Node | None) -> ZoneInfo:
    fields = {} if clinic is None else clinic.mapping(("time_zone",))
    if "time_zone" not in fields:
        return ZoneInfo("UTC")
    node = fields["time_zone"]
    try:
        return ZoneInfo(checked_zone(node.text()))
    except TrackerError as fault:
        raise node.fault(fault.detail) from None


def _jobs_every(node: Node | None) -> timedelta | None:
    if node is None:
        return _JOBS_EVERY
    if node.value == "never":
        return None
    span = span_of(node.value)
    if not span:
        raise node.fault(f"{shown(node.plain())} is neither a span such as 12h nor never")
    return span


def _settings(node: Node | None) -> dict[str, Any]:
    fields = {} if node is None else node.mapping()
    for name, one in fields.items():
        if name not in RehearsalSettings.model_fields:
            raise one.fault(f"there is no setting TRACKER_{name.upper()}")
        if name in _OWN:
            raise one.fault("a rehearsal has a folder and a database of its own")
        try:
            RehearsalSettings(**{name: one.plain()})
        except ValidationError as fault:
            raise one.fault(fault.errors()[0]["msg"]) from None
        except TrackerError as fault:
            raise one.fault(fault.detail) from None
    return {name: one.plain() for name, one in fields.items()}


def _steps(nodes: list[Node], start: datetime) -> tuple[Step, ...]:
    """The steps with their moments; each act is read knowing the looks that are named before it."""
    timed: list[tuple[int, Node, datetime, timedelta | None, datetime]] = []
    first = last = start
    for number, node in enumerate(nodes, 1):
        fields = node.mapping((*_TIMING, *ACTS, "name", "expect", "accepted"))
        every = _every(fields)
        first = _first(fields.get("at"), start, first if every else last)
        if first < start:
            raise fields["at"].fault("lies before the start")
        until = first if every is None else _until(fields["until"], start, first)
        if every is not None and (until - first) // every >= _MOST_TIMES:
            raise fields["every"].fault(f"is repeated more than {_MOST_TIMES:,} times")
        last = first if every is None else first + (until - first) // every * every
        timed.append((number, node, first, every, until))
    reader = StepReader(nodes, start)
    acts = {}
    for number, node, begun, every, until in sorted(timed, key=lambda one: (one[2], one[0])):
        act = reader.read(node)
        acts[number] = Step(number, node, begun, every, until, act)
        if isinstance(act, Look) and act.name is not None:
            reader.name_look(act.name)
    return tuple(acts[number] for number in sorted(acts))


def _every(fields: dict[str, Node]) -> timedelta | None:
    if ("every" in fields) is not ("until" in fields):
        given = fields.get("every") or fields["until"]
        raise given.fault("every and until stand together")
    if "every" not in fields:
        return None
    span = span_of(fields["every"].value)
    if not span:
        raise fields["every"].fault(f"{shown(fields['every'].plain())} is no span such as 1d or 12h")
    return span


def _first(node: Node | None, start: datetime, before: datetime) -> datetime:
    if node is None:
        return before
    return _moment(node, start, before)


def _until(node: Node, start: datetime, first: datetime) -> datetime:
    until = _moment(node, start, first)
    if until < first:
        raise node.fault("lies before the step begins")
    return until


def _moment(node: Node, start: datetime, base: datetime) -> datetime:
    try:
        shift = signed_span(node.value)
        found = moment_since(node.value, start) if shift is None else base + shift
    except OverflowError:
        found = None
    if found is None:
        raise node.fault(
            f"{shown(node.plain())} is no time: say 21d1h30m since the start, +2h since the step before, "
            "or 2026-03-02T08:00:00Z"
        )
    return found.astimezone(UTC)
