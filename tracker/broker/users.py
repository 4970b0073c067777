"""The users of the embedded broker: one per pump, each allowed its own topics and no others.

NATS writes an MQTT topic as a subject: ``/`` becomes ``.``, and a ``.`` inside a level becomes ``//``. Permissions
are checked on the subject, and where the broker maps subjects to partitions, on the mapped one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tracker.broker.credentials import TRACKER_USERNAME
from tracker.broker.jetstream_limits import MESSAGES, SESSIONS, STREAMS
from tracker.broker.partitions import KINDS
from tracker.broker.server_api import INBOX

CONTROL_USERNAME = "tracker/control"
"""Bounds the streams and ends surplus sessions, over the server's own protocol. A serial holds no slash, so no pump
can bear this name."""

SYSTEM_USERNAME = "tracker/system"
"""Lists the open connections and ends surplus ones, in the server's system account."""

NEEDED_CONNECTIONS = 8
"""Connections that a communicator may have at a time: one, and what a changing network leaves half open."""

_DELIVERIES = "$MQTT.sub.>"  # the server hands QoS 1 messages to their own subscriber under these subjects


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """One communicator that may sign in: its user name, the hash of its password, and the pump it speaks for.

    ``connections`` is how many it may have at a time; the oldest beyond are closed.
    """

    username: str
    password_hash: str
    serial: str
    connections: int = NEEDED_CONNECTIONS


def subject_token(level: str) -> str:
    """One level of an MQTT topic as NATS writes it in a subject."""
    return level.replace(".", "//")


def write_users(
    path: Path,
    users: Iterable[BrokerUser],
    *,
    tracker_hash: str,
    control_hash: str | None = None,
    partitions: int = 1,
    put: Callable[[Path, str], None] | None = None,
) -> int:
    """Write the include file of all who may sign in, atomically and for its owner alone; return how many pumps.

    ``tracker_hash`` is the bcrypt hash of the tracker's own account, ``control_hash`` that of the embedded broker's
    account for its streams (None: there is no such account). ``put`` writes the file for other readers.
    """
    source = "pumps.{}" if partitions == 1 else "ingest.*.{}"
    everyone = "pumps.*" if partitions == 1 else "ingest.*.*"
    lines = [
        _user(TRACKER_USERNAME, tracker_hash, ["pumps.*.receipt"], [f"{everyone}.{kind}" for kind in KINDS]),
        *([] if control_hash is None else [_control(control_hash)]),
    ]
    own_accounts = len(lines)
    for user in users:
        token = subject_token(user.serial)
        own = source.format(token)
        lines.append(
            _user(user.username, user.password_hash, [f"{own}.{kind}" for kind in KINDS], [f"pumps.{token}.receipt"])
        )
    (put or replace_private)(path, "users: [\n" + "\n".join(lines) + "\n]\n")
    return len(lines) - own_accounts


def _user(name: str, password_hash: str, publish: list[str], subscribe: list[str]) -> str:
    permissions = f"{{publish:{json.dumps(publish)},subscribe:{json.dumps([*subscribe, _DELIVERIES])}}}"
    return (
        f"{{user:{json.dumps(name)},password:{json.dumps(password_hash)},"
        f'permissions:{permissions},allowed_connection_types:["MQTT"]}}'
    )


def _control(password_hash: str) -> str:
    allowed = [f"$JS.API.STREAM.{verb}.{name}" for name in STREAMS for verb in ("INFO", "CREATE", "UPDATE")]
    allowed += [f"$JS.API.STREAM.{verb}.{SESSIONS}" for verb in ("MSG.GET", "PURGE")]
    allowed += [f"$JS.API.CONSUMER.{verb}.{MESSAGES}" for verb in ("LIST", "NAMES")]
    allowed += [f"$JS.API.CONSUMER.{verb}.{MESSAGES}.*" for verb in ("INFO", "DELETE")]
    publish = json.dumps(allowed)
    subscribe = json.dumps([f"{INBOX}.>"])
    return (
        f"{{user:{json.dumps(CONTROL_USERNAME)},password:{json.dumps(password_hash)},"
        f'permissions:{{publish:{publish},subscribe:{subscribe}}},allowed_connection_types:["STANDARD"]}}'
    )


def system_account(password_hash: str) -> str:
    """The server's system account with its one user, as a line of the configuration."""
    publish = json.dumps(["$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.SERVER.PING.STATSZ", "$SYS.REQ.SERVER.*.KICK"])
    subscribe = json.dumps([f"{INBOX}.>"])
    return (
        f'accounts {{ "$SYS": {{ users: [{{user:{json.dumps(SYSTEM_USERNAME)},password:{json.dumps(password_hash)},'
        f'permissions:{{publish:{publish},subscribe:{subscribe}}},allowed_connection_types:["STANDARD"]}}] }} }}'
    )


def write_system_account(path: Path, password_hash: str, put: Callable[[Path, str], None] | None = None) -> None:
    """Write the include file of a server of one's own that lets a watch list and end the connections at all nodes."""
    (put or replace_private)(path, system_account(password_hash) + "\n")


def replace_private(path: Path, text: str) -> None:
    """Put ``text`` in place of the file, whole or not at all, readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
