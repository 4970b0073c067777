"""A communicator's disk: each message is stored here before it is sent and stays until a receipt covers it.

One SQLite file (write-ahead log, every commit synced to the disk) serves one communicator or thousands. A group of
messages is numbered and committed in one transaction, so a number is used once and never for other content, and what
`append` returned from outlives a killed process.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from devices.report import ProgrammerSession
from simulators.numbering import Message, numbered, renumbered

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pump (
    id INTEGER PRIMARY KEY, serial TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
    receipted INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS message (
    pump INTEGER NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, session INTEGER NOT NULL,
    payload BLOB NOT NULL, PRIMARY KEY (pump, epoch, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class JournalInUseError(RuntimeError):
    """Another process holds the journal; two writers would give one number to two messages."""


class Stored(NamedTuple):
    """One message on the disk: its number, whether it is a programmer session (else a status report), its bytes."""

    epoch: int
    seq: int
    session: bool
    payload: bytes


class _Pump:
    __slots__ = ("epoch", "id", "receipted", "seq")

    def __init__(self, pump_id: int, epoch: int, seq: int, receipted: bool) -> None:
        self.id = pump_id
        self.epoch = epoch
        self.seq = seq
        self.receipted = receipted


class Journal:
    """The stored messages of one or many communicators, and small notes stored in the same transactions.

    Raises `JournalInUseError` when another process has the file open.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("PRAGMA wal_autocheckpoint=4000")
            self._db.execute("PRAGMA cache_size=-16000")
            self._db.execute("BEGIN IMMEDIATE")
            for statement in _SCHEMA.split(";"):
                self._db.execute(statement)
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as fault:
            self._db.close()
            if "locked" in str(fault):
                raise JournalInUseError(
                    f"{path} is in use by another process: stop that one or name another"
                ) from fault
            raise
        self._pumps = self._read_pumps()
        self._stored = int(self._db.execute("SELECT count(*) FROM message").fetchone()[0])
        self._covered: list[tuple[int, int, int, int]] = []

    def close(self) -> None:
        """Writes down which messages receipts have covered, and closes the file."""
        self.settle()
        self._db.close()

    @property
    def stored(self) -> int:
        """Messages that no receipt covers yet, all communicators together."""
        return self._stored

    @property
    def waiting(self) -> frozenset[str]:
        """The communicators with messages that no receipt covers yet."""
        rows = self._db.execute("SELECT DISTINCT serial FROM message JOIN pump ON pump.id = message.pump")
        return frozenset(serial for (serial,) in rows)

    def mark(self, serial: str) -> tuple[int, int]:
        """The (epoch, seq) given last; seq 0 before the first message of an epoch, (1, 0) for an unknown serial."""
        pump = self._pumps.get(serial)
        return (1, 0) if pump is None else (pump.epoch, pump.seq)

    def has_had_a_receipt(self, serial: str) -> bool:
        """Whether a receipt ever covered one of its messages; if not, the memory may be younger than the pump."""
        pump = self._pumps.get(serial)
        return pump is not None and pump.receipted

    def append(
        self, said: Sequence[tuple[str, Message]], notes: Mapping[str, bytes] | None = None
    ) -> list[tuple[str, Stored]]:
        """Numbers the messages in the order given and commits them together with the notes; returns them as stored."""
        rows: list[tuple[int, int, int, bool, bytes]] = []
        stored: list[tuple[str, Stored]] = []
        with self._transaction():
            touched: dict[str, _Pump] = {}
            for serial, message in said:
                pump = touched.get(serial) or touched.setdefault(serial, self._known(serial))
                pump.seq += 1
                session = isinstance(message, ProgrammerSession)
                payload = numbered(message, pump.epoch, pump.seq)
                rows.append((pump.id, pump.epoch, pump.seq, session, payload))
                stored.append((serial, Stored(pump.epoch, pump.seq, session, payload)))
            self._db.executemany("INSERT INTO message VALUES (?, ?, ?, ?, ?)", rows)
            self._db.executemany("UPDATE pump SET seq = ? WHERE id = ?", [(p.seq, p.id) for p in touched.values()])
            self._write(notes or {})
        self._stored += len(rows)
        return stored

    def after(self, serial: str, epoch: int, seq: int, limit: int) -> list[Stored]:
        """Up to `limit` stored messages that follow (epoch, seq), oldest first, never beyond the end of an epoch.

        When the epoch of `seq` holds nothing further, those of the next epoch follow.
        """
        pump = self._pumps.get(serial)
        if pump is None:
            return []
        rows = self._db.execute(
            "SELECT epoch, seq, session, payload FROM message WHERE pump = ? AND (epoch, seq) > (?, ?)"
            " ORDER BY epoch, seq LIMIT ?",
            (pump.id, epoch, seq, limit),
        )
        found = [Stored(*row) for row in rows]
        return [each for each in found if each.epoch == found[0].epoch]

    def within(self, serial: str, epoch: int, first: int, last: int) -> list[Stored]:
        """The stored messages of one epoch with `first` <= seq <= `last`."""
        pump = self._pumps.get(serial)
        if pump is None:
            return []
        rows = self._db.execute(
            "SELECT epoch, seq, session, payload FROM message WHERE pump = ? AND epoch = ? AND seq BETWEEN ? AND ?"
            " ORDER BY seq",
            (pump.id, epoch, first, last),
        )
        return [Stored(*row) for row in rows]

    def oldest_epoch(self, serial: str) -> int:
        """The epoch of the oldest stored message, or the running one when nothing is stored."""
        pump = self._pumps.get(serial)
        if pump is None:
            return 1
        row = self._db.execute("SELECT min(epoch) FROM message WHERE pump = ?", (pump.id,)).fetchone()
        return pump.epoch if row[0] is None else int(row[0])

    def cover(self, serial: str, epoch: int, ranges: Iterable[tuple[int, int]]) -> None:
        """Notes that receipts cover these closed ranges of seq; they leave the disk with the next commit."""
        pump = self._pumps.get(serial)
        if pump is not None:
            self._covered.extend((pump.id, epoch, first, last) for first, last in ranges)

    def settle(self) -> None:
        """Takes the covered messages off the disk. Losing this at a crash costs a repetition, never a message."""
        if self._covered:
            with self._transaction():
                pass

    def lose_memory(self, serial: str) -> None:
        """The communicator forgets its count: the next message is seq 1 of a new epoch. What is stored stays."""
        with self._transaction():
            pump = self._known(serial)
            pump.epoch, pump.seq = pump.epoch + 1, 0
            self._db.execute("UPDATE pump SET epoch = ?, seq = 0 WHERE id = ?", (pump.epoch, pump.id))

    def move_to_epoch(self, serial: str, epoch: int) -> None:
        """Renumbers all that is stored from seq 1 of `epoch`: for a memory that turns out younger than its pump."""
        self.settle()
        with self._transaction():
            pump = self._known(serial)
            rows = self._db.execute(
                "SELECT session, payload FROM message WHERE pump = ? ORDER BY epoch, seq", (pump.id,)
            ).fetchall()
            self._db.execute("DELETE FROM message WHERE pump = ?", (pump.id,))
            self._db.executemany(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?)",
                [
                    (pump.id, epoch, seq, session, renumbered(payload, epoch, seq))
                    for seq, (session, payload) in enumerate(rows, start=1)
                ],
            )
            pump.epoch, pump.seq = epoch, len(rows)
            self._db.execute("UPDATE pump SET epoch = ?, seq = ? WHERE id = ?", (epoch, pump.seq, pump.id))

    def note(self, name: str) -> bytes | None:
        """What `append` or `keep` last wrote under this name."""
        row = self._db.execute("SELECT value FROM note WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def keep(self, notes: Mapping[str, bytes]) -> None:
        """Commits notes alone."""
        with self._transaction():
            self._write(notes)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Commits what is done inside, and takes covered messages along; after a fault, memory and disk agree again."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            gone = self._delete_covered()
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            self._pumps = self._read_pumps()
            raise
        self._stored -= gone
        self._covered.clear()

    def _known(self, serial: str) -> _Pump:
        pump = self._pumps.get(serial)
        if pump is None:
            cursor = self._db.execute("INSERT INTO pump (serial, epoch, seq, receipted) VALUES (?, 1, 0, 0)", (serial,))
            pump = self._pumps[serial] = _Pump(int(cursor.lastrowid or 0), 1, 0, receipted=False)
        return pump

    def _write(self, notes: Mapping[str, bytes]) -> None:
        self._db.executemany("INSERT OR REPLACE INTO note VALUES (?, ?)", list(notes.items()))

    def _delete_covered(self) -> int:
        if not self._covered:
            return 0
        cursor = self._db.executemany(
            "DELETE FROM message WHERE pump = ? AND epoch = ? AND seq BETWEEN ? AND ?", self._covered
        )
        gone = cursor.rowcount
        covered = {entry[0] for entry in self._covered}
        for pump in self._pumps.values():
            if not pump.receipted and pump.id in covered:
                pump.receipted = True
                self._db.execute("UPDATE pump SET receipted = 1 WHERE id = ?", (pump.id,))
        return gone

    def _read_pumps(self) -> dict[str, _Pump]:
        rows = self._db.execute("SELECT serial, id, epoch, seq, receipted FROM pump")
        return {serial: _Pump(pump, epoch, seq, bool(known)) for serial, pump, epoch, seq, known in rows}
