"""Cases that a nurse can judge: ``cases/*.yaml``. Who is told of a task when, who is on call, what is refused.

Times are those on the wall of the clinic's zone. ``then`` happens in that order; what is expected is everything that
was sent until the last of it, as ``TIME PERSON KIND``.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from devices.alarms import Priority
from tests.oncall.lived import Lived, local
from tracker.oncall.coverage import anybody, gaps_ahead, unreached
from tracker.oncall.digest import OpenTask, digest_day, digests
from tracker.oncall.document import OncallFault, parse
from tracker.oncall.preview import gaps
from tracker.oncall.rotation import on_call
from tracker.oncall.values import Oncall, Person

FILES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
CASES = [(path.stem, case) for path in FILES for case in yaml.load_all(path.read_text(), Loader=yaml.BaseLoader)]

each_case = pytest.mark.parametrize("case", [pytest.param(case, id=f"{stem}: {case['name']}") for stem, case in CASES])


def person(name: str, given: dict[str, str], zone: str) -> Person:
    begins, _, ends = given.get("night", "21:00-07:00").partition("-")
    return Person(
        email=f"{name}@clinic.example",
        role=given["role"],
        unit=None,
        active=given.get("active", "yes") == "yes",
        reachable=given.get("reachable", "yes") == "yes",
        time_zone=given.get("zone", zone),
        night_from=begins,
        night_to=ends,
    )


def typed(value: Any) -> Any:
    """Numbers and truth values of a document: YAML is read as text, so that no time is taken for something else."""
    match value:
        case dict():
            return {name: typed(one) for name, one in value.items()}
        case list():
            return [typed(one) for one in value]
        case "true" | "false":
            return value == "true"
        case "null":
            return None
        case str() if value.lstrip("-").isdigit():
            return int(value)
    return value


def on_the_wall(at: datetime, zone: str) -> str:
    """The moment on the clinic's clock."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def told(case: dict[str, Any], oncall: Oncall, people: list[Person], zone: str) -> list[str]:
    given = case["given"]
    lived = Lived(oncall, people, Priority[given["priority"].upper()], local(given["opened"], zone), given.get("unit"))
    for step in given["then"]:
        at = local(step["at"], zone)
        if "clock" in step:
            lived.now = at
            lived.look()
            continue
        lived.run(at)
        match step.get("does", "nothing").split():
            case ["acknowledges", name]:
                lived.acknowledge(f"{name}@clinic.example")
            case ["leaves", name]:
                email = f"{name}@clinic.example"
                lived.people[email] = replace(lived.people[email], active=False)
                lived.look()
            case ["releases"]:
                lived.release()
            case ["acts"]:
                lived.act()
    return [
        f"{one.at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M} {one.email.split('@')[0]} {one.kind}" for one in lived.sent
    ]


@each_case
def test_what_happens_is_what_a_nurse_expects(case: dict[str, Any]) -> None:
    given, expect = case["given"], case["expect"]
    zone = given.get("zone", "America/New_York")
    people = [person(name, one, zone) for name, one in given["people"].items()]
    known = {one.email for one in people}
    document = typed(given.get("document", {}))
    if "refused" in expect:
        with pytest.raises(OncallFault) as fault:
            parse(document, known)
        assert fault.value.path == expect["refused"]["path"]
        assert expect["refused"]["says"] in fault.value.message
        return
    read = parse(document, known)
    oncall = Oncall(read.policies, read.rotas, zone)
    if "told" in expect:
        assert told(case, oncall, people, zone) == expect["told"]
    for rota in oncall.rotas:
        for at, name in expect.get("on_call", {}).items():
            member = on_call(rota, local(at, zone))
            assert (at, member) == (at, None if name == "nobody" else f"{name}@clinic.example")
    if "gaps_said" in expect:
        seen = gaps_ahead(oncall, people, local(given["at"], zone))
        assert {one.name: list(one.all) for one in seen} == expect["gaps_said"]
    if "reaches_no_one" in expect:
        waiting = [(one.get("unit"), Priority[one["priority"].upper()]) for one in given["waiting"]]
        empty = unreached(waiting, oncall, people, local(given["at"], zone))
        assert {one.name: list(one.reasons) for one in empty} == expect["reaches_no_one"]
        assert anybody(people) == (expect["anybody"] == "yes")
    if "listed" in expect:
        tasks = [
            OpenTask(one.get("unit"), one["for"].split(), f"{one['had']}@clinic.example" if "had" in one else None)
            for one in given["tasks"]
        ]
        listed = digests(tasks, oncall, people, local(given["at"], zone))
        names = {email.split("@")[0]: [given["tasks"][at]["name"] for at in places] for email, places in listed.items()}
        assert names == expect["listed"]
    for at, day in expect.get("digest_day", {}).items():
        assert (at, digest_day(local(at, zone), zone).isoformat()) == (at, day)
    if "gaps" in expect:
        start, end = (local(given[edge], zone) for edge in ("from", "to"))
        found = gaps(oncall, people, start, end)
        assert [f"{on_the_wall(one.start, zone)} to {on_the_wall(one.end, zone)}" for one in found] == expect["gaps"]


def test_every_file_of_cases_says_where_its_cases_come_from() -> None:
    assert CASES
    assert all(case["source"] and case["name"] for _, case in CASES)
