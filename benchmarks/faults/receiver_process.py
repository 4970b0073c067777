"""A webhook receiver as a process of its own, which can be killed: it writes down what it takes before it answers.

``python -m benchmarks.faults.receiver_process PORT FILE``. Only what is signed rightly is taken.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.send.receivers import SECRET
from tests.servers import end, free_port, listens, wait_until

_TAKES_S = 0.01  # so that some are under way at any moment


class Arrival(NamedTuple):
    """One call that was signed rightly."""

    path: str
    id: str
    number: int
    digest: str


class ReceiverProcess:
    """The process and what it has written down."""

    def __init__(self, folder: Path) -> None:
        self._port, self._file = free_port(), folder / "arrived.txt"
        self._file.touch()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        words = [sys.executable, "-m", "benchmarks.faults.receiver_process", str(self._port), str(self._file)]
        self._process = subprocess.Popen(words)
        wait_until(lambda: listens(self._port), 30, "the receiver")

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            end(self._process, signal.SIGKILL)

    def arrived(self) -> list[Arrival]:
        """Each call in the order of arrival; one that a kill cut short was not taken."""
        found = []
        for line in self._file.read_text().splitlines():
            with suppress(ValueError):
                path, id_, number, digest = line.split(" ")
                if len(digest) == 64:
                    found.append(Arrival(path, id_, int(number), digest))
        return found

    def count(self) -> int:
        """How many calls there were."""
        return self._file.read_bytes().count(b"\n")


def main() -> None:
    """Serve until the process is ended."""
    port, file = int(sys.argv[1]), Path(sys.argv[2])
    lock, writing = Lock(), file.open("a")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                Webhook(SECRET).verify(body, dict(self.headers))
            except WebhookVerificationError:
                self.send_error(401)
                return
            time.sleep(_TAKES_S)
            number, digest = json.loads(body)["data"]["number"], hashlib.sha256(body).hexdigest()
            with lock:
                writing.write(f"{self.path} {self.headers['webhook-id']} {number} {digest}\n")
                writing.flush()
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
