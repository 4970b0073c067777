"""The MQTT connection of ingest: paho's client, with the two costly habits of its hot path replaced.

Paho makes three or more system calls for each packet it reads and one for each acknowledgment, and wraps every
message in objects and locks that only matter with threads. Here the socket is read in large pieces, PUBLISH packets
are taken straight out of the buffer, and whatever is to be sent waits in memory for one ``send``. Everything else
(connecting, TLS, keep-alive, subscribing) stays paho's own; every other packet is handed to it.

One thread owns an instance. An acknowledgment belongs to the connection that its message came on: ``connection`` counts
them, and ``acknowledge`` refuses ids of an earlier one.
"""

from __future__ import annotations

import select
import ssl
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import takewhile
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.exception import MalformedPacket

from tracker.ingest.inbound_message import KEPT_PAYLOAD_BYTES, Arrival
from tracker.ingest.mqtt_frames import PUBACK, acknowledgments, remaining_length

_PIECE: Final = 256 * 1024
_AT_ONCE: Final = 16 * 1024**2
_PUBLISH: Final = 0x30
_PUBLISH_RETAINED: Final = 0x33  # at QoS 1
_DUPLICATE: Final = 0x08
_TWO_BYTES: Final = struct.Struct("!H")
_UNCONFIRMED_MAX: Final = 60_000  # MQTT numbers at most 65,535 messages on the way
_WHOLE: Final = 256 * 1024  # a longer packet is read over: only its head is held
_FAREWELL_SECONDS: Final = 0.5


class Subscriber(mqtt.Client):
    """A persistent MQTT session whose messages are acknowledged by hand, many at a time."""

    def __init__(self, client_id: str, filters: list[str]) -> None:
        self._unsent = bytearray()
        self._unread = b""
        self._skip = 0
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self.max_inflight_messages_set(0)
        self.max_queued_messages_set(0)
        self.inbox: list[Arrival] = []
        self.connection = 0
        self.signed_in = False
        self.subscribed = False
        self.refused = ""
        self.confirmed: Callable[[Any], None] = _nobody_asks
        self._notes: dict[int, Any] = {}
        self._unacknowledged: dict[int, bool] = {}  # in the order of arrival: whether it is safe
        self._filters = filters
        self.on_connect = self._connected
        self.on_subscribe = self._granted
        self.on_disconnect = self._disconnected

    @property
    def connected(self) -> bool:
        """Whether there is a socket; ``subscribed`` says whether messages come."""
        return self._sock is not None

    def open(self, host: str, port: int) -> None:
        """Connect again. Raises ``OSError`` (``ssl.SSLError`` among them) where there is no way to the broker."""
        self.connection += 1
        self.refused = ""
        self.drop_out_messages()
        self.connect(host, port, keepalive=60)

    def close(self) -> None:
        """Say goodbye; the broker holds the session and what was not acknowledged."""
        if self._sock is not None:
            self.disconnect()
            self.flush()
        self._sock_close()
        self._forget()

    def wait(self, seconds: float) -> None:
        """Return when bytes have come (or can be sent, if some wait), at the latest after so long."""
        if self._sock is None:
            return
        if isinstance(self._sock, ssl.SSLSocket) and self._sock.pending():
            return
        poll = select.poll()
        poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
        poll.poll(seconds * 1000)

    def read(self, limit: int) -> bool:
        """Take what the socket holds into ``inbox``, up to about ``limit`` messages. False when it is drained.

        At most one large piece goes beyond the limit, and waits in the inbox for the next batch. Of large messages
        fewer are taken: 16 MiB at once.
        """
        most = _AT_ONCE
        while len(self.inbox) < limit and most > 0:
            if self._sock is None:
                return False
            try:
                piece = super()._sock_recv(_PIECE)
            except BlockingIOError:
                return False
            except OSError:
                piece = b""
            if not piece:
                self._loop_rc_handle(mqtt.MQTT_ERR_CONN_LOST)
                return False
            most -= len(piece)
            self._parse(piece)
        return True

    @property
    def inbox_bytes(self) -> int:
        """How many bytes of payloads wait in ``inbox``."""
        return sum(len(arrival.payload) for arrival in self.inbox)

    def acknowledge(self, connection: int, mids: Iterable[int]) -> None:
        """Take these messages of that connection as safe; the next ``flush`` acknowledges them, in their order.

        MQTT-4.6.0-2 asks for the order in which they came: what is safe before an earlier message waits for that one.
        """
        if connection != self.connection or self._sock is None:
            return
        waiting = self._unacknowledged
        waiting.update((mid, True) for mid in mids if mid in waiting)
        ready = list(takewhile(waiting.__getitem__, waiting))
        for mid in ready:
            del waiting[mid]
        self._unsent += acknowledgments(ready)

    def publish_retained(self, topic: str, payload: bytes, note: Any) -> bool:
        """Publish at QoS 1, retained; ``confirmed`` is called with the note when the broker has it. False: not now.

        Not through paho, which holds 2 KiB for each message until it is confirmed: behind a backlog that is minutes.
        """
        if self._sock is None or len(self._notes) >= _UNCONFIRMED_MAX:
            return False
        mid = self._mid_generate()
        while mid in self._notes:
            mid = self._mid_generate()
        self._notes[mid] = note
        name = topic.encode()
        body = b"".join((_TWO_BYTES.pack(len(name)), name, _TWO_BYTES.pack(mid), payload))
        self._unsent += b"".join((bytes((_PUBLISH_RETAINED,)), remaining_length(len(body)), body))
        return True

    def flush(self) -> None:
        """Send what waits, in as few system calls as the socket allows."""
        self.loop_write()
        if not self._unsent or self._sock is None:
            return
        try:
            sent = self._sock.send(self._unsent)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self._loop_rc_handle(mqtt.MQTT_ERR_CONN_LOST)
            return
        del self._unsent[:sent]
        self._last_msg_out = mqtt.time_func()

    def _parse(self, piece: bytes) -> None:  # noqa: C901 - one packet after the other, in one place for speed
        """Take every whole packet out of what was read; the rest waits for the next piece."""
        self._last_bytes_received = mqtt.time_func()
        if self._skip:
            skipped = min(self._skip, len(piece))
            self._skip -= skipped
            piece = piece[skipped:]
        data = self._unread + piece if self._unread else piece
        at, end = 0, len(data)
        while end - at >= 2:
            head, length = data[at], data[at + 1]
            body = at + 2
            if length > 127:
                length &= 127
                shift = 7
                while body < end and data[body] > 127 and shift < 21:
                    length |= (data[body] & 127) << shift
                    shift += 7
                    body += 1
                if body >= end:
                    break
                length |= (data[body] & 127) << shift
                body += 1
            stop = body + length
            if stop > end:
                if length <= _WHOLE or end - body < _WHOLE or head & 0xF0 != _PUBLISH:
                    break
                self._skip = stop - end
            if head & 0xF0 != _PUBLISH:
                self._take_other(head, data[body:stop])
                if self._sock is None:
                    return
                at = stop
                continue
            topic_end = body + 2 + (data[body] << 8 | data[body + 1]) if length > 2 else stop
            payload = topic_end + 2 if head & 0x06 else topic_end
            if payload > stop:
                self._loop_rc_handle(mqtt.MQTT_ERR_PROTOCOL)
                return
            mid = data[topic_end] << 8 | data[topic_end + 1] if head & 0x06 else 0
            size = stop - payload
            topic, kept = data[body + 2 : topic_end], data[payload : min(stop, payload + KEPT_PAYLOAD_BYTES)]
            arrival = Arrival(topic, kept, mid, bool(head & 1), size if size > KEPT_PAYLOAD_BYTES else 0)
            self._take(arrival, head)
            at = min(stop, end)
        self._unread = data[at:]

    def _take(self, arrival: Arrival, head: int) -> None:
        """Into the inbox, unless it waits there already: the broker sends again what is long unacknowledged."""
        waiting, mid = self._unacknowledged, arrival.mid
        if mid and not (mid in waiting and head & _DUPLICATE):
            waiting.pop(mid, None)
            waiting[mid] = False
        elif mid:
            return
        self.inbox.append(arrival)

    def _take_other(self, head: int, body: bytes) -> None:
        """A confirmation is our own; everything else is paho's."""
        if head == PUBACK and len(body) >= _TWO_BYTES.size:
            note = self._notes.pop(_TWO_BYTES.unpack_from(body)[0], None)
            if note is not None:
                self.confirmed(note)
            return
        packet = self._in_packet
        packet["command"], packet["remaining_length"], packet["packet"], packet["pos"] = (
            head,
            len(body),
            bytearray(body),
            0,
        )
        try:
            code = self._packet_handle()
        except MalformedPacket:
            code = mqtt.MQTT_ERR_PROTOCOL
        self._in_packet["command"] = 0
        if code > 0:
            self._loop_rc_handle(code)

    def _sock_send(self, buf: bytes | bytearray) -> int:
        self._unsent += buf
        return len(buf)

    def _sock_close(self) -> None:
        if self._sock is not None and self._unsent:
            with suppress(OSError):  # a goodbye and the last acknowledgments, if the broker still takes them
                connection: Any = self._sock
                connection.settimeout(_FAREWELL_SECONDS)
                connection.sendall(self._unsent)
        self._unsent.clear()
        super()._sock_close()

    def _forget(self) -> None:
        """Drop what belonged to a connection that is over: unread bytes, and messages that will come again."""
        self.signed_in = self.subscribed = False
        self._unread = b""
        self._skip = 0
        self._notes.clear()
        self._unacknowledged.clear()
        self.inbox = []

    def _connected(self, _client: mqtt.Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            self.refused = f"the broker refuses the tracker's sign-in: {code}"
        else:
            self.signed_in = True
            self.subscribe([(each, 1) for each in self._filters])

    def _granted(self, _client: mqtt.Client, _data: Any, _mid: int, codes: list[Any], _properties: Any) -> None:
        refused = [each for each, code in zip(self._filters, codes, strict=False) if code.is_failure]
        if refused:
            self.refused = f"the broker refuses the subscription {', '.join(refused)}"
        else:
            self.subscribed = True

    def _disconnected(self, _client: mqtt.Client, _data: Any, _flags: Any, _code: Any, _properties: Any) -> None:
        self._forget()


def _nobody_asks(_note: Any) -> None:
    """A placeholder until someone asks what the broker has confirmed."""
