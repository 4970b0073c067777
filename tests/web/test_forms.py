"""Every form of every page, each field in turn sent what no page would send: a clear answer, never a fault of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from tests import build, build_decisions
from tests.build import NOW, PASSWORD
from tests.web.conftest import Clock, Site, served
from tests.web.test_permissions import declared
from tracker.actions.advisories.load_advisories import load_advisories, match_advisories
from tracker.actions.advisories.read_recalls import read_recalls
from tracker.actions.pumps.log_mri import log_mri
from tracker.actions.staff.service_accounts import add_service
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.staff import SavedView
from tracker.settings import Settings
from tracker.web.auth.permissions import Requirement, may

LEFT_OUT = {"/sign-out"}  # it would end the session that the others need
POISONS = (
    "\0",  # refused at the gate
    "é" * 100,
    "\ud7ff\u202e" + "x" * 5000,
    "9" * 40,
    "0001-01-01T00:00",
    "' OR 1=1 --<script>",
)
ORDINARY = {
    "day": "2026-11-01",
    "moment": "2026-11-20T10:00",
    "until": "2026-12-24T10:00",
    "number": "2",
    "text": "an ordinary sentence",
}
KNOWN = {
    "model": "synchromed-ii-20",
    "serial": "SN1",
    "role": "nurse",
    "email": "new@clinic.example",
    "lifecycle": "implanted",
    "concentration": "2000",
    "concentration_unit": "mcg/mL",
    "udi": "",
    "password": PASSWORD,
    "do": "load",
    "on": "2026-11-01",
    "ruling": "explained",
    "to": "explanted",
    "value": "yes",
    "fact": "no_longer_beneficial",
}


@dataclass(frozen=True)
class Form:
    """One writing route of the pages: its address, its fields, the permission that it asks for."""

    path: str
    fields: tuple[str, ...]
    files: tuple[str, ...]
    permissions: tuple[str, ...]


def forms(site: Site) -> Iterator[Form]:
    for route in iter_route_contexts(site.app.routes):
        path = route.path or ""
        dependant: Any = getattr(route, "dependant", None)
        if dependant is None or "POST" not in (route.methods or ()) or path.startswith(("/api/", "/sign-in")):
            continue
        needed = tuple(one.permission for one in declared(dependant) if isinstance(one, Requirement))
        body = [param for one in (dependant, *dependant.dependencies) for param in one.body_params]
        files = tuple(param.alias for param in body if "UploadFile" in str(param.field_info.annotation))
        names = tuple(param.alias for param in body if param.alias not in files)
        if path not in LEFT_OUT:
            yield Form(path, names, files, needed)


def ordinary(name: str) -> str:
    """What a person would type into a field of that name."""
    if name in KNOWN:
        return KNOWN[name]
    for kind, ends in (("until", ("until",)), ("moment", ("_at", "as_of")), ("day", ("_on", "_for"))):
        if name.endswith(ends):
            return ORDINARY[kind]
    numbers = ("_ml", "_days", "_h", "_id", "per_day", "hours")
    return ORDINARY["number" if name.endswith(numbers) else "text"]


@pytest.fixture
def peopled(settings: Settings, postgres_url: str) -> Iterator[tuple[Site, Pump]]:
    """On PostgreSQL, which is stricter than SQLite on what it stores; one of everything that a form may name."""
    database = Database(postgres_url)
    schema.upgrade(database)
    with served(settings, database, Clock()) as site:
        clinic = site.clinic()
        with database.writing() as session:
            staff = build.a_person(session, clinic)
            add_service(session, clinic=clinic, name="feed", role="nurse", responsible=staff.email, by="test", now=NOW)
            pump = build.a_pump(session, clinic, serial="SN1", model="prometra-ii-20")
            build.a_state(session, pump)
            build.an_alarm(session, pump)
            build.a_visit(session, pump, status="draft")
            build.an_item(session, clinic, pump)
            build.a_rejected_message(session, pump)
            build_decisions.a_determination(session, pump)
            build_decisions.a_finding(session, pump)
            build_decisions.an_attestation(session, pump)
            build_decisions.a_documented_fact(session, pump)
            session.add(SavedView(staff_id=staff.id or 0, name="All", query=""))
            log_mri(session, pump, performed_at=NOW - timedelta(hours=3), by="nurse@clinic.example", now=NOW)
            entry = {"reference": "Z-1", "model": pump.model, "published_on": f"{NOW:%Y-%m-%d}", "title": "A label"}
            recalls = read_recalls(json.dumps([{**entry, "action": "None.", "source": "the maker"}]))
            load_advisories(session, recalls, NOW)
            match_advisories(session, NOW)
        yield site, pump
    database.close()


def test_no_field_of_any_form_breaks_the_page_whatever_it_holds(peopled: tuple[Site, Pump]) -> None:
    site, pump = peopled
    browsers: dict[str, httpx.Client] = {}
    broken, sent = set(), 0
    for form in forms(site):
        role = next(
            role for role in ("physician", "administrator") if all(may(role, needed) for needed in form.permissions)
        )
        if role not in browsers:
            browsers[role] = site.browser(role)
        path = form.path.replace("{serial}", pump.serial).replace("{service_id}", "2")  # the second account
        path = re.sub(r"\{[a-z_]*id\}", "1", path)
        for field in form.fields:
            for poison in POISONS:
                data = {name: ordinary(name) for name in form.fields} | {field: poison}
                if form.path == "/enrol" and field != "serial":
                    data["serial"] = f"NEW-{sent}"
                files = {name: ("list.csv", poison.encode()) for name in form.files} or None
                answer = browsers[role].post(path, data=data, files=files)
                sent += 1
                assert answer.status_code not in {401, 403}, (path, answer.text)
                if answer.status_code >= 500:
                    broken.add((form.path, field, poison[:12]))
                assert "<script>'" not in answer.text
                assert "--<script>" not in answer.text
    assert sent > 400
    assert not broken, "\n".join(map(str, sorted(broken)))
