"""A small clinic that lived for months by the real path: what very many pumps are copied from.

Simulated pumps of twelve models spoke, ingest stored it, the jobs ran and the staff confirmed visits and acknowledged
alarms; some patients stayed away from refills. Added here: rulings on half of the findings, and MRI scans.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlmodel import Session, col, select

from benchmarks.accuracy.lived import live
from benchmarks.accuracy.staff import NURSE
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.actions.replacement.rule_finding import rule_finding
from tracker.errors import Conflict
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.finding import FindingRecord
from tracker.records.pump import Pump
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps

DAY: Final = timedelta(days=1)
OPENED: Final = datetime(2010, 1, 1, tzinfo=UTC)
START: Final = OPENED + 1500 * DAY
NOW: Final = START + 150 * DAY
SEED: Final = 5
PUMPS: Final = 60  #: that the clinic has over all its years; a few less at one time


@contextmanager
def lived_clinic() -> Iterator[Path]:
    """The SQLite file of the clinic as it stands at ``NOW``."""
    with TemporaryDirectory(prefix="pump-clinic-") as name:
        folder = Path(name)
        live(SEED, PUMPS, OPENED, START, NOW, NOW + 200 * DAY, folder, neglected=True)
        file = folder / f"clinic-{SEED}.db"
        database = Database(f"sqlite:///{file}")
        with database.writing() as session:
            _add(session)
        evaluate_due_pumps(database, NOW)
        database.close()
        yield file


def _add(session: Session) -> None:
    for finding_id in session.exec(select(col(FindingRecord.id))).all()[::2]:
        rule_finding(session, key(finding_id), ruling="explained", reason="In hospital then.", by=NURSE, now=NOW)
    for pump in session.exec(select(Pump)).all()[::3]:
        at = NOW - key(pump.id) % 20 * DAY
        try:
            exam = log_mri(session, pump, performed_at=at, by=NURSE, now=NOW)
        except Conflict:
            continue  # a model without a motor asks for no check
        if at < NOW - DAY:
            check_after_mri(session, key(exam.id), checked_at=at + DAY / 12, by=NURSE, now=NOW)
