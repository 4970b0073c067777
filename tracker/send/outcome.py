"""What became of an attempt to send: sent, failed for now, or the other end is gone for good."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The other end took it. ``delivered``: it is the recipient's own, as a webhook is and a mail server is not."""

    delivered: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not take it now. ``alone``: it refused this message and takes others, so those need not wait for it."""

    reason: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Gone:
    """The other end says that it wants no more messages: the contact point ends."""

    reason: str


Outcome = Sent | Failed | Gone
