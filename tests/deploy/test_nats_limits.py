"""``tracker broker nats-limits``: the streams of a NATS server of one's own are bounded by one command."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from tests.broker.clients import Device
from tests.broker.conftest import TRACKER_PASSWORD
from tests.end_to_end.product import Product
from tests.servers import end, free_port, listens, wait_until
from tracker.broker.jetstream_limits import STREAMS
from tracker.broker.server_api import Loopback
from tracker.broker.server_process import find_server
from tracker.broker.users import CONTROL_USERNAME


def test_the_streams_of_a_server_of_ones_own_are_bounded_by_one_command(tmp_path: Path) -> None:
    product = Product(tmp_path, TRACKER_INGEST_PARTITIONS="8")
    product.tracker("db", "upgrade")
    password_file = tmp_path / "password"
    password_file.write_text(TRACKER_PASSWORD + "\n")
    product.tracker("broker", "nats-files", str(tmp_path), "--password-file", str(password_file))
    shipped = Path("deploy/nats/node.conf").read_text().replace("_replicas: 3", "_replicas: 1")
    alone, _, rest = shipped.partition("cluster {")
    (tmp_path / "node.conf").write_text(alone + rest.partition("}\n")[2])
    mqtt, nats = free_port(), free_port()
    environment = os.environ | {
        "NODE": "tracker-1",
        "STORE": str(tmp_path / "store"),
        "MQTT_LISTEN": f"127.0.0.1:{mqtt}",
        "NATS_LISTEN": f"127.0.0.1:{nats}",
    }
    server = subprocess.Popen(
        [find_server(None), "-c", str(tmp_path / "node.conf")], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(mqtt) or server.poll() is not None, what="the server to listen")
        with Device(mqtt, "tracker", TRACKER_PASSWORD, client_id="before", clean=False) as tracker:
            assert tracker.subscribe("ingest/0/+/telemetry") == [True]
        words = ("broker", "nats-limits", str(nats), "--password-file", str(password_file), "--replicas", "1")
        assert "5 streams are bounded" in product.tracker(*words)
        with Loopback(nats, CONTROL_USERNAME, TRACKER_PASSWORD) as asked:
            for name in STREAMS:
                config = asked.ask(f"$JS.API.STREAM.INFO.{name}")["config"]
                assert config["max_bytes"] > 0, name
                assert config["discard"] == "new", name
        with Device(mqtt, "tracker", TRACKER_PASSWORD, client_id="before", clean=False) as tracker:
            assert tracker.session_present
    finally:
        end(server, signal.SIGKILL)
