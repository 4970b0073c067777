"""Every page with 100,000 pumps and 20 million readings, while 20 users click: ``python -m benchmarks.pages``.

Fills each database, starts ``tracker web`` on it as a process of its own, signs the users in, and has each click, read
for one to two seconds, and click again. Every address is opened before anything is measured, so that the figures are a
running server's. Exports are told apart: they are as long as what they hold.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console

from benchmarks import clinics
from benchmarks.addresses import EXPORTS, Address, addresses
from benchmarks.clicks import THINK_S, Deck, User
from benchmarks.clinics_pumps import ROLES, email
from benchmarks.measure import cpu_of, cpu_of_server, peak_mib
from benchmarks.report import machine, markdown, put
from tests.servers import Postgres, end, free_port, listens, wait_until
from tracker.actions.staff.issue_token import issue_token
from tracker.records.database import Database
from tracker.records.staff import staff_by_email

USERS = 20
_FILLING = ("fsync=off", "wal_level=minimal", "max_wal_senders=0", "max_wal_size=8GB", "shared_buffers=512MB")
_SERVING = ("shared_buffers=512MB",)
_OPEN = {200, 303}
_ALSO = {"/health/ready": 503}  # no broker and no ingest run here, and it says so


@dataclass(frozen=True, slots=True)
class Measured:
    """The milliseconds of each address's clicks, and what else was seen."""

    clicks: dict[Address, list[float]]
    exports: dict[str, tuple[float, int]]
    sign_ins: list[float]
    seconds: float
    web_cpu: float
    server_cpu: float
    peak_mib: float


def main() -> None:
    """Fill, serve, click, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--pumps", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=20_000_000)
    parser.add_argument("--seconds", type=float, default=75.0, help="of clicking on each database")
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], help="this one alone")
    parser.add_argument("--filled", help="the URL of a database that is filled already; it gains sessions and reads")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    results: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="pump-pages-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        for kind in ("SQLite", "PostgreSQL"):
            if chosen.database not in {None, kind}:
                continue
            if chosen.filled:
                results[kind] = _on(chosen.filled, folder, chosen.pumps, chosen.seconds, None, console)
            elif kind == "SQLite":
                url = f"sqlite:///{folder / 'tracker.db'}"
                _fill(url, chosen.pumps, chosen.readings, console)
                results[kind] = _on(url, folder, chosen.pumps, chosen.seconds, None, console)
                for file in folder.glob("tracker.db*"):
                    file.unlink()
            else:
                results[kind] = _on_postgres(folder, chosen.pumps, chosen.readings, chosen.seconds, console)
    _write(chosen.out, results, chosen.pumps, chosen.readings, console)


def _on_postgres(folder: Path, pumps: int, readings: int, seconds: float, console: Console) -> Measured:
    cluster = Postgres(folder / "cluster")
    try:
        cluster.start(*_FILLING)
        url = cluster.new_database()
        _fill(url, pumps, readings, console)
        cluster.stop()
        cluster.start(*_SERVING)
        return _on(url, folder, pumps, seconds, cluster.process.pid if cluster.process else None, console)
    finally:
        cluster.stop()


def _fill(url: str, pumps: int, readings: int, console: Console) -> None:
    began = time.monotonic()
    database = Database(url)
    clinics.fill(database, pumps, readings, datetime.now(UTC).replace(microsecond=0), tell=lambda _: None)
    console.print(f"{database.url.get_backend_name()}: filled in {time.monotonic() - began:.0f} s")
    database.close()


def _on(url: str, folder: Path, pumps: int, seconds: float, server: int | None, console: Console) -> Measured:
    """Serve that database and click."""
    port = free_port()
    database = Database(url)
    users = []
    with database.writing() as session:
        for number in range(1, USERS + 1):
            staff = staff_by_email(session, email(number))
            assert staff, "the database was not filled by benchmarks.clinics"
            token = issue_token(session, staff, name="bench", by="bench", now=datetime.now(UTC))
            users.append(User(port, staff.email, ROLES[(number - 1) % len(ROLES)], token))
    database.close()
    environment = os.environ | {
        "TRACKER_DATA_DIR": str(folder / "data"),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_WEB_PORT": str(port),
        "TRACKER_BROKER_PORT": str(free_port()),
    }
    process = subprocess.Popen([str(Path(sys.executable).parent / "tracker"), "web"], env=environment)
    try:
        wait_until(lambda: listens(port), 60, "the pages")
        return asyncio.run(_click(users, pumps, seconds, process.pid, server, console))
    finally:
        end(process)


async def _click(
    users: list[User], pumps: int, seconds: float, web: int, server: int | None, console: Console
) -> Measured:
    dice = random.Random(7)  # the same clicks every time
    began = time.monotonic()
    sign_ins = list(await asyncio.gather(*(user.sign_in() for user in users)))
    deck = Deck(*await _open_all(users, pumps, dice), dice)
    console.print(f"every address opened after {time.monotonic() - began:.0f} s; clicking for {seconds:.0f} s")
    clicks: dict[Address, list[float]] = {address: [] for address in deck.addresses}
    used, served, started = cpu_of(web), cpu_of_server(server), time.perf_counter()

    async def clicking(user: User) -> None:
        await asyncio.sleep(dice.uniform(0, THINK_S[1]))
        while time.perf_counter() - started < seconds:
            address = deck.next_for(user.role)
            path = address.filled(dice, pumps)
            answer = await user.click(path)
            if answer.status not in _OPEN | {_ALSO.get(path)}:
                raise AssertionError(f"{path} answered {answer.status}")
            clicks[address].append(answer.seconds * 1000)
            await asyncio.sleep(dice.uniform(*THINK_S))

    await asyncio.gather(*(clicking(user) for user in users))
    elapsed = time.perf_counter() - started
    shares = ((cpu_of(web) - used) / elapsed, (cpu_of_server(server) - served) / elapsed)
    exports = {}
    for path in EXPORTS:
        answer = await users[0].click(path)
        exports[path] = (answer.seconds, len(answer.body))
    for user in users:
        await user.end()
    return Measured(clicks, exports, sign_ins, elapsed, *shares, peak_mib(web))


async def _open_all(users: list[User], pumps: int, dice: random.Random) -> tuple[list[Address], set[tuple[str, str]]]:
    """Open every address once with each role; where the next pages lead, and which routes are closed to whom."""
    roles = {user.role: user for user in users}
    found: list[Address] = []
    closed: set[tuple[str, str]] = set()
    for address in addresses():
        path = address.filled(dice, pumps)
        for role, user in roles.items():
            if (role, address.route) not in closed:
                status = (await user.click(path)).status
                assert status in _OPEN | {403, _ALSO.get(path)}, (path, status)
                if status == 403:
                    closed.add((role, address.route))
        opener = next(user for role, user in roles.items() if (role, address.route) not in closed)
        if address.pages:
            found.append(replace(address, led=await opener.further(address.written, address.pages)))
        else:
            found.append(address)
    return found, closed


def _write(out: Path, results: dict[str, Measured], pumps: int, readings: int, console: Console) -> None:
    said = (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}. {pumps:,} pumps (92 of 100 at one clinic, which all "
        f"{USERS} users look at) with {readings:,} readings; each user holds a page's live feed open and clicks again "
        f"{THINK_S[0]:g} to {THINK_S[1]:g} s after the last answer. One `tracker web` process; users, server and "
        "database share the processors."
    )
    parts = [said]
    for kind, one in results.items():
        every = [spent for some in one.clicks.values() for spent in some]
        rows = [_row(address.name, some, address.limit_ms) for address, some in one.clicks.items() if some]
        over = [row[0] for row in rows if row[-1] == "over"]
        rows.append(_row("all of them", every, 0))
        headings = ("address", "clicks", "p50 ms", "p95 ms", "longest ms", "p95 limit ms", "")
        busy = (
            f"{len(every) / one.seconds:.1f} clicks/s; `tracker web` used {one.web_cpu:.0%} of one processor and "
            f"{one.peak_mib:.0f} MiB at its peak, PostgreSQL {one.server_cpu:.0%} of one. Signing in 20 at once took "
            f"{median(one.sign_ins):.1f} s at the median and {max(one.sign_ins):.1f} s at the longest."
        )
        exports: list[tuple[str, ...]] = [
            (path, f"{spent:.1f}", f"{size / 2**20:.1f}") for path, (spent, size) in one.exports.items()
        ]
        table = markdown(f"Exports from {kind}, nobody else clicking", ("export", "s", "MiB"), exports)
        parts += [markdown(f"Pages on {kind}", headings, rows), busy, table]
        console.print(f"{kind}: {busy}")
        for row in sorted(rows, key=lambda row: -float(row[3]))[:25]:
            console.print("  ", *row)
        console.print(f"  over their limit: {len(over)}", *exports)
    put(out, "pages", "\n\n".join(parts))


def _row(name: str, spent: Sequence[float], limit: int) -> tuple[str, ...]:
    p95 = percentile(spent, 0.95)
    verdict = ("over" if p95 > limit else "kept") if limit else ""
    figures = (f"{median(spent):.0f}", f"{p95:.0f}", f"{max(spent):.0f}", f"{limit or ''}")
    return (f"`{name}`" if limit else name, str(len(spent)), *figures, verdict)


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least that part of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-part * len(ordered) // 1) - 1))]


if __name__ == "__main__":
    main()
