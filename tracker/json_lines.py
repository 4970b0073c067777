"""JSON Lines in, JSON Lines out: every line is answered in its place, and a bad one costs nothing but itself.

The lines are read strictly, since a person relies on the answer: UTF-8 only, no NaN, no key twice, no blank line.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeAlias

import msgspec

from tracker.describe_value import name_shown

Answer: TypeAlias = Callable[[object], dict[str, Any]]

_CHUNK_BYTES = 1 << 16
_LONGEST_INTEGER = 4000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_encode = msgspec.json.Encoder().encode
_scan_text = json.decoder.scanstring  # type: ignore[attr-defined]  # in the standard library since 2.6, not in its stubs


def run(path: str, answer: Answer) -> int:
    """Answer every line of the file, ``-`` for standard input, on standard output. Returns the exit status.

    0: every line was answered; 2: at least one was bad, and its answer says why; 1: the file can't be read or the
    answers can't be written, with one sentence on standard error. Answers are written as soon as the input pauses, so
    that another program can hold a conversation. A reader that goes away ends the work without a word.
    """
    try:
        source: IO[bytes] = sys.stdin.buffer if path == "-" else open(path, "rb")  # noqa: PTH123, SIM115 - closed below
    except (OSError, ValueError, AttributeError) as fault:  # an attribute error: standard input is closed
        return _refuse(f"{path} can't be read: {_reason(fault)}")
    status, reader = 0, LineReader()
    try:
        for lines in _whole_lines(source):
            answers = bytearray()
            for line in lines:
                written, good = answer_line(line, answer, reader)
                answers += written
                answers += b"\n"
                if not good:
                    status = 2
            try:
                sys.stdout.buffer.write(answers)
                sys.stdout.buffer.flush()
            except BrokenPipeError:
                _forget_standard_output()
                return 1
            except OSError as fault:
                _forget_standard_output()
                return _refuse(f"the answers can't be written: {_reason(fault)}")
    except OSError as fault:
        return _refuse(f"{path} can't be read: {_reason(fault)}")
    finally:
        if path != "-":
            source.close()
    return status


def answer_line(line: bytes, answer: Answer, reader: LineReader) -> tuple[bytes, bool]:
    """Answer one line, given without its end, and say whether it was good. The id is repeated as it was written."""
    try:
        text = line.decode()
        value = reader.read(text)
        raw_id = b"null" if reader.repeated == "id" else _raw_id(text, value)
    except BadLine as fault:
        return _encode({"id": None, "error": f"line: {fault}."}), False
    except UnicodeDecodeError:
        return _encode({"id": None, "error": "line: not valid UTF-8."}), False
    except RecursionError:
        return _encode({"id": None, "error": "line: nested too deeply to be read."}), False
    if reader.repeated is None:
        body = answer(value)
        good = "error" not in body
    else:
        body, good = {"error": f"{reader.repeated}: this key stands twice in one object."}, False
    body.pop("id", None)
    return b'{"id":' + raw_id + b"," + _encode(body)[1:], good


class BadLine(ValueError):
    """A line that is not one JSON value; the words say what it is instead."""


class LineReader:
    """Reads lines of JSON one after the other; ``repeated`` is a key that stands twice in an object of the last one."""

    __slots__ = ("_constants", "_decode", "_holder", "repeated")

    def __init__(self) -> None:
        self.repeated: str | None = None
        self._constants: list[_Constant] = []
        self._holder = ""
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object, parse_int=_integer, parse_constant=self._note_constant
        ).decode

    def read(self, text: str) -> object:
        """Read one line. Raises ``BadLine``, and ``RecursionError`` for one that is nested too deeply."""
        self.repeated = None
        self._holder = ""
        self._constants.clear()
        if not text.strip(" \t\r\n"):
            raise BadLine("blank; every line must hold one JSON object")
        try:
            value = self._decode(text)
        except json.JSONDecodeError as fault:
            raise BadLine(f"not JSON, at character {fault.pos + 1}: {fault.msg}") from fault
        if self._constants:
            where = f"{self._holder} is" if self._holder else "it holds"
            raise BadLine(f"not JSON: {where} {self._constants[0].name}, which is no JSON number")
        return value

    def _note_constant(self, name: str) -> _Constant:
        self._constants.append(_Constant(name))
        return self._constants[-1]

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if self._constants and not self._holder:
            first = self._constants[0]
            self._holder = next((name_shown(key) for key, value in pairs if value is first), "")
        if len(members) != len(pairs) and self.repeated is None:
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self.repeated = name_shown(key)
                    break
                seen.add(key)
        return members


def _integer(text: str) -> int | float:
    """An integer beyond four thousand digits is as good as infinite: Python would refuse to read it."""
    if len(text) <= _LONGEST_INTEGER:
        return int(text)
    return -math.inf if text.startswith("-") else math.inf


class _Constant:
    """NaN or an infinity where a number should stand: read on to the end of its object, to name the field."""

    def __init__(self, name: str) -> None:
        self.name = name


def _raw_id(text: str, value: object) -> bytes:
    """The text of the object's id, to be repeated as it stands: no digit of a long number is lost. Null without one."""
    if not isinstance(value, dict) or "id" not in value:
        return b"null"
    at = text.index("{") + 1
    while True:
        at = text.index('"', at)
        key, at = _scan_text(text, at + 1)
        at = _past_space(text, text.index(":", at) + 1)
        _, end = _PLAIN.raw_decode(text, at)
        if key == "id":
            return text[at:end].replace("\r", " ").encode()
        at = end


def _past_space(text: str, at: int) -> int:
    while text[at] in " \t\r\n":
        at += 1
    return at


_PLAIN = json.JSONDecoder(parse_int=_integer)


def _whole_lines(source: IO[bytes]) -> Iterator[list[bytes]]:
    """Give the lines as they come, many at a time. The last may lack its end; a byte order mark is no text."""
    read: Callable[[int], bytes] = getattr(source, "read1", source.read)
    pending: list[bytes] = []
    first = True
    while chunk := read(_CHUNK_BYTES):
        head, end, rest = chunk.rpartition(b"\n")
        if not end:
            pending.append(chunk)
            continue
        lines = b"".join((*pending, head)).split(b"\n")
        pending = [rest] if rest else []
        if first:
            lines[0], first = lines[0].removeprefix(_BYTE_ORDER_MARK), False
        yield lines
    if pending:
        last = b"".join(pending)
        yield [last.removeprefix(_BYTE_ORDER_MARK) if first else last]


def _forget_standard_output() -> None:
    """Point standard output at nothing, so that the interpreter's own flush at the end can't fail a second time."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"tracker: {sentence.encode('ascii', 'backslashreplace').decode()}\n")
    return 1


def _reason(fault: Exception) -> str:
    return (fault.strerror or str(fault)) if isinstance(fault, OSError) else str(fault)
