"""Where ingest's processor time goes, stage by stage: ``python -m benchmarks.stages``.

Runs the path of the hot code in one process on prepared packets, under Python's profiler, which makes everything about
twice as slow but leaves the shares roughly as they are. The socket and the broker are left out.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import struct
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import load
from benchmarks.report import machine, markdown, put
from tracker.ingest import decode, store
from tracker.ingest.batch import PumpBatch
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.gc_tuning import calm_the_collector
from tracker.ingest.subscriber import Subscriber
from tracker.records import delivery, reading, schema, state_writes
from tracker.records.database import Database

_PUMPS, _EACH, _BATCH = 200, 300, 4000
_STAGES: dict[str, Callable[..., Any]] = {
    "taking packets out of what was read": Subscriber._parse,
    "decoding, and laying out by pump": decode.decode_all,
    "reading pumps, states and marks": store._open,
    "checking against the model, delivery marks": PumpBatch.part,
    "alarms": store._note_alarms,
    "building and inserting rows": reading.add_reports,
    "moving the states": PumpBatch.move_state,
    "writing states": state_writes.keep_states,
    "writing marks": delivery.keep_marks,
}
_COMMIT = ("~", 0, "<method 'commit' of 'sqlite3.Connection' objects>")


def main() -> None:
    """Profile, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stages", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    packets = b"".join(_packet(topic, payload) for topic, payload in load.messages(_PUMPS, _EACH))
    calm_the_collector()
    with tempfile.TemporaryDirectory(prefix="pump-stages-") as folder:
        database = Database(f"sqlite:///{folder}/tracker.db")
        schema.upgrade(database)
        load.enrol(database, _PUMPS)
        ledger, subscriber = Ledger(database, 1000), Subscriber("stages", [])
        profile = cProfile.Profile()
        profile.enable()
        for start in range(0, len(packets), 262_144):
            subscriber._parse(packets[start : start + 262_144])
        for start in range(0, len(subscriber.inbox), _BATCH):
            ledger.write(subscriber.inbox[start : start + _BATCH], datetime.now(UTC))
        profile.disable()
        ledger.close()
    found: dict[tuple[str, int, str], Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    seconds = {stage: found[_place(function)][3] for stage, function in _STAGES.items()}
    seconds["commit: the log, and waiting for the disk"] = found[_COMMIT][3]
    total = sum(seconds.values())
    rows: list[tuple[str, ...]] = [(stage, f"{share / total:.0%}") for stage, share in seconds.items()]
    table = markdown("Where the time goes, into SQLite", ("stage", "share"), rows)
    Console().print(table)
    put(chosen.out, "stages", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _place(function: Callable[..., Any]) -> tuple[str, int, str]:
    """How the profiler names a function; a stage that it never saw is a fault here, not a share of zero."""
    code = function.__code__
    return code.co_filename, code.co_firstlineno, code.co_name


def _packet(topic: str, payload: bytes) -> bytes:
    body = struct.pack("!H", len(topic)) + topic.encode() + b"\x00\x01" + payload
    return bytes([0x32, len(body) % 128 | 128, len(body) // 128]) + body


if __name__ == "__main__":
    main()
