"""The shape of a guideline as data: what a file under ``versions/`` may say.

A guideline is a value. Nothing here decides anything: ``evaluate`` reads these values and decides. The file is
decoded strictly (a misspelt key is an error), and the tests hold every release to the rules that a type can't state.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, TypeAlias

from msgspec import Struct

FactKind = Literal["boolean", "number", "integer", "choice"]


class Choice(Struct, frozen=True, forbid_unknown_fields=True):
    """One value that a fact of choices may take, and how it reads on a form."""

    value: str
    label: str


class Fact(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that a person or a record can state, asked for in plain words.

    ``minimum`` and ``maximum`` are the closed limits of what can be true at all, in ``unit``; a value beyond them
    is a mistake and not a finding. ``asked_in`` names the questions in which the fact may be given.
    """

    name: str
    section: str
    label: str
    kind: FactKind
    asked_in: tuple[str, ...]
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Choice, ...] = ()


class Stated(Struct, frozen=True, forbid_unknown_fields=True, tag="stated"):
    """Holds when a yes-or-no fact has the value ``wanted``."""

    fact: str
    wanted: bool


class AtLeast(Struct, frozen=True, forbid_unknown_fields=True, tag="at_least"):
    """Holds when a number is ``limit`` or more, in the fact's own unit."""

    fact: str
    limit: int | float


class OneOf(Struct, frozen=True, forbid_unknown_fields=True, tag="one_of"):
    """Holds when a choice is among ``values``; ``limit`` names the lowest of them where the choices are a scale."""

    fact: str
    values: tuple[str, ...]
    limit: str | None = None


class AllOf(Struct, frozen=True, forbid_unknown_fields=True, tag="all"):
    """Holds when everything named holds: criteria by their id, or rules within the rule."""

    of: tuple[str | AllOf | AnyOf, ...]


class AnyOf(Struct, frozen=True, forbid_unknown_fields=True, tag="any"):
    """Holds when at least one thing named holds."""

    of: tuple[str | AllOf | AnyOf, ...]


Test: TypeAlias = Stated | AtLeast | OneOf
Combination: TypeAlias = AllOf | AnyOf
Rule: TypeAlias = str | AllOf | AnyOf


class Because(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences that explain a test's verdict; ``{seen}`` and ``{limit}`` stand for the value and the limit.

    ``not_met_below_zero`` tells a reduction that was a rise, with the size of the rise as ``{seen}``. A test that can
    be waived has two more sentences, for when only the test or only the waiver is still open.
    """

    met: str
    not_met: str
    unknown: str
    not_met_below_zero: str | None = None
    by_value: dict[str, str] = {}
    unknown_test: str | None = None
    unknown_waiver: str | None = None


class Waiver(Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """A test does not apply while ``fact`` has the value ``is_``."""

    fact: str
    is_: bool
    because: str


class Criterion(Struct, frozen=True, forbid_unknown_fields=True):
    """One criterion: what is asked (``wording``, our own), where it stands, and the rule that settles it.

    A test of one fact has the sentences of its verdict in ``because``; a combination of criteria has none, since its
    sentence follows from its parts.
    """

    id: str
    section: str
    title: str
    wording: str
    rule: Test | AllOf | AnyOf
    because: Because | None = None
    waived: Waiver | None = None


class Link(Struct, frozen=True, forbid_unknown_fields=True, rename={"is_": "is"}):
    """One fact that answers another: when ``when`` has the value ``is_``, ``fact`` has the value ``then``."""

    when: str
    is_: bool
    fact: str
    then: bool
    because: str


class Remark(Struct, frozen=True, forbid_unknown_fields=True):
    """A note that is given when every fact named is known to be true."""

    all_true: tuple[str, ...]
    words: str


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """The criteria of one question for some indications, in the order in which they are shown, and their rule."""

    criteria: tuple[str, ...]
    rule: Rule
    indications: tuple[str | None, ...] = (None,)
    remarks: tuple[Remark, ...] = ()


class Reading(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the ways to read a doubtful sentence; the ``headline`` reading gives the question's outcome."""

    name: str
    label: str
    headline: bool
    rule: Rule


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """A question that the guideline answers, and the outcome when its criteria are known not to be met."""

    name: str
    section: str
    label: str
    when_not_met: Literal["not_medically_necessary", "experimental_investigational_unproven"]
    steps: tuple[Step, ...]
    note_when_not_met: str | None = None
    chosen_by: str | None = None
    readings: tuple[Reading, ...] = ()


class Scope(Struct, frozen=True, forbid_unknown_fields=True):
    """What the guideline speaks of: ``fact`` absent, or with one of the values ``covered``."""

    fact: str
    covered: tuple[str, ...]
    section: str
    note: str
    because: str


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """One sentence or two of a section, in our own words."""

    id: str
    words: str


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the guideline; ``codes`` are the procedure codes that it lists."""

    id: str
    title: str
    statements: tuple[Statement, ...]
    codes: tuple[str, ...] = ()


class Omission(Struct, frozen=True, forbid_unknown_fields=True):
    """What the guideline does not say, and what is done here instead."""

    section: str
    what: str
    here: str


class Reference(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the guideline's own list of literature; what it does not give is null."""

    number: int
    authors: str | None
    year: int | None
    title: str
    published_in: str | None


class Guideline(Struct, frozen=True, forbid_unknown_fields=True):
    """One version of one guideline, whole."""

    id: str
    version: str
    title: str
    publisher: str
    effective_from: date
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]
    criteria: tuple[Criterion, ...]
    questions: tuple[Question, ...]
    scope: Scope
    always: tuple[str, ...]
    omissions: tuple[Omission, ...]
    references: tuple[Reference, ...]
