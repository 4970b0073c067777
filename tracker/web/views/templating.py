"""From a person and values to a page: the Jinja2 environment, and times in the clinic's zone with the zone named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, pass_context
from jinja2.runtime import Context as TemplateContext
from markupsafe import Markup

from tracker.actions.worklist.item_access import may_handle_item
from tracker.records.queries.urgent import Urgent, urgent_of_clinic
from tracker.records.second_factor import has_app, passkeys_of
from tracker.web.auth.user import Person, is_confirmed
from tracker.web.forms.fill_fields import fill_fields
from tracker.web.forms.resubmitted_form import resubmitted_form
from tracker.web.views import formatting
from tracker.web.views.criteria_tree import criteria_of

HERE = Path(__file__).parents[1]
_SOURCE = re.compile(r"\bsource ([SF][0-9]+[a-z]?)\b")


@cache
def environment(root: str = "") -> Environment:
    """The templates of the product: everything is escaped, and a name that a page forgot is an error.

    ``root`` is the path below which the pages are reached: each address in a template begins with it. One for the
    process: each template is compiled once.
    """
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"moment": _moment, "day": _day, "ago": _ago, "cited": _cited, "told": _told, "dated": _dated}
    made.globals |= {
        "root": root,
        "static": lambda name: root + static_url(name),
        "criteria_of": criteria_of,
        **formatting.NAMES,
    }
    return made


def page(
    request: Request,
    person: Person | None,
    name: str,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The named template as a response.

    Each knows ``person``, ``csrf``, ``now``, ``path``, ``may(permission)``, ``may_do(task)``, and ``again``: what a
    refused form held.
    """
    from tracker.web.auth.permissions import may  # noqa: PLC0415 - permissions answer with pages when they refuse
    from tracker.web.views.layout import around  # noqa: PLC0415 - the frame asks the permissions

    web = request.app.state.web
    again = resubmitted_form(request, status_code)
    text = web.templates.get_template(name).render(
        person=person,
        csrf=person.csrf if person else "",
        timezone=person.timezone if person else "UTC",
        now=web.clock(),
        path=request.url.path,
        again=again,
        is_confirmed=lambda: person is not None and is_confirmed(person, web.clock()),
        factors=lambda: _factors(web, person),
        urgent=_Once(web, person),
        passwords_on=web.settings.password_sign_in,
        provider_on=web.provider is not None,
        may=lambda permission: person is not None and may(person.role, permission),
        may_do=lambda item: person is not None and may_handle_item(item, person.role),
        **around(request, person),
        **values,
    )
    if again:
        text = fill_fields(text, f"{web.templates.globals['root']}{request.url.path}", again)
    return HTMLResponse(text, status_code, dict(headers or {}))


class _Once:
    """The clinic's urgent alarms that nobody has, asked at most once for a page."""

    def __init__(self, web: Any, person: Person | None) -> None:
        self._web, self._person = web, person
        self._found: Urgent | None = None
        self._is_asked = person is None or person.needs_factor

    def __call__(self) -> Urgent | None:
        if not self._is_asked and self._person is not None:
            self._is_asked = True
            with self._web.database.reading() as session:
                self._found = urgent_of_clinic(session, self._person.clinic_id)
        return self._found


def _factors(web: Any, person: Person | None) -> Mapping[str, bool]:
    """Which second factors a signature may ask the person for."""
    if person is None:
        return {"app": False, "passkey": False}
    with web.database.reading() as session:
        return {"app": has_app(session, person.staff_id), "passkey": bool(passkeys_of(session, person.staff_id))}


def cited(text: str, root: str = "") -> Markup:
    """The text with each "source S1" in it a link to where that source is told."""
    linked = _SOURCE.sub(rf'<a href="{root}/models#\1">source \1</a>', escape(text))
    return Markup(linked)  # noqa: S704 - escaped just here


@pass_context
def _cited(context: TemplateContext, text: str) -> Markup:
    return cited(text, context["root"])


@pass_context
def _told(context: TemplateContext, text: str) -> Markup:
    """A sentence of the pure parts as this clinic reads it: its times on the clinic's clock, its sources as links."""
    return cited(formatting.on_the_clinics_clock(text, context["timezone"]), context["root"])


@pass_context
def _dated(context: TemplateContext, text: str) -> str:
    """The same without links, for titles and the names of buttons."""
    return formatting.on_the_clinics_clock(text, context["timezone"])


def error_page(request: Request, status: int, title: str, detail: str, headers: Mapping[str, str]) -> HTMLResponse:
    """The page that says what went wrong, from ``error.html``."""
    try:
        return page(
            request, None, "error.html", status_code=status, headers=headers, status=status, title=title, detail=detail
        )
    except TemplateNotFound:
        body = f"<!doctype html><html lang=en><title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(detail)}"
        return HTMLResponse(body, status, dict(headers))


def zone(name: str) -> ZoneInfo:
    """The clinic's time zone; UTC where its name is not known to this machine."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def in_words(moment: datetime, timezone: str) -> str:
    """A moment on the clinic's clock with the zone named: ``22 Nov 2026, 11:00 CET``."""
    return formatting.clock(moment, zone(timezone).key)


@lru_cache(maxsize=256)
def static_url(name: str) -> str:
    """Where a file of ``static/`` is served, below the root.

    The address changes with the content, so that browsers may keep it.
    """
    content = (HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={hashlib.sha256(content).hexdigest()[:12]}"


@pass_context
def _moment(context: TemplateContext, value: datetime | None, missing: str = "not known") -> Markup:
    if value is None:
        return Markup("{}").format(missing)
    words = in_words(value, context["timezone"])
    return Markup('<time datetime="{}">{}</time>').format(value.astimezone(UTC).isoformat(), words)


@pass_context
def _day(context: TemplateContext, value: datetime | date | None, missing: str = "not known") -> Markup:
    if value is None:
        return Markup("{}").format(missing)
    day = value.astimezone(zone(context["timezone"])).date() if isinstance(value, datetime) else value
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), formatting.day(day))


@pass_context
def _ago(context: TemplateContext, value: datetime | None, missing: str = "never") -> Markup:
    if value is None:
        return Markup("{}").format(missing)
    now: datetime = context["now"]
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        value.astimezone(UTC).isoformat(),
        in_words(value, context["timezone"]),
        span_words((now - value).total_seconds()),
    )


def span_words(seconds: float) -> str:
    """How long ago (or, below zero, how far ahead) in the largest unit that fits: ``3 h ago``, ``in 5 days``."""
    size = abs(seconds)
    for limit, unit, name in ((90, 1, "s"), (5400, 60, "min"), (172_800, 3600, "h"), (5_184_000, 86_400, "days")):
        if size < limit:
            amount = f"{size / unit:.0f} {name}"
            break
    else:
        amount = f"{size / 2_629_746:.0f} months" if size < 63_113_904 else f"{size / 31_556_952:.1f} years"
    return f"{amount} ago" if seconds >= 0 else f"in {amount}"
