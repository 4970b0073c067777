"""Metrics of ingest for Prometheus, counted after each commit and never in the hot path of a message."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from tracker.ingest.batch import Stored

_MESSAGES = Counter("tracker_ingest_messages_total", "Messages committed, by what became of them", ["kind"])
_CUT = Counter("tracker_ingest_rejected_cut_total", "Rejected messages without a number, counted but not kept whole")
_HELD = Counter("tracker_ingest_held_total", "Messages over their pump's budget, neither stored nor receipted")
_BATCH = Histogram(
    "tracker_ingest_batch_messages", "Messages in one transaction", buckets=(1, 3, 10, 30, 100, 300, 1000, 3000, 10000)
)
_COMMIT = Histogram(
    "tracker_ingest_commit_seconds",
    "From the first look into a batch to its commit",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30),
)
_LAG = Gauge("tracker_ingest_lag_seconds", "From the newest report's measured time to its commit, in the last batch")
_QUEUE = Gauge("tracker_ingest_queue_messages", "Messages read from the broker and not yet committed")
_RECEIPTS = Counter("tracker_ingest_receipts_total", "Receipts published")
_WAITING = Gauge("tracker_ingest_receipts_waiting", "Pumps whose receipt waits for its turn")
_GAPS = Gauge("tracker_ingest_gaps", "Gaps in the numbers of the last batch's pumps")
_CONNECTED = Gauge("tracker_ingest_connected", "1 while the broker's subscription stands")
_DATABASE_UP = Gauge("tracker_ingest_database_up", "1 while batches can be committed")

_KINDS = ("readings", "sessions", "presences", "duplicates", "rejected")
_BY_KIND = {kind: _MESSAGES.labels(kind) for kind in _KINDS}


def committed(done: Stored, messages: int, seconds: float, lag_seconds: float | None) -> None:
    """A batch is in."""
    for kind, counter in _BY_KIND.items():
        if number := getattr(done, kind):
            counter.inc(number)
    _CUT.inc(done.rejected_cut)
    _HELD.inc(done.held)
    _BATCH.observe(messages)
    _COMMIT.observe(seconds)
    _GAPS.set(sum(marks.gaps for _, _, marks in done.receipts))
    if lag_seconds is not None:
        _LAG.set(lag_seconds)


def receipts(sent: int, waiting: int) -> None:
    """Receipts went out."""
    _RECEIPTS.inc(sent)
    _WAITING.set(waiting)


def queue(messages: int) -> None:
    """So many messages wait in memory."""
    _QUEUE.set(messages)


def standing(*, connected: bool, database_up: bool) -> None:
    """Whether both ends are there."""
    _CONNECTED.set(connected)
    _DATABASE_UP.set(database_up)
