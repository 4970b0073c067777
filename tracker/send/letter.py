"""A message as it leaves: its words in plain text and HTML, its links, its times in the recipient's zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker.records.message import Type

LEADS: Final = {
    Type.OPENED: "{priority}",
    Type.ESCALATED: "{priority}, nobody has it yet",
    Type.ACKNOWLEDGED: "Somebody has it",
    Type.LAPSED: "{priority}, acknowledged but nothing was done",
    Type.RESOLVED: "Resolved",
    Type.ASSIGNED: "Assigned to you",
    Type.DIGEST: "Summary",
    Type.TEST: "Test",
}
FIELDS: Final = (
    *("clinic", "priority", "pump", "patient", "what", "why", "next_step", "since", "link"),
    *("acknowledge_link", "step", "number"),
)
"""The fields of a webhook's ``data``, fixed by the contract."""
SUBJECT_CHARACTERS: Final = 150
_AMOUNT: Final = re.compile(
    r"\d[\d.,]*\s*(?:mcg|µg|μg|ug|mg|ng|g|mL|micrograms?|milligrams?|units?|IU)\b(?:\s*(?:/|per)\s*(?:\d+\s*)?\w+)*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One message for one contact point. ``data`` is the contract's ``data``, with the links and the number."""

    id: str
    type: Type
    created_at: datetime
    zone: str
    data: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """One line without control characters, whatever a pump or a person wrote into it."""
        return self._subject(dict(self.data))

    @property
    def brief_subject(self) -> str:
        """The subject for a telephone, where anybody may read it: without amounts of a drug."""
        return self._subject({name: without_amounts(value) for name, value in self.data.items()})

    def _subject(self, data: Mapping[str, Any]) -> str:
        lead = LEADS[self.type].format(priority=str(data.get("priority", "")).upper())
        about = [text for text in (data.get("pump"), data.get("what")) if text]
        line = f"{lead}: {' · '.join(map(str, about))}" if about else lead
        plain = plain_line(line)
        return plain if len(plain) <= SUBJECT_CHARACTERS else plain[: SUBJECT_CHARACTERS - 1] + "…"

    @property
    def can_be_acknowledged(self) -> bool:
        """Whether it asks somebody to take it."""
        return bool(self.data.get("acknowledge_link"))

    def text(self) -> str:
        """The plain text."""
        lines = [self.subject, ""]
        lines += [f"{name}: {value}" for name, value in self._facts()]
        lines += ["", *(f"- {line}" for line in self._lines())] if self._lines() else []
        for heading, words in self._advice():
            lines += ["", heading, words]
        if self.can_be_acknowledged:
            lines += ["", "I have this, or pass it on:", str(self.data["acknowledge_link"])]
        if self.data.get("link"):
            lines += ["", "Open the tracker:", str(self.data["link"])]
        return "\n".join(lines) + "\n"

    def short(self) -> str:
        """For a telephone, below the subject: patient reference, since when, and the link; never a dose."""
        about = [f"{name} {value}" for name, value in self._facts() if name in {"Patient", "Since", "Code"}]
        link = self.data.get("acknowledge_link") or self.data.get("link") or ""
        return "\n".join([*about, str(link)]).strip() or self.brief_subject

    def html(self) -> str:
        """The same, readable at arm's length; it loads nothing from anywhere."""
        facts = "".join(
            f'<tr><td style="padding:4px 12px 4px 0;color:#555">{escape(name)}</td>'
            f'<td style="padding:4px 0">{escape(value)}</td></tr>'
            for name, value in self._facts()
        )
        parts = [f'<h1 style="font-size:22px;margin:0 0 12px">{escape(self.subject)}</h1>', f"<table>{facts}</table>"]
        if self._lines():
            parts.append("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in self._lines()) + "</ul>")
        parts += [f"<p><strong>{escape(name)}</strong><br>{escape(words)}</p>" for name, words in self._advice()]
        if self.can_be_acknowledged:
            link = escape(str(self.data["acknowledge_link"]))
            parts.append(
                f'<p><a href="{link}" style="display:inline-block;padding:14px 22px;background:#0b5cad;color:#fff;'
                'text-decoration:none;border-radius:6px;font-size:22px">I have this, or pass it on</a></p>'
            )
        if self.data.get("link"):
            parts.append(f'<p><a href="{escape(str(self.data["link"]))}">Open the tracker</a></p>')
        body = "".join(parts)
        head = f'<meta charset="utf-8"><title>{escape(self.subject)}</title>'
        style = "font:20px/1.5 sans-serif;color:#111"
        return f'<!doctype html><html lang="en"><head>{head}</head><body style="{style}">{body}</body></html>'

    def body(self) -> dict[str, Any]:
        """The contract's webhook body."""
        return {
            "type": self.type.value,
            "timestamp": self.created_at.isoformat(),
            "data": {name: self.data.get(name) for name in FIELDS},
        }

    def _facts(self) -> list[tuple[str, str]]:
        others = self.data.get("others") or ""
        facts = (
            ("Pump", self.data.get("pump")),
            ("Patient", self.data.get("patient")),
            ("What", self.data.get("what")),
            ("Also", "; ".join(map(str, others)) if isinstance(others, (list, tuple)) else others),
            ("Why", self.data.get("why")),
            ("Since", self._since()),
            ("Clinic", self.data.get("clinic")),
            ("Code", self.data.get("code")),
        )
        return [(name, plain_line(str(value))) for name, value in facts if value]

    def _lines(self) -> list[str]:
        """The tasks of a summary, one a line."""
        return [plain_line(str(line)) for line in self.data.get("lines") or ()]

    def _since(self) -> str:
        """In the recipient's zone, which is named; in UTC where that zone is not known here."""
        given = self.data.get("since")
        if not given:
            return ""
        try:
            at, zone = datetime.fromisoformat(str(given)), ZoneInfo(self.zone)
        except (ValueError, ZoneInfoNotFoundError):
            return str(given)
        return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M} ({self.zone})"

    def _advice(self) -> list[tuple[str, str]]:
        given = (
            ("Next step", self.data.get("next_step")),
            ("Tell the patient", self.data.get("tell_patient")),
            ("Emergency", self.data.get("emergency")),
        )
        return [(name, str(value)) for name, value in given if value]


def plain_line(text: str) -> str:
    """Without line ends and other characters that do not print, which could pass for a header or another fact."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def without_amounts(value: Any) -> Any:
    """The text without amounts of a drug, which the tracker's pages show; other values as they are."""
    return _AMOUNT.sub("[amount: see the tracker]", value) if isinstance(value, str) else value
