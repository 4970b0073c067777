"""Why a message cannot be read: the field at fault and a reason that a nurse or an engineer can act on."""

import re
from collections.abc import Callable
from typing import Final

MAX_REASON = 200


class WireError(ValueError):
    """A message that breaks the wire's rules. `field` is the path to the fault (`payload` for the whole message).

    As text it is one plain sentence that begins with the field.
    """

    def __init__(self, field: str, reason: str) -> None:
        """Take the field and what is wrong with it, worded to follow the field's name."""
        self.field = _printable(field)
        self.reason = _printable(reason)
        super().__init__(self.field, self.reason)

    def __str__(self) -> str:
        """The sentence."""
        return f"{self.field} {self.reason}"


def _printable(text: str) -> str:
    """Stop a sender's bytes from breaking a log line, a page or a database column."""
    clean = text
    if not text.isprintable():
        clean = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return clean if len(clean) <= MAX_REASON else clean[: MAX_REASON - 1] + "…"


_PATH = re.compile(r" - at `(?P<path>[^`]*)`\Z")
_NAMES: Final = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "datetime": "a time in RFC 3339",
    "array": "a list",
    "object": "a JSON object",
    "null": "null",
}
_NOT_A_NUMBER = re.compile(rb'"([A-Za-z0-9_]{1,64})"\s*:\s*[-+]?(?:nan|inf)', re.IGNORECASE)


def _named(kinds: str) -> str:
    return " or ".join(_NAMES.get(kind, kind) for kind in kinds.split(" | "))


_Wording = Callable[[re.Match[str]], str]
_WORDINGS: Final[tuple[tuple[re.Pattern[str], _Wording], ...]] = (
    (re.compile(r"Invalid enum value (.*)\Z", re.DOTALL), lambda found: f"has the unknown value {found[1]}"),
    (
        re.compile(r"Expected `datetime` with a timezone component"),
        lambda _: "must carry its offset from UTC, such as the Z in 2026-11-22T10:00:00Z",
    ),
    (re.compile(r"Invalid RFC3339 encoded datetime"), lambda _: "is not a time in RFC 3339"),
    (re.compile(r"Expected `int`, got `float`"), lambda _: "must be a whole number, without a decimal point"),
    (re.compile(r"Expected `(.*)`, got `(.*)`"), lambda found: f"must be {_named(found[1])}, not {_named(found[2])}"),
    (re.compile(r"Expected `(?:int|float)(?: \| null)?` >= 0(?:\.0)?\Z"), lambda _: "must not be negative"),
    (re.compile(r"Expected `(?:int|float)(?: \| null)?` >= (\S+)"), lambda found: f"must be at least {found[1]}"),
    (re.compile(r"Expected `(?:int|float)(?: \| null)?` <= (\S+)"), lambda found: f"must be at most {found[1]}"),
    (re.compile(r"Expected `(?:str|array)(?: \| null)?` of length >= 1\Z"), lambda _: "must not be empty"),
    (
        re.compile(r"Expected `(?:str|array)(?: \| null)?` of length <= (\d+)"),
        lambda found: f"must be no longer than {found[1]}",
    ),
    (re.compile(r"Expected `str(?: \| null)?` matching regex"), lambda _: "must be a decimal number written as a text"),
    (re.compile(r"Integer value out of range|Number out of range"), lambda _: "is a number out of range"),
)
_MISSING = re.compile(r"Object missing required field `([^`]*)`")


def fault_from_validation(message: str) -> WireError:
    """Turn the decoder's words about well-formed JSON with a wrong content into the field and a plain reason."""
    path = _PATH.search(message)
    field = "" if path is None else path["path"].removeprefix("$").removeprefix(".")
    words = message if path is None else message[: path.start()]
    missing = _MISSING.match(words)
    if missing is not None:
        return WireError(f"{field}.{missing[1]}" if field else missing[1], "is required but missing")
    for pattern, wording in _WORDINGS:
        found = pattern.match(words)
        if found is not None:
            return WireError(field or "payload", wording(found))
    return WireError(field or "payload", f"is refused: {words}")


_BYTE = re.compile(r"\(byte (\d+)\)")


def fault_from_malformed(message: str, payload: bytes) -> WireError:
    """Name why the payload is not JSON; a NaN or an Infinity is named by its field."""
    at = _BYTE.search(message)
    offset = 0 if at is None else int(at[1])
    for found in _NOT_A_NUMBER.finditer(payload):
        if found.start() <= offset <= found.end() + 4:  # the decoder takes the n of nan for the beginning of null
            return WireError(found[1].decode(), "is not a number that JSON has: NaN and Infinity are refused")
    return WireError("payload", f"is not JSON: {message.removeprefix('JSON is malformed: ')}")
