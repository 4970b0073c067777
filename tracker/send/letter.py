"""A message as it leaves: its words in plain text and HTML, its links, its times in the recipient's zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from tracker.records.message import Type

LEADS: Final = {
    Type.OPENED: "{priority}",
    Type.ESCALATED: "{priority}, nobody has it yet",
    Type.ACKNOWLEDGED: "Somebody has it",
    Type.LAPSED: "{priority}, acknowledged but nothing was done",
    Type.RESOLVED: "Resolved",
    Type.ASSIGNED: "Assigned to you",
    Type.DIGEST: "Daily summary",
    Type.TEST: "Test",
}
FIELDS: Final = (
    *("clinic", "priority", "pump", "patient", "what", "why", "next_step", "since", "link"),
    *("acknowledge_link", "step", "number"),
)
"""The fields of a webhook's ``data``, fixed by the contract."""
SUBJECT_CHARACTERS: Final = 150


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
        lead = LEADS[self.type].format(priority=str(self.data.get("priority", "")).upper())
        about = [text for text in (self.data.get("pump"), self.data.get("what")) if text]
        line = f"{lead}: {' · '.join(map(str, about))}" if about else lead
        plain = " ".join("".join(letter if letter.isprintable() else " " for letter in line).split())
        return plain if len(plain) <= SUBJECT_CHARACTERS else plain[: SUBJECT_CHARACTERS - 1] + "…"

    @property
    def can_be_acknowledged(self) -> bool:
        """Whether it asks somebody to take it."""
        return bool(self.data.get("acknowledge_link"))

    def text(self) -> str:
        """The plain text."""
        lines = [self.subject, ""]
        lines += [f"{name}: {value}" for name, value in self._facts()]
        if self.data.get("next_step"):
            lines += ["", "Next step", str(self.data["next_step"])]
        if self.can_be_acknowledged:
            lines += ["", "I have this, or pass it on:", str(self.data["acknowledge_link"])]
        if self.data.get("link"):
            lines += ["", "Open the tracker:", str(self.data["link"])]
        return "\n".join(lines) + "\n"

    def short(self) -> str:
        """For a telephone: what, which pump, and the link; never a dose."""
        link = self.data.get("acknowledge_link") or self.data.get("link") or ""
        return f"{self.subject} {link}".strip()

    def html(self) -> str:
        """The same, readable at arm's length; it loads nothing from anywhere."""
        facts = "".join(
            f'<tr><td style="padding:4px 12px 4px 0;color:#555">{escape(name)}</td>'
            f'<td style="padding:4px 0">{escape(value)}</td></tr>'
            for name, value in self._facts()
        )
        parts = [f'<h1 style="font-size:22px;margin:0 0 12px">{escape(self.subject)}</h1>', f"<table>{facts}</table>"]
        if self.data.get("next_step"):
            parts.append(f"<p><strong>Next step</strong><br>{escape(str(self.data['next_step']))}</p>")
        if self.can_be_acknowledged:
            link = escape(str(self.data["acknowledge_link"]))
            parts.append(
                f'<p><a href="{link}" style="display:inline-block;padding:14px 22px;background:#0b5cad;color:#fff;'
                'text-decoration:none;border-radius:6px;font-size:18px">I have this, or pass it on</a></p>'
            )
        if self.data.get("link"):
            parts.append(f'<p><a href="{escape(str(self.data["link"]))}">Open the tracker</a></p>')
        body = "".join(parts)
        return f'<html><body style="font:18px/1.5 sans-serif;color:#111">{body}</body></html>'

    def body(self) -> dict[str, Any]:
        """The contract's webhook body."""
        return {
            "type": self.type.value,
            "timestamp": self.created_at.isoformat(),
            "data": {name: self.data.get(name) for name in FIELDS},
        }

    def _facts(self) -> list[tuple[str, str]]:
        since = self.data.get("since")
        when = "" if not since else datetime.fromisoformat(str(since)).astimezone(ZoneInfo(self.zone))
        facts = (
            ("Pump", self.data.get("pump")),
            ("Patient", self.data.get("patient")),
            ("What", self.data.get("what")),
            ("Why", self.data.get("why")),
            ("Since", f"{when:%Y-%m-%d %H:%M} ({self.zone})" if when else ""),
            ("Clinic", self.data.get("clinic")),
            ("Code", self.data.get("code")),
        )
        return [(name, str(value)) for name, value in facts if value]
