"""The embedded broker's configuration file, and why each line in it says what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from tracker.broker.jetstream_limits import MAX_SESSIONS
from tracker.broker.partitions import KINDS
from tracker.broker.users import system_account

USERS_FILE = "users.conf"
SYSTEM_FILE = "system.conf"
SERVER_FILE = "nats-server.conf"

MAX_PAYLOAD_BYTES = 16 * 1024
"""The largest payload that a communicator may send. What is a little larger reaches ingest, which keeps it as
rejected and says so in the receipt; what is larger than any topic and header explain, the broker refuses."""

_PACKET_HEADROOM_BYTES = 512  # NATS counts the whole MQTT packet: two lengths, a topic of at most 80, a packet id
ACK_WAIT_SECONDS = 10
"""A message that ingest did not acknowledge comes again after so long, at a reconnect too: the longest that a killed
ingest process holds back what it had in hand. A commit takes well under a second."""

MAX_ACK_PENDING = 8_000
"""Messages on the way to ingest for each of its topic filters: several batches, so that a commit never leaves the
worker waiting (1,000 was measured to pass 22,000 a second, 8,000 to 20,000 about 26,000); NATS allows 65,535 in all."""

_KNOWN_VERSION = (2, 15, 1)
_SIGN_IN_SECONDS = 15  # 5,000 communicators at once wait in line for a moment
_WRITE_DEADLINE_SECONDS = 120  # a worker that waits for its database does not read; it is not cut off for that
_INTERNAL_BYTES = 1024**3  # sessions, retained receipts and presence, beside the messages: see ``jetstream_limits``


@dataclass(frozen=True, slots=True)
class Tls:
    """The broker's certificate. With ``client_ca_file`` set, every client must show one signed by that authority."""

    cert_file: Path
    key_file: Path
    client_ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class BrokerConfiguration:
    """How the embedded broker runs.

    ``folder`` holds its store, its files and its users; ``host`` and ``port`` are the MQTT listener's, and nothing
    else of it can be reached from outside this machine. ``store_bytes`` bounds the messages that wait for ingest:
    past that a publisher is refused and keeps what it has. ``max_sessions`` bounds the sessions and, by itself, the
    QoS 1 subscriptions of all clients together. ``partitions`` above 1 spreads the pumps over that many
    ingest workers. ``binary`` names a server to run instead of the packaged one.
    """

    folder: Path
    tracker_password: str
    host: str = "127.0.0.1"
    port: int = 1883
    store_bytes: int = 8 * 1024**3
    max_sessions: int = MAX_SESSIONS
    partitions: int = 1
    tls: Tls | None = None
    binary: Path | None = None

    @property
    def server_file(self) -> Path:
        """The file that the server is started with."""
        return self.folder / SERVER_FILE

    @property
    def users_file(self) -> Path:
        """The part of it that changes when a pump is enrolled or a credential revoked."""
        return self.folder / USERS_FILE


def render(
    configuration: BrokerConfiguration,
    server_version: tuple[int, ...] = _KNOWN_VERSION,
    *,
    system_hash: str | None = None,
) -> str:
    """The server's configuration as text; the users stand in a file of their own that it includes.

    ``system_hash`` is the bcrypt hash of the account that lists and ends connections (None: there is no such account).

    A server refuses words that it does not know, so what came with a later version is left out for an older one.
    """
    lines = [
        'server_name: "tracker"',
        "# The port of NATS's own protocol can't be turned off: loopback alone, any free port, one account.",
        'listen: "127.0.0.1:-1"',
        f"max_payload: {MAX_PAYLOAD_BYTES + _PACKET_HEADROOM_BYTES}",
        f'write_deadline: "{_WRITE_DEADLINE_SECONDS}s"',
        "jetstream {",
        f"  store_dir: {_text(configuration.folder / 'store')}",
        "  # Once a second: a killed server loses nothing, a power cut a second, which receipts bring back.",
        '  sync_interval: "1s"',
        f"  max_file_store: {configuration.store_bytes + _INTERNAL_BYTES}",
        "  max_memory_store: 1MB",
        *_consumers(server_version, configuration.max_sessions),
        "}",
        "mqtt {",
        f"  host: {_text(configuration.host)}",
        f"  port: {configuration.port}",
        f'  ack_wait: "{ACK_WAIT_SECONDS}s"',
        f"  max_ack_pending: {MAX_ACK_PENDING}",
        "  # A publish of QoS 2 that is never released stays in the store, which one client could fill for all.",
        "  reject_qos2_publish: true",
        *_tls(configuration.tls),
        "}",
        *_mappings(configuration.partitions),
        *([] if system_hash is None else [system_account(system_hash)]),
        f"authorization {{ timeout: {_SIGN_IN_SECONDS}, include {_text(Path(USERS_FILE))} }}",
    ]
    return "\n".join(lines) + "\n"


def _consumers(server_version: tuple[int, ...], most: int) -> list[str]:
    """Each QoS 1 subscription is a consumer; from 2.15 on the server would stop at 1,000, the thousandth pump."""
    return [f"  limits {{ default_max_consumers: {most} }}"] if server_version >= (2, 15) else []


def _tls(tls: Tls | None) -> list[str]:
    if tls is None:
        return []
    lines = ["  tls {", f"    cert_file: {_text(tls.cert_file)}", f"    key_file: {_text(tls.key_file)}"]
    if tls.client_ca_file is not None:
        lines += [f"    ca_file: {_text(tls.client_ca_file)}", "    verify: true"]
    return [*lines, "    timeout: 10", "  }"]


def _mappings(partitions: int) -> list[str]:
    if partitions == 1:
        return []
    target = f"ingest.{{{{partition({partitions},1)}}}}.{{{{wildcard(1)}}}}"
    return ["mappings {", *(f'  "pumps.*.{kind}": "{target}.{kind}"' for kind in KINDS), "}"]


def _text(value: str | Path) -> str:
    return json.dumps(str(value))
