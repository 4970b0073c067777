"""The sentinel as a process: it says what was not renewed away, once, through kills and clocks that are set."""

from __future__ import annotations

import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.sentinel.sentinels import (
    ADMINISTRATOR,
    HOOK_SECRET,
    NURSE,
    SECRET,
    ladder,
    mailbox,
    receiver,
    sentinel,
    step,
    waited,
)
from tests.servers import binary, wait_until


def test_a_due_step_leaves_by_mail_and_webhook_and_is_said_once(tmp_path: Path) -> None:
    with mailbox() as box, receiver() as (url, got), sentinel(tmp_path, box) as one:
        hook = {"kind": "webhook", "target": url, "secret": HOOK_SECRET}
        both = step("a", 1, {"kind": "email", "target": NURSE}, hook)
        answer = one.put(ladder(1, both, step("b", 3600)))
        assert answer.status_code == 200
        assert (answer.json()["steps"], answer.json()["sequence"]) == (2, 1)
        wait_until(lambda: box.subjects(NURSE) and got, 11, "the mail and the webhook")
        assert got[0]["type"] == "alarm.escalated"
        assert one.put(ladder(2, both, step("b", 3600))).status_code == 200
        waited(2)
        assert box.subjects(NURSE) == ["Alarm a"]
        assert len(got) == 1


def test_a_step_that_is_renewed_away_is_not_said(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        assert one.put(ladder(1, step("a", 2), step("b", 2))).status_code == 200
        assert one.put(ladder(2, step("b", 2))).status_code == 200
        wait_until(lambda: box.subjects(NURSE), 11, "the mail")
        waited(1)
        assert box.subjects(NURSE) == ["Alarm b"]


def test_a_silent_tracker_is_told_once_and_its_return_too(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        assert one.put(ladder(1, after_s=1)).status_code == 200
        wait_until(lambda: box.subjects(ADMINISTRATOR), 11, "the mail about silence")
        waited(1.5)
        assert box.subjects(ADMINISTRATOR) == ["Pump tracker is silent"]
        assert one.health() is not None
        assert one.put(ladder(2)).status_code == 200
        wait_until(lambda: len(box.subjects(ADMINISTRATOR)) == 2, 11, "the mail about the return")
        assert box.subjects(ADMINISTRATOR)[1] == "Pump tracker is back"


def test_forged_replayed_old_foreign_and_oversized_renewals_are_refused(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        assert one.put(ladder(5, step("a", 3600))).status_code == 200
        now = datetime.now(UTC)
        assert one.put(ladder(6), secret="another-secret-of-thirty-two-letters").status_code == 401
        assert one.put(ladder(5)).json()["held"] == 5
        assert one.put(ladder(4)).status_code == 409
        assert one.put(ladder(6), at=now - timedelta(minutes=6)).status_code == 401
        assert one.put(ladder(6), at=now + timedelta(minutes=6)).status_code == 401
        assert one.put_bytes(b" " * (4 * 1024 * 1024 + 1)).status_code == 413
        assert one.put_bytes(b"{").status_code == 422
        assert one.put_bytes(b"[" * 100_000).status_code == 422
        assert one.put(ladder(6, *(step(str(number), 9) for number in range(2001)))).status_code == 422
        assert (
            one.put(ladder(6, step("x", 9, {"kind": "email", "target": "a@b.example\r\nBcc: c@d"}))).status_code == 422
        )
        assert httpx.put(f"http://127.0.0.1:{one.port}/ladder", content=b"{}", trust_env=False).status_code == 401
        held = one.health()
        assert held is not None
        assert (held["sequence"], held["steps"]) == (5, 1)


@pytest.mark.parametrize("moment", ["held", "refused by the mail server", "said"])
def test_a_killed_sentinel_goes_on_where_it_stood(tmp_path: Path, moment: str) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        box.refuses = moment.startswith("refused")
        assert one.put(ladder(1, step("a", 0 if moment != "held" else 3), after_s=3600)).status_code == 200
        if moment == "said":
            wait_until(lambda: box.subjects(NURSE), 11, "the mail")
            waited(1)
        elif moment.startswith("refused"):
            wait_until(lambda: "sentinel.unsaid" in one.log(), 11, "a refused mail")
        one.kill()
        box.refuses = False
        one.start()
        assert one.put(ladder(1)).status_code == 409
        wait_until(lambda: box.subjects(NURSE), 14, "the mail")
        waited(1.5)
        assert box.subjects(NURSE) == ["Alarm a"]


def test_steps_said_again_after_a_kill_carry_the_same_message_id(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        many = [step(str(number), 0) for number in range(60)]
        assert one.put(ladder(1, *many, after_s=3600)).status_code == 200
        for _ in range(4):
            before = len(box.mails)
            wait_until(lambda before=before: len(box.mails) > before or len(box.mails) >= 60, 20, "a mail")  # type: ignore[misc]
            one.kill()
            one.start()
        wait_until(lambda: len(set(box.subjects(NURSE))) == 60, 60, "every mail")
        ids = {(one["Subject"], one["Message-ID"]) for one in box.mails}
        assert len(ids) == 60


def test_a_file_cut_short_is_kept_aside_and_said(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        assert one.put(ladder(1, step("a", 3600))).status_code == 200
        one.kill()
        path = one.folder / "ladder.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        path.write_bytes(path.read_bytes()[:-9])
        one.start()
        held = one.health()
        assert held is not None
        assert held["lost_its_file"]
        assert (one.folder / "ladder.unreadable").exists()
        assert one.put(ladder(1)).status_code == 200


@pytest.mark.parametrize("offset", ["-3h", "+3h"])
def test_a_clock_that_was_set_while_it_was_down_changes_no_time(tmp_path: Path, offset: str) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        assert one.put(ladder(1, step("a", 8), step("b", 3600), after_s=3600)).status_code == 200
        began = time.monotonic()
        one.kill()
        one.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        one.start(binary("faketime"), "-f", offset)
        wait_until(lambda: box.subjects(NURSE), 25, "the mail")
        assert time.monotonic() - began > 6
        waited(1)
        assert box.subjects(NURSE) == ["Alarm a"]
        assert box.subjects(ADMINISTRATOR) == []


def test_a_clock_apart_from_the_trackers_shifts_no_due_time(tmp_path: Path) -> None:
    with mailbox() as box, sentinel(tmp_path, box) as one:
        apart = timedelta(minutes=4)
        document = ladder(1, step("a", 240 + 3))
        began = time.monotonic()
        assert one.put(document, at=datetime.now(UTC) + apart).status_code == 200
        wait_until(lambda: box.subjects(NURSE), 14, "the mail")
        assert time.monotonic() - began > 1.5


def test_a_mail_that_is_refused_is_tried_again_and_nothing_secret_is_logged(tmp_path: Path) -> None:
    with mailbox() as box, receiver() as (url, got), sentinel(tmp_path, box) as one:
        box.refuses = True
        hook = {"kind": "webhook", "target": url + "?key=of-the-address", "secret": HOOK_SECRET}
        assert one.put(ladder(1, step("a", 0, {"kind": "email", "target": NURSE}, hook))).status_code == 200
        wait_until(lambda: got and "451" in one.log(), 11, "the webhook, and a refusal")
        box.refuses = False
        wait_until(lambda: box.subjects(NURSE), 20, "the mail")
        for secret in (SECRET, HOOK_SECRET, "of-the-address", "B1234567", NURSE):
            assert secret not in one.log()
