"""Files to take away, sent while they are made: however many rows a clinic has, few of them are held at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from fastapi.responses import StreamingResponse

AT_ONCE: Final = 1000
_Row = TypeVar("_Row")
_Place = TypeVar("_Place")


def download(blocks: Iterator[str], kind: str, name: str) -> StreamingResponse:
    """The blocks as a file of that media type and name. A fault on the way cuts it off, so that no part looks whole."""
    return StreamingResponse(blocks, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def by_blocks(
    read: Callable[[int, _Place | None], Sequence[_Row]], place_of: Callable[[_Row], _Place]
) -> Iterator[Sequence[_Row]]:
    """All rows of an order: ``read(limit, after)`` tells those behind a place. Nothing is held open in between."""
    after: _Place | None = None
    while True:
        rows = read(AT_ONCE, after)
        if rows:
            yield rows
        if len(rows) < AT_ONCE:
            return
        after = place_of(rows[-1])


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    """Lines of CSV."""
    text = io.StringIO()
    csv.writer(text).writerows([[csv_cell(cell) for cell in row] for row in rows])
    return text.getvalue()


def csv_cell(value: Any) -> str:
    """A cell's text; one that a spreadsheet would take for a formula is marked as text."""
    text = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
