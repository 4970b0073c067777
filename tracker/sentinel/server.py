"""Where the tracker renews its ladder, and where anybody may ask what is held: PUT /ladder, GET /health."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import structlog

from tracker.sentinel.held import Held, OldSequence
from tracker.sentinel.ladder import MOST_BYTES, LadderFault, parse
from tracker.sentinel.signed import Refused, sent_at

_LOG = structlog.get_logger("tracker.sentinel")
AT_ONCE: Final = 32
READS_WITHIN_S: Final = 10.0


class Server(ThreadingHTTPServer):
    """Serves a bounded number of connections at once, each within a bounded time."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: str, port: int, secret: str, held: Held) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.secret, self.held = secret, held
        self._places = threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take the connection where there is a place; else close it."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve it; a client that trickles is disconnected when its time is over."""
        cut = threading.Timer(3 * READS_WITHIN_S, _cut, [request])
        cut.daemon = True
        cut.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            cut.cancel()
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the library's signature
        """A client that went away is no fault of ours; nothing of what it sent is logged."""
        _LOG.info("sentinel.connection_broken")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = READS_WITHIN_S
    server_version, sys_version = "pump-tracker-sentinel", ""

    def do_GET(self) -> None:
        if self.path == "/health":
            self._answer(200, self.server.held.summary())
        else:
            self._answer(404, {"detail": "there are PUT /ladder and GET /health"})

    def do_PUT(self) -> None:
        if self.path != "/ladder":
            self._answer(404, {"detail": "there are PUT /ladder and GET /health"})
            return
        length = self.headers.get("content-length", "")
        if not (length.isascii() and length.isdigit()):
            self._answer(411, {"detail": "a length is needed"})
            return
        if len(length) > 12 or int(length) > MOST_BYTES:
            self._answer(413, {"detail": f"more than {MOST_BYTES} bytes"})
            return
        body = self.rfile.read(int(length))
        try:
            at = sent_at(self.server.secret, dict(self.headers.items()), body)
            ladder = parse(json.loads(body), at)
            held = self.server.held.renew(ladder)
        except Refused as fault:
            self._refuse(401, str(fault))
        except OldSequence as fault:
            self._refuse(409, str(fault), held=fault.held)
        except LadderFault as fault:
            self._refuse(422, str(fault))
        except (ValueError, RecursionError):
            self._refuse(422, "the body is no JSON")
        except OSError as fault:
            self._refuse(507, f"it could not be kept: {fault.strerror}")
        else:
            self._answer(200, held)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's signature
        """Nothing: what matters is logged where it happens."""

    def _refuse(self, status: int, reason: str, **more: int) -> None:
        _LOG.warning("sentinel.refused", status=status, reason=reason)
        self._answer(status, {"detail": reason, **more})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True


def _cut(request: socket.socket) -> None:
    try:
        request.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already
