"""What the sentinel holds, on its own disk: each change is written whole, to be there after any kill."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import structlog

from tracker.sentinel import moment
from tracker.sentinel.ladder import Ladder, Silent, Step, Target
from tracker.sentinel.moment import Moment, seconds_between

_LOG = structlog.get_logger("tracker.sentinel")
GIVE_UP_S: Final = 24 * 3600.0
REMEMBERED_S: Final = 48 * 3600.0
"""What was said is remembered so long, so that it is not said again."""
_FILE: Final = "ladder.json"


class OldSequence(ValueError):
    """The renewal is not newer than the one that is held. ``held`` is that one's number."""

    def __init__(self, held: int) -> None:
        super().__init__(f"a renewal with the sequence {held} is held")
        self.held = held


@dataclass(frozen=True, slots=True)
class Notice:
    """That the tracker is silent, or back: said once to each."""

    id: str
    type: str
    to: tuple[Target, ...]
    subject: str
    text: str


class Saying(NamedTuple):
    """One thing to be said to one target. ``id`` stays the same when it is said again; ``late_s``: since it is due."""

    id: str
    type: str
    target: Target
    subject: str
    text: str
    data: dict[str, Any]
    late_s: float


@dataclass
class _State:
    ladder: Ladder | None = None
    renewed: Moment | None = None
    silent_told: bool = False
    notices: list[tuple[Notice, Moment]] = field(default_factory=list)
    said: dict[str, float] = field(default_factory=dict)  # id of a saying -> Unix time


class Held:
    """The renewal that is held, and what was said of it. Safe to be used by several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / _FILE
        self._lock = threading.Lock()
        self.began = moment.now()
        self.was_unreadable = False
        self._state = self._read()

    @property
    def sequence(self) -> int:
        """The number of the renewal that is held; 0: none yet."""
        return self._state.ladder.sequence if self._state.ladder else 0

    def renew(self, ladder: Ladder) -> dict[str, Any]:
        """Hold that one in place of the last, and say what is held. Raises ``OldSequence``, ``OSError``."""
        now = moment.now()
        with self._lock, self._changing():
            state = self._state
            if state.ladder is not None and ladder.sequence <= state.ladder.sequence:
                raise OldSequence(state.ladder.sequence)
            if state.silent_told and state.ladder is not None:
                state.notices = [(_back(state, ladder), now)]
            state.silent_told = False
            state.ladder, state.renewed = ladder, now
            known = {_id_of(one.id, to) for one in ladder.steps for to in one.to}
            state.said = {
                id_: at for id_, at in state.said.items() if id_ in known or abs(now.wall - at) < REMEMBERED_S
            }
        return self.summary()

    def due(self) -> list[Saying]:
        """What is to be said now and was not said yet, notices first, then by the time they were due."""
        now = moment.now()
        with self._lock:
            state = self._state
            self._fall_silent(now)
            found = [
                Saying(_id_of(one.id, to), one.type, to, one.subject, one.text, {}, seconds_between(at, now))
                for one, at in state.notices
                for to in one.to
            ]
            if state.ladder is not None and state.renewed is not None:
                age = seconds_between(state.renewed, now)
                steps = sorted((one for one in state.ladder.steps if one.due_in_s <= age), key=lambda one: one.due_in_s)
                found += [
                    Saying(
                        *(_id_of(one.id, to), "alarm.escalated", to, one.subject, one.text, one.data),
                        age - max(0.0, one.due_in_s),
                    )
                    for one in steps
                    for to in one.to
                ]
            return [one for one in found if one.id not in state.said and one.late_s < GIVE_UP_S]

    def note_said(self, id_: str) -> None:
        """That was said: it is not said again. Where the disk is full, it is at least known until a restart."""
        with self._lock:
            self._state.said[id_] = moment.now().wall
            try:
                self._write()
            except OSError as fault:
                _LOG.error("sentinel.disk", reason=fault.strerror)

    def summary(self) -> dict[str, Any]:
        """What is held and since when; nothing of a patient, no address, no secret."""
        now = moment.now()
        waiting = len(self.due())
        with self._lock:
            state = self._state
            ladder, age = state.ladder, seconds_between(state.renewed, now) if state.renewed else None
            coming = (
                [one.due_in_s - age for one in ladder.steps if one.due_in_s > age] if ladder and age is not None else []
            )
            return {
                "tracker": ladder.tracker if ladder else None,
                "sequence": ladder.sequence if ladder else 0,
                "steps": len(ladder.steps) if ladder else 0,
                "next_due_in_s": round(min(coming), 1) if coming else None,
                "renewed_s_ago": None if age is None else round(age, 1),
                "running_s": round(seconds_between(self.began, now), 1),
                "silent": state.silent_told,
                "waiting_to_be_said": waiting,
                "lost_its_file": self.was_unreadable,
            }

    def _fall_silent(self, now: Moment) -> None:
        state = self._state
        if state.ladder is None or state.renewed is None or state.silent_told:
            return
        if seconds_between(state.renewed, now) >= state.ladder.silent.after_s:
            own = state.ladder.silent
            notice = Notice(f"silent:{state.ladder.sequence}", "tracker.silent", own.to, own.subject, own.text)
            state.silent_told, state.notices = True, [(notice, now)]
            _LOG.warning("sentinel.tracker_silent", after_s=own.after_s)
            try:
                self._write()
            except OSError as fault:
                _LOG.error("sentinel.disk", reason=fault.strerror)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Write what the block changed, or leave everything as it was."""
        before = self._state
        self._state = _State(before.ladder, before.renewed, before.silent_told, list(before.notices), dict(before.said))
        try:
            yield
            self._write()
        except BaseException:
            self._state = before
            raise

    def _write(self) -> None:
        state = self._state
        document = {
            "ladder": asdict(state.ladder) if state.ladder else None,
            "renewed": state.renewed.to_json() if state.renewed else None,
            "silent_told": state.silent_told,
            "notices": [[asdict(one), at.to_json()] for one, at in state.notices],
            "said": state.said,
        }
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> _State:
        try:
            return _state(json.loads(self._path.read_text()))
        except FileNotFoundError:
            return _State()
        except (ValueError, KeyError, TypeError) as fault:
            aside = self._path.with_suffix(".unreadable")
            self._path.replace(aside)
            self.was_unreadable = True
            _LOG.error("sentinel.file_unreadable", kept_as=str(aside), reason=type(fault).__name__)
            return _State()


def _id_of(id_: str, to: Target) -> str:
    return hashlib.sha256(f"{id_}\0{to.kind}\0{to.address}".encode()).hexdigest()[:32]


def _back(state: _State, ladder: Ladder) -> Notice:
    """To those who were notified that the tracker was silent."""
    last = state.ladder or ladder
    id_ = f"silent:{last.sequence}"
    heard = tuple(to for to in last.silent.to if _id_of(id_, to) in state.said)
    text = (
        f"{ladder.tracker} renews what it hands to the sentinel again. It tells of its alarms by itself from now on.\n"
    )
    return Notice(f"back:{last.sequence}", "tracker.back", heard, "Pump tracker is back", text)


def _state(document: dict[str, Any]) -> _State:
    ladder = document["ladder"]
    return _State(
        None
        if ladder is None
        else Ladder(
            ladder["tracker"],
            ladder["sequence"],
            tuple(Step(**{**one, "to": _targets(one["to"])}) for one in ladder["steps"]),
            Silent(**{**ladder["silent"], "to": _targets(ladder["silent"]["to"])}),
        ),
        None if document["renewed"] is None else moment.from_json(document["renewed"]),
        bool(document["silent_told"]),
        [(Notice(**{**one, "to": _targets(one["to"])}), moment.from_json(at)) for one, at in document["notices"]],
        {str(id_): float(at) for id_, at in document["said"].items()},
    )


def _targets(given: list[dict[str, str]]) -> tuple[Target, ...]:
    return tuple(Target(**one) for one in given)
