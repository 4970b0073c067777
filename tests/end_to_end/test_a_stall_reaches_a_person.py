"""A stall is published; somebody is told by mail and webhook, and takes it by the link in the message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.end_to_end.product import Product, report
from tests.send.receivers import SECRET, mailbox, webhook_receiver
from tests.servers import free_port, wait_until

PUMP = {"serial": "SN-1", "model": "synchromed-ii-20", "lifecycle": "implanted", "drug": "baclofen"}
PUMP |= {"concentration": "2000", "concentration_unit": "mcg/mL", "dose_per_day": "600", "patient_reference": "P-7"}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    smtp = free_port()
    running = Product(
        tmp_path,
        TRACKER_SMTP_URL=f"smtp://127.0.0.1:{smtp}",
        TRACKER_SMTP_FROM="Pump Tracker <pumps@clinic.example>",
        TRACKER_WEBHOOK_ALLOW="127.0.0.0/8",
    )
    running.smtp_port = smtp  # type: ignore[attr-defined]  # the test's own
    yield running
    running.stop()


def test_a_stall_is_told_by_mail_and_webhook_and_taken_by_the_link(product: Product) -> None:
    with mailbox(product.smtp_port) as box, webhook_receiver() as hook:  # type: ignore[attr-defined]
        product.start_all("broker", "ingest", "schedule", "web")
        api = product.client()
        password = api.post("/api/v1/pumps", json=PUMP).raise_for_status().json()["credential"]["password"]
        nurse = "nurse@clinic.example"
        added = product.tracker("staff", "contact", "add", nurse, "--kind", "email", "--target", nurse, "--confirmed")
        assert added.strip().isdigit()
        words = ("staff", "contact", "add", nurse, "--kind", "webhook", "--target", hook.url, "--secret", SECRET)
        product.tracker(*words, "--confirmed")
        product.publish("pumps/SN-1/telemetry", json.dumps(report(1)).encode(), "SN-1", password)
        product.start("send")

        stalled = report(2, motor="stalled", infusion="stopped", alarms=["motor_stall"])
        product.publish("pumps/SN-1/telemetry", json.dumps(stalled).encode(), "SN-1", password)
        wait_until(lambda: box.mails, 60, "the mail")
        wait_until(lambda: hook.calls, 60, "the webhook")

        mail, (webhook_id, told) = box.mails[0], hook.calls[0]
        assert "SN-1" in mail["Subject"]
        assert mail["Message-ID"].startswith("<msg_")
        assert (told["type"], told["data"]["priority"], told["data"]["pump"]) == ("alarm.opened", "high", "SN-1")
        assert told["data"]["number"] == 1
        assert webhook_id.startswith("msg_")
        assert hook.forged == 0
        link = told["data"]["acknowledge_link"]
        assert link.startswith(f"http://127.0.0.1:{product.web_port}/a/")

        assert "SN-1" in httpx.get(link).text
        assert not api.get("/api/v1/pumps/SN-1/alarms").json()["items"][0]["acknowledged_at"], (
            "opening it did something"
        )
        assert httpx.post(link).status_code == 200
        alarm = api.get("/api/v1/pumps/SN-1/alarms").json()["items"][0]
        assert alarm["acknowledged_by"] == nurse
        assert httpx.post(link).status_code == 409
        items = api.get("/api/v1/worklist").json()["items"]
        assert {one["claimed_by"] for one in items if one["priority"] == "high"} == {nurse}

        listed = api.get("/api/v1/messages").json()["items"]
        assert {(one["channel"], one["state"]) for one in listed} >= {
            ("email", "acknowledged"),
            ("webhook", "acknowledged"),
        }


@pytest.mark.parametrize("harm", ["x", "A", ""])
def test_a_link_that_was_changed_opens_nothing(product: Product, harm: str) -> None:
    product.start_all("web")
    answer = httpx.get(f"http://127.0.0.1:{product.web_port}/a/bm90aGluZw{harm}")
    assert answer.status_code == 404
    assert "not a link from a message" in answer.text
