"""The catalogue of the JSON API: a subject added is a file added and a line here."""

from __future__ import annotations

from tracker.web.api import (
    alarms,
    break_glass,
    determinations,
    evaluators,
    health,
    models,
    pumps,
    rejected,
    visits,
    worklist,
)

API = (
    health.router,
    pumps.router,
    break_glass.router,
    alarms.router,
    visits.router,
    determinations.router,
    worklist.router,
    rejected.router,
    models.router,
    evaluators.router,
)
