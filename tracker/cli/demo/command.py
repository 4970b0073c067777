"""``tracker demo``: a whole simulated clinic on this machine, with nothing else installed.

The same commands that a clinic would run, as processes: broker, ingest, web, schedule, simulators. The first start
sends years of history through the real path, communicator to MQTT to ingest; a later one goes on where it stood.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tracker.cli.demo import clinic as demo_clinic
from tracker.cli.demo.mail import MailPlan, plan_mail
from tracker.cli.log_format import set_up_logging
from tracker.cli.process_group import Parts
from tracker.cli.process_setup import require_free_port, stop_on_signal
from tracker.errors import StartupFault
from tracker.listening_address import reachable
from tracker.private_files import private_folder
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.job import takes_messages
from tracker.settings import Settings

app = typer.Typer(add_completion=False)
console = Console(highlight=False, soft_wrap=True)

Wait = Callable[[float], bool]
"""Waits so many seconds, or until told to stop; whether told to stop."""

_UP_S = 60.0
_LOOK_S = 0.5


@app.command()
def demo(
    pumps: Annotated[int, typer.Option(min=12, max=2000, help="pumps of the simulated clinic")] = 60,
    years: Annotated[float, typer.Option(min=0.02, max=10, help="history sent at the first start")] = 6.0,
    every: Annotated[float, typer.Option(min=0.5, max=86_400, help="seconds between a pump's live reports")] = 5.0,
    seed: Annotated[int, typer.Option(help="the clinic's seed: the same seed gives the same clinic")] = 1,
) -> None:
    """Run a simulated clinic until Ctrl-C. Settings such as TRACKER_WEB_PORT are obeyed; records stay in data/."""
    settings = Settings()
    settings.require_safe_web()
    set_up_logging(settings, level=30)
    stop = stop_on_signal()
    with _alone(settings.data_dir):
        require_free_port(settings.web_host, settings.web_port, what="the pages", setting="TRACKER_WEB_PORT")
        _require_broker_port(settings)
        database = Database(settings.database_url)
        schema.upgrade(database)
        clinic = demo_clinic.DemoClinic(settings, database, pumps=pumps, years=years, seed=seed)
        mail = plan_mail(settings)
        # Each child reads the same settings; the secret ones go by the environment, never by the command line.
        parts = Parts(
            settings.data_dir / "logs",
            {
                "TRACKER_DATA_DIR": str(settings.data_dir),
                "TRACKER_DATABASE_URL": settings.database_url,
                "TRACKER_MQTT_URL": settings.tracker_mqtt_url(),
                "TRACKER_METRICS_PORT": "0",  # one port for several processes; the pages' /metrics is there
            }
            | mail.environment,
        )
        try:
            _run(settings, parts, database, clinic, mail, every, stop.wait)
        finally:
            with console.status("ending every part …"):
                parts.stop()
            database.close()
    console.print("Ended. The records are kept in", str(settings.data_dir), "and the next start goes on with them.")


def _run(
    settings: Settings,
    parts: Parts,
    database: Database,
    clinic: demo_clinic.DemoClinic,
    mail: MailPlan,
    every: float,
    wait: Wait,
) -> None:
    tracker = (sys.executable, "-m", "tracker.cli.main")
    enrolled = clinic.enrol_if_new()
    parts.start("broker", *tracker, "broker")
    if clinic.filled:
        parts.start("web", *tracker, "web")  # beside the broker: a later start is a matter of seconds
    _until_up(parts, "broker", settings.broker_host, settings.broker_port, wait)
    ingest_since = datetime.now(UTC)
    parts.start("ingest", *tracker, "ingest")
    _until_subscribed(parts, database, ingest_since, wait)
    if not clinic.filled:
        console.print(f"A clinic of {enrolled} simulated pumps; its history goes through the broker as any device's.")
        if not clinic.fill(parts, wait):
            return
        clinic.settle_history()
        parts.start("web", *tracker, "web")
    clinic.expect_reports(every)
    clinic.add_contact_points()
    _until_up(parts, "web", settings.web_host, settings.web_port, wait)
    if mail.command:
        parts.start("mailbox", *mail.command)
    _say_where(settings, clinic, mail)
    parts.start("send", *tracker, "send")
    parts.start("schedule", *tracker, "schedule")
    parts.start("audit", *tracker, "audit", "anchor", "--every", "60")
    parts.start("simulators", *clinic.live_command(every))
    while not wait(_LOOK_S):
        for name in parts.restart_ended():
            console.print(
                f"[yellow]{name} had ended and was started again[/]; its words: {settings.data_dir}/logs/{name}.log"
            )


def _say_where(settings: Settings, clinic: demo_clinic.DemoClinic, mail: MailPlan) -> None:
    host = reachable(settings.web_host)
    console.print()
    console.print(f"  [bold]http://{host}:{settings.web_port}/[/]")
    console.print(f"  sign in as [bold]{demo_clinic.NURSE}[/] with the password [bold]{clinic.password}[/]")
    console.print(f"  (the same password for {', '.join(demo_clinic.OTHERS)})", style="dim")
    console.print()
    if mail.page:
        console.print(f"  mail to the nurse and the physician arrives at [bold]{mail.page}[/]")
        console.print()
    console.print("  Simulated telemetry. Decision support with its basis shown; not for clinical use.", style="dim")
    console.print("  Ctrl-C ends everything.", style="dim")


def _until_up(parts: Parts, name: str, host: str, port: int, wait: Wait) -> None:
    """Return when the part takes connections; a part that keeps dying is a fault told with its last words."""
    deadline = time.monotonic() + _UP_S
    target = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104 - compared only
    while time.monotonic() < deadline and not parts.stopping.is_set():
        with socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((target, port)) == 0:
                return
        part = next(one for one in parts.running if one.name == name)
        if part.process is not None and part.process.poll() is not None:
            raise StartupFault(f"{name} ended at once: {parts.log_tail(name, 2)}")
        if wait(0.05):
            return
    raise StartupFault(f"{name} did not come up in {_UP_S:g} s; see {parts.log_dir / (name + '.log')}")


def _until_subscribed(parts: Parts, database: Database, since: datetime, wait: Wait) -> None:
    """Return when the broker sends ingest what arrives.

    What is published before ingest's first subscription reaches nobody: the communicators would send it again, but only
    after half a minute without a receipt.
    """
    deadline = time.monotonic() + _UP_S
    while time.monotonic() < deadline and not parts.stopping.is_set():
        with database.reading() as session:
            if takes_messages(session, since):
                return
        parts.restart_ended()
        if wait(0.1):
            return
    if not parts.stopping.is_set():
        raise StartupFault(f"ingest did not subscribe in {_UP_S:g} s: {parts.log_tail('ingest', 2)}")


def _require_broker_port(settings: Settings) -> None:
    """The broker checks its port itself, but ends what an earlier start left there; only a stranger is told here."""
    leftover = settings.broker_dir / "nats-server.pid"
    if not leftover.exists():
        require_free_port(settings.broker_host, settings.broker_port, what="the broker", setting="TRACKER_BROKER_PORT")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the data folder against a second demo; the kernel lets go of it when this process ends."""
    private_folder(folder)
    descriptor = os.open(folder / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartupFault(
            f"a demo runs in {folder} already: stop it, or set TRACKER_DATA_DIR to another folder"
        ) from None
    try:
        yield
    finally:
        os.close(descriptor)
