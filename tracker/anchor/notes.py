"""What checkpoints note of each entry, in the form and order in which the trail is verified against them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence

from tracker.actions.audit_verify import Noted
from tracker.anchor.checkpoint import Checkpoint


def noted_by(files: Iterable[Sequence[Checkpoint]], also: Sequence[Noted] = ()) -> Iterator[Noted]:
    """Every entry that the files' checkpoints speak of, by its number, and what else was noted."""
    return heapq.merge(also, *(_of_one(file) for file in files), key=lambda noted: noted.seq)


def _of_one(file: Sequence[Checkpoint]) -> Iterator[Noted]:
    for checkpoint in sorted(file, key=lambda one: one.seq):
        source = f"checkpoint of {checkpoint.at.isoformat(timespec='seconds')}"
        first = checkpoint.seq - len(checkpoint.marks) + 1
        for place, mark in enumerate(checkpoint.marks):
            yield Noted(first + place, mark, source)
        yield Noted(checkpoint.seq, checkpoint.digest, source)
