"""The communicators' credentials, as the tracker's import command prints them."""

import csv
from collections.abc import Iterable
from pathlib import Path

from simulators.fleet import Broker, Credential


class CredentialsError(ValueError):
    """The file of credentials can't be read, or lacks a pump."""


def read_credentials(path: Path) -> dict[str, Credential]:
    """The credentials by serial, from CSV with the columns `serial`, `username` and `password`."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as fault:
        raise CredentialsError(f"{path} can't be read: {fault.strerror}") from fault
    try:
        return {row["serial"]: Credential(row["serial"], row["username"], row["password"]) for row in rows}
    except KeyError as fault:
        raise CredentialsError(f"{path} has no column {fault}: it takes serial,username,password") from fault


def of_serials(credentials: dict[str, Credential], serials: Iterable[str]) -> list[Credential]:
    """The credentials of these pumps. Raises `CredentialsError` naming those that have none."""
    wanted = sorted(set(serials))
    lacking = [serial for serial in wanted if serial not in credentials]
    if lacking:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5} more" if len(lacking) > 5 else "")
        raise CredentialsError(f"no credential for {shown}: enrol the pumps of `python -m simulators roster` first")
    return [credentials[serial] for serial in wanted]


def read_broker(url: str) -> Broker:
    """Host and port from `host:port`, `host` or `mqtt://host:port`."""
    host, _, port = url.removeprefix("mqtt://").rstrip("/").partition(":")
    if not host or not (port or "1883").isdigit():
        raise CredentialsError(f"{url!r} is no address of a broker: write host:port")
    return Broker(host, int(port or "1883"))
