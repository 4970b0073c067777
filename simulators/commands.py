"""The commands of `python -m simulators`. Each says what it does in `--help`; the work stands in the other modules."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from simulators import options, saved_state
from simulators.backfill import Filling, NoReceiptsError
from simulators.backfill import Progress as Filled
from simulators.clinic import Clinic, open_clinic
from simulators.communicator import BULK, Pace
from simulators.credentials import CredentialsError, of_serials, read_broker, read_credentials
from simulators.fleet import Fleet
from simulators.journal import Journal, JournalInUseError
from simulators.live_clinic import Living
from simulators.load import Load
from simulators.roster import CSV_COLUMNS, Pump, roster
from simulators.saved_state import OtherClinicError, Stand
from simulators.signals import Stopping
from simulators.single import play
from simulators.stories.catalogue import CATALOGUE
from simulators.truth import TruthFile

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Pretend pumps that speak to a tracker over MQTT, from a seed.\n\n"
    "A clinic: `roster` lists its pumps, so that they can be enrolled; `fill` sends its years of history; `live` goes "
    "on from there. One pump: `story`. For measurements: `load`. Messages wait in --journal until the tracker has "
    "receipted them, so any of these can be killed and started again.",
)
_console = Console(stderr=True)


@app.command("roster")
def list_roster(
    seed: options.Seed = 1,
    pumps: options.Pumps = 60,
    years: options.Years = 6.0,
    now: options.Now = None,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON array instead of a table.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV for `tracker pumps import`.")] = False,
) -> None:
    """List every pump that the clinic has or had: serial, model, drug, when implanted, when and why replaced."""
    until = options.read_now(now)
    opened = options.opened(until, years)
    lines = roster(open_clinic(seed, pumps, opened, until), opened, until)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.Encoder(decimal_format="string").encode(lines) + b"\n")
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(CSV_COLUMNS)
        writer.writerows([getattr(line, column) for column in CSV_COLUMNS] for line in lines)
    else:
        Console().print(_table(lines))


@app.command()
def fill(
    credentials: options.Credentials,
    journal: options.JournalDir,
    mqtt_url: options.MqttUrl = "127.0.0.1:1883",
    seed: options.Seed = 1,
    pumps: options.Pumps = 60,
    years: options.Years = 6.0,
    now: options.Now = None,
    truth: options.Truth = None,
    progress: options.Shown = options.Form.BAR,
    patience: Annotated[float, typer.Option(help="Give up after so many seconds without any receipt.")] = 120.0,
) -> None:
    """Send the clinic's whole history through its communicators and wait until all of it is receipted.

    Interrupted, it goes on where it stopped; done once, it only sees that nothing waits any more.
    """
    until = options.read_now(now)
    with _faults_told(), _journal(journal) as disk, TruthFile(truth) as truths:
        clinic, stand, lines = _clinic(disk, seed, pumps, options.opened(until, years), until)
        fleet = _fleet(disk, mqtt_url, credentials, [line.serial for line in lines], BULK)
        try:
            with _shown(progress) as tell:
                filling = Filling(disk, fleet, truths, tell=tell, stopped=Stopping(), patience_s=patience)
                end = stand.lived_until if stand.until is None and stand.messages else until
                filling.run(clinic, stand, end, sum(line.messages for line in lines))
        finally:
            fleet.leave()


@app.command()
def live(
    credentials: options.Credentials,
    journal: options.JournalDir,
    mqtt_url: options.MqttUrl = "127.0.0.1:1883",
    seed: options.Seed = 1,
    pumps: options.Pumps = 60,
    years: options.Years = 6.0,
    truth: options.Truth = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two reports of one pump.")] = 5.0,
    speed: Annotated[
        float, typer.Option(min=1.0, help="How much quicker than the clock the pumps' time passes.")
    ] = 1.0,
    stories: Annotated[
        bool, typer.Option(help="Within minutes one motor stalls, one reservoir runs low, and so on.")
    ] = True,
    progress: options.Shown = options.Form.JSON,
) -> None:
    """Go on from where the history ended, in real time, until it is stopped; a later start goes on from there.

    Without a history (`fill`) the pumps begin in the state that the years would have left them in, with nothing sent.
    """
    until = options.read_now(None)

    def tell(line: Mapping[str, object]) -> None:
        if progress is options.Form.JSON:
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    with _faults_told(), _journal(journal) as disk, TruthFile(truth) as truths:
        clinic, stand, _lines = _clinic(disk, seed, pumps, options.opened(until, years), until)
        if stand.until is not None:
            _console.print("the history is not complete yet: run `fill` again first")
            raise typer.Exit(1)
        if not stand.messages:
            for _ in clinic.history(until):
                pass
        serials = {patient.course.serial for patient in clinic.patients if not patient.left} | disk.waiting
        fleet = _fleet(disk, mqtt_url, credentials, serials, Pace())
        living = Living(disk, fleet, truths, clinic, stand, every_s=every, speed=speed, tell=tell, stopped=Stopping())
        try:
            living.run(stories=stories)
        finally:
            fleet.leave()


@app.command()
def story(
    name: Annotated[str | None, typer.Argument(help="The story; without it they are listed.")] = None,
    credentials: Annotated[Path | None, typer.Option(help="CSV with serial,username,password.")] = None,
    serial: Annotated[str | None, typer.Option(help="Which pump of that file plays; the first if not given.")] = None,
    mqtt_url: options.MqttUrl = "127.0.0.1:1883",
    journal: Annotated[Path | None, typer.Option(help="Folder for the communicator's disk.")] = None,
    seed: options.Seed = 1,
    seconds: Annotated[float, typer.Option(min=0.0, help="How long the story takes on the clock.")] = 30.0,
    truth: options.Truth = None,
) -> None:
    """Play one story with one pump, squeezed into SECONDS; its messages carry the story's own times, ending now.

    The pump must be enrolled with the story's model, which the list shows.
    """
    if name is None:
        Console().print(_stories())
        return
    if name not in CATALOGUE:
        _console.print(f"there is no story {name!r}: {', '.join(sorted(CATALOGUE))}")
        raise typer.Exit(2)
    if credentials is None or journal is None:
        _console.print("a story needs --credentials and --journal")
        raise typer.Exit(2)
    with _faults_told(), _journal(journal) as disk, TruthFile(truth) as truths:
        known = read_credentials(credentials)
        player = serial or next(iter(known), "")
        fleet = Fleet(disk, read_broker(mqtt_url), of_serials(known, [player]), Pace())
        try:
            play(CATALOGUE[name], player, fleet, truths, seed=seed, seconds=seconds, stopped=Stopping())
        finally:
            fleet.leave()


@app.command()
def load(
    credentials: options.Credentials,
    journal: options.JournalDir,
    mqtt_url: options.MqttUrl = "127.0.0.1:1883",
    pumps: Annotated[int, typer.Option(min=1, help="How many of the file's pumps take part.")] = 60,
    rate: Annotated[
        float, typer.Option(min=0.0, help="Messages a second, all together; 0 is as fast as it goes.")
    ] = 0.0,
    count: Annotated[int, typer.Option(min=1, help="How many messages in all.")] = 100_000,
    model: Annotated[str, typer.Option(help="The model that the reports name.")] = "synchromed-ii-20",
    receipts: Annotated[bool, typer.Option(help="Wait for receipts; without, the broker's word is enough.")] = True,
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the last message.")] = 120.0,
) -> None:
    """Send plain reports at a constant rate and print one JSON line: how many, how fast, how soon receipted."""
    with _faults_told(), _journal(journal) as disk:
        chosen = list(read_credentials(credentials).values())[:pumps]
        pace = BULK if receipts else Pace(window=1 << 30, in_flight=500, receipt_timeout=86_400.0)
        fleet = Fleet(disk, read_broker(mqtt_url), chosen, pace)
        try:
            result = Load(fleet, model, receipts=receipts, stopped=Stopping()).run(rate, count, timeout)
        finally:
            fleet.leave()
    sys.stdout.write(json.dumps(asdict(result)) + "\n")
    if not result.complete:
        raise typer.Exit(1)


@contextmanager
def _faults_told() -> Iterator[None]:
    """One sentence and exit status 1 for what the person who started this can correct."""
    try:
        yield
    except (CredentialsError, JournalInUseError, NoReceiptsError, OtherClinicError) as fault:
        _console.print(str(fault), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from fault


@contextmanager
def _journal(folder: Path) -> Iterator[Journal]:
    journal = Journal(folder / "journal.sqlite")
    try:
        yield journal
    finally:
        journal.close()


def _clinic(
    journal: Journal, seed: int, pumps: int, opened: datetime, until: datetime
) -> tuple[Clinic, Stand, list[Pump]]:
    """The clinic as the journal holds it, or a new one; with its roster."""
    kept = saved_state.read(journal)
    if kept is None:
        clinic = open_clinic(seed, pumps, opened, until)
        stand = Stand(seed, pumps, opened, until, lived_until=opened, until=None, events=0, messages=0)
    else:
        clinic, stand = kept
        saved_state.check_same(stand, seed, pumps)
    return clinic, stand, roster(clinic, stand.opened, stand.roster_until)


def _fleet(journal: Journal, mqtt_url: str, credentials: Path, serials: Iterable[str], pace: Pace) -> Fleet:
    return Fleet(journal, read_broker(mqtt_url), of_serials(read_credentials(credentials), serials), pace)


@contextmanager
def _shown(form: options.Form) -> Iterator[Callable[[Filled], None]]:
    """How a history's progress is shown."""
    if form is options.Form.BAR:
        columns = (TextColumn("history"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=_console) as bar:
            task = bar.add_task("history")
            yield lambda filled: bar.update(task, completed=filled.receipted, total=filled.total)
    elif form is options.Form.JSON:
        yield _json_line
    else:
        yield lambda _filled: None


def _json_line(filled: Filled) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(filled) + b"\n")
    sys.stdout.buffer.flush()


def _table(lines: list[Pump]) -> Table:
    table = Table("serial", "model", "patient", "drug", "implanted", "status", "messages")
    for line in lines:
        gone = f"{line.lifecycle} {line.explanted_on}" if line.explanted_on else line.lifecycle
        when = f"{line.implanted_on}"
        table.add_row(line.serial, line.model, line.patient_reference, line.drug, when, gone, str(line.messages))
    return table


def _stories() -> Table:
    table = Table("story", "model", "days", "what happens")
    for each in CATALOGUE.values():
        table.add_row(each.name, each.model_id, f"{each.days:g}", each.title)
    return table
