"""The kinds of values that requests carry, each with its limits, so that the OpenAPI document says them too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tracker.errors import Conflict, Invalid
from tracker.web.app_state import Web
from tracker.web.lists.pagination import read_cursor, write_cursor

NO_NUL = r"^[^\x00]*$"
DECIMAL = r"^[0-9]{1,12}(\.[0-9]{1,9})?$"
MOST = 1000

Serial = Annotated[
    str, Path(description="The pump's serial", examples=["NGP-000123"], json_schema_extra={"maxLength": 64})
]
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many items a page holds at the most")]
Cursor = Annotated[
    str | None,
    Query(max_length=600, pattern=r"^[A-Za-z0-9_-]*$", description="`next` of the page before; none for the first"),
]


def _moment(given: object) -> object:
    """A time as RFC 3339 writes it; a number is no time here, whatever second it may mean."""
    if not isinstance(given, str) or not _RFC_3339.fullmatch(given):
        raise ValueError("a time is written as 2026-11-22T10:00:00Z")
    try:
        moment = datetime.fromisoformat(given.upper())
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("there is no such time") from None
    return moment


def _day(given: object) -> object:
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        raise ValueError("a day is written as 2026-11-22")
    return given


def _number(given: object) -> object:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise ValueError("a whole number is needed")  # noqa: TRY004 - pydantic takes this as the fault of the field
    return given


_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,12})?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
WHOLE = BeforeValidator(_number)
Answer = Annotated[bool, Field(strict=True)]
Short = Annotated[str, StringConstraints(max_length=80, pattern=NO_NUL)]
Sentence = Annotated[str, StringConstraints(max_length=1000, pattern=NO_NUL)]
Amount = Annotated[
    str, StringConstraints(pattern=DECIMAL), Field(description="A decimal number as text", examples=["2000"])
]
Volume = Annotated[float, Field(strict=True, ge=0, le=1000, allow_inf_nan=False, description="mL")]

Item = TypeVar("Item")
Row = TypeVar("Row")


class Given(BaseModel):
    """What a request carries: a field that is not known is refused, so that none is lost unnoticed."""

    model_config = ConfigDict(extra="forbid")


class Page(BaseModel, Generic[Item]):
    """A page of a list, newest (or most urgent) first."""

    items: list[Item]
    next: str | None = Field(description="The cursor of the page after this one; null at the end")


def paged(
    web: Web,
    scope: str,
    rows: Sequence[Row],
    limit: int,
    *,
    place: Callable[[Row], list[Any]],
    show: Callable[[Row], Any],
) -> dict[str, Any]:
    """A page from one row more than it may hold: the further row shows that there is a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [show(row) for row in shown],
        "next": write_cursor(web.key, scope, place(shown[-1])) if more else None,
    }


def place_in(web: Web, scope: str, cursor: str | None, *kinds: type) -> list[Any] | None:
    """Where the page begins; None for the first."""
    return read_cursor(web.key, scope, cursor, kinds) if cursor else None


class Clash(Conflict):
    """Values that are well-formed, and clash with each other, the pump's model, its record or the clock."""

    title = "The values don't fit"


@contextmanager
def fitting() -> Iterator[None]:
    """Answer what an action refuses about well-formed values as a conflict, with the field named."""
    try:
        yield
    except Invalid as fault:
        raise Clash(fault.detail, field=fault.field) from fault
