"""The demo's clinic: its roster enrolled, its history sent once, what its staff did in those years settled."""

from __future__ import annotations

import csv
import json
import secrets
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import update
from sqlmodel import Session, col, select

from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.messages.contacts import add_contact
from tracker.actions.pumps.enrol_pump import OPTIONAL_FIELDS, Enrolment, enrol_pumps
from tracker.actions.pumps.name_programmer import name_programmer
from tracker.actions.staff.add_staff import add_clinic, add_staff
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.broker.credentials import fits, issue_many
from tracker.broker.users import replace_private
from tracker.cli.process_group import Parts
from tracker.errors import Invalid, StartupFault
from tracker.private_files import private_folder, private_text
from tracker.records.alarm import Alarm, AlarmEvent
from tracker.records.column_types import key
from tracker.records.contact_point import contact_points_of
from tracker.records.credential import active_credentials
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.queries.serial_lookup import pumps_by_serial
from tracker.records.staff import staff_by_email
from tracker.records.visit import Visit
from tracker.settings import Settings

NURSE: Final = "nurse@clinic.example"
PEOPLE: Final = {
    NURSE: ("nurse", "Simulated Nurse"),
    "physician@clinic.example": ("physician", "Simulated Physician"),
    "biller@clinic.example": ("biller", "Simulated Biller"),
    "administrator@clinic.example": ("administrator", "Simulated Administrator"),
    "auditor@clinic.example": ("auditor", "Simulated Auditor"),
}
OTHERS: Final = tuple(email for email in PEOPLE if email != NURSE)
REACHED: Final = (NURSE, "physician@clinic.example")
"""Who receives mail in the demo."""
CLINIC: Final = "Simulated Pain Clinic"
_STAFF_OF_THE_PAST: Final = "the simulated clinic's staff"
_SETTLED_DAYS: Final = 3
_UNITS: Final = {"baclofen": "Spasticity"}


class DemoClinic:
    """One simulated clinic in one data folder. Its state is kept there, so that a later start goes on with it."""

    def __init__(self, settings: Settings, database: Database, *, pumps: int, years: float, seed: int) -> None:
        self._database = database
        self._folder = settings.data_dir / "clinic"
        private_folder(self._folder)
        self._credentials = self._folder / "credentials.csv"
        self._plan = self._folder / "plan.json"
        self._journal = self._folder / "journal"
        self._done = self._folder / "filled"
        self._where = f"127.0.0.1:{settings.broker_port}"
        self.password = private_text(
            settings.data_dir / "demo_password",
            "pump-" + "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(12)),
        )
        plan = {"pumps": pumps, "years": years, "seed": seed, "now": datetime.now(UTC).isoformat(timespec="seconds")}
        if self._plan.exists():
            plan = json.loads(self._plan.read_text())  # a clinic that was begun stays the clinic that it was
        else:
            replace_private(self._plan, json.dumps(plan))
        self._clinic = [f"--{name}={plan[name]}" for name in ("pumps", "years", "seed")]
        self._now = str(plan["now"])

    @property
    def filled(self) -> bool:
        """Whether the whole history has arrived."""
        return self._done.exists()

    def enrol_if_new(self) -> int:
        """Enrol staff and pumps where the database has none of them. Returns how many pumps the clinic has.

        Raises ``StartupFault`` where the database and the folder are of two different demos.
        """
        roster = self._roster()
        serials = [pump["serial"] for pump in roster]
        if self._is_enrolled():
            return len(roster)
        self._require_two_of_a_kind(serials)
        issued = issue_many(serials)
        now = datetime.now(UTC)
        enrolments = [
            Enrolment(pump["serial"], pump["model"], one.bcrypt_hash, one.mosquitto_hash, _details(pump))
            for pump, one in zip(roster, issued, strict=True)
        ]
        with self._database.writing() as session:
            clinic = add_clinic(session, name=CLINIC, timezone="America/New_York", by="tracker demo", now=now)
            for email, (role, name) in PEOPLE.items():
                if staff_by_email(session, email) is None:
                    add_staff(
                        session,
                        clinic=clinic,
                        email=email,
                        role=role,
                        password=self.password,
                        name=name,
                        by="tracker demo",
                        now=now,
                    )
            enrol_pumps(session, clinic_id=key(clinic.id), enrolments=enrolments, by="tracker demo", now=now)
            _link_generations(session, roster)
            for programmer in sorted({pump["programmer"] for pump in roster}):
                name_programmer(session, key(clinic.id), programmer, by="tracker demo", now=now)
            # Written before the commit: a crash in between leaves credentials that nobody has, and a fresh start.
            lines = [["serial", "username", "password"], *([one.serial, one.username, one.password] for one in issued)]
            replace_private(self._credentials, "".join(",".join(line) + "\n" for line in lines))
        return len(roster)

    def _is_enrolled(self) -> bool:
        """Whether the database has this folder's clinic: its nurse, and a communicator with the password kept here."""
        if not self._credentials.exists():
            return False
        with self._database.reading() as session:
            if staff_by_email(session, NURSE) is None:
                return False
            hashes = {one.username: one.bcrypt_hash for one in active_credentials(session)}
        with self._credentials.open(newline="") as file:  # one is enough: the others may have got new ones meanwhile
            return any(
                fits(row["password"], hashes[row["username"]])
                for row in csv.DictReader(file)
                if row["username"] in hashes
            )

    def _require_two_of_a_kind(self, serials: list[str]) -> None:
        if self._journal.exists():  # what was sent once is not sent again
            raise StartupFault(
                f"{self._folder} holds a demo whose records are in another database than TRACKER_DATABASE_URL names: "
                "set that to it, or TRACKER_DATA_DIR to a new folder"
            )
        with self._database.reading() as session:
            if pumps_by_serial(session, serials):
                raise StartupFault(
                    f"the database holds a demo whose communicators' passwords are not in {self._folder}: "
                    "set TRACKER_DATA_DIR to that demo's folder, or TRACKER_DATABASE_URL to another database"
                )

    def fill(self, parts: Parts, wait: Callable[[float], bool]) -> bool:
        """Send the history through the broker with a progress bar; False where told to stop meanwhile."""
        words = [*self._simulators("fill"), f"--now={self._now}", "--progress=json"]
        process = parts.run("fill", *words)
        bar = Progress(
            TextColumn("  {task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(),
        )
        with bar:
            task = bar.add_task("history", total=None)
            for line in process.stdout or ():
                told = _progress(line)
                bar.update(task, completed=told.get("receipted", 0), total=told.get("total"))
                parts.restart_ended()
                if wait(0):
                    process.terminate()
                    process.wait()
                    return False
        if process.wait() != 0:
            if wait(0):
                return False
            raise StartupFault(f"the history could not be sent: {parts.log_tail('fill', 2)}")
        return True

    def settle_history(self) -> None:
        """Do for the years past what the clinic's staff did then: look at alarms that are over, confirm drafts."""
        now = datetime.now(UTC)
        past = now - timedelta(days=_SETTLED_DAYS)
        with self._database.writing() as session:
            _confirm_drafts(session, past, now)
            over = session.exec(
                select(Alarm).where(
                    col(Alarm.closed_at).is_(None), col(Alarm.acknowledged_at).is_(None), col(Alarm.last_seen_at) < past
                )
            ).all()
            for alarm in over:
                acknowledge_alarm(session, key(alarm.id), reason="looked at then", by=_STAFF_OF_THE_PAST, now=now)
            _close_with_the_pump(session, now)
        self._done.touch()

    def expect_reports(self, every: float) -> None:
        """Live, the simulated communicators report every few seconds: silence is noticed within minutes, not days."""
        with self._database.writing() as session:
            session.execute(
                update(Pump).where(col(Pump.explanted_on).is_(None)).values(report_interval_s=max(60, round(3 * every)))
            )

    def add_contact_points(self) -> None:
        """Let the nurse and the physician receive mail, which the demo's mailbox takes; once for each of them."""
        now = datetime.now(UTC)
        with self._database.writing() as session:
            for address in REACHED:
                staff = staff_by_email(session, address)
                if staff is not None and not contact_points_of(session, [key(staff.id)]):
                    add_contact(
                        session, staff, kind="email", target=address, confirmed=True, by="tracker demo", now=now
                    )

    def live_command(self, every: float) -> list[str]:
        """The simulators' command that goes on from where the history ended."""
        return [*self._simulators("live"), f"--every={every}", "--progress=none"]

    def _simulators(self, verb: str) -> list[str]:
        return [
            *(sys.executable, "-m", "simulators", verb),
            *self._clinic,
            f"--credentials={self._credentials}",
            f"--journal={self._journal}",
            f"--truth={self._folder / 'truth.jsonl'}",
            f"--mqtt-url={self._where}",
        ]

    def _roster(self) -> list[dict[str, Any]]:
        kept = self._folder / "roster.json"
        if not kept.exists():
            words = [sys.executable, "-m", "simulators", "roster", *self._clinic, f"--now={self._now}", "--json"]
            made = subprocess.run(words, capture_output=True, text=True, check=False)
            if made.returncode:
                raise StartupFault(f"the simulated clinic could not be made: {made.stderr.strip()[-300:]}")
            replace_private(kept, made.stdout)
        roster: list[dict[str, Any]] = json.loads(kept.read_text())
        return roster


def _details(pump: dict[str, Any]) -> dict[str, Any]:
    details = {name: value for name, value in pump.items() if name in OPTIONAL_FIELDS and value is not None}
    if "implanted_on" in details:
        details["implanted_on"] = date.fromisoformat(details["implanted_on"])
    details["unit"] = _UNITS.get(str(pump["drug"]), "Chronic pain")
    return details


def _link_generations(session: Session, roster: list[dict[str, Any]]) -> None:
    """Explanted pumps keep their day and point to the pump that took their place."""
    records = pumps_by_serial(session, [pump["serial"] for pump in roster])
    for told in roster:
        if told["explanted_on"] is None:
            continue
        record: Pump = records[told["serial"]]
        record.explanted_on = date.fromisoformat(told["explanted_on"])
        if told["replaced_by"] is not None:
            record.replaced_by_id = records[told["replaced_by"]].id
        session.add(record)


def _confirm_drafts(session: Session, past: datetime, now: datetime) -> None:
    """Confirm each as a nurse does, so that the record holds what the last session programmed."""
    drafts = select(Visit.id).where(col(Visit.status) == "draft", col(Visit.performed_at) < past)
    for visit_id in session.exec(drafts.order_by(col(Visit.performed_at))).all():
        try:
            confirm_visit(session, key(visit_id), by=_STAFF_OF_THE_PAST, now=now)
        except Invalid:  # a prescription that the record can't keep is for the staff of today
            continue


def _close_with_the_pump(session: Session, now: datetime) -> None:
    """An explanted pump's last report stands for ever; its alarms ended with the operation."""
    out = select(Pump.id).where(col(Pump.explanted_on).is_not(None))
    for alarm in session.exec(select(Alarm).where(col(Alarm.closed_at).is_(None), col(Alarm.pump_id).in_(out))):
        alarm.closed_at = now
        session.add(alarm)
        session.add(
            AlarmEvent(
                alarm_id=key(alarm.id), at=now, kind="closed", by=_STAFF_OF_THE_PAST, reason="the pump is explanted"
            )
        )


def _progress(line: bytes) -> dict[str, int]:
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
