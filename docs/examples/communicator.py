"""A whole communicator in Python: store on disk, publish at QoS 1, delete when a receipt covers it.

It reads one report a line from standard input (a JSON object without `v`, `model`, `epoch` and `seq`) and ends when the
input has ended and every message is covered. Needs paho-mqtt 2.

    python communicator.py HOST PORT SERIAL MODEL QUEUE_FILE < reports     (the password in COMMUNICATOR_PASSWORD)
"""

import json
import os
import sqlite3
import sys
import threading
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

AGAIN_AFTER_S = 30  # without a receipt for so long, what is not covered is published again


class Communicator:
    """One pump's communicator. ``covered`` is set while nothing waits for a receipt."""

    def __init__(self, serial: str, password: str, file: str) -> None:
        self.topic = f"pumps/{serial}"
        self.covered = threading.Event()
        self._lock = threading.Lock()  # paho calls from a thread of its own
        self._ready = False
        self._disk = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._disk.execute("PRAGMA synchronous=FULL")  # a stored message outlives a power cut
        self._disk.execute("CREATE TABLE IF NOT EXISTS counter (epoch INTEGER, seq INTEGER, published INTEGER)")
        self._disk.execute("CREATE TABLE IF NOT EXISTS message (epoch INTEGER, seq INTEGER, kind TEXT, body TEXT)")
        if not self._disk.execute("SELECT 1 FROM counter").fetchone():
            self._disk.execute("INSERT INTO counter VALUES (1, 0, 0)")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.username_pw_set(serial, password)
        self._client.will_set(f"{self.topic}/presence", _presence(online=False), 1, retain=True)
        self._client.reconnect_delay_set(1, 60)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self, host: str, port: int) -> None:
        """Connect, and connect again whenever the connection is lost. For TLS call ``tls_set`` before."""
        self._client.connect_async(host, port, keepalive=60)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect. What no receipt covers stays on disk."""
        if self._client.is_connected():
            self._client.publish(f"{self.topic}/presence", _presence(online=False), 1, retain=True).wait_for_publish(5)
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, kind: str, message: dict[str, Any]) -> None:
        """Number a message (kind: telemetry or session) and store it, then publish it."""
        with self._lock:
            self.covered.clear()
            self._disk.execute("BEGIN")
            ((epoch, seq),) = self._disk.execute("UPDATE counter SET seq = seq + 1 RETURNING epoch, seq").fetchall()
            self._disk.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (epoch, seq, kind, json.dumps(message)))
            self._disk.execute("COMMIT")
            if self._ready:
                self._publish(epoch, seq, kind, json.dumps(message))

    def publish_again(self) -> None:
        """Publish all that no receipt covers, oldest first."""
        with self._lock:
            if self._client.is_connected():
                self._ready = True
                for row in self._disk.execute("SELECT * FROM message ORDER BY epoch, seq").fetchall():
                    self._publish(*row)

    def _publish(self, epoch: int, seq: int, kind: str, body: str) -> None:
        self._disk.execute("UPDATE counter SET published = max(published, ?) WHERE epoch = ?", (seq, epoch))
        numbered = {"v": 1, "epoch": epoch, "seq": seq, **json.loads(body)}
        self._client.publish(f"{self.topic}/{kind}", json.dumps(numbered), 1)

    def _on_connect(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            print(f"sign-in refused: {reason}", file=sys.stderr)
            return
        client.subscribe(f"{self.topic}/receipt", 0)
        client.publish(f"{self.topic}/presence", _presence(online=True), 1, retain=True)
        # A second for the retained receipt: it may say that this disk is younger than the pump.
        begin = threading.Timer(1, self.publish_again)
        begin.daemon = True
        begin.start()

    def _on_disconnect(self, *_details: Any) -> None:
        self._ready = False

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic != f"{self.topic}/receipt":
            return
        receipt = json.loads(message.payload)
        with self._lock:
            self._begin_epoch_after(receipt)
            start = 1
            for first, last in [*receipt["missing"], (receipt["contiguous"] + 1, 0)]:
                covered = (receipt["epoch"], start, first - 1)
                self._disk.execute("DELETE FROM message WHERE epoch = ? AND seq BETWEEN ? AND ?", covered)
                start = last + 1
            if not self._disk.execute("SELECT 1 FROM message").fetchone():
                self.covered.set()

    def _begin_epoch_after(self, receipt: dict[str, Any]) -> None:
        """Number the stored messages again where a receipt covers more than this disk ever published: it is younger."""
        epoch, published = self._disk.execute("SELECT epoch, published FROM counter").fetchone()
        if (receipt["epoch"], receipt["contiguous"]) <= (epoch, published):
            return
        rows = self._disk.execute("SELECT kind, body FROM message ORDER BY epoch, seq").fetchall()
        self._disk.execute("BEGIN")
        self._disk.execute("DELETE FROM message")
        self._disk.execute("UPDATE counter SET epoch = ?, seq = ?, published = 0", (receipt["epoch"] + 1, len(rows)))
        for seq, (kind, body) in enumerate(rows, 1):
            self._disk.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (receipt["epoch"] + 1, seq, kind, body))
        self._disk.execute("COMMIT")


def _presence(*, online: bool) -> str:
    return json.dumps({"v": 1, "online": online, "at": datetime.now(UTC).isoformat()})


def main() -> None:
    """Send what standard input says and wait for the receipts."""
    host, port, serial, model, file = sys.argv[1:]
    communicator = Communicator(serial, os.environ["COMMUNICATOR_PASSWORD"], file)
    communicator.start(host, int(port))
    for line in sys.stdin:
        communicator.send("telemetry", {"model": model, **json.loads(line)})
    while not communicator.covered.wait(AGAIN_AFTER_S):
        communicator.publish_again()
    communicator.stop()


if __name__ == "__main__":
    main()
