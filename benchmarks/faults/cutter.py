"""A wire between ingest and PostgreSQL, to be cut at the worst moment: COMMIT has gone out and no answer came."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

_COMMIT = b"COMMIT"


class Cutter:
    """Forwards one port to another. ``cut_next_commits`` counts how many commits lose their answer."""

    def __init__(self, target: int) -> None:
        self.cut_next_commits = 0
        self.cuts = 0
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
                for source, sink, watched in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._forward, args=(source, sink, watched), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, watched: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                if watched and _COMMIT in piece and self.cut_next_commits:
                    self.cut_next_commits -= 1
                    self.cuts += 1
                    source.shutdown(socket.SHUT_RDWR)  # the client hears nothing more; the server still gets its COMMIT
                    sink.sendall(piece)
                    break
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_WR)
