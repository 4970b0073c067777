"""Who may sign now: asked by every signature, on pages and over the API, before the person shows again who they are."""

from __future__ import annotations

from tracker.errors import NotAllowed
from tracker.records.staff import Staff
from tracker.web.app_state import Web
from tracker.web.auth.user import Person


def require_own_password(web: Web, person: Person) -> None:
    """Raise ``NotAllowed`` while somebody else could sign in the person's name.

    They could while the password is one that somebody else set, and by a token that somebody else made.
    """
    if person.is_service:
        raise NotAllowed("a service account signs nothing: a signature is a person's")
    if not person.token_is_own:
        raise NotAllowed(
            f"the token {person.token_name!r} was not made by its person: make one yourself, on Sign-ins and tokens"
        )
    with web.database.reading() as session:
        staff = session.get(Staff, person.staff_id)
    if staff is not None and staff.password_set_by is not None:
        raise NotAllowed(
            f"your password was set by {staff.password_set_by}: change it to one that only you know before you sign"
        )
