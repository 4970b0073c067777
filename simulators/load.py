"""A constant rate of plain reports, for measurements of what receives them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from devices.report import Infusion, Motor, StatusReport
from simulators.fleet import Fleet
from simulators.numbering import NOT_NUMBERED, Message

_GROUP: Final = 2_000
_BACKLOG: Final = 30_000
_CONNECT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What came of it. Latencies run from a message's first or last sending to its receipt."""

    pumps: int
    connected: int
    sent: int
    receipted: int
    seconds: float
    per_second: float
    latency_p50_s: float | None
    latency_p95_s: float | None
    latency_p99_s: float | None
    processor_us_per_message: float
    complete: bool


class Load:
    """Sends `count` reports over all of a fleet's pumps in turn."""

    def __init__(self, fleet: Fleet, model: str, *, receipts: bool, stopped: Callable[[], bool]) -> None:
        self._fleet = fleet
        self._serials = tuple(fleet.communicators)
        self._model = model
        self._receipts = receipts
        self._stopped = stopped
        self._latencies: list[float] = []

    def run(self, rate: float, count: int, timeout_s: float) -> LoadResult:
        """Connects all pumps, sends at `rate` a second (0: as fast as it goes), waits for the last message."""
        fleet = self._fleet
        for each in fleet.communicators.values():
            each.latencies = self._latencies
        everybody = len(self._serials)
        fleet.run_until(lambda: fleet.connected == everybody or self._stopped(), time.monotonic() + _CONNECT_S)
        connected = fleet.connected
        began, processor, waited = time.monotonic(), time.process_time(), fleet.backlog
        said = 0
        while said < count and not self._stopped():
            room = _GROUP if rate == 0 else int((time.monotonic() - began) * rate) - said
            group = min(room, _GROUP, count - said)
            if group > 0 and (rate > 0 or fleet.backlog < _BACKLOG):
                fleet.say([self._message(number) for number in range(said, said + group)])
                said += group
            fleet.turn(0.0 if rate == 0 and fleet.backlog < _BACKLOG else 0.005)
        deadline = time.monotonic() + timeout_s
        complete = fleet.run_until(lambda: self._done(said) or self._stopped(), deadline, 0.01) and self._done(said)
        seconds = time.monotonic() - began
        processor = time.process_time() - processor
        latencies = sorted(self._latencies)
        return LoadResult(
            pumps=everybody,
            connected=connected,
            sent=said,
            receipted=said + waited - fleet.backlog,
            seconds=round(seconds, 3),
            per_second=round(said / seconds, 1),
            latency_p50_s=_quantile(latencies, 0.50),
            latency_p95_s=_quantile(latencies, 0.95),
            latency_p99_s=_quantile(latencies, 0.99),
            processor_us_per_message=round(processor / max(said, 1) * 1e6, 1),
            complete=complete,
        )

    def _done(self, said: int) -> bool:
        if self._receipts:
            return self._fleet.backlog == 0
        links = [each.link for each in self._fleet.communicators.values()]
        return self._fleet.published >= said and not any(link.unacknowledged or link.unsent for link in links)

    def _message(self, number: int) -> tuple[str, Message]:
        return self._serials[number % len(self._serials)], StatusReport(
            model=self._model,
            epoch=NOT_NUMBERED,
            seq=NOT_NUMBERED,
            measured_at=datetime.now(UTC),
            battery=None,
            reservoir_ml=round(18.0 - number % 1500 / 100, 2),
            flow_ml_per_day=0.3,
            infusion=Infusion.SIMPLE_CONTINUOUS,
            motor=Motor.RUNNING,
            alarms=(),
            firmware="1.04",
        )


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else None
