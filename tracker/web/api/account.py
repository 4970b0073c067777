"""One's own sign-ins and tokens, for every role: seen, made and ended by their person alone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, StringConstraints

from tracker.actions.staff.issue_token import DAYS, MOST_DAYS
from tracker.actions.staff.token_scopes import ALL, SCOPES
from tracker.records.staff import ApiToken, tokens_of
from tracker.web.api.field_types import NO_NUL, Given, Page, RowId, fitting
from tracker.web.app_state import Context
from tracker.web.auth.own_sessions import (
    browser_name,
    end_all_others,
    end_own_session,
    make_own_token,
    own_sessions,
    revoke_own_token,
)
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/account", tags=["account"])
Own = Annotated[Person, requires("tokens.manage")]


class NewToken(Given):
    """What the token is for, what it may do at the most, and how long it lasts."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)]
    scopes: list[Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)]] = Field(
        default=[ALL],
        max_length=20,
        description=f"`{ALL}` for everything that the role allows, or of: {', '.join(SCOPES)}",
    )
    days: int = Field(DAYS, ge=1, le=MOST_DAYS, strict=True, description="how long it lasts")
    password: Annotated[str, StringConstraints(max_length=1000)] | None = Field(
        None, description="asked of a browser's session"
    )


class TokenIssued(BaseModel):
    """A token for a program; it is shown in this answer and kept nowhere."""

    token: str


class TokenShown(BaseModel):
    """A token; `revoked_at` and `expires_at` say since when it opens nothing."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    issued_by: str | None = Field(description="who made it; null: made before this was kept")


class SignIn(BaseModel):
    """A browser in which you are signed in."""

    reference: str
    browser: str
    address: str | None
    since: datetime
    last_seen: datetime
    this_one: bool


class Ended(BaseModel):
    """How many have ended."""

    sessions: int
    tokens: int


@router.get("/tokens", response_model=Page[TokenShown])
def tokens(web: Context, person: Own) -> dict[str, Any]:
    """Your tokens, all on one page."""
    with web.database.reading() as session:
        return {"items": [shown(row) for row in tokens_of(session, person.staff_id)], "next": None}


@router.post("/tokens", status_code=201, response_model=TokenIssued)
def make_token(given: NewToken, web: Context, person: Own) -> dict[str, Any]:
    """A token for a program, shown this once. A token that asks gets no more scopes and no later day than its own."""
    with fitting():
        return {"token": make_own_token(web, person, **given.model_dump())}


@router.post("/tokens/{token_id}/revoke", response_model=TokenShown)
def revoke(token_id: RowId, web: Context, person: Own) -> dict[str, Any]:
    """The token opens nothing any more."""
    return shown(revoke_own_token(web, person, token_id))


@router.get("/sessions", response_model=Page[SignIn])
def sessions(web: Context, person: Own) -> dict[str, Any]:
    """The browsers in which you are signed in, all on one page."""
    with web.database.reading() as session:
        rows = own_sessions(session, web, person)
    items = [
        {
            "reference": row.reference,
            "browser": browser_name(row.browser),
            "address": row.address,
            "since": row.created_at,
            "last_seen": row.seen_at,
            "this_one": row.digest == person.session_digest,
        }
        for row in rows
    ]
    return {"items": items, "next": None}


@router.post("/sessions/{reference}/end", status_code=204)
def end_one(reference: Annotated[str, Path(max_length=16)], web: Context, person: Own) -> None:
    """Sign one browser out."""
    end_own_session(web, person, reference)


@router.post("/end-all", response_model=Ended)
def end_everything(web: Context, person: Own) -> dict[str, Any]:
    """End every sign-in and token of yours save the one that asks."""
    ended, revoked = end_all_others(web, person)
    return {"sessions": ended, "tokens": revoked}


def shown(token: ApiToken) -> dict[str, Any]:
    """A token without its secret."""
    own = {name: getattr(token, name) for name in TokenShown.model_fields}
    return {**own, "scopes": sorted(token.scopes.split())}
