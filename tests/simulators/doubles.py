"""A small tracker double: it stores what comes in a set, and sends receipts when the test says so."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from devices import topics
from devices.report import Receipt
from devices.wire import encode_receipt


class TrackerDouble:
    """Subscribes as the tracker would. `deaf` holds numbers that it pretends not to have received once."""

    def __init__(self, port: int) -> None:
        self.payloads: list[tuple[str, bytes]] = []
        self.seen: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.presences: dict[str, list[bool]] = defaultdict(list)
        self.deaf: set[int] = set()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="tracker-double")
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._subscribed.wait(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def count(self, serial: str, epoch: int = 1) -> int:
        return len(self.seen[serial, epoch])

    def numbers(self, serial: str, epoch: int = 1) -> list[int]:
        return sorted(set(self.seen[serial, epoch]))

    def receipt(self, serial: str, contiguous: int, *missing: tuple[int, int], epoch: int = 1) -> None:
        payload = encode_receipt(Receipt(epoch, contiguous, missing, datetime.now(UTC)))
        self.publish(topics.receipt(serial), payload)

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, 1, retain=True).wait_for_publish(10)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([(topic, 1) for topic in topics.SUBSCRIPTIONS])

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        parsed = topics.parse(message.topic)
        assert parsed is not None
        serial, kind = parsed
        payload = bytes(message.payload)
        self.payloads.append((message.topic, payload))
        try:
            fields = msgspec.json.decode(payload)
        except msgspec.DecodeError:
            return
        if kind is topics.Kind.PRESENCE:
            self.presences[serial].append(fields["online"])
        elif fields["seq"] in self.deaf:
            self.deaf.discard(fields["seq"])
        else:
            self.seen[serial, fields["epoch"]].append(fields["seq"])
