"""Somebody of another clinic is no member of a rotation, no step of a policy and no stand-in, and has no way in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from tests.web.conftest import Site
from tracker.actions.messages.set_oncall import set_oncall
from tracker.errors import Invalid
from tracker.records.oncall import OncallDocument

V1 = "/api/v1"


def a_rotation(member: str, **changes: Any) -> dict[str, Any]:
    given = {"time_zone": "UTC", "starts": "2026-11-20T08:00", "every_hours": 24, "members": [member]}
    return {"name": "nurses"} | given | changes


def documents(own: str, foreign: str) -> dict[str, dict[str, Any]]:
    """Each way to name the person, by the path that the refusal must give."""
    override = {"from": "2026-11-22T08:00:00Z", "to": "2026-11-23T08:00:00Z", "member": foreign}
    steps = [{"after_minutes": 0, "tell": [f"staff:{foreign}"]}]
    policy = {"unit": None, "priority": "high", "steps": steps, "repeat": True, "lapse_minutes": 30}
    return {
        "rotas[0].members": {"rotas": [a_rotation(foreign)]},
        "rotas[0].overrides[0]": {"rotas": [a_rotation(own, overrides=[override])]},
        "policies[0].steps[0].tell": {"policies": [policy]},
    }


@pytest.mark.parametrize("path", ["rotas[0].members", "rotas[0].overrides[0]", "policies[0].steps[0].tell"])
@pytest.mark.parametrize("spelling", [str, str.upper])
def test_a_person_of_another_clinic_is_refused_by_path_and_changes_nothing(
    site: Site, path: str, spelling: Callable[[str], str]
) -> None:
    own, foreign = site.person("administrator"), site.person("nurse", clinic="South")
    document = documents(own.email, spelling(foreign.email))[path]
    answer = site.api(person=own).put(f"{V1}/oncall", json=document)
    assert 400 <= answer.status_code < 500
    assert path in answer.text
    with site.database.reading() as session:
        assert session.exec(select(OncallDocument)).all() == []
        _refuses(session, site, document, path)


def _refuses(session: Session, site: Site, document: dict[str, Any], path: str) -> None:
    """So does what the command line calls."""
    with pytest.raises(Invalid) as refused:
        set_oncall(session, site.clinic(), document, by="operator", now=site.clock())
    assert str(refused.value.field).startswith(path)


def test_an_administrator_of_another_clinic_sees_and_sets_their_own_on_call_alone(site: Site) -> None:
    own, foreign = site.person("administrator"), site.person("administrator", clinic="South")
    site.api(person=own).put(f"{V1}/oncall", json={"rotas": [a_rotation(own.email)]}).raise_for_status()
    other = site.api(person=foreign)
    assert own.email not in other.get(f"{V1}/oncall").text
    assert own.email not in other.get(f"{V1}/oncall/now").text
    other.put(f"{V1}/oncall", json={"rotas": []}).raise_for_status()
    assert own.email in site.api(person=own).get(f"{V1}/oncall").text
