"""The catalogue of jobs: each has a name of its own, and no file of a job is left out."""

from __future__ import annotations

import re
from pathlib import Path

from tracker.schedule import jobs

FOLDER = Path(jobs.__file__).parent


def test_every_job_has_a_name_a_purpose_and_an_interval() -> None:
    assert len({job.name for job in jobs.JOBS}) == len(jobs.JOBS)
    assert all(job.purpose.endswith(".") and job.every_s > 0 for job in jobs.JOBS)


def test_no_file_of_the_scheduler_is_imported_by_nothing() -> None:
    texts = {path: path.read_text() for path in FOLDER.parent.rglob("*.py")}
    forgotten = {
        path.stem
        for path in FOLDER.glob("*.py")
        if path.stem != "__init__"
        and not any(
            re.search(rf"tracker\.schedule(\.| import (\w+, )*){path.stem}\b", text)
            for other, text in texts.items()
            if other != path
        )
    }
    assert forgotten == set(), "name its job in tracker/schedule/jobs.py"
