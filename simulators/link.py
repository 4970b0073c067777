"""One communicator's MQTT connection, made for thousands in one thread.

Paho's client makes two or three system calls for each packet it reads and one for each it writes, builds a lock and a
condition for each message, and blocks while it connects. This subclass changes only that: bytes are read and written in
large pieces, many packets at once; a stored message goes out (`publish_stored`) and its acknowledgment comes in without
any object made for it; the connection is begun without waiting. All else of the protocol stays paho's.
"""

import errno
import socket
from contextlib import suppress
from typing import Final, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

_READ_PIECE: Final = 65_536
_NOTHING: Final = b""
_PUBLISH_QOS_1: Final = 0x32
_PUBACK: Final = b"\x40\x02"
_PUBACK_BYTES: Final = 4
_NOT_YET: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOTCONN, errno.EINPROGRESS})
"""Answers of a socket that is still connecting or whose buffer is full."""


class Link(mqtt.Client):
    """A paho client whose reading and writing wait in memory until the loop's turn.

    The owner calls `read_all` when the socket is readable, and `flush` when `unsent` and it is writable.
    """

    def __init__(self, client_id: str) -> None:
        self._unsent = bytearray()
        self._unread = _NOTHING
        self._unread_from = 0
        self._attempts = 0
        self._stored_in_flight: set[int] = set()
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=True,
            protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,
        )
        self.max_inflight_messages_set(0)
        self.max_queued_messages_set(0)

    @property
    def unacknowledged(self) -> int:
        """Messages handed to the broker that it has not acknowledged."""
        return len(self._out_messages) + len(self._stored_in_flight)

    @property
    def unsent(self) -> bool:
        """Whether bytes wait for the socket to take them."""
        return bool(self._unsent)

    def publish_stored(self, topic: bytes, payload: bytes) -> None:
        """Publishes at QoS 1 what is safe on the disk: it is not stored here, and is not sent again by itself."""
        mid = self._mid_generate()
        while mid in self._stored_in_flight or mid in self._out_messages:
            mid = self._mid_generate()
        self._stored_in_flight.add(mid)
        length = len(topic) + len(payload) + 4
        packet = self._unsent
        if not packet:
            self._call_socket_register_write()
        packet.append(_PUBLISH_QOS_1)
        while length > 127:
            packet.append(length & 127 | 128)
            length >>= 7
        packet.append(length)
        packet += len(topic).to_bytes(2, "big") + topic + mid.to_bytes(2, "big") + payload

    def read_all(self) -> MQTTErrorCode:
        """Reads what the socket holds, up to one large piece, and handles every packet that is whole."""
        code = self.loop_read()
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._unread_from < len(self._unread):
            if not self._take_acknowledgments():
                code = self.loop_read()
        return code

    def _take_acknowledgments(self) -> bool:
        """Takes the acknowledgments of stored messages that come next; False when something else does."""
        if self._in_packet["command"] != 0:
            return False
        unread, start = self._unread, self._unread_from
        last = len(unread) - _PUBACK_BYTES
        at = start
        while at <= last and unread.startswith(_PUBACK, at):
            mid = unread[at + 2] << 8 | unread[at + 3]
            if mid not in self._stored_in_flight:
                break
            self._stored_in_flight.discard(mid)
            at += _PUBACK_BYTES
        self._unread_from = at
        return at > start

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        mid = int.from_bytes(self._in_packet["packet"][:2], "big")
        if mid in self._stored_in_flight:
            self._stored_in_flight.discard(mid)
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return super()._handle_pubackcomp(cmd)

    def flush(self) -> MQTTErrorCode:
        """Puts what is queued into as few system calls as the socket allows."""
        code = self.loop_write()
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS or not self._unsent or self._sock is None:
            return code
        try:
            taken = self._sock.send(self._unsent)
        except OSError as fault:
            if fault.errno in _NOT_YET:
                return code
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        del self._unsent[:taken]
        return code

    def drop(self) -> None:
        """Ends the connection as a power failure would: no farewell, so the broker publishes the last will."""
        self._unsent.clear()
        self._sock_close()

    def _sock_recv(self, bufsize: int) -> bytes:
        start = self._unread_from
        if start >= len(self._unread):
            self._unread = super()._sock_recv(_READ_PIECE)
            start = 0
        piece = self._unread[start : start + bufsize]
        self._unread_from = start + len(piece)
        return piece

    def _sock_send(self, buf: bytes | bytearray) -> int:
        self._unsent += buf
        return len(buf)

    def _sock_close(self) -> None:
        if self._sock is not None and self._unsent:
            with suppress(OSError):
                self._sock.send(self._unsent)
        self._unsent.clear()
        self._stored_in_flight.clear()
        self._unread = _NOTHING
        self._unread_from = 0
        super()._sock_close()

    def _create_socket_connection(self) -> socket.socket:
        addresses = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        family, kind, protocol, _name, address = addresses[self._attempts % len(addresses)]
        self._attempts += 1
        connection = socket.socket(family, kind, protocol)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with suppress(BlockingIOError):
                connection.connect(address)
        except OSError:
            connection.close()
            raise
        return connection
