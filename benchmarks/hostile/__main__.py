"""``python -m benchmarks.hostile``: every attack in full number on both installations, and what others notice of it.

Goals: an honest report is receipted within 2 s, a nurse's click answered within 1 s, and afterwards memory and disk
are back.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.hostile.attacks import ATTACKS
from benchmarks.hostile.attempt import attempt
from benchmarks.hostile.installations import Installation, embedded, separate
from tests.servers import postgres_cluster

_FULL = {
    "sessions": 5_000,
    "connections": 2_000,
    "refused": 50_000,
    "epochs": 50_000,
    "retained": 5_000,
    "qos-2": 1_000,
}
_REST_S = 20.0


def _all(name: str, site: Installation, attacks: list[str], *, full: bool) -> None:
    for attack in attacks:
        memory, disk, database = site.memory_mb(), site.broker_mb(), site.database_mb()
        mosquitto = site.mosquitto_mb()
        noticed = attempt(site, attack, _FULL.get(attack) if full else None, after_s=5.0)
        time.sleep(_REST_S)
        room = (
            f"memory {memory:.0f} to {site.memory_mb():.0f} MB, of it Mosquitto {mosquitto:.0f} to "
            f"{site.mosquitto_mb():.0f} MB, broker's disk {disk:.0f} to {site.broker_mb():.0f} MB, "
            f"database {database:.0f} to {site.database_mb():.0f} MB"
        )
        told = [f"{name:12} {attack:20} {noticed.told()}", f"{room} in {site.broker_files()} files", *noticed.faults]
        print("\n    ".join(told), flush=True)  # noqa: T201 - the command's answer


def main() -> None:
    """Run what the command line names."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    words.add_argument("attacks", nargs="*", choices=[*ATTACKS, []], help="which ones (default: all)")
    words.add_argument("--short", action="store_true", help="in the number of the ordinary tests")
    words.add_argument("--on", choices=["embedded", "separate"], help="one installation alone (default: both)")
    named = words.parse_args()
    chosen = named.attacks or list(ATTACKS)
    with tempfile.TemporaryDirectory(prefix="pump-hostile-") as folder:
        for name in ("embedded", "separate"):
            (Path(folder) / name).mkdir()
        if named.on != "separate":
            with embedded(Path(folder) / "embedded") as site:
                _all("embedded", site, chosen, full=not named.short)
        if named.on != "embedded":
            with postgres_cluster("fsync=off") as postgres, separate(Path(folder) / "separate", postgres) as site:
                _all("separate", site, chosen, full=not named.short)


if __name__ == "__main__":
    main()
