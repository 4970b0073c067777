"""The serial numbers of a recall as it is published: ranges, single serials, gaps, "all pumps of model X".

What can't be read is returned word for word: a recall that is read in part never says that a pump is not covered.
The shapes read here are those of FDA's notices, such as Z-3043-2011 and Z-1570-2014.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from devices.model_numbers import is_model_number, models_named
from devices.serials import NoRange, SerialRange, serial_range

_TO: Final = r"\s*(?:\bthru\b|\bthrough\b|\bto\b|\buntil\b|-)\s*"
_SERIAL: Final = r"(?:[A-Z]{1,8}[0-9]{1,20}[A-Z]{0,4}|[0-9]{3,20}[A-Z]{1,4}|[0-9]{5,20})"
_SERIALS: Final = re.compile(rf"(?<![A-Z0-9])({_SERIAL})(?:{_TO}({_SERIAL}))?(?![A-Z0-9])", re.IGNORECASE)
_PIECES: Final = re.compile(r"[,;\n\r()]+|\.\s+|\s+and\s+(?=\S)|\s*&\s*", re.IGNORECASE)
_LABEL: Final = re.compile(r"\A([^:]*?)\s*:\s*(.*)\Z", re.DOTALL)
_MODEL_LEAD: Final = re.compile(r"\Amodels?\s*(?:numbers?|nos?\.?|#)?\s*(\S+)\s*(.*)\Z", re.IGNORECASE | re.DOTALL)
_DASHES: Final = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_WORD: Final = re.compile(r"[A-Za-z0-9-]+")
_LOTS: Final = re.compile(r"\A\W*(?:lots?|batch(?:es)?)\b", re.IGNORECASE)
_OTHER_CODES: Final = re.compile(r"\A\W*(?:udi|gtin|upc|ref|catalog|product code|part)\b", re.IGNORECASE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SERIAL_LABEL: Final = _words(
    "affected also and code codes device devices following include includes included including "
    "information is no nos number numbers of pump pumps serial serials sn sns s n the with are"
)
_SAYS_ALL: Final = _SERIAL_LABEL | _words(
    "a action affects all an any applies being by codman correction covers distributed drug each el every "
    "field flowonix for ii iii implant implantable implanted in infusion intrathecal isomed lot lots "
    "medical medstream medtronic ml model models notice notification product products programmable "
    "prometra recall recalled removal safety subject synchromed system systems that these this to under "
    "unit units urgent"
)


@dataclass(slots=True)
class CodeInfo:
    """What a recall's code information names, each with the models it was said of; empty: the recall's own models.

    ``whole``: "all pumps". ``unread``: the words that could not be read, as they stand, each with the reason.
    """

    whole: list[tuple[str, ...]] = field(default_factory=list)
    ranges: list[tuple[tuple[str, ...], SerialRange]] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_code_info(text: str, known_models: tuple[str, ...]) -> CodeInfo:
    """Read the serial numbers of a notice; ``known_models`` are the catalogue's ids."""
    reader = _Reader(known_models)
    for piece in _pieces(unicodedata.normalize("NFKC", text).translate(_DASHES)):
        reader.take(piece)
    found = reader.found
    if not (found.whole or found.ranges or found.unread):
        found.unread.append("no serial number is given")
    return found


def _pieces(text: str) -> Iterator[str]:
    for piece in _PIECES.split(text):
        bare = (piece or "").strip(" \t.[]")
        if bare:
            yield bare


class _Reader:
    """Goes through the pieces of one text; a label such as ``Model 8637-20:`` holds until the next one."""

    def __init__(self, known_models: tuple[str, ...]) -> None:
        self.found = CodeInfo()
        self._known = known_models
        self._models: tuple[str, ...] = ()
        self._models_just_named = False
        self._in_lots = False

    def take(self, piece: str) -> None:
        label = _LABEL.match(piece)
        if label:
            self._heading(label[1])
            piece = label[2].strip()
        elif _LOTS.match(piece):
            self._in_lots = True
        elif re.search(r"\bserials?\b|\bs/?n\b", piece, re.IGNORECASE):
            self._in_lots = False
        lead = _MODEL_LEAD.match(piece)
        if lead and is_model_number(lead[1].rstrip(".:")):
            self._name_models(models_named(lead[1], self._known))
            piece = lead[2].strip()
        elif is_model_number(piece):
            self._name_models(models_named(piece, self._known))
            return
        if piece and not _OTHER_CODES.match(piece):
            self._read(piece)

    def _heading(self, label: str) -> None:
        named = models_named(label, self._known)
        if named:
            self._name_models(named)
        if _LOTS.match(label):
            self._in_lots = True
        elif re.search(r"\bserials?\b|\bs/?n\b", label, re.IGNORECASE):
            self._in_lots = False

    def _name_models(self, models: tuple[str, ...]) -> None:
        """A model named right after another belongs to it: "Models 8637-20 and 8637-40: ..."."""
        if self._models_just_named:
            before, models = self._models, (*self._models, *models)
            self.found.whole = [models if one == before else one for one in self.found.whole]
        self._models, self._models_just_named = models, True

    def _read(self, piece: str) -> None:
        words = [word.lower() for word in _WORD.findall(piece)]
        if "all" in words and all(word in _SAYS_ALL or is_model_number(word) or _is_size(word) for word in words):
            named = models_named(piece, self._known)
            if named:
                self._name_models(named)
            else:
                self._models_just_named = False
            self.found.whole.append(self._models)
            return
        serials = [one for one in _SERIALS.finditer(piece) if not is_model_number(one[0])]
        spare = [word.lower() for word in _WORD.findall(_SERIALS.sub(" ", piece)) if not _is_size(word)]
        if self._in_lots and (serials or spare):
            self.found.unread.append(f"{piece}: a lot, not a serial number")
        elif any(word not in _SERIAL_LABEL for word in spare):
            named = models_named(piece, self._known)
            if serials or any(word not in _SAYS_ALL for word in spare):
                self.found.unread.append(f"{piece}: not read as serial numbers")
            elif named:
                self._name_models(named)
        else:
            for one in serials:
                self._range(one[1], one[2] or one[1])
        if serials:
            self._models_just_named = False

    def _range(self, first: str, last: str) -> None:
        try:
            self.found.ranges.append((self._models, serial_range(first, last)))
        except NoRange as fault:
            self.found.unread.append(str(fault))


def _is_size(word: str) -> bool:
    return re.fullmatch(r"[0-9]{2}", word) is not None
