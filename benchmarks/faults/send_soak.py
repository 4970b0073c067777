"""Sending under kills: ``python -m benchmarks.faults.send_soak``; the last result goes to docs/benchmarks.md.

Messages are written without pause to webhooks of several people while `tracker send`, PostgreSQL or the receiver is
killed again and again. In the end every message must have arrived, each repeat under the same id with the same
number, and no first arrival at a destination before one of a lower number.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from benchmarks.faults.receiver_process import Arrival, ReceiverProcess
from benchmarks.report import machine, markdown, put
from tests.build import a_clinic, a_person
from tests.end_to_end.product import Product
from tests.send.receivers import SECRET
from tests.servers import Postgres, postgres_cluster, wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.reachable_networks import allowed_networks
from tracker.records import schema
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.message import Message, Outgoing, State, Type, enqueue

_CHANCE = random.Random(20261128)
_LOOPBACK = "127.0.0.0/8"
_MOST_QUEUED = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one story ended with; all but ``repeated`` must be 0 from ``lost`` on."""

    story: str
    faults: int
    written: int
    repeated: int
    seconds: float
    lost: int
    out_of_order: int
    changed: int
    """Repeats whose number or text is another than at the first time."""

    def cells(self) -> tuple[str, ...]:
        """The outcome as a row."""
        numbers = (self.faults, self.written, self.lost, self.out_of_order, self.changed, self.repeated)
        return (self.story, *(f"{number:,}" for number in numbers), f"{self.seconds:.0f}")

    @property
    def is_good(self) -> bool:
        """Whether everything arrived, in order, and repeats were repeats."""
        return not (self.lost or self.out_of_order or self.changed)


class Writer(threading.Thread):
    """Writes messages at a pace, a few in each transaction; what was committed is what must arrive."""

    def __init__(self, database: Database, points: list[tuple[int, int, int]], a_second: float) -> None:
        super().__init__(daemon=True)
        self._database, self._points, self._pause = database, points, 4 / a_second
        self._halt = threading.Event()

    def run(self) -> None:
        """Write until told to stop; nothing while the database is down, or while very much waits."""
        while not self._halt.wait(self._pause):
            if _queued(self._database) > _MOST_QUEUED:
                continue
            chosen = _CHANCE.sample(self._points, min(len(self._points), 4))
            with suppress(DBAPIError), self._database.writing() as session:
                enqueue(session, [_outgoing(*one) for one in chosen], datetime.now(UTC))

    def stop(self) -> None:
        """Write no more."""
        self._halt.set()
        self.join()


def _outgoing(point_id: int, staff_id: int, clinic_id: int) -> Outgoing:
    data = {"clinic": "Soak", "priority": "high", "pump": "SN-1", "what": "Stalled", "since": "2026-11-28T10:00:00Z"}
    return Outgoing(point_id, staff_id, clinic_id, None, Type.OPENED, 3, data)


@dataclass
class Running:
    """Everything that may be killed."""

    cluster: Postgres
    product: Product
    receiver: ReceiverProcess

    def kill_sender(self) -> None:
        """End `tracker send` as a crash would, and start it again."""
        self.product.kill("send")
        self.product.start("send")

    def kill_database(self) -> None:
        """End PostgreSQL with all its processes, and start it again."""
        self.cluster.stop(signal.SIGKILL)
        time.sleep(1.0)  # the killed server's children notice and end
        self.cluster.start()

    def kill_receiver(self) -> None:
        """End the receiver in the midst of what it takes, and start it again."""
        self.receiver.kill()
        time.sleep(_CHANCE.random() * 0.5)
        self.receiver.start()


STORIES: dict[str, Callable[[Running], None]] = {
    "send": Running.kill_sender,
    "database": Running.kill_database,
    "receiver": Running.kill_receiver,
}


def tell(
    folder: Path, story: str, faults: int, *, people: int = 6, a_second: float = 40.0, patience: float = 300
) -> Outcome:
    """Kill one part so many times under load, then let everything arrive within ``patience`` seconds."""
    began = time.monotonic()
    with postgres_cluster() as cluster, _opened(cluster.new_database()) as database:
        receiver = ReceiverProcess(folder)
        receiver.start()
        points = _points(database, receiver.url, people)
        settings = {"TRACKER_DATABASE_URL": database.url.render_as_string(hide_password=False)}
        product = Product(folder, **settings, TRACKER_WEBHOOK_ALLOW=_LOOPBACK)
        product.start("send")
        writer = Writer(database, points, a_second)
        writer.start()
        try:
            running = Running(cluster, product, receiver)
            for _ in range(faults):
                before = receiver.count()
                wait_until(lambda before=before: receiver.count() >= before + 3 * people, 120, "messages to arrive")  # type: ignore[misc]
                time.sleep(_CHANCE.random() * 0.4)
                STORIES[story](running)
            writer.stop()
            wait_until(lambda: not _queued(database), patience, "every message to be sent")
            return _outcome(database, receiver.arrived(), story, faults, time.monotonic() - began)
        finally:
            writer.stop()
            product.stop()
            receiver.kill()


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    schema.upgrade(database)
    try:
        yield database
    finally:
        database.close()


def _points(database: Database, url: str, people: int) -> list[tuple[int, int, int]]:
    """(contact point, person, clinic) of each person's webhook."""
    with database.writing() as session:
        clinic = a_clinic(session)
        found = []
        for number in range(people):
            person = a_person(session, clinic)
            point = add_contact(
                session,
                person,
                kind="webhook",
                target=f"{url}/{number}",
                secret=SECRET,
                confirmed=True,
                allowed=allowed_networks(_LOOPBACK),
                by="soak",
                now=datetime.now(UTC),
            )
            found.append((key(point.id), key(person.id), key(clinic.id)))
    return found


def _queued(database: Database) -> int:
    """How many messages wait; while the database is down, more than any number."""
    with suppress(DBAPIError), database.reading() as session:
        chosen = select(func.count()).select_from(Message).where(Message.state == State.QUEUED.value)
        return int(session.exec(chosen).one())
    return sys.maxsize


def _outcome(database: Database, arrived: list[Arrival], story: str, faults: int, seconds: float) -> Outcome:
    first: dict[str, Arrival] = {}
    changed = 0
    for one in arrived:
        known = first.setdefault(one.id, one)
        changed += (known.path, known.number, known.digest) != (one.path, one.number, one.digest)
    last: dict[str, int] = {}
    out_of_order = 0
    for one in first.values():  # in the order in which they first arrived
        out_of_order += one.number < last.get(one.path, 0)
        last[one.path] = max(one.number, last.get(one.path, 0))
    with database.reading() as session:
        written = list(session.exec(select(col(Message.id))))
    return Outcome(
        f"`{story}` killed",
        faults,
        len(written),
        len(arrived) - len(first),
        seconds,
        len(set(written) - set(first)),
        out_of_order,
        changed,
    )


def main() -> None:
    """Tell the stories; exit with 1 where anything was lost, out of order or changed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.send_soak", description=__doc__)
    parser.add_argument("stories", nargs="*", choices=[*STORIES, []], help="all of them unless named")
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    outcomes = []
    for story in chosen.stories or STORIES:
        with tempfile.TemporaryDirectory(prefix="pump-send-") as folder:
            outcomes.append(tell(Path(folder), story, chosen.faults))
        Console().print("  ".join(outcomes[-1].cells()), highlight=False)
    headings = ("story", "kills", "messages", "lost", "out of order", "changed", "sent again", "seconds")
    table = markdown("Sending, with each part killed under load", headings, [one.cells() for one in outcomes])
    put(chosen.out, "sending", f"Run {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")
    sys.exit(not all(one.is_good for one in outcomes))


if __name__ == "__main__":
    main()
