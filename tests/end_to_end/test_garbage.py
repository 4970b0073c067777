"""Ten thousand harmed payloads from one device: the service stays up, and everything valid among them is stored."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from tests.end_to_end.product import installed, report
from tests.servers import wait_until

HARMED = 10_000
VALID = 200


def harmed(chance: random.Random) -> bytes:
    """Random bytes, a message cut short, or one with a few bytes changed; never a message that is still valid."""
    whole = json.dumps(report(1)).encode()
    kind = chance.randrange(3)
    if kind == 0:
        return chance.randbytes(chance.randrange(0, 400))
    if kind == 1:
        return whole[: chance.randrange(len(whole))]
    changed = bytearray(whole)
    changed[0] = chance.randrange(256 - ord("{"))  # so that no change leaves it as it was
    for _ in range(chance.randrange(5)):
        changed[chance.randrange(1, len(changed))] = chance.randrange(256)
    return bytes(changed)


def test_garbage_leaves_the_service_up_and_everything_valid_stored(tmp_path: Path) -> None:
    chance = random.Random(210)
    valid_among = set(chance.sample(range(HARMED), VALID))
    with installed(tmp_path, "broker", "ingest", "web") as product, product.client() as api:
        password = product.enrol("NOISY-1")
        device = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="NOISY-1")
        device.username_pw_set("NOISY-1", password)
        device.max_inflight_messages_set(500)
        device.connect("127.0.0.1", product.broker_port)
        device.loop_start()
        seq = 0
        last: mqtt.MQTTMessageInfo | None = None
        for number in range(HARMED):
            last = device.publish("pumps/NOISY-1/telemetry", harmed(chance), qos=1)
            if number in valid_among:
                seq += 1
                last = device.publish("pumps/NOISY-1/telemetry", json.dumps(report(seq)).encode(), qos=1)
        assert last is not None
        last.wait_for_publish(60)
        device.disconnect()
        device.loop_stop()

        def delivery() -> dict[str, Any]:
            told: dict[str, Any] = api.get("/api/v1/pumps/NOISY-1/delivery").json()
            return told

        wait_until(lambda: delivery()["received"] >= HARMED + VALID, 60, "everything to be committed")
        told = delivery()
        assert told["rejected"] == HARMED
        assert told["contiguous"] == VALID
        assert told["missing"] == []
        readings = api.get("/api/v1/pumps/NOISY-1/readings?limit=500").json()["items"]
        assert sorted(reading["seq"] for reading in readings) == list(range(1, VALID + 1))
        kept = api.get("/api/v1/rejected?limit=500").json()["items"]
        assert kept
        assert all(item["reason"] for item in kept)
        assert api.get("/health/live").status_code == 200
        assert product.processes["ingest"].poll() is None
