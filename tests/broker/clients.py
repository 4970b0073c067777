"""MQTT clients for the tests of the brokers: real ones, with what they were told kept in lists."""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
from typing import Any, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from tests.servers import wait_until


class Device:
    """A client that signs in, publishes at QoS 1 and keeps all that comes back."""

    def __init__(
        self,
        port: int,
        username: str | None,
        password: str | None = None,
        *,
        client_id: str | None = None,
        clean: bool = True,
        will: tuple[str, bytes] | None = None,
        tls: ssl.SSLContext | None = None,
        keepalive: int = 60,
    ) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.retained: list[tuple[str, bytes]] = []
        self.acknowledged: set[int] = set()
        self.granted: dict[int, list[ReasonCode]] = {}
        self.sign_ins: list[ReasonCode] = []
        self.partings: list[ReasonCode] = []
        self.session_present = False
        self._port = port
        self._keepalive = keepalive
        identity = secrets.token_hex(8) if client_id is None else client_id
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            identity,
            clean_session=clean,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        if username is not None:
            self.client.username_pw_set(username, password)
        if will is not None:
            self.client.will_set(*will, qos=1, retain=True)
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message
        self.client.on_publish = self._on_publish
        self.client.on_subscribe = self._on_subscribe

    def __enter__(self) -> Self:
        return self.connect()

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> Self:
        self.client.connect("127.0.0.1", self._port, self._keepalive)
        self.client.loop_start()
        wait_until(lambda: self.sign_ins or self.partings, what="an answer to the sign-in")
        return self

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def cut(self) -> None:
        """End the connection as a failing network does, without a word to the broker."""
        connection = self.client.socket()
        assert isinstance(connection, socket.socket)
        connection.shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()

    @property
    def welcome(self) -> bool:
        return bool(self.sign_ins) and not self.sign_ins[-1].is_failure

    @property
    def connected(self) -> bool:
        return self.welcome and not self.partings

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        return self.client.publish(topic, payload, qos=1, retain=retain).mid

    def deliver(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, and wait for the broker's acknowledgment."""
        number = self.publish(topic, payload, retain=retain)
        wait_until(lambda: number in self.acknowledged, what=f"the acknowledgment of {topic}")

    def attempt(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish something, and wait until the broker has answered in either way: taken, or parted."""
        number = self.publish(topic, payload, retain=retain)
        wait_until(lambda: number in self.acknowledged or self.partings, what=f"an answer to {topic}")

    def subscribe(self, *filters: str) -> list[bool]:
        """Subscribe at QoS 1; for each filter, whether it was granted."""
        _, number = self.client.subscribe([(one, 1) for one in filters])
        assert number is not None
        wait_until(lambda: number in self.granted or self.partings, what=f"an answer to {filters}")
        return [not code.is_failure for code in self.granted.get(number, [])]

    def wait_for(self, topic: str, payload: bytes) -> None:
        wait_until(lambda: (topic, payload) in self.messages, what=f"{payload!r} on {topic}")

    def _on_connect(self, _client: Any, _data: Any, flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Any) -> None:
        self.session_present = flags.session_present
        self.sign_ins.append(reason)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: ReasonCode, _more: Any) -> None:
        self.partings.append(reason)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.messages.append((message.topic, bytes(message.payload)))
        if message.retain:
            self.retained.append((message.topic, bytes(message.payload)))

    def _on_publish(self, _client: Any, _data: Any, number: int, _reason: Any, _more: Any) -> None:
        self.acknowledged.add(number)

    def _on_subscribe(self, _client: Any, _data: Any, number: int, reasons: list[ReasonCode], _more: Any) -> None:
        self.granted[number] = reasons


def text_field(words: str) -> bytes:
    """A text as MQTT writes it: its length, then its bytes."""
    return struct.pack("!H", len(words.encode())) + words.encode()


def sign_in_packet(
    username: str, password: str, *, client_id: str, flags: int = 0xC2, protocol: str = "MQTT", level: int = 4
) -> bytes:
    """A CONNECT packet, to be sent over a bare socket."""
    body = text_field(protocol) + bytes([level, flags]) + struct.pack("!H", 60)
    body += text_field(client_id) + text_field(username) + text_field(password)
    return bytes([0x10, len(body)]) + body
