"""One attack on an installation, and what an honest pump and a nurse notice of it."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median

from benchmarks.hostile.attacks import ATTACKS
from benchmarks.hostile.installations import HONEST, Installation
from devices.wire import WireError, decode_receipt
from tests.broker.clients import Device
from tests.end_to_end.product import report

OUTER_LIMIT_S = 20.0
"""Past this an honest report or a click counts as lost; the goals, 2 s and 1 s, are for the figures."""


@dataclass
class Noticed:
    """How long each honest report took from publish to receipt, and each click of the nurse to its page (seconds)."""

    receipts: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    sent: int = 0

    def told(self) -> str:
        """The medians and the longest."""
        shown = [
            f"{what} {len(times)}, median {median(times) * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms"
            for what, times in (("receipts", self.receipts), ("clicks", self.clicks))
            if times
        ]
        return f"{self.sent} sent by the hostile one; {'; '.join(shown)}"


def attempt(site: Installation, attack: str, count: int | None = None, after_s: float = 1.0) -> Noticed:
    """Attack, and a little while after it ended, with an honest pump and a nurse at work throughout."""
    run, usual = ATTACKS[attack]
    noticed = Noticed()
    over, ready = threading.Event(), threading.Barrier(3)
    workers = [
        threading.Thread(target=_watched, args=(work, site, over, ready, noticed), name=work.__name__)
        for work in (_honest_reports, _nurse_clicks)
    ]
    for each in workers:
        each.start()
    try:
        ready.wait(OUTER_LIMIT_S)
        noticed.sent = run(site.hostile(attack), usual if count is None else count)
        time.sleep(after_s)
    finally:
        over.set()
        for each in workers:
            each.join(2 * OUTER_LIMIT_S)
            if each.is_alive():
                stack = sys._current_frames().get(each.ident or 0)
                where = "".join(traceback.format_stack(stack)[-4:]) if stack else ""
                noticed.faults.append(f"{each.name} had no answer: {where}")
    return noticed


Work = Callable[[Installation, threading.Event, threading.Barrier, Noticed], None]


def _watched(work: Work, site: Installation, over: threading.Event, ready: threading.Barrier, noticed: Noticed) -> None:
    try:
        work(site, over, ready, noticed)
    except BaseException as fault:  # noqa: BLE001 - also a wait that pytest ends; told at the end of the attack
        noticed.faults.append(repr(fault))


def _honest_reports(site: Installation, over: threading.Event, ready: threading.Barrier, noticed: Noticed) -> None:
    """A report, its receipt, a short pause; a communicator that is cut off signs in again, as any does."""
    ready.wait(OUTER_LIMIT_S)
    while not (over.is_set() and noticed.receipts):
        with Device(site.product.broker_port, HONEST, site.passwords[HONEST], client_id="honest") as pump:
            if not pump.welcome:
                noticed.faults.append("the honest pump was refused")
                return
            pump.subscribe(f"pumps/{HONEST}/receipt")
            while pump.connected and not (over.is_set() and noticed.receipts):
                site.seq += 1
                began = time.monotonic()
                pump.publish(f"pumps/{HONEST}/telemetry", json.dumps(report(site.seq)).encode())
                if _receipted(pump, site.seq, began + OUTER_LIMIT_S):
                    noticed.receipts.append(time.monotonic() - began)
                elif time.monotonic() > began + OUTER_LIMIT_S:
                    noticed.faults.append("an honest report had no receipt")
                    return
                else:
                    site.seq -= 1  # cut off: not known to be stored, so the number is sent again after the next sign-in
                pump.messages.clear()
                over.wait(0.1)


def _receipted(pump: Device, seq: int, until: float) -> bool:
    """Whether a receipt covers the number, before the connection or the time ends."""
    while not _covered(pump, seq):
        if not pump.connected or time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _covered(pump: Device, seq: int) -> bool:
    for _, payload in list(pump.messages):
        try:
            if decode_receipt(payload).contiguous >= seq:
                return True
        except WireError:
            continue
    return False


def _nurse_clicks(site: Installation, over: threading.Event, ready: threading.Barrier, noticed: Noticed) -> None:
    """The worklist and the honest pump's page in turn."""
    with closing(site.nurse()) as pages:
        ready.wait(OUTER_LIMIT_S)
        while not (over.is_set() and noticed.clicks):
            for address in ("/", f"/pumps/{HONEST}"):
                began = time.monotonic()
                answer = pages.get(address)
                if answer.status_code != 200:
                    noticed.faults.append(f"{address} answered {answer.status_code}")
                    return
                noticed.clicks.append(time.monotonic() - began)
            over.wait(0.2)
