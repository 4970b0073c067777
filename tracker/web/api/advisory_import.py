"""Import recalls over the API: openFDA's JSON as it stands, a list of our own, or a text with its models."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from tracker.actions.advisories.import_recalls import as_json, import_recalls
from tracker.actions.advisories.read_recalls import Pasted, read_recalls
from tracker.errors import Invalid
from tracker.web.api.field_types import fitting
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["advisories"])


class CoveredPump(BaseModel):
    """A pump of your clinic."""

    serial: str
    covered: Literal["yes", "maybe"] = Field(description="maybe: a part of the notice could not be read; ask the maker")


class ImportedRecall(BaseModel):
    """One recall as it was read."""

    reference: str
    read: Literal["whole", "incompletely"]
    unread: list[str] = Field(description="the words that could not be read, each with the reason")
    pumps: list[CoveredPump]


class ImportAnswer(BaseModel):
    """What was imported, or would be."""

    recalls: list[ImportedRecall]


_SHAPES = (
    "openFDA's answer of `device/recall` or `device/enforcement`, one or many of its results, a list of advisories, "
    'or `{"text", "models", "reference", "published_on", "title", "action"}` for a pasted text'
)


@router.post("/advisories/import", response_model=ImportAnswer)
def import_file(
    web: Context,
    person: Annotated[Person, requires("advisories.load")],
    given: Annotated[dict[str, Any] | list[Any], Body(description=_SHAPES)],
    dry_run: Annotated[bool, Query(description="read it and answer, store nothing")] = False,
) -> dict[str, Any]:
    """Import recalls and match them to the pumps; the answer names your clinic's pumps that each one covers."""
    now = web.clock()
    with fitting():
        recalls = _read(given, now.date())
        with web.database.writing() as session:
            done = import_recalls(
                session,
                recalls,
                by=person.email,
                clinic_id=person.clinic_id,
                now=now,
                via=person.via,
                seen_by=person.clinic_id,
            )
            if dry_run:
                session.rollback()
    return as_json(done)


def _read(given: dict[str, Any] | list[Any], today: date) -> list[Any]:
    if isinstance(given, list) or "text" not in given:
        return read_recalls(json.dumps(given))
    text, models = given.get("text"), given.get("models", [])
    if not isinstance(text, str):
        raise Invalid("the text is a text", field="text")
    if not isinstance(models, list) or not all(isinstance(one, str) for one in models):
        raise Invalid("models is a list of texts", field="models")
    words = {name: given.get(name) or "" for name in ("reference", "title", "action", "published_on")}
    for name, value in words.items():
        if not isinstance(value, str):
            raise Invalid(f"{name} is text", field=name)
    try:
        published = date.fromisoformat(words["published_on"]) if words["published_on"] else today
    except ValueError:
        raise Invalid("a day is written as 2011-07-05", field="published_on") from None
    pasted = Pasted(words["reference"], tuple(models), published, words["title"], words["action"])
    return read_recalls(text, pasted)
