"""The scheduler's jobs: when each last ran, how long it took, what it dealt with and what went wrong."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from tracker.actions.verify_backup import DRILL
from tracker.records.job import job_runs, workers
from tracker.records.partitions import coming_drop
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)


@router.get("/schedule", response_class=HTMLResponse)
def schedule(request: Request, web: Context, person: Annotated[Person, requires("schedule.read")]) -> HTMLResponse:
    """The last run of every job, and who leads."""
    with web.database.reading() as session:
        runs = job_runs(session)
        processes = workers(session, "schedule")
    drill = next((run for run in runs if run.name == DRILL), None)
    jobs = [run for run in runs if run is not drill]
    dropping = coming_drop(web.settings.readings_keep_months, web.clock())
    return page(request, person, "schedule.html", runs=jobs, drill=drill, processes=processes, dropping=dropping)
