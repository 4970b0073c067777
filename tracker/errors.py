"""Errors that people meet, each named after what happened and carrying the HTTP status that it deserves.

They are raised where the fault is known and caught at the edges alone: the command line prints the sentence and
exits with 1, the API answers an RFC 9457 problem document, a page shows the sentence beside the form.
"""

from __future__ import annotations


class TrackerError(Exception):
    """A fault that a person can understand and correct; ``str()`` is the sentence that they read."""

    status = 400
    title = "The request can't be carried out"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field


class NotFound(TrackerError):
    """What was asked for is not there, or not for this person to see: the two are told alike."""

    status = 404
    title = "Not found"


class Conflict(TrackerError):
    """What was asked clashes with what is already recorded."""

    status = 409
    title = "Conflicts with the record"


class Invalid(TrackerError):
    """A value that was given is wrong; ``field`` names it."""

    status = 422
    title = "A value is not valid"


def at_most(kept: int, text: str, field: str) -> None:
    """Raise `Invalid` for a text that is longer than what is kept of it."""
    if len(text) > kept:
        raise Invalid(f"{len(text)} characters are too many: at most {kept} are kept", field=field)


class NotSignedIn(TrackerError):
    """No session and no token, or one that has ended."""

    status = 401
    title = "Sign in first"


class NotAllowed(TrackerError):
    """The person is known and their role does not include this."""

    status = 403
    title = "Your role does not include this"


class Unavailable(TrackerError):
    """A part of the system that is needed is down; trying again later is right."""

    status = 503
    title = "A part of the system is down"


class StartupFault(TrackerError):
    """A process can't start as it is set up; the sentence names the setting that changes it."""

    title = "Can't start"


class SignInRefused(TrackerError):
    """Email and password don't open a session; the sentence does not say which is at fault."""

    status = 401
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__(
            "the email or the password is not right, or there were too many tries: wait a quarter of an hour"
        )
