"""The demo's mailbox: takes the mails that the demo sends, and shows them on a page of its own.

``python -m tracker.cli.demo.mailbox FOLDER SMTP_PORT PAGE_PORT`` is a process that the demo alone starts. The pages of
the tracker know nothing of it, so that a real installation has no such page. It listens on this machine only.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Final

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from starlette.middleware.trustedhost import TrustedHostMiddleware

from tracker.private_files import private_folder

HOST: Final = "127.0.0.1"
PATH: Final = "/demo/mailbox"
MOST: Final = 500
"""So many mails are kept, the newest."""
HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_STYLE: Final = """<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body { font: 18px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; color: #111 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem; border-bottom: 1px solid #bbb }
iframe { width: 100%; height: 34rem; border: 1px solid #bbb }
pre { white-space: pre-wrap; border: 1px solid #bbb; padding: 1rem }
.note { color: #444 }
</style>"""
_LIST: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<title>{{ mails|length }} mails · Mailbox of the demo</title>{{ style|safe }}</head><body><h1>Mailbox of the demo</h1>
<p class="note">Every mail that the demo sends ends here. Nothing leaves this machine. The page looks for new mail every
3 seconds.</p>
{% if mails %}<table><thead><tr><th scope="col">Arrived</th><th scope="col">To</th>
<th scope="col">Subject</th></tr></thead>
<tbody>{% for one in mails %}<tr><td>{{ one.arrived }}</td><td>{{ one.to }}</td>
<td><a href="{{ path }}/{{ one.name }}">{{ one.subject }}</a></td></tr>{% endfor %}</tbody></table>
{% else %}<p>No mail has arrived yet.</p>{% endif %}</body></html>"""
_MAIL: Final = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ mail.subject }}</title>
{{ style|safe }}</head><body><p><a href="{{ path }}">All mails</a></p><h1>{{ mail.subject }}</h1>
<p>To {{ mail.to }}, arrived {{ mail.arrived }}</p>
<h2>As a mail program shows it</h2>
<iframe title="The mail" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="{{ html }}"></iframe>
<h2>As plain text</h2><pre>{{ text }}</pre></body></html>"""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in the list. ``name`` is its file's, ``arrived`` a local time."""

    name: str
    to: str
    subject: str
    arrived: str


class Mailbox:
    """A folder of mails as they arrived, one file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        private_folder(folder)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail; the oldest ones make room."""
        content = envelope.content or b""
        self.keep(content if isinstance(content, bytes) else content.encode())
        return "250 kept in the mailbox of the demo"

    def keep(self, content: bytes) -> None:
        """One more mail. It is shown once it is whole."""
        name = f"{time.time_ns():020}.eml"
        draft = self._folder / f".{name}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.rename(self._folder / name)
        for old in self._names()[MOST:]:
            (self._folder / old).unlink(missing_ok=True)

    def mails(self) -> list[Mail]:
        """All of them, the newest first."""
        return [_summary(name, _parsed(self._folder / name)) for name in self._names()]

    def mail(self, name: str) -> tuple[Mail, EmailMessage] | None:
        """The mail of that name; None where there is none."""
        if name not in self._names():
            return None
        parsed = _parsed(self._folder / name)
        return _summary(name, parsed), parsed

    def _names(self) -> list[str]:
        return sorted((one.name for one in self._folder.glob("[0-9]*.eml")), reverse=True)


def create_page(mailbox: Mailbox) -> FastAPI:
    """The page of the mailbox, for requests that name this machine: another name is a site that wants to read along."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    templates = Environment(autoescape=True)
    page_of_list, page_of_mail = templates.from_string(_LIST), templates.from_string(_MAIL)

    @app.get("/", response_class=HTMLResponse)
    @app.get(PATH, response_class=HTMLResponse)
    def all_mails() -> HTMLResponse:
        shown = page_of_list.render(mails=mailbox.mails(), style=_STYLE, path=PATH)
        return HTMLResponse(shown, headers=HEADERS)

    @app.get(PATH + "/{name}", response_class=HTMLResponse)
    def one_mail(name: str) -> HTMLResponse:
        found = mailbox.mail(name)
        if found is None:
            raise HTTPException(404, "there is no such mail")
        mail, parsed = found
        html = _body(parsed, "html").replace("<a ", '<a target="_blank" rel="noopener" ')
        shown = page_of_mail.render(mail=mail, html=html, text=_body(parsed, "plain"), style=_STYLE, path=PATH)
        return HTMLResponse(shown, headers=HEADERS)

    return app


def main(folder: str, smtp_port: str, page_port: str) -> None:
    """Take mails and show them until the process is ended."""
    mailbox = Mailbox(Path(folder))
    controller = Controller(mailbox, hostname=HOST, port=int(smtp_port), enable_SMTPUTF8=True)
    controller.start()
    try:
        uvicorn.run(create_page(mailbox), host=HOST, port=int(page_port), log_level="warning", access_log=False)
    finally:
        controller.stop()


def _parsed(file: Path) -> EmailMessage:
    return BytesParser(EmailMessage, policy=default).parsebytes(file.read_bytes())


def _summary(name: str, parsed: EmailMessage) -> Mail:
    arrived = datetime.fromtimestamp(int(name.removesuffix(".eml")) / 1e9).astimezone()
    return Mail(name, str(parsed["To"] or ""), str(parsed["Subject"] or "(no subject)"), f"{arrived:%Y-%m-%d %H:%M:%S}")


def _body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    return "" if part is None else str(part.get_content())


if __name__ == "__main__":
    main(*sys.argv[1:])
