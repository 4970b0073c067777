"""``tracker pumps``: enrol, list and import pumps. A communicator's password is shown once, here, and kept nowhere."""

from __future__ import annotations

import csv
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tracker.actions.pumps.read_pump_list import FaultyList, columns_left_out, read_pump_list
from tracker.actions.staff.add_staff import FIRST_CLINIC, add_clinic, clinic_named
from tracker.actions.visits.visit_codes import today_in
from tracker.cli.database_session import opened, operator
from tracker.errors import Invalid
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.queries.connectivity import pumps_with_link

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Enrol, list and import pumps.")

ClinicName = Annotated[str | None, typer.Option("--clinic", help="the clinic; needed where there are several")]


@app.command()
def enrol(
    serial: Annotated[str, typer.Argument(help="the pump's serial")],
    model: Annotated[str, typer.Option(help="a model of the catalogue, such as synchromed-ii-20")],
    as_json: Annotated[bool, typer.Option("--json", help='print {"serial", "username", "password"}')] = False,
    clinic: ClinicName = None,
    udi: Annotated[str | None, typer.Option(help="the barcode's text")] = None,
    patient_reference: Annotated[str | None, typer.Option(help="the clinic's own number, never a name")] = None,
    unit: Annotated[str | None, typer.Option(help="ward or team")] = None,
    lifecycle: Annotated[str | None, typer.Option(help="in_stock unless told otherwise")] = None,
    implanted_on: Annotated[str | None, typer.Option(help="the day, as 2026-11-22")] = None,
    drug: Annotated[str | None, typer.Option(help="what is in the reservoir")] = None,
    concentration: Annotated[str | None, typer.Option(help="decimal number")] = None,
    concentration_unit: Annotated[str | None, typer.Option(help="such as mcg/mL")] = None,
    dose_per_day: Annotated[str | None, typer.Option(help="decimal number, in the concentration's mass unit")] = None,
    report_interval_s: Annotated[int | None, typer.Option(help="seconds between reports")] = None,
) -> None:
    """Make a pump's record and its communicator's sign-in, which is printed now and never again."""
    details: dict[str, Any] = {
        "udi": udi,
        "patient_reference": patient_reference,
        "unit": unit,
        "lifecycle": lifecycle,
        "implanted_on": _day(implanted_on),
        "drug": drug,
        "concentration": concentration,
        "concentration_unit": concentration_unit,
        "dose_per_day": dose_per_day,
        "report_interval_s": report_interval_s,
    }
    from tracker.web.forms import enrol as enrolling

    with opened(first=True) as database:
        wanted = enrolling.Wanted(serial, model, {name: value for name, value in details.items() if value is not None})
        made = enrolling.enrol_one(database, _clinic_id(database, clinic), wanted, by=operator(), now=datetime.now(UTC))
    if isinstance(made, enrolling.TakenOver):
        typer.echo(f"{serial} was taken over from {made.from_clinic}; its communicator keeps its sign-in", err=True)
        if as_json:
            typer.echo(json.dumps({"serial": serial, "username": serial, "password": None}))
        return
    shown = {"serial": serial, "username": made.credential.username, "password": made.credential.password}
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for name, value in shown.items():
        typer.echo(f"{name:<9} {value}")
    typer.echo("The password is shown this once; give it to the communicator.", err=True)


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="CSV with the header serial,model; - reads standard input")],
    clinic: ClinicName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="name each line's fault and enrol nothing")] = False,
) -> None:
    """Enrol every pump of a list, or none. Prints CSV serial,username,password; the passwords are shown this once."""
    from tracker.web.forms import enrol as enrolling

    data = _content(file)
    now = datetime.now(UTC)
    with opened(first=not dry_run) as database:
        with database.reading() as session:
            at = clinic_named(session, clinic)
            today = now.date() if at is None else today_in(session, key(at.id), now)  # the first clinic's zone is UTC
            lines, faults = read_pump_list(session, data, today)
        left_out = columns_left_out(data)
        if left_out:
            typer.echo(f"left out, since no field of a pump's record takes them: {', '.join(left_out)}", err=True)
        if faults and not dry_run:
            raise FaultyList(faults)
        if dry_run:
            for fault in faults:
                typer.echo(str(fault), err=True)
            typer.echo(f"{len(lines)} good lines, {len(faults)} with faults; nothing was enrolled", err=True)
            raise typer.Exit(1 if faults else 0)
        wanted = [enrolling.Wanted(line.serial, line.model, line.details) for line in lines]
        made = enrolling.enrol(database, _clinic_id(database, clinic), wanted, by=operator(), now=now)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["serial", "username", "password"])
    writer.writerows([one.pump.serial, one.credential.username, one.credential.password] for one in made)


@app.command("list")
def show(
    clinic: ClinicName = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object per line")] = False,
) -> None:
    """List the enrolled pumps, newest first."""
    with opened() as database:
        clinic_id = None
        if clinic is not None:
            clinic_id = _clinic_id(database, clinic)
        with database.reading() as session:
            for pump, link, last_contact_at in pumps_with_link(session, clinic_id):
                contact = last_contact_at.isoformat(timespec="seconds") if last_contact_at else None
                row = {"serial": pump.serial, "model": pump.model, "lifecycle": pump.lifecycle, "link": link}
                told = json.dumps(row | {"last_contact_at": contact})
                typer.echo(told if as_json else "\t".join([*row.values(), contact or "never"]))


def _clinic_id(database: Database, name: str | None) -> int:
    """The clinic that was named, or the only one; the first pump makes the first clinic."""
    with database.reading() as session:
        found = clinic_named(session, name)
    if found is not None:
        return key(found.id)
    with database.writing() as session:
        made = clinic_named(session, name) or add_clinic(
            session, name=FIRST_CLINIC, timezone="UTC", by=operator(), now=datetime.now(UTC)
        )
        return key(made.id)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:40]!r} is no date; write 2026-11-22", field="implanted_on") from None


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as fault:
        raise Invalid(f"{file} can't be read: {fault.strerror}", field="file") from None
