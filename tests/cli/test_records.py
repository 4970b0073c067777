"""``tracker staff``, ``tracker pumps`` and ``tracker audit``."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlmodel import select

from tracker.cli.main import main
from tracker.records import schema
from tracker.records.audit import AuditEntry
from tracker.records.credential import CommunicatorCredential
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.staff import ApiToken, Staff


class Done(NamedTuple):
    returncode: object
    stdout: str
    stderr: str


#: a busy machine takes its time for a statement, and the log says so
SLOW_STATEMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* \[warning *\] a statement took long ")


class Commands:
    """The ``tracker`` command on one database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.environment = {"TRACKER_DATABASE_URL": url, "TRACKER_DATA_DIR": str(folder)}
        self.database = Database(url)

    def run(self, *words: str, given: str = "") -> Done:
        """Run it in this process: starting a new one each time takes longer than the tests."""
        out, err = io.StringIO(), io.StringIO()
        before, stdin = dict(os.environ), sys.stdin
        os.environ.update(self.environment)
        sys.stdin = io.TextIOWrapper(io.BytesIO(given.encode()))
        try:
            with redirect_stdout(out), redirect_stderr(err):
                main(list(words))
            status: object = 0
        except SystemExit as end:
            status = end.code or 0
        finally:
            sys.stdin = stdin
            os.environ.clear()
            os.environ.update(before)
        return Done(status, out.getvalue(), err.getvalue())

    def good(self, *words: str, given: str = "") -> str:
        done = self.run(*words, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def bad(self, *words: str, given: str = "") -> str:
        """Run what must fail: one sentence on stderr, nothing on stdout, status 1."""
        done = self.run(*words, given=given)
        assert (done.returncode, done.stdout) == (1, ""), done.stderr
        (sentence,) = [line for line in done.stderr.splitlines(keepends=True) if not SLOW_STATEMENT.match(line)]
        assert sentence.startswith("tracker: ")
        return sentence


@pytest.fixture
def tracker(sqlite_url: str, tmp_path: Path) -> Commands:
    commands = Commands(sqlite_url, tmp_path)
    schema.upgrade(commands.database)
    return commands


@pytest.fixture
def tracker_on_both(database_url: str, tmp_path: Path) -> Commands:
    commands = Commands(database_url, tmp_path)
    schema.upgrade(commands.database)
    return commands


def test_an_account_and_its_token_are_made_and_only_hashes_are_kept(tracker_on_both: Commands) -> None:
    tracker = tracker_on_both
    tracker.good(
        "staff", "add", "Nurse@Clinic.Example", "--role", "nurse", "--password-stdin", given="four words here\n"
    )
    token = tracker.good("staff", "token", "nurse@clinic.example", "--name", "script")
    assert token.count("\n") == 1
    assert " " not in token
    with tracker.database.reading() as session:
        staff = session.exec(select(Staff)).one()
        kept = session.exec(select(ApiToken)).one()
        assert set(session.exec(select(AuditEntry.via))) == {"command"}
    assert staff.email == "nurse@clinic.example"
    assert "four words" not in repr(staff)
    assert token.strip() not in repr(kept)
    assert tracker.good("audit", "verify").startswith("3 entries, unbroken")


@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (("add", "nurse@clinic.example", "--role", "owner", "--password-stdin"), "long and unexpected\n", "is no role"),
        (("add", "nurse", "--role", "nurse", "--password-stdin"), "long and unexpected\n", "no email"),
        (("add", "nurse@clinic.example", "--role", "nurse", "--password-stdin"), "short\n", "characters"),
        (("add", "nurse@clinic.example", "--role", "nurse", "--password-stdin"), "", "standard input"),
        (("add", "nurse@clinic.example", "--role", "nurse", "--clinic", "Nowhere"), "", "no clinic"),
        (("token", "nobody@clinic.example", "--name", "x"), "", "nobody has an account"),
        (("revoke", "nobody@clinic.example", "--name", "x"), "", "nobody has an account"),
    ],
)
def test_staff_commands_say_in_one_sentence_what_is_wrong(
    tracker: Commands, words: tuple[str, ...], given: str, said: str
) -> None:
    assert said in tracker.bad("staff", *words, given=given)


def test_an_account_is_changed_listed_and_its_token_revoked(tracker: Commands) -> None:
    for email in ("one@clinic.example", "two@clinic.example"):
        tracker.good(
            "staff", "add", email, "--role", "administrator", "--password-stdin", given="long and unexpected\n"
        )
    assert "has an account already" in tracker.bad("staff", "add", "ONE@clinic.example", "--role", "nurse")
    tracker.good("staff", "token", "one@clinic.example", "--name", "script")
    tracker.good("staff", "revoke", "one@clinic.example", "--name", "script")
    assert "no token named" in tracker.bad("staff", "revoke", "one@clinic.example", "--name", "script")
    tracker.good("staff", "token", "one@clinic.example", "--name", "other")
    tracker.good("staff", "change", "one@clinic.example", "--role", "nurse", "--ended")
    assert "may not sign in" in tracker.bad("staff", "token", "one@clinic.example", "--name", "late")
    assert "only administrator" in tracker.bad("staff", "change", "two@clinic.example", "--ended")
    assert tracker.good("staff", "list").splitlines() == [
        "one@clinic.example\tnurse\tClinic\tended",
        "two@clinic.example\tadministrator\tClinic\tactive",
    ]
    tracker.good("staff", "change", "one@clinic.example", "--active")
    assert "no token named" in tracker.bad("staff", "revoke", "one@clinic.example", "--name", "other")


def test_with_several_clinics_one_has_to_be_named(tracker: Commands) -> None:
    tracker.good("staff", "clinic", "North", "--timezone", "Europe/Berlin")
    tracker.good("staff", "clinic", "South")
    assert "--clinic" in tracker.bad("pumps", "enrol", "SN1", "--model", "synchromed-ii-20")
    tracker.good("pumps", "enrol", "SN1", "--model", "synchromed-ii-20", "--clinic", "South")
    assert tracker.good("pumps", "list", "--clinic", "North") == ""
    assert tracker.good("pumps", "list", "--clinic", "South").startswith("SN1\tsynchromed-ii-20\tin_stock\tnever")
    assert json.loads(tracker.good("pumps", "list", "--clinic", "South", "--json"))["last_contact_at"] is None
    assert "time zone" in tracker.bad("staff", "clinic", "East", "--timezone", "Mars/Olympus")


def test_enrolling_prints_the_credential_once(tracker_on_both: Commands) -> None:
    tracker = tracker_on_both
    shown = json.loads(tracker.good("pumps", "enrol", "SN.1_a-B", "--model", "prometra-ii-20", "--json"))
    assert sorted(shown) == ["password", "serial", "username"]
    assert shown["serial"] == shown["username"] == "SN.1_a-B"
    with tracker.database.reading() as session:
        assert shown["password"] not in repr(session.exec(select(CommunicatorCredential)).one())
    assert "already enrolled" in tracker.bad("pumps", "enrol", "SN.1_a-B", "--model", "prometra-ii-20", "--json")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("SN 1", "--model", "synchromed-ii-20"), "no serial"),
        (("SN1", "--model", "nothing"), "no model"),
        (("SN1", "--model", "synchromed-ii-20", "--implanted-on", "yesterday"), "no date"),
        (("SN1", "--model", "synchromed-ii-20", "--lifecycle", "lost"), "no state"),
        (("tracker", "--model", "synchromed-ii-20"), "tracker"),
    ],
)
def test_a_pump_that_can_not_be_is_not_enrolled(tracker: Commands, words: tuple[str, ...], said: str) -> None:
    assert said in tracker.bad("pumps", "enrol", *words)
    assert tracker.good("pumps", "list") == ""


def test_a_list_is_enrolled_as_a_whole_with_a_credential_each(tracker_on_both: Commands, tmp_path: Path) -> None:
    tracker = tracker_on_both
    file = tmp_path / "pumps.csv"
    lines = [f"SN{number},synchromed-ii-40,P-{number},2024-05-0{number % 9 + 1}" for number in range(500)]
    file.write_text("\n".join(["\ufeffserial,model,patient_reference,implanted_on", *lines, "", " , , ,"]) + "\r\n")
    rows = list(csv.DictReader(io.StringIO(tracker.good("pumps", "import", str(file)))))
    assert [row["serial"] for row in rows] == [f"SN{number}" for number in range(500)]
    assert all(row["username"] == row["serial"] and len(row["password"]) >= 20 for row in rows)
    assert len({row["password"] for row in rows}) == 500
    with tracker.database.reading() as session:
        assert session.exec(select(Pump).where(Pump.serial == "SN7")).one().patient_reference == "P-7"
    assert len(tracker.good("pumps", "list").splitlines()) == 500


FAULTY = """serial,model,implanted_on,low_reservoir_ml
GOOD-1,synchromed-ii-20,2024-01-01,2
BAD 1,synchromed-ii-20,,
BAD-2,nothing,,
BAD-3,synchromed-ii-20,yesterday,
BAD-4,synchromed-ii-20,2999-01-01,
BAD-5,synchromed-ii-20,,much
GOOD-1,synchromed-ii-20,,
"""


def test_one_fault_and_nothing_of_the_list_is_enrolled_each_being_named(tracker: Commands, tmp_path: Path) -> None:
    file = tmp_path / "pumps.csv"
    file.write_text(FAULTY)
    said = tracker.bad("pumps", "import", str(file))
    for number in range(3, 9):
        assert f"line {number}: " in said
    assert "line 2: " not in said
    dry = tracker.run("pumps", "import", str(file), "--dry-run")
    assert (dry.returncode, dry.stdout) == (1, "")
    assert dry.stderr.count("\n") == 7
    assert tracker.good("pumps", "list") == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "serial is not among them"),
        ("name,model\nx,synchromed-ii-20\n", "serial is not among them"),
        ("serial;model\nSN1;nothing\n", "no model"),
        ("serial,model,serial\n", "named twice"),
        ('serial,model\n"SN1,synchromed-ii-20\n', "no CSV"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused(tracker: Commands, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "pumps.csv"
    file.write_text(content)
    assert said in tracker.bad("pumps", "import", str(file))


def test_a_column_that_is_not_known_is_left_out_loudly(tracker: Commands, tmp_path: Path) -> None:
    file = tmp_path / "pumps.csv"
    file.write_text("serial,model,shelf\nSN1,synchromed-ii-20,7\n")
    done = tracker.run("pumps", "import", str(file))
    assert done.returncode == 0
    assert "shelf" in done.stderr
    assert done.stdout.splitlines()[0] == "serial,username,password"


def test_a_list_comes_from_standard_input_too_and_a_missing_file_is_said(tracker: Commands) -> None:
    assert tracker.good("pumps", "import", "-", given="serial,model\nSN1,synchromed-ii-20\n").count("\n") == 2
    assert "can't be read" in tracker.bad("pumps", "import", "/nowhere/pumps.csv")


def test_a_list_without_pumps_enrols_none(tracker: Commands) -> None:
    assert tracker.good("pumps", "import", "-", given="serial,model\n") == "serial,username,password\n"


def test_verifying_names_the_first_broken_entry_with_status_1(tracker: Commands) -> None:
    for email in ("a@clinic.example", "b@clinic.example"):
        tracker.good("staff", "add", email, "--role", "nurse")
    noted = tracker.good("audit", "verify").split()[-1]
    tracker.good("audit", "verify", "--expect", noted)
    with tracker.database.writing() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_entry_refuses_update")
        session.connection().exec_driver_sql("UPDATE audit_entry SET actor = 'x' WHERE seq = 2")
    done = tracker.run("audit", "verify")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "entry 2 is broken: its content is not what was entered\n"


@pytest.mark.parametrize(
    "words",
    [("staff", "add", "a@clinic.example", "--role", "nurse"), ("pumps", "enrol", "SN1", "--model", "synchromed-ii-20")],
)
def test_the_first_record_of_an_installation_needs_no_other_command_before_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    new = Commands(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)
    new.good(*words)
    assert "entries" in new.good("audit", "verify")


def test_a_command_on_a_schema_of_another_program_says_what_to_do(tmp_path: Path) -> None:
    empty = Commands(f"sqlite:///{tmp_path / 'empty.db'}", tmp_path)
    for words in (("staff", "list"), ("pumps", "list"), ("audit", "verify")):
        assert "tracker db upgrade" in empty.bad(*words)


def test_a_program_gets_an_account_a_person_who_answers_for_it_and_a_token_with_named_scopes(tracker: Commands) -> None:
    tracker.good("staff", "add", "admin@clinic.example", "--role", "administrator")
    made = tracker.good("staff", "add-service", "lab-feed", "--role", "nurse", "--responsible", "admin@clinic.example")
    assert made == "service lab-feed: nurse at Clinic\n"
    assert "scope" in tracker.bad("staff", "token", "service lab-feed", "--name", "nightly")
    token = tracker.good("staff", "token", "service lab-feed", "--name", "nightly", "--scope", "records:write")
    assert token.startswith("pt_")
    assert "nobody has an account" in tracker.bad("staff", "link", "service lab-feed")
    tracker.good("staff", "change-service", "lab-feed", "--ended")
    assert "no token named" in tracker.bad("staff", "revoke", "service lab-feed", "--name", "nightly")
    assert "service lab-feed\tnurse\tClinic\tended" in tracker.good("staff", "list")
    assert "no service account" in tracker.bad("staff", "change-service", "other", "--ended")
    assert "person of your clinic" in tracker.bad(
        "staff", "add-service", "other", "--role", "nurse", "--responsible", "nobody@clinic.example"
    )
