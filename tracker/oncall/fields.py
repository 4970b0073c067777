"""One field of a JSON document and its path: take the value that is asked for, or say where and what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from tracker.describe_value import name_shown, shown

_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_OFFSET: Final = re.compile(r"(Z|[+-]\d\d:\d\d)", re.ASCII)
_YEARS: Final = range(2000, 2101)


class OncallFault(ValueError):
    """The document can't be used. ``path`` says where (empty: the whole), ``message`` what is wrong."""

    def __init__(self, path: str, message: str) -> None:
        self.path = path or "document"
        super().__init__(f"{self.path}: {message}")
        self.message = message


def named(text: str) -> str:
    """Repeat what somebody wrote, in quotes."""
    return shown(text)


class Fields(dict[str, "Field"]):
    """The fields of an object that are given."""

    def __init__(self, path: str, given: dict[str, Field]) -> None:
        super().__init__(given)
        self._path = path

    def is_null(self, name: str) -> bool:
        """Whether that field is absent or null."""
        return name not in self or self[name].value is None

    def or_empty(self, name: str) -> Field:
        """Return that field, or an empty list."""
        return self.get(name, Field(f"{self._path}.{name}".lstrip("."), []))


class Field:
    """A value of the document, at ``path``."""

    def __init__(self, path: str, value: object) -> None:
        self.path = path
        self.value = value

    def fields(self, known: Collection[str], required: Sequence[str] = ()) -> Fields:
        """Take an object that has no field but ``known`` and all of ``required``."""
        if not isinstance(self.value, dict):
            raise self._fault("must be an object")
        given: dict[str, Field] = {}
        for name, value in self.value.items():
            path = f"{self.path}.{name_shown(name)}".lstrip(".")
            if name not in known:
                raise OncallFault(path, f"no such field{_nearest(str(name), known)}")
            given[name] = Field(path, value)
        for name in required:
            if name not in given:
                raise OncallFault(f"{self.path}.{name}".lstrip("."), "is missing")
        return Fields(self.path, given)

    def items(self, *, least: int = 0, most: int) -> list[Field]:
        """Take a list of so many members."""
        if not isinstance(self.value, list):
            raise self._fault("must be a list")
        if len(self.value) < least:
            raise self._fault("must not be empty")
        if len(self.value) > most:
            raise self._fault(f"must have at most {most} members")
        return [Field(f"{self.path}[{index}]", value) for index, value in enumerate(self.value)]

    def text(self, *, most: int) -> str:
        """Take a text that is not empty and has no control characters; spaces around it are cut off."""
        if not isinstance(self.value, str):
            raise self._fault(f"must be a text, not {shown(self.value)}")
        text = self.value.strip()
        if not text:
            raise self._fault("must not be empty")
        if len(text) > most:
            raise self._fault(f"must have at most {most} characters")
        if not text.isprintable():
            raise self._fault("must not have control characters")
        return text

    def whole(self, least: int, most: int) -> int:
        """Take a whole number between those, both included."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            raise self._fault(f"must be a whole number from {least} to {most}, not {shown(self.value)}")
        return self.value

    def yes_or_no(self) -> bool:
        """Take true or false."""
        if not isinstance(self.value, bool):
            raise self._fault(f"must be true or false, not {shown(self.value)}")
        return self.value

    def one_of(self, words: Collection[str]) -> str:
        """Take one of those words."""
        text = self.text(most=40)
        if text not in words:
            raise self._fault(f"{shown(text)} is none of {', '.join(words)}{_nearest(text, words)}")
        return text

    def known_as(self, name: str, names: Collection[str], message: str) -> None:
        """Raise unless the name is one of those; ``message`` has ``{}`` for the name."""
        if name not in names:
            raise self._fault(message.format(shown(name)) + _nearest(name, names))

    def local_time(self) -> datetime:
        """Take a local time, without an offset: ``2026-12-01T08:00``."""
        text = self.text(most=40)
        found = _LOCAL.match(text)
        if found is not None and _OFFSET.fullmatch(text[found.end() :]):
            raise self._fault("must be local time without an offset: time_zone says where")
        return self._time(text) if found is not None and found.end() == len(text) else self._no_time(text)

    def time(self) -> datetime:
        """Take a time with an offset, or a local time without one."""
        text = self.text(most=40)
        found = _LOCAL.match(text)
        rest = text[found.end() :] if found is not None else text
        return self._time(text) if not rest or _OFFSET.fullmatch(rest) else self._no_time(text)

    def _time(self, text: str) -> datetime:
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            return self._no_time(text)
        if time.year not in _YEARS:
            raise self._fault(f"must be a year from {_YEARS.start} to {_YEARS.stop - 1}")
        return time

    def _no_time(self, text: str) -> datetime:
        raise self._fault(f"{shown(text)} is no time, as 2026-12-01T08:00 is")

    def _fault(self, message: str) -> OncallFault:
        return OncallFault(self.path, message)


def _nearest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name[:100], names, n=1)
    return f"; did you mean {shown(near[0])}?" if near else ""
