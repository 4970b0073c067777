"""Where the demo's mail goes: to a mailbox of its own, unless the operator names a mail server."""

from __future__ import annotations

import socket
import sys
from typing import NamedTuple

from tracker.settings import Settings


class MailPlan(NamedTuple):
    """What the demo starts for its mail, which settings its parts get, and where the mail is read; empty: none."""

    command: tuple[str, ...]
    environment: dict[str, str]
    page: str


def plan_mail(settings: Settings) -> MailPlan:
    """A mailbox on free ports of this machine, the page beside the tracker's own where that port is free."""
    if settings.smtp_url.get_secret_value():
        return MailPlan((), {}, "")
    page_port, smtp_port = _free_port(settings.web_port + 1), _free_port(settings.web_port + 2)
    folder = settings.data_dir / "mailbox"
    command = (sys.executable, "-m", "tracker.cli.demo.mailbox", str(folder), str(smtp_port), str(page_port))
    environment = {"TRACKER_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}"}
    if not settings.smtp_from:
        environment["TRACKER_SMTP_FROM"] = "Pump Tracker <pump-tracker@clinic.example>"
    return MailPlan(command, environment, f"http://127.0.0.1:{page_port}/demo/mailbox")


def _free_port(wanted: int) -> int:
    """That port where nobody has it, else any other."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
            return int(probe.getsockname()[1])
    raise OSError("this machine has no free port")
