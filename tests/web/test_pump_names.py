"""A pump's serial stands in addresses, topics and files: one that would break them is refused everywhere."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import httpx
import pytest
from sqlmodel import select

from tests.cli.test_records import Commands
from tests.web.conftest import Site
from tests.web.test_searches import searched
from tracker.records.pump import Pump

MODEL = "synchromed-ii-20"
BREAKING = [
    ".",
    "..",
    "...",
    "/",
    "a/b",
    "../x",
    "+",
    "#",
    "a#",
    "$SYS",
    "a b",
    "a\tb",
    "a\nb",
    "x" * 65,
    "%2e",
    "a\\b",
]
BREAKING += ["a:b", "a?b", "ä", "a\u202eb", "=1", "@a"]
WORDS = "is no serial"


def enrolled(site: Site) -> list[str]:
    with site.database.reading() as session:
        return [pump.serial for pump in session.exec(select(Pump))]


@pytest.mark.parametrize("serial", BREAKING)
def test_a_serial_that_breaks_addresses_or_topics_is_refused_on_the_page_by_the_api_and_in_a_list(
    one_site: Site, serial: str
) -> None:
    before = enrolled(one_site)
    answer = one_site.api().post("/api/v1/pumps", json={"serial": serial, "model": MODEL})
    assert answer.status_code == 422
    assert answer.json()["field"] == "serial"
    browser = one_site.browser()
    form = {"csrf": browser.headers["X-CSRF-Token"], "serial": serial, "model": MODEL, "lifecycle": "in_stock"}
    page = browser.post("/enrol", data=form)
    assert page.status_code == 422
    assert WORDS in page.text or "64" in page.text
    tried = imported(browser, [serial])
    assert WORDS in tried.text
    assert "nothing was enrolled" in tried.text
    assert enrolled(one_site) == before


@pytest.mark.parametrize("serial", [".", "..", "+", "a/b", "$SYS"])
def test_the_command_line_refuses_it_with_a_sentence(tmp_path: Path, sqlite_url: str, serial: str) -> None:
    commands = Commands(sqlite_url, tmp_path)
    try:
        commands.good("db", "upgrade")
        one = commands.run("pumps", "enrol", "--model", MODEL, "--", serial)
        assert one.returncode != 0
        assert WORDS in one.stderr
        (tmp_path / "list.csv").write_text(f"serial,model\n{serial},{MODEL}\n")
        several = commands.run("pumps", "import", str(tmp_path / "list.csv"))
        assert several.returncode != 0
        assert WORDS in several.stderr
    finally:
        commands.database.close()


@pytest.mark.parametrize("serial", ["a.", ".a", "a..b", "-A1", "_", "import", "views", "x" * 64])
def test_an_unusual_serial_that_is_allowed_has_its_page_and_its_exact_sign_in(one_site: Site, serial: str) -> None:
    browser = one_site.browser()
    rows = list(csv.reader(io.StringIO(imported(browser, [serial], do="enrol").text)))
    assert rows[0] == ["serial", "username", "password"]
    assert rows[1][:2] == [serial, serial]
    assert browser.get(f"/pumps/{serial}").status_code == 200
    assert one_site.api().get(f"/api/v1/pumps/{serial}").json()["serial"] == serial
    assert searched(browser, "pumps", q=serial).status_code == 303


def imported(browser: httpx.Client, serials: list[str], do: str = "try") -> httpx.Response:
    text = io.StringIO()
    csv.writer(text).writerows([["serial", "model"], *[[serial, MODEL] for serial in serials]])
    return browser.post("/pumps/import", data={"do": do}, files={"file": ("pumps.csv", text.getvalue().encode())})


def test_the_passwords_of_a_list_are_exactly_those_that_the_broker_knows(one_site: Site) -> None:
    serials = [f"MANY-{number}" for number in range(300)]
    rows = list(csv.DictReader(io.StringIO(imported(one_site.browser(), serials, do="enrol").text)))
    assert [row["username"] for row in rows] == serials
    assert {len(row["password"]) for row in rows} == {32}
    assert not {row["password"][0] for row in rows} & set("=+-@'")
