"""Assess: one question of the guideline, answered as far as it is known, criterion by criterion. Nothing is kept.

Answers are sent in a form's body and never in an address, so that they stay out of histories and logs.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from tracker.guideline import answers_on, questions
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.assess import read_answers
from tracker.web.views.criteria_tree import note_parts
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
Assessor = Annotated[Person, requires("evaluators.use")]


@router.get("/assess", response_class=HTMLResponse)
def assess(
    request: Request,
    web: Context,
    person: Assessor,
    question: Annotated[str, Query(max_length=40)] = "",
    indication: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """The form with nothing answered; the address may choose the question and the indication."""
    return _form(request, web, person, {"question": question, "indication": indication})


async def answers(request: Request) -> dict[str, Any]:
    """The form that was sent, field by field."""
    return dict(await request.form())


@router.post("/assess", response_class=HTMLResponse)
def assessed(
    request: Request, web: Context, person: Assessor, given: Annotated[dict[str, Any], Depends(answers)]
) -> HTMLResponse:
    """The form with the answers, the outcome and every criterion as they stand now."""
    return _form(request, web, person, given)


def _form(request: Request, web: Web, person: Person, given: dict[str, Any]) -> HTMLResponse:
    version = answers_on(web.clock().date())
    return page(
        request,
        person,
        "assess.html",
        form=read_answers(version, given),
        questions=questions(version),
        note_parts=note_parts,
    )
