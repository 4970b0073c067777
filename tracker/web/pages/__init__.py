"""The catalogue of pages: a page added is a file added and a line here."""

from __future__ import annotations

from tracker.web.pages import (
    alarms,
    assess,
    audit_search,
    connectivity,
    guideline,
    live,
    planning,
    pump,
    pumps,
    rejected,
    replacement,
    replacement_deeds,
    schedule,
    sign_in,
    staff,
    theme,
    visit,
    visits,
    worklist,
    worklist_deeds,
)

PAGES = (
    sign_in.router,
    live.router,
    theme.router,
    worklist.router,
    worklist_deeds.router,
    pumps.router,
    pump.router,
    alarms.router,
    visits.router,
    visit.router,
    replacement.router,
    replacement_deeds.router,
    rejected.router,
    guideline.router,
    assess.router,
    planning.router,
    connectivity.router,
    schedule.router,
    audit_search.router,
    staff.router,
)
