"""The one table of permissions, held against every route and every role."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from tests.build import NOW
from tests.web.conftest import Site
from tracker.actions.staff.issue_token import issue_token
from tracker.actions.staff.service_accounts import add_service
from tracker.actions.staff.token_scopes import SCOPES, SERVICE_SCOPES
from tracker.records.staff import ROLES
from tracker.web.auth.permission_labels import PERMITS
from tracker.web.auth.permission_scopes import SCOPE_OF
from tracker.web.auth.permissions import FOR_PROGRAMS, PERMISSIONS, OpenToAll, Requirement, Role, may

OPEN = {
    ("GET", "/a/{token}"),  # by the signed link in a message
    ("POST", "/a/{token}"),
    ("GET", "/push-worker.js"),  # browsers fetch it again by themselves
    ("GET", "/openapi.json"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/sign-in/set-up"),
    ("POST", "/sign-in/set-up"),
    ("GET", "/sign-in/second"),
    ("POST", "/sign-in/second"),
    ("POST", "/sign-in/second/passkey"),
    ("POST", "/sign-in/second/passkey/challenge"),
    ("GET", "/sign-in/oidc"),
    ("GET", "/sign-in/oidc/back"),
}


ENDS_THE_SESSION = ("/sign-out", "/end", "/end-all")


def declared(dependant: Any) -> Iterator[Requirement | OpenToAll]:
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, (Requirement, OpenToAll)):
            yield dependency.call
        yield from declared(dependency)


def routes(site: Site) -> list[tuple[str, str, list[Requirement | OpenToAll]]]:
    found: list[tuple[str, str, list[Requirement | OpenToAll]]] = []
    for route in iter_route_contexts(site.app.routes):
        if isinstance(route.original_route, Mount):
            assert route.path == "/static"
            continue
        dependant = getattr(route, "dependant", None)
        said = list(declared(dependant)) if dependant else []
        found += [(method, route.path or "", said) for method in sorted((route.methods or set()) - {"HEAD"})]
    return found


def test_every_route_declares_its_permission_or_that_it_is_open(one_site: Site) -> None:
    found = routes(one_site)
    assert len(found) > 25
    undeclared = [(method, path) for method, path, said in found if not said and path != "/openapi.json"]
    assert undeclared == [], "each route names a permission with requires(), or is open_to_all()"
    opened = {(method, path) for method, path, said in found if any(isinstance(one, OpenToAll) for one in said)}
    assert opened <= OPEN, "a new route that needs no sign-in must be listed here, on purpose"


def test_every_permission_of_the_table_names_known_roles_and_some_role() -> None:
    assert tuple(Role) == ROLES
    assert set(PERMITS) == set(PERMISSIONS), "the staff page says what each permits"
    for name, roles in PERMISSIONS.items():
        assert roles, f"nobody has {name}"
        assert roles <= set(Role)


def test_every_permission_is_used_by_a_route_or_asked_by_a_page(one_site: Site) -> None:
    needed = {
        said.permission for _, _, several in routes(one_site) for said in several if isinstance(said, Requirement)
    }
    assert needed <= PERMISSIONS.keys()


def test_an_unknown_role_may_do_nothing() -> None:
    assert not any(may("owner", permission) for permission in PERMISSIONS)


def call(client: httpx.Client, method: str, path: str) -> httpx.Response:
    filled = path.replace("{token_id}", "999999")  # not the token that asks
    filled = re.sub(r"\{[a-z_]*id\}", "1", filled)
    filled = re.sub(r"\{[a-z_]*:path\}", "x", filled)
    filled = re.sub(r"\{[a-z_]+\}", "NONE", filled)
    return client.request(method, filled)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_is_let_in_exactly_where_the_table_says(one_site: Site, role: str) -> None:
    person = one_site.person(role)
    api, browser = one_site.api(person=person), one_site.browser(person=person)
    wrong = []
    for method, path, said in sorted(routes(one_site), key=lambda each: each[1].endswith(ENDS_THE_SESSION)):
        if not said or isinstance(said[0], OpenToAll) or path == "/live":
            continue
        needed = [one.permission for one in said if isinstance(one, Requirement)]
        # Tokens are their person's own: of another's account everybody is refused.
        own = path.replace("{staff_id}", str(person.id)) if "{staff_id}/tokens" in path else path
        refused = call(api if path.startswith("/api/") else browser, method, own).status_code == 403
        if refused is all(may(role, permission) for permission in needed):
            wrong.append((method, path, needed))
    assert wrong == []


def test_every_permission_has_its_scope_and_every_scope_allows_something() -> None:
    assert SCOPE_OF.keys() == PERMISSIONS.keys()
    used = set(SCOPE_OF.values())
    assert used == set(SCOPES)


def test_a_token_does_on_no_route_more_than_its_scopes_whatever_its_persons_role(one_site: Site) -> None:
    people = {role: one_site.person(role) for role in ROLES}
    clients: dict[tuple[str, frozenset[str]], httpx.Client] = {}

    def client(role: str, scopes: frozenset[str]) -> httpx.Client:
        if (role, scopes) not in clients:
            clients[role, scopes] = one_site.api(person=people[role], scopes=scopes)
        return clients[role, scopes]

    wrong: list[tuple[str, ...]] = []
    tried = 0
    for method, path, said in routes(one_site):
        needed = {one.permission for one in said if isinstance(one, Requirement)}
        role = next((one for one in ROLES if needed and all(may(one, permission) for permission in needed)), None)
        if role is None or not (path.startswith("/api/") or path in FOR_PROGRAMS - {"/live"}):
            continue
        own = path.replace("{staff_id}", str(people[role].id)) if "{staff_id}/tokens" in path else path
        enough = frozenset(SCOPE_OF[permission] for permission in needed)
        for scope in enough:
            area, _, verb = scope.partition(":")
            others = frozenset(SCOPES) - {scope, f"{area}:write" if verb == "read" else scope}
            answer = call(client(role, others), method, own)
            if answer.status_code != 403 or scope not in answer.text:
                wrong.append((method, path, "without", scope))
        ends_the_others = path.endswith("/end-all")
        if not ends_the_others and call(client(role, enough), method, own).status_code == 403:
            wrong.append((method, path, "with", *sorted(enough)))
        tried += 1
    assert wrong == []
    assert tried > 75


def test_no_page_opens_to_a_token_whosever_it_is_and_whatever_it_may(one_site: Site) -> None:
    wrong, tried = [], 0
    for role in (Role.ADMINISTRATOR, Role.NURSE):
        person = one_site.person(role)
        with one_site.database.writing() as session:
            home = one_site.clinic()
            service = add_service(
                session, clinic=home, name=f"{role}-feed", role=role, responsible=person.email, by="test", now=NOW
            )
            secret = issue_token(session, service, name="test", scopes=SERVICE_SCOPES, by=person.email, now=NOW)
        tokens = [one_site.api(person=person), one_site.stranger(headers={"Authorization": f"Bearer {secret}"})]
        for method, path, said in routes(one_site):
            if (
                path.startswith("/api/")
                or path in FOR_PROGRAMS
                or not any(isinstance(one, Requirement) for one in said)
            ):
                continue
            for client in tokens:
                answer = call(client, method, path)
                if answer.status_code != 403 or "below /api/ only" not in answer.text:
                    wrong.append((role, method, path, answer.status_code))
                tried += 1
    assert wrong == []
    assert tried > 250


def test_nothing_that_needs_a_sign_in_answers_without_one(one_site: Site) -> None:
    stranger = one_site.stranger()
    for method, path, said in routes(one_site):
        if not said or isinstance(said[0], OpenToAll):
            continue
        answer = call(stranger, method, path)
        if path.startswith("/api/"):
            assert answer.status_code == 401, path
            assert answer.headers["www-authenticate"].startswith("Bearer")
        else:
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/sign-in?next="), path
