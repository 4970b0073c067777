"""How long after a stall is published its mail is in the mailbox: ``python -m benchmarks.mailbox``.

The product as one clinic runs it, `tracker serve --embedded-broker` on SQLite, takes reports from 200 communicators.
Now and then another pump reports a stall. The time runs from handing that report to the socket until the mail server
has the whole mail.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks import load
from benchmarks.line import Line
from benchmarks.report import machine, markdown, put
from benchmarks.visible import Clinic
from devices import topics
from tests.end_to_end.product import Product, report
from tests.send.receivers import Mailbox, mailbox
from tests.servers import listens, wait_until

_PUMPS = 200
_GOAL_S = 5.0
_NURSE = "nurse@clinic.example"
_CHANCE = random.Random(20261128)


def probe_serial(number: int) -> str:
    """The serial of a pump that will stall."""
    return f"STALL-{number:03d}"


def main() -> None:
    """Start, report, stall, write; exit with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mailbox", description=__doc__)
    parser.add_argument("--messages-a-second", type=float, default=200.0)
    parser.add_argument("--stalls", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    with mailbox() as box, tempfile.TemporaryDirectory(prefix="pump-mailbox-") as folder:
        settings = {"TRACKER_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "TRACKER_SMTP_FROM": "pumps@clinic.example"}
        product = Product(Path(folder), **settings)
        try:
            waits, sent = _measure(product, box, chosen.messages_a_second, chosen.stalls)
        finally:
            product.stop()
    late = waits[min(int(len(waits) * 0.95), len(waits) - 1)]
    cells = (
        f"{chosen.messages_a_second:,.0f}",
        f"{sent:,}",
        f"{len(waits)}",
        *(f"{one:.2f}" for one in (waits[len(waits) // 2], late, waits[-1])),
    )
    headings = ("messages a second", "messages", "stalls", "median s", "95 % s", "longest s")
    Console().print(dict(zip(headings, cells, strict=True)))
    table = markdown("From publishing a stall to the mail in the mailbox", headings, [cells])
    put(chosen.out, "mailbox", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")
    sys.exit(late > _GOAL_S)


def _measure(product: Product, box: Mailbox, a_second: float, stalls: int) -> tuple[list[float], int]:
    """(the sorted seconds until each mail was there, messages of the other pumps)."""
    product.tracker("db", "upgrade")
    serials = [*map(load.serial, range(_PUMPS)), *map(probe_serial, range(stalls))]
    passwords = _enrolled(product, serials)
    with product.client():  # it adds the nurse
        product.tracker("staff", "contact", "add", _NURSE, "--kind", "email", "--target", _NURSE, "--confirmed")
    product.start("serve", "--embedded-broker")
    wait_until(lambda: listens(product.broker_port) and listens(product.web_port), 60, "the product")
    lines = {serial: Line(product.broker_port, serial, passwords[serial]) for serial in serials}
    for number in range(stalls):
        serial = probe_serial(number)
        lines[serial].flood([(topics.telemetry(serial), json.dumps(report(1)).encode())])
    clinic = Clinic([lines[load.serial(number)] for number in range(_PUMPS)], a_second)
    reporting = threading.Thread(target=clinic.report)
    reporting.start()
    try:
        time.sleep(6)
        waits = [_stall(lines[probe_serial(number)], box, probe_serial(number)) for number in range(stalls)]
    finally:
        clinic.halt.set()
        reporting.join()
    return sorted(waits), clinic.sent


def _enrolled(product: Product, serials: list[str]) -> dict[str, str]:
    """Enrol the pumps, each in a patient with baclofen; the communicators' passwords."""
    file = product.folder / "implanted.csv"
    rows = (f"{serial},{load.MODEL},implanted,baclofen,2000,mcg/mL,600\n" for serial in serials)
    file.write_text("serial,model,lifecycle,drug,concentration,concentration_unit,dose_per_day\n" + "".join(rows))
    shown = csv.DictReader(io.StringIO(product.tracker("pumps", "import", str(file))))
    return {row["username"]: row["password"] for row in shown}


def _stall(line: Line, box: Mailbox, serial: str) -> float:
    """Let the pump stall at a moment that no job can foresee; the seconds until the mail is there."""
    time.sleep(0.5 + 2 * _CHANCE.random())
    message = report(2, motor="stalled", infusion="stopped", alarms=["motor_stall"])
    began = time.monotonic()
    line.flood([(topics.telemetry(serial), json.dumps(message).encode())])
    wait_until(lambda: box.first_about(serial) is not None, 60, f"the mail about {serial}")
    arrived = box.first_about(serial)
    assert arrived is not None
    return arrived - began


if __name__ == "__main__":
    main()
