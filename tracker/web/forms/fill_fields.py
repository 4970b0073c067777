"""Fill the fields of a rejected form with what was typed, for any form of any page.

A page shows its forms as they are empty. The one that was sent is found by its address; its text fields, text areas,
choices and boxes get what was sent, and a folded part of the page that holds it is opened. Hidden fields, passwords and
files stay as the page made them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_INPUT = re.compile(r"<input\b[^>]*>")
_AREA = re.compile(r"(<textarea\b[^>]*>)(.*?)(</textarea>)", re.DOTALL)
_SELECT = re.compile(r"(<select\b[^>]*>)(.*?)(</select>)", re.DOTALL)
_OPTION = re.compile(r'<option value="([^"]*)"( selected)?')
_DETAILS = re.compile(r"<details\b[^>]*>|</details>")
_NOT_TYPED = frozenset({"back", "seen", "do", "query", "tried", "udi", "device_identifier"})
"""Hidden fields of our forms."""
_KEPT_AS_MADE = frozenset({"hidden", "password", "file", "submit"})


def fill_fields(page: str, path: str, typed: Mapping[str, str]) -> str:
    """The page with what was typed in the form that is sent to ``path``.

    Where the page has that form no longer (somebody did it first), the texts stand beside the reason, to be copied.

    Of several forms with that address it is the one with most of the fields that were sent.
    """
    forms = re.finditer(rf'<form\b[^>]*\baction="{re.escape(escape(path))}"[^>]*>.*?</form>', page, re.DOTALL)
    form = max(forms, key=lambda one: sum(f'name="{escape(name)}"' in one[0] for name in typed), default=None)
    if form is None:
        return _told(page, typed)
    filled = _INPUT.sub(lambda found: _input(found[0], typed), form[0])
    filled = _AREA.sub(lambda found: _area(found, typed), filled)
    filled = _SELECT.sub(lambda found: _select(found, typed), filled)
    return _opened(page[: form.start()]) + filled + page[form.end() :]


def _told(page: str, typed: Mapping[str, str]) -> str:
    texts = [text for name, text in typed.items() if name not in _NOT_TYPED and text.strip()]
    end = re.search(r'<div class="faults"[^>]*>.*?(?=</div>)', page, re.DOTALL)
    if not texts or end is None:
        return page
    shown = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"{page[: end.end()]}<p>What you typed was not saved:</p><ul>{shown}</ul>{page[end.end() :]}"


def _input(tag: str, typed: Mapping[str, str]) -> str:
    name, kind = _attribute(tag, "name"), _attribute(tag, "type") or "text"
    if name is None or kind in _KEPT_AS_MADE:
        return tag
    if kind in {"radio", "checkbox"}:
        plain = re.sub(r"\schecked(?=[\s>])", "", tag)
        return f"{plain[:-1]} checked>" if typed.get(name) == _attribute(tag, "value") else plain
    if name not in typed:
        return tag
    value = f'value="{escape(typed[name])}"'
    if re.search(r'\bvalue="[^"]*"', tag):
        return re.sub(r'\bvalue="[^"]*"', lambda _: value, tag, count=1)
    return f"{tag[:-1]} {value}>"


def _area(found: re.Match[str], typed: Mapping[str, str]) -> str:
    name = _attribute(found[1], "name") or ""
    return found[0] if name not in typed else f"{found[1]}{escape(typed[name])}{found[3]}"


def _select(found: re.Match[str], typed: Mapping[str, str]) -> str:
    name = _attribute(found[1], "name") or ""
    if name not in typed:
        return found[0]
    chosen = escape(typed[name])

    def option(one: re.Match[str]) -> str:
        return f'<option value="{one[1]}"' + (" selected" if one[1] == chosen else "")

    return found[1] + _OPTION.sub(option, found[2]) + found[3]


def _opened(before: str) -> str:
    """The page before the form, with each folded part open that is not closed by then."""
    standing: list[re.Match[str]] = []
    for tag in _DETAILS.finditer(before):
        if tag[0].startswith("</"):
            if standing:
                standing.pop()
        else:
            standing.append(tag)
    for tag in reversed(standing):
        if " open" not in tag[0]:
            before = f"{before[: tag.end() - 1]} open{before[tag.end() - 1 :]}"
    return before


def _attribute(tag: str, name: str) -> str | None:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return found[1] if found else None
