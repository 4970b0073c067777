"""What the first click on a page would have to do besides, done before the process listens: routes and templates.

FastAPI works out each route and Jinja compiles each template at its first use. Together that is more than a second on a
busy machine, which the first nurse after a restart would wait for.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from jinja2 import Environment, TemplateError
from starlette.routing import BaseRoute

EVERYDAY: Final = (
    "sign_in.html",
    "worklist.html",
    "pump.html",
    "pumps.html",
    "worklist_item.html",
    "visit_new.html",
    "visit.html",
    "planning.html",
    "readings.html",
    "replacement.html",
)
"""The pages that people open all day, those after a sign-in first; every other one is compiled when it is asked for."""

_SHARED: Final = ("layout.html", "alone.html", "parts/")


def warm_up(templates: Environment, routes: Iterable[BaseRoute]) -> None:
    """Work out the routes, and compile the pages of every day with what they are made of."""
    scope = {"type": "http", "method": "GET", "path": "/none/of/ours", "root_path": "", "headers": []}
    for route in routes:
        route.matches(scope)
    shared = [name for name in templates.list_templates() if name.startswith(_SHARED)]
    for name in (*EVERYDAY, *shared):
        with suppress(TemplateError):  # it will say so when the page is asked for
            templates.get_template(name)
