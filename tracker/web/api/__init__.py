"""The catalogue of the JSON API: a subject added is a file added and a line here."""

from __future__ import annotations

from tracker.web.api import (
    account,
    advisories,
    advisory_import,
    alarms,
    break_glass,
    clinic,
    determinations,
    evaluators,
    handovers,
    health,
    lifecycle,
    models,
    mri,
    pumps,
    record,
    rejected,
    replacement,
    staff,
    visits,
    worklist,
)

API = (
    health.router,
    pumps.router,
    record.router,
    lifecycle.router,
    mri.router,
    handovers.router,
    break_glass.router,
    alarms.router,
    visits.router,
    determinations.router,
    replacement.router,
    advisories.router,
    worklist.router,
    rejected.router,
    clinic.router,
    staff.router,
    account.router,
    advisory_import.router,
    models.router,
    evaluators.router,
)
