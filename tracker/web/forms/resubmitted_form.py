"""What was typed into a rejected form: its page shows it again, so that nothing is typed twice."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends, Request

from tracker.web.auth.csrf import SAFE_METHODS

_NEVER_SHOWN: Final = frozenset({"csrf", "password"})


async def _keep(request: Request) -> None:
    if request.method not in SAFE_METHODS:
        sent = await request.form()
        request.state.typed = {
            name: value for name, value in sent.items() if isinstance(value, str) and name not in _NEVER_SHOWN
        }


def keeps_what_was_typed() -> Any:
    """For a router of forms: a refused form's values reach its page as ``again``, passwords never."""
    return Depends(_keep)


def resubmitted_form(request: Request, status_code: int) -> dict[str, str]:
    """What the page of this answer shows again: nothing unless a form was refused."""
    typed: dict[str, str] = getattr(request.state, "typed", {}) if status_code >= 400 else {}
    return typed
