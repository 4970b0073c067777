"""Play a case: every occurrence in order of time, the jobs between them, and what did not hold."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from tracker.records.queries.serial_lookup import pump_by_serial
from tracker.rehearse.document import CaseFault, shown
from tracker.rehearse.expectations import failures
from tracker.rehearse.jobs import run_due
from tracker.rehearse.look import NothingThere, look_at_clinic, look_at_pump
from tracker.rehearse.messages import Communicators, arrival, encode, numbered
from tracker.rehearse.operands import Moments
from tracker.rehearse.paths import PathFault, find
from tracker.rehearse.refusals import newest_refusal
from tracker.rehearse.scenario import Call, Enrol, Look, RunJobs, Scenario, Send, SendRaw, Step
from tracker.rehearse.stage import Stage
from tracker.rehearse.times import moment_since, signed_span, written
from tracker.rehearse.values import NotKept, filled, filled_path

_DAY: Final = timedelta(days=1)
_JOBS: Final = 0


@dataclass(slots=True)
class Outcome:
    """What came of a case: its looks, what ingest refused, and a sentence for each thing that did not hold."""

    looks: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def play(scenario: Scenario, on_look: Callable[[dict[str, Any]], None] = lambda _look: None) -> Outcome:
    """Play the case from its start to its last step. Raises ``CaseFault`` for what only playing shows to be wrong."""
    with Stage(scenario) as stage:
        player = _Player(scenario, stage, on_look)
        for at, number, repetition in occurrences(scenario):
            stage.clock.now = at
            if number == _JOBS:
                player.run_jobs(_JOBS)
            else:
                player.act(scenario.steps[number - 1], repetition)
        return player.outcome


def occurrences(scenario: Scenario) -> Iterator[tuple[datetime, int, int]]:
    """(when, the step's number or 0 for the jobs, its repetition from 0) in order; the jobs come last at a moment."""
    streams = [_times(step) for step in scenario.steps]
    end = max(step.first + (step.times - 1) * (step.every or timedelta(0)) for step in scenario.steps)
    if scenario.jobs_every is not None:
        streams.append(_jobs_turns(scenario.start, scenario.jobs_every, end, len(scenario.steps) + 1))
    last = len(scenario.steps) + 1
    for at, number, repetition in heapq.merge(*streams):
        yield at, _JOBS if number == last else number, repetition


def _times(step: Step) -> Iterator[tuple[datetime, int, int]]:
    for repetition in range(step.times):
        yield step.first + repetition * (step.every or timedelta(0)), step.number, repetition


def _jobs_turns(start: datetime, every: timedelta, end: datetime, number: int) -> Iterator[tuple[datetime, int, int]]:
    at, turn = start, 0
    while at <= end:
        yield at, number, turn
        at, turn = at + every, turn + 1


class _Player:
    def __init__(self, scenario: Scenario, stage: Stage, on_look: Callable[[dict[str, Any]], None]) -> None:
        self._scenario = scenario
        self._stage = stage
        self._on_look = on_look
        self._communicators = Communicators()
        self._models: dict[str, str] = {}
        self._kept: dict[str, Any] = {}
        self._looks: dict[str, Any] = {}
        self.outcome = Outcome()

    def act(self, step: Step, repetition: int) -> None:
        """Do what the step does, now."""
        match step.act:
            case Enrol():
                self._enrol(step, step.act, repetition)
            case Send():
                self._send(step, step.act, repetition)
            case SendRaw():
                self._send_raw(step, step.act, repetition)
            case RunJobs():
                self.run_jobs(step.number)
            case Call():
                self._call(step, step.act, repetition)
            case Look():
                self._look(step, step.act)

    def run_jobs(self, number: int) -> None:
        """Run all jobs until nothing is due."""
        for sentence in run_due(self._stage):
            self._fail(number, sentence)

    def _fail(self, number: int, sentence: str) -> None:
        where = f"step {number}: " if number else ""
        self.outcome.failed.append(f"at {written(self._stage.clock.now)}, {where}{sentence}")

    @property
    def _day(self) -> float:
        return (self._stage.clock.now - self._scenario.start) / _DAY

    def _enrol(self, step: Step, act: Enrol, repetition: int) -> None:
        body = filled(act.body, self._day, repetition, self._kept)
        status, answer = self._stage.call("nurse", act.clinic, "POST", "/api/v1/pumps", body)
        if status != 201:
            self._fail(step.number, f"enrol {act.serial} is answered {status}, expected 201: {shown(answer)}")

    def _send(self, step: Step, act: Send, repetition: int) -> None:
        given = {name: filled(node, self._day, repetition) for name, node in act.given.items()}
        now = self._stage.clock.now
        measured = now
        if act.measured is not None:
            shift = signed_span(act.measured.value)
            since = moment_since(act.measured.value, self._scenario.start) if shift is None else now + shift
            measured = since or now
        model = given.get("model") or self._model(act.serial)
        message = self._communicators.message(act, given, model, measured, written(measured))
        self._arrive(step, message, act.accepted)

    def _send_raw(self, step: Step, act: SendRaw, repetition: int) -> None:
        payload = act.payload
        if not isinstance(payload, bytes):
            payload = encode(filled(payload, self._day, repetition))
        told = numbered(act.topic, payload)
        if told is not None:
            self._communicators.note(*told)
        self._arrive(step, arrival(act.topic, payload, act.retained), act.accepted)

    def _arrive(self, step: Step, message: Any, accepted: bool | None) -> None:
        """Ingest takes the message, as it takes a batch from the broker."""
        now = self._stage.clock.now
        done = self._stage.ledger.write([message], now)
        refused = done.rejected + done.rejected_cut > 0
        reason = newest_refusal(self._stage.database, message.topic) if refused else ""
        if refused:
            self.outcome.refused.append(f"at {written(now)}, step {step.number}: refused: {reason}")
        if accepted is not None and accepted is refused:
            told = f"was refused ({reason})" if refused else "was accepted"
            self._fail(step.number, f"the message {told}, expected accepted {str(accepted).lower()}")

    def _model(self, serial: str) -> str | None:
        if serial not in self._models:
            with self._stage.database.reading() as session:
                pump = pump_by_serial(session, serial)
            if pump is None:
                return self._scenario.models.get(serial.lower())
            self._models[serial] = pump.model
        return self._models[serial]

    def _call(self, step: Step, act: Call, repetition: int) -> None:
        try:
            path = filled_path(act.path, self._kept)
        except NotKept as fault:
            self._fail(step.number, f"{act.method} {act.path}: {fault}")
            return
        body = None if act.body is None else filled(act.body, self._day, repetition, self._kept)
        status, answer = self._stage.call(act.role, act.clinic, act.method, path, body)
        warnings = answer.get("warnings") if isinstance(answer, dict) else None
        if status == 422 and act.answer is not None and isinstance(warnings, list) and isinstance(body, dict):
            body |= {"answers": [{"warning": one["id"], "words": act.answer} for one in warnings]}
            status, answer = self._stage.call(act.role, act.clinic, act.method, path, body)
        if not any(str(status) == told or told == f"{status // 100}xx" for told in act.statuses):
            wanted = " or ".join(act.statuses)
            self._fail(step.number, f"{act.method} {path} is answered {status}, expected {wanted}: {shown(answer)}")
            return
        self._keep(step, act, answer)
        for sentence in failures(answer, act.expect, self._moments()):
            self._fail(step.number, sentence)

    def _keep(self, step: Step, act: Call, answer: Any) -> None:
        for name, (node, path) in act.keep.items():
            try:
                values = find(answer, path).values
            except PathFault as fault:
                raise CaseFault(node.line, node.field, f"{node.value}: {fault}") from None
            if not values:
                self._fail(step.number, f"keep {name}: the answer has nothing at {node.value}")
                continue
            self._kept[name] = values[0]

    def _look(self, step: Step, act: Look) -> None:
        self.run_jobs(step.number)
        self._stage.enter_reads()
        try:
            if act.serial is None:
                seen = look_at_clinic(self._stage, act.clinic, act.name)
            else:
                seen = look_at_pump(self._stage, act.serial, act.name)
        except NothingThere as fault:
            self._fail(step.number, f"nothing can be looked at: {fault}")
            return
        self.outcome.looks.append(seen)
        self._on_look(seen)
        if act.name is not None:
            self._looks[act.name] = seen
        for sentence in failures(seen, act.expect, self._moments()):
            self._fail(step.number, sentence)

    def _moments(self) -> Moments:
        return Moments(self._scenario.start, self._stage.clock.now, self._scenario.zone, self._looks)
