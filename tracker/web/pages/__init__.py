"""The catalogue of pages: a page added is a file added and a line here."""

from __future__ import annotations

from tracker.web.pages import live, pump, pumps, sign_in, theme, worklist

PAGES = (
    sign_in.router,
    live.router,
    theme.router,
    worklist.router,
    pumps.router,
    pump.router,
)
