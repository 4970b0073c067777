"""The makers' model numbers and names, as notices and labels write them, and the models of the catalogue they mean.

Sources: S2, S11, S16, S18, S20 for the numbers named there; the rest is from memory and serves to read notices alone.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

NUMBERS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "8637-20": ("synchromed-ii-20",),
        "8637-40": ("synchromed-ii-40",),
        "8637": ("synchromed-ii-20", "synchromed-ii-40"),
        "8667-20": ("synchromed-iii-20",),
        "8667-40": ("synchromed-iii-40",),
        "8667": ("synchromed-iii-20", "synchromed-iii-40"),
        "8626-18": ("synchromed-el-18",),
        "8626L-18": ("synchromed-el-18",),
        "8627-18": ("synchromed-el-18",),
        "8627L-18": ("synchromed-el-18",),
        "8626": ("synchromed-el-18",),
        "8626L": ("synchromed-el-18",),
        "8627": ("synchromed-el-18",),
        "8627L": ("synchromed-el-18",),
        "13827": ("prometra-ii-20",),
        "16827": ("prometra-ii-40",),
        "91-4200": ("medstream-20",),
        "91-4201": ("medstream-40",),
        "8472": ("isomed-35",),
        "8472-35": ("isomed-35",),
    }
)
"""Model numbers, each with the models it stands for."""

NAMES: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = (
    (re.compile(r"synchromed\W*(?:iii|3)\b", re.IGNORECASE), ("synchromed-iii-20", "synchromed-iii-40")),
    (re.compile(r"synchromed\W*(?:ii|2)\b", re.IGNORECASE), ("synchromed-ii-20", "synchromed-ii-40")),
    (re.compile(r"synchromed\W*el\b", re.IGNORECASE), ("synchromed-el-18",)),
    (re.compile(r"prometra\W*ii\W*40\b", re.IGNORECASE), ("prometra-ii-40",)),
    (re.compile(r"prometra\W*ii\b", re.IGNORECASE), ("prometra-ii-20", "prometra-ii-40")),
    (re.compile(r"medstream\b", re.IGNORECASE), ("medstream-20", "medstream-40")),
    (re.compile(r"isomed\b", re.IGNORECASE), ("isomed-35",)),
    (re.compile(r"codman\W*3000\b", re.IGNORECASE), ("codman-3000",)),
)
"""Names, the most particular first; a name that a more particular one has taken is not read again."""

FAMILIES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"synchromed\b", re.IGNORECASE), "synchromed"),
    (re.compile(r"prometra\b", re.IGNORECASE), "prometra"),
    (re.compile(r"archimedes\b", re.IGNORECASE), "archimedes"),
)
"""A family's bare name stands for every model whose id begins so."""

_LONGEST_FIRST: Final = "|".join(sorted(map(re.escape, NUMBERS), key=len, reverse=True))
_NUMBER: Final = re.compile(rf"(?<![A-Za-z0-9-])({_LONGEST_FIRST})(?![0-9A-Za-z]|-[0-9])")
_CAPACITY: Final = re.compile(r"(?<![0-9.])(\d{2})\s*-?\s*ml\b", re.IGNORECASE)


def models_named(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The models of the catalogue (``known``) that a text names by number or, where it gives no number, by name.

    A name without its reservoir size stands for all sizes, unless the text gives sizes and some of them match.
    """
    found = {model for number in _NUMBER.findall(text) for model in NUMBERS[number]}
    if not found:
        rest = text
        for pattern, models in NAMES:
            if pattern.search(rest):
                found.update(models)
                rest = pattern.sub(" ", rest)
        for pattern, family in FAMILIES:
            if pattern.search(rest):
                found.update(model for model in known if model.startswith(family))
        sizes = set(_CAPACITY.findall(text))
        sized = {model for model in found if model.rsplit("-", 1)[-1] in sizes}
        found = sized or found
    return tuple(model for model in known if model in found)


def is_model_number(word: str) -> bool:
    """Whether the word is one of the makers' model numbers."""
    return word.upper() in NUMBERS
