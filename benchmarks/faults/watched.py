"""Readiness asked every second, and held against what was really down at that moment."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import httpx

_ANSWERS_S = 8.0
"""An answer that takes longer is wrong, whatever it says: whoever asks has given up by then."""


@dataclass(slots=True)
class Disturbed:
    """One disturbance. Times are those of ``time.monotonic``.

    ``down`` are the parts that readiness must name from ``shown_by_s`` after the beginning on; ``may`` are those that
    it may name meanwhile, and until ``settled_by_s`` after the end. It is ready at every other moment.
    """

    name: str
    down: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    shown_by_s: float = 7.0
    settled_by_s: float = 10.0
    began: float = 0.0
    ended: float = 0.0
    high_s: float = 0.0
    """How long after the end the HIGH alarm that was sent meanwhile was seen."""


@dataclass(frozen=True, slots=True)
class Look:
    """One answer: when it was asked for and came, and the parts that it called down; None where none came."""

    asked: float
    answered: float
    down: frozenset[str] | None
    why: str = ""
    """What readiness said of those parts."""


@dataclass
class Watch:
    """Asks for readiness every second until told to stop."""

    url: str
    looks: list[Look] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(30)

    def _ask(self) -> None:
        with httpx.Client(timeout=20) as client:
            while not self._stop.wait(1.0):
                asked, why = time.monotonic(), ""
                down: frozenset[str] | None = frozenset()
                try:
                    answer = client.get(self.url)
                    if answer.status_code == 503:
                        told = answer.json()
                        down = frozenset(told["down"])
                        why = "; ".join(told["checks"][name]["detail"] for name in sorted(down))
                except (httpx.HTTPError, ValueError):
                    down = None
                self.looks.append(Look(asked, time.monotonic(), down, why))


def wrong(looks: list[Look], disturbances: list[Disturbed], patience: float) -> list[str]:
    """A sentence for each answer that was not right. ``patience`` stretches the times that are allowed for."""
    said = []
    for look in looks:
        took = look.answered - look.asked
        if look.down is None or took > _ANSWERS_S * patience:
            said.append(f"no answer within {took:.1f} s, {_where(look, disturbances)}")
            continue
        may: set[str] = set()
        must: set[str] = set()
        for one in disturbances:
            if look.answered >= one.began and look.asked <= one.ended + one.settled_by_s * patience:
                may |= one.down | one.may
            if look.asked >= one.began + one.shown_by_s * patience and look.answered <= one.ended:
                must |= one.down
        if "database" in may:
            may |= {"schema", "ingest", "schedule"}  # nobody can tell while it is down
        if not must <= look.down:
            said.append(f"{', '.join(sorted(must - look.down))} is down and not named, {_where(look, disturbances)}")
        if not look.down <= may:
            named = ", ".join(sorted(look.down - may))
            said.append(f"{named} is named and not down, {_where(look, disturbances)} ({look.why})")
    return said


def _where(look: Look, disturbances: list[Disturbed]) -> str:
    """Where in the story an answer lies."""
    before = [one for one in disturbances if one.began <= look.answered]
    if not before:
        return "before the first disturbance"
    last = before[-1]
    since = look.answered - last.ended
    return f"{last.name}: {since:.0f} s after its end" if since > 0 else f"{last.name}: {-since:.0f} s before its end"
