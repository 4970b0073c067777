"""The two evaluators over HTTP: one line of ``tracker assess`` or ``tracker code`` each.

The lines are read by the command's own reader, so that both answer alike to the last digit; a bad line is a problem
document that carries the line's ``id`` and ``error``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from tracker.coding import code_line
from tracker.guideline import answers_on
from tracker.guideline import assess as assess_line
from tracker.json_lines import LineReader, answer_line
from tracker.web.api.determination_schemas import CriterionShown, OutcomeName, Readings
from tracker.web.api.evaluator_schemas import act_schema, question_schema
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.http.error_handlers import MEDIA_TYPE, problem

router = APIRouter(prefix="/api/v1", tags=["evaluators"])

Use = Annotated[Person, requires("evaluators.use")]


class AssessmentShown(BaseModel):
    """The guideline's answer to one question."""

    id: Any = Field(description="as it was given; null without one")
    guideline: str
    version: str
    question: Literal["replacement", "trial", "permanent_implant"]
    outcome: OutcomeName
    criteria: list[CriterionShown]
    missing: list[str]
    notes: list[str]
    readings: Readings | None = Field(None, description="for `replacement` alone")


class CodesShown(BaseModel):
    """The procedure codes of one act."""

    id: Any = Field(description="as it was given; null without one")
    codes: list[str]
    listed_in_guideline: bool
    conflicts: list[str]
    because: str


def _body(schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}}


@router.post(
    "/assess",
    response_model=AssessmentShown,
    openapi_extra=_body(
        question_schema(),
        {
            "id": "x",
            "question": "replacement",
            "facts": {"battery_nearing_end": True, "impending_failure_notice": True, "abuse_or_neglect": False},
        },
    ),
)
async def assess(request: Request, web: Context, _person: Use) -> Response:
    """Ask the guideline CMM-210 one question. A fact that is absent or null is not known, never no."""
    in_force = answers_on(web.clock().date())
    return await run_in_threadpool(_answer, await request.body(), lambda line: assess_line(line, in_force))


@router.post(
    "/code",
    response_model=CodesShown,
    openapi_extra=_body(
        act_schema(),
        {
            "id": "x",
            "act": {"kind": "visit", "device": "programmable_pump", "analysed": True, "reprogrammed": True},
            "already_coded_today": [],
        },
    ),
)
async def code(request: Request, _person: Use) -> Response:
    """Find the procedure codes of what was done."""
    return await run_in_threadpool(_answer, await request.body(), code_line)


def _answer(line: bytes, evaluate: Callable[[object], dict[str, Any]]) -> Response:
    written, good = answer_line(line, evaluate, LineReader())
    if good:
        return Response(written, media_type="application/json")
    # The id goes back as it came: no reader of ours need be able to hold it.
    told, _, rest = written.rpartition(b',"error":')
    error = str(json.loads(rest.rstrip()[:-1]))
    body = bytes(problem(422, "The line can't be answered", error, error=error, field=error.partition(":")[0]).body)
    content = body[:-1] + b',"id":' + told.removeprefix(b'{"id":') + b"}"
    return Response(content, 422, media_type=MEDIA_TYPE)
