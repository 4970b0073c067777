"""The mailbox of the demo: its page shows the mails that it took, to this machine alone, and runs nothing of them."""

from __future__ import annotations

import smtplib
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.servers import end, free_port, listens, wait_until
from tracker.cli.demo.clinic import NURSE, REACHED, DemoClinic
from tracker.cli.demo.mail import plan_mail
from tracker.cli.demo.mailbox import MOST, PATH, Mailbox
from tracker.cli.main import COMMANDS
from tracker.records.column_types import key
from tracker.records.contact_point import contact_points_of
from tracker.records.database import Database
from tracker.records.staff import staff_by_email
from tracker.settings import Settings
from tracker.web.app import create_app


class Running:
    def __init__(self, folder: Path) -> None:
        self._start(folder)
        if self._is_over():  # a connection of another test has got one of its ports meanwhile
            self._start(folder)

    def _start(self, folder: Path) -> None:
        self.plan = plan_mail(Settings(data_dir=folder, web_port=free_port()))
        self.page = self.plan.page
        self.smtp_port, page_port = int(self.plan.command[-2]), int(self.plan.command[-1])
        self.process = subprocess.Popen(self.plan.command)
        wait_until(lambda: self._is_over() or (listens(page_port) and listens(self.smtp_port)), 60, "the mailbox")

    def _is_over(self) -> bool:
        return self.process.poll() is not None

    def take(self, subject: str, text: str, html: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "pump-tracker@clinic.example", NURSE, subject
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as server:
            server.send_message(mail)

    def links(self) -> list[str]:
        shown = httpx.get(self.page).text
        return [part.partition('"')[0] for part in shown.split(f'href="{PATH}/')[1:]]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    mailbox = Running(tmp_path)
    yield mailbox
    end(mailbox.process)


def test_a_mail_that_was_taken_is_listed_first_and_shown_as_text_and_as_a_mail_program_does(running: Running) -> None:
    running.take("First", "one", "<p>one</p>")
    running.take("HIGH: NGP000001 · The pump has stopped", "Next step: call", "<h1>The pump has stopped</h1>")
    listed = httpx.get(running.page).text
    assert listed.index("The pump has stopped") < listed.index("First")
    shown = httpx.get(f"{running.page}/{running.links()[0]}").text
    assert NURSE in shown
    assert "Next step: call" in shown
    assert "&lt;h1&gt;The pump has stopped&lt;/h1&gt;" in shown


def test_a_script_in_a_mail_is_never_part_of_the_page_and_its_frame_may_run_none(running: Running) -> None:
    script = "<script>alert(1)</script>"
    running.take(f"Test {script}", script, f'{script}"><img src=x onerror=alert(1)>')
    answer = httpx.get(f"{running.page}/{running.links()[0]}")
    for text in (answer.text, httpx.get(running.page).text):
        assert "<script" not in text
        assert "<img" not in text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "allow-scripts" not in answer.text


def test_a_site_that_lets_its_own_name_lead_to_this_machine_reads_nothing(running: Running) -> None:
    assert httpx.get(running.page, headers={"host": "site.example"}).status_code == 400


def test_a_name_that_leads_out_of_the_folder_is_no_mail(running: Running) -> None:
    (Path(running.plan.command[-3]).parent / "1.eml").write_text("Subject: other\n\nother\n")
    for name in ("..%2F1.eml", "%2E%2E/1.eml", "1.eml"):
        assert httpx.get(f"{running.page}/{name}").status_code == 404


def test_the_oldest_mails_make_room(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    for number in range(MOST + 3):
        mailbox.keep(f"Subject: {number}\n\ntext\n".encode())
    subjects = [one.subject for one in mailbox.mails()]
    assert len(subjects) == MOST
    assert (subjects[0], subjects[-1]) == (str(MOST + 2), "3")


def test_a_real_installation_has_neither_the_page_nor_a_command_for_it(
    tmp_path: Path, sqlite_database: Database
) -> None:
    app = create_app(Settings(data_dir=tmp_path, database_url=str(sqlite_database.url)), sqlite_database)
    assert not [route for route in app.routes if "mailbox" in str(getattr(route, "path", ""))]
    assert not [name for name, (module, _) in COMMANDS.items() if "mailbox" in name + module]


def test_the_mail_of_a_demo_goes_to_the_server_that_the_operator_names(tmp_path: Path) -> None:
    plan = plan_mail(Settings(data_dir=tmp_path, smtp_url="smtp://mail.clinic.example"))
    assert plan == ((), {}, "")


def test_the_nurse_and_the_physician_of_the_demo_are_reached_once_however_often_it_starts(
    tmp_path: Path, sqlite_database: Database
) -> None:
    clinic = DemoClinic(Settings(data_dir=tmp_path), sqlite_database, pumps=12, years=0.05, seed=1)
    clinic.enrol_if_new()
    clinic.add_contact_points()
    clinic.add_contact_points()
    with sqlite_database.reading() as session:
        for address in REACHED:
            staff = staff_by_email(session, address)
            assert staff is not None
            (point,) = contact_points_of(session, [key(staff.id)])[key(staff.id)]
            assert (point.kind, point.target) == ("email", address)
            assert point.confirmed_at is not None
