"""Read what a step does, and refuse what it can't mean before anything runs."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Literal

from devices.topics import is_serial
from tracker.rehearse.document import Node, shown
from tracker.rehearse.expectations import AnyOf, Expectation, read_expectations
from tracker.rehearse.look_fields import LOOK
from tracker.rehearse.paths import ANYTHING, Path, PathFault, Schema, read_path
from tracker.rehearse.scenario import (
    MAIN,
    OTHER,
    Act,
    Call,
    Clinic,
    Enrol,
    Look,
    RunJobs,
    Send,
    SendRaw,
)
from tracker.rehearse.sums import SumFault, check_sum, is_sum
from tracker.rehearse.times import moment_since, signed_span

ACTS: Final = ("enrol", "report", "session", "presence", "message", "jobs", "call", "look")
ROLES: Final = ("nurse", "physician", "biller", "administrator", "auditor")
_MESSAGES: Final = frozenset({"report", "session", "presence", "message"})
_CALL_FIELDS: Final = ("as", "method", "path", "body", "expect", "keep", "answer_warnings")
_MESSAGE_FIELDS: Final = ("topic", "payload", "payload_text", "payload_base64", "retained")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_STATUS: Final = re.compile(r"[1-5](xx|[0-9]{2})")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IN_BRACES: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_KINDS: Final[dict[str, Literal["telemetry", "session", "presence"]]] = {
    "report": "telemetry",
    "session": "session",
    "presence": "presence",
}


class StepReader:
    """Reads steps in the order in which they happen first, since a look may be spoken of only after it."""

    def __init__(self, steps: Sequence[Node], start: datetime) -> None:
        self._start = start
        self._serials = frozenset(known_models(steps))
        self._kept = _kept_names(steps)
        self._looks: set[str] = set()
        self._readers: dict[str, Callable[[Node, dict[str, Node]], Act]] = {
            "enrol": self._enrol,
            "report": self._send,
            "session": self._send,
            "presence": self._send,
            "message": self._send_raw,
            "jobs": _run_jobs,
            "call": self._call,
            "look": self._look,
        }

    def name_look(self, name: str) -> None:
        """From now on the look of that name is an earlier one."""
        self._looks.add(name)

    def read(self, node: Node) -> Act:
        """What the step does."""
        fields = node.mapping()
        acts = [name for name in ACTS if name in fields]
        if len(acts) != 1:
            raise node.fault(f"a step does one thing of {', '.join(ACTS)}; this one does {', '.join(acts) or 'none'}")
        act = acts[0]
        for name, allowed in (("name", {"look"}), ("expect", {"look", "call"}), ("accepted", _MESSAGES)):
            if name in fields and act not in allowed:
                raise fields[name].fault(f"stands beside {' or '.join(sorted(allowed))} alone")
        return self._readers[act](fields[act], fields)

    def _enrol(self, node: Node, _step: dict[str, Node]) -> Act:
        fields = node.mapping(None, ("serial", "model"))
        clinic: Clinic = MAIN
        if "clinic" in fields:
            clinic = OTHER if fields["clinic"].one_of(MAIN, OTHER) == OTHER else MAIN
        body = {name: one for name, one in fields.items() if name != "clinic"}
        self._check_texts(node)
        return Enrol(fields["serial"].text(), clinic, Node(body, node.line, node.field))

    def _send(self, node: Node, step: dict[str, Node]) -> Act:
        fields = dict(node.mapping(None, ("pump",)))
        serial_node = fields.pop("pump")
        serial = serial_node.text()
        if not is_serial(serial):
            raise serial_node.fault(f"{serial} can't stand in a topic: a serial is A-Z a-z 0-9 . _ -")
        act = next(name for name in _KINDS if step.get(name) is node)
        if act != "presence" and serial.lower() not in self._serials and "model" not in fields:
            raise serial_node.fault(f"no step enrols {serial}: enrol it, or give the model that the message names")
        measured = fields.pop("measured", None)
        if measured is not None and _device_time(measured.value, self._start) is None:
            raise measured.fault(f"{shown(measured.plain())} is no time such as +15m, 5d or 2026-03-02T08:00:00Z")
        retained = fields.pop("retained").flag() if act == "presence" and "retained" in fields else False
        self._check_texts(node)
        return Send(_KINDS[act], serial, fields, measured, retained, _accepted(step))

    def _send_raw(self, node: Node, step: dict[str, Node]) -> Act:
        fields = node.mapping(_MESSAGE_FIELDS, ("topic",))
        given = [name for name in ("payload", "payload_text", "payload_base64") if name in fields]
        if len(given) != 1:
            raise node.fault("one of payload, payload_text, payload_base64 is needed")
        body = fields[given[0]]
        payload: Node | bytes = body
        if given[0] == "payload":
            self._check_texts(body)
        elif not isinstance(body.value, str):
            raise body.fault("a text is needed")
        elif given[0] == "payload_text":
            payload = body.value.encode()
        else:
            try:
                payload = base64.b64decode("".join(body.value.split()), validate=True)
            except (binascii.Error, ValueError):
                raise body.fault("is no base64") from None
        retained = fields["retained"].flag() if "retained" in fields else False
        return SendRaw(fields["topic"].text(), payload, retained, _accepted(step))

    def _call(self, node: Node, step: dict[str, Node]) -> Act:
        fields = node.mapping(_CALL_FIELDS, ("path",))
        role, clinic = _who(fields.get("as"))
        path = fields["path"].text()
        if not path.startswith("/"):
            raise fields["path"].fault("begins with /")
        for name in _IN_BRACES.findall(path):
            if name not in self._kept:
                raise fields["path"].fault(f"{{{name}}}: no call keeps a value of that name")
        body = fields.get("body")
        if body is not None:
            self._check_texts(body)
        answer = fields["answer_warnings"].text() if "answer_warnings" in fields else None
        return Call(
            role=role,
            clinic=clinic,
            method=fields["method"].one_of(*_METHODS) if "method" in fields else "POST",
            path=path,
            body=body,
            statuses=_statuses(fields.get("expect")),
            keep=_keep(fields.get("keep")),
            answer=answer,
            expect=self._expectations(step.get("expect"), ANYTHING),
        )

    def _look(self, node: Node, step: dict[str, Node]) -> Act:
        at = node.text()
        name = step["name"].text() if "name" in step else None
        expect = self._expectations(step.get("expect"), LOOK)
        if at in {"clinic", "clinic@other"}:
            return Look(None, OTHER if at.endswith("@other") else MAIN, name, expect)
        if at.lower() not in self._serials:
            raise node.fault(f"no step enrols {at}")
        return Look(at, MAIN, name, expect)

    def _expectations(self, node: Node | None, schema: Schema) -> tuple[Expectation | AnyOf, ...]:
        return () if node is None else read_expectations(node, schema, self._schema_of)

    def _schema_of(self, look: str) -> Schema | None:
        return LOOK if look in self._looks else None

    def _check_texts(self, node: Node) -> None:
        """Refuse a sum that can't be calculated, wherever it stands in the value."""
        if isinstance(node.value, dict):
            for one in node.value.values():
                self._check_texts(one)
        elif isinstance(node.value, list):
            for one in node.value:
                self._check_texts(one)
        elif is_sum(node.value):
            try:
                check_sum(node.value)
            except SumFault as fault:
                raise node.fault(str(fault)) from None


def known_models(steps: Sequence[Node]) -> dict[str, str]:
    """The model of each serial, in lower case, that some step enrols or sends to the API to be enrolled."""
    found: dict[str, str] = {}
    for step in steps:
        for place in (("enrol",), ("call", "body")):
            given: Node | None = step
            for name in place:
                given = given.value.get(name) if given is not None and isinstance(given.value, dict) else None
            fields = given.plain() if given is not None else None
            if isinstance(fields, dict) and isinstance(fields.get("serial"), str):
                found[fields["serial"].lower()] = str(fields.get("model"))
    return found


def _kept_names(steps: Sequence[Node]) -> frozenset[str]:
    found: set[str] = set()
    for step in steps:
        call = step.value.get("call") if isinstance(step.value, dict) else None
        keep = call.value.get("keep") if call is not None and isinstance(call.value, dict) else None
        if keep is not None and isinstance(keep.value, dict):
            found |= keep.value.keys()
    return frozenset(found)


def _device_time(value: object, start: datetime) -> object:
    shift = signed_span(value)
    return moment_since(value, start) if shift is None else shift


def _run_jobs(node: Node, _step: dict[str, Node]) -> Act:
    node.one_of("run")
    return RunJobs()


def _accepted(step: dict[str, Node]) -> bool | None:
    return step["accepted"].flag() if "accepted" in step else None


def _who(node: Node | None) -> tuple[str, Clinic]:
    if node is None:
        return ROLES[0], MAIN
    role, _, clinic = node.text().partition("@")
    if role not in ROLES or clinic not in {"", OTHER}:
        raise node.fault(f"{node.value} is nobody: say one of {', '.join(ROLES)}, with @other of the second clinic")
    return role, OTHER if clinic else MAIN


def _statuses(node: Node | None) -> tuple[str, ...]:
    if node is None:
        return ("2xx",)
    told = tuple(str(one.value) for one in node.several())
    if not told or not all(_STATUS.fullmatch(one) for one in told):
        raise node.fault(f"{shown(node.plain())} is no status such as 201, 2xx or 4xx")
    return told


def _keep(node: Node | None) -> dict[str, tuple[Node, Path]]:
    kept: dict[str, tuple[Node, Path]] = {}
    for name, one in ({} if node is None else node.mapping()).items():
        if not _NAME.fullmatch(name) or name in {"day", "n"}:
            raise one.fault("is no name that can stand in braces")
        try:
            kept[name] = (one, read_path(one.text()))
        except PathFault as fault:
            raise one.fault(str(fault)) from None
    return kept
