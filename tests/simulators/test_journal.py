"""The communicators' disk: numbers given once, messages kept until covered, nothing lost by a kill."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.report import Receipt
from devices.wire import decode_session, decode_status
from simulators.communicator import covered_ranges
from simulators.journal import Journal, JournalInUseError
from tests.simulators.messages import AT, session, status

ENDLESS_WRITER = """
import sys
from pathlib import Path
from simulators.journal import Journal
from tests.simulators.messages import status

journal = Journal(Path(sys.argv[1]))
while True:
    stored = journal.append([("P1", status(volume / 10)) for volume in range(1, 8)])
    print(stored[-1][1].seq, flush=True)
"""


def test_both_kinds_of_message_share_one_count(journal: Journal) -> None:
    stored = journal.append([("P1", status()), ("P1", session()), ("P2", status())])
    assert [(serial, each.epoch, each.seq, each.session) for serial, each in stored] == [
        ("P1", 1, 1, False),
        ("P1", 1, 2, True),
        ("P2", 1, 1, False),
    ]
    assert decode_status(stored[0][1].payload).seq == 1
    assert decode_session(stored[1][1].payload).seq == 2


def test_what_was_stored_is_there_with_its_count_after_the_file_is_opened_again(tmp_path: Path) -> None:
    first = Journal(tmp_path / "j")
    first.append([("P1", status(1.0)), ("P1", status(2.0))])
    first.close()
    second = Journal(tmp_path / "j")
    assert [each.seq for each in second.after("P1", 0, 0, 10)] == [1, 2]
    assert second.append([("P1", status(3.0))])[0][1].seq == 3
    assert second.stored == 3
    second.close()


def test_a_kill_9_loses_no_message_that_was_said_to_be_stored(tmp_path: Path) -> None:
    path = tmp_path / "j"
    writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    told = [int(writer.stdout.readline()) for _ in range(30)]
    writer.send_signal(signal.SIGKILL)
    told.extend(int(line) for line in writer.stdout)
    writer.wait()
    writer.stdout.close()
    journal = Journal(path)
    kept = [each.seq for each in journal.after("P1", 0, 0, 1_000_000)]
    journal.close()
    assert kept == list(range(1, len(kept) + 1))
    assert len(kept) >= told[-1]


def test_a_second_process_is_told_that_the_journal_is_in_use(journal: Journal, tmp_path: Path) -> None:
    journal.append([("P1", status())])
    with pytest.raises(JournalInUseError, match="in use by another process"):
        Journal(tmp_path / "journal.sqlite")


def test_covered_messages_leave_the_disk_and_the_others_stay(journal: Journal) -> None:
    journal.append([("P1", status()) for _ in range(10)])
    journal.cover("P1", 1, [(1, 3), (6, 8)])
    journal.settle()
    assert [each.seq for each in journal.after("P1", 0, 0, 10)] == [4, 5, 9, 10]
    assert journal.stored == 4
    assert journal.has_had_a_receipt("P1")


def test_notes_are_committed_with_the_messages(journal: Journal) -> None:
    journal.append([("P1", status())], {"stand": b"one"})
    journal.keep({"other": b"two"})
    assert (journal.note("stand"), journal.note("other"), journal.note("unknown")) == (b"one", b"two", None)


def test_a_fault_while_storing_gives_no_number_away(journal: Journal) -> None:
    journal.append([("P1", status())])
    with pytest.raises(TypeError):
        journal.append([("P1", status()), ("P1", "no message at all")])  # type: ignore[list-item]
    assert journal.mark("P1") == (1, 1)
    assert journal.append([("P1", status())])[0][1].seq == 2


def test_a_lost_memory_begins_a_new_epoch_and_keeps_what_waits(journal: Journal) -> None:
    journal.append([("P1", status()), ("P1", status())])
    journal.lose_memory("P1")
    journal.append([("P1", status())])
    assert journal.mark("P1") == (2, 1)
    assert [(each.epoch, each.seq) for each in journal.after("P1", 0, 0, 10)] == [(1, 1), (1, 2)]
    assert [(each.epoch, each.seq) for each in journal.after("P1", 1, 2, 10)] == [(2, 1)]


def test_messages_moved_to_another_epoch_say_so_in_their_bytes(journal: Journal) -> None:
    journal.append([("P1", status(1.5)), ("P1", session()), ("P1", status(2.5))])
    journal.cover("P1", 1, [(1, 1)])
    journal.move_to_epoch("P1", 4)
    first, second = journal.after("P1", 0, 0, 10)
    assert decode_session(first.payload).epoch == 4
    report = decode_status(second.payload)
    assert (report.epoch, report.seq, report.reservoir_ml) == (4, 2, 2.5)
    assert journal.mark("P1") == (4, 2)


ranges = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 5)).map(lambda at: (at[0], at[0] + at[1])), max_size=8)


@given(contiguous=st.integers(0, 60), missing=ranges)
def test_covered_ranges_are_exactly_what_the_receipt_says(contiguous: int, missing: list[tuple[int, int]]) -> None:
    gaps = {seq for first, last in missing for seq in range(first, last + 1)}
    covered = covered_ranges(Receipt(1, contiguous, tuple(missing), AT))
    spelled = [seq for first, last in covered for seq in range(first, last + 1)]
    assert spelled == [seq for seq in range(1, contiguous + 1) if seq not in gaps]
