"""Verify the audit trail: the chain itself, and the chain against what was noted of it elsewhere.

A chain alone can't show that its end was cut off, that it was emptied, or that all of it was made again from some entry
on. A note that is kept elsewhere can: see ``tracker/anchor``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlmodel import Session

from tracker.actions.audit import FIRST, digest_of
from tracker.errors import Invalid
from tracker.records.audit import UNREADABLE, AuditEntry, entries_in_order, entry_after


@dataclass(frozen=True, slots=True)
class Noted:
    """What was noted of one entry: its digest, or the digest's beginning. ``source`` says who noted it, and when."""

    seq: int
    digest: str
    source: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry that does not hold, and why."""

    seq: int
    because: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a verification went. ``broken_seq`` names the first entry that does not hold; None where all hold.

    ``noted_seq`` is the newest entry that a note speaks of; 0 without notes.
    """

    entries: int
    last_digest: str
    broken_seq: int | None = None
    because: str = ""
    noted_seq: int = 0


def verify(session: Session, noted: Iterable[Noted] = ()) -> Verdict:
    """Walk the whole chain, a thousand entries in memory at a time, and stop at the first that does not hold.

    ``noted`` is what was noted elsewhere, in the order of its entries.
    """
    notes = iter(noted)
    note = next(notes, None)
    seq, digest, newest = 0, FIRST, 0
    for entry in walk(session):
        if isinstance(entry, Broken):
            return Verdict(seq, digest, entry.seq, entry.because, newest)
        while note is not None and note.seq <= entry.seq:
            if note.seq == entry.seq and not entry.digest.startswith(note.digest):
                because = f"its digest is not the one that was noted ({note.source}): rewritten from this entry on"
                return Verdict(seq, digest, entry.seq, because, newest)
            newest, note = note.seq, next(notes, None)
        seq, digest = entry.seq, entry.digest
    if note is None:
        return Verdict(seq, digest, noted_seq=newest)
    for last in notes:
        note = last
    because = f"the trail ends before entry {note.seq}, which was noted ({note.source})"
    return Verdict(seq, digest, seq + 1, because, note.seq)


def walk(session: Session, seq: int = 0, digest: str = FIRST) -> Iterator[AuditEntry | Broken]:
    """The entries after the one of that number and digest, each held against the one before it.

    The first that does not hold is the last that comes, as ``Broken``.
    """
    for entry in _entries(session, seq):
        if isinstance(entry, int):
            yield Broken(entry, "it can't be read")
            return
        because = _fault(entry, seq + 1, digest)
        if because:
            yield Broken(entry.seq, because)
            return
        yield entry
        seq, digest = entry.seq, entry.digest


def noted_by_hand(expect: str) -> Noted:
    """``SEQ:DIGEST`` as an earlier verification printed it. Raises ``Invalid`` for anything else."""
    seq, _, digest = expect.partition(":")
    if not (seq.isascii() and seq.isdecimal()) or len(digest) != len(FIRST):
        raise Invalid("what is expected is written SEQ:DIGEST, as an earlier verification printed it", field="expect")
    return Noted(int(seq), digest, "given by --expect")


def _entries(session: Session, seq: int) -> Iterator[AuditEntry | int]:
    """The entries after that number in order, and in place of the first that can't be read its number."""
    try:
        for entry in entries_in_order(session, seq):
            yield entry
            seq = entry.seq
    except UNREADABLE:  # somewhere in the thousand that were read at once: look at each
        session.expunge_all()
        while (following := entry_after(session, seq)) is not None:
            yield following
            if isinstance(following, int):
                return
            seq = following.seq


def _fault(entry: AuditEntry, expected: int, previous: str) -> str:
    if entry.seq != expected:
        return f"entry {expected} is missing"
    if entry.previous != previous:
        return "it does not follow from the entry before it"
    try:
        holds = entry.digest == digest_of(entry)
    except UNREADABLE:
        return "it can't be read"
    return "" if holds else "its content is not what was entered"
