"""Real brokers for the communicators: Mosquitto and nats-server, each on a free port of loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import binary, end, free_port, listens, wait_until


@contextmanager
def mosquitto(folder: Path, port: int | None = None) -> Iterator[int]:
    """A Mosquitto that takes anybody."""
    program = binary("mosquitto")
    port = port or free_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    with _running([program, "-c", str(configuration)], port):
        yield port


@contextmanager
def nats(folder: Path, port: int | None = None) -> Iterator[int]:
    """A nats-server with its MQTT listener, which needs JetStream and a name."""
    program = binary("nats-server")
    port = port or free_port()
    configuration = folder / "nats.conf"
    configuration.write_text(
        f'server_name: simulated\nlisten: "127.0.0.1:-1"\njetstream {{ store_dir: "{folder / "store"}" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {port} }}\n"
    )
    with _running([program, "-c", str(configuration)], port):
        yield port


BROKERS = {"mosquitto": mosquitto, "nats": nats}


@contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), what=f"{command[0]} to listen")
        yield
    finally:
        end(process)
