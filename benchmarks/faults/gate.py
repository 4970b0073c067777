"""A network between two programs, to be dropped and given back."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Forwards its port to another while it is open; shut, it ends every connection and takes no new one."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._open = True
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._begin()

    def shut(self) -> None:
        """Drop the network: what is under way on it is lost."""
        with self._lock:
            self._open = False
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a connection
            self._listener.close()
            ends, self._ends = self._ends, set()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def reopen(self) -> None:
        """Give the network back to new connections."""
        with self._lock:
            self._open = True
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        self._begin()

    def _begin(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = self._reached(near)
                if far is None:
                    near.close()
                    continue
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _reached(self, near: socket.socket) -> socket.socket | None:
        with suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
            far.settimeout(None)
            with self._lock:
                if self._open:
                    self._ends |= {near, far}
                    return far
            far.close()
        return None

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                sink.sendall(piece)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        with self._lock:
            self._ends -= {source, sink}
        source.close()
