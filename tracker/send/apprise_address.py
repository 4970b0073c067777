"""Any Apprise address: SMS gateways, Teams, Slack, ntfy, Pushover, PagerDuty and others. Short words, never a dose."""

from __future__ import annotations

import logging
import socket

import apprise

from tracker.reachable_networks import Forbidden, Network, address_of
from tracker.records.contact_point import ContactPoint
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Outcome, Sent


def fault_of(target: str) -> str:
    """Why it is no Apprise address; empty where it is one."""
    return "" if apprise.Apprise.instantiate(target, suppress_exceptions=True) else "is no Apprise address"


def send(letter: Letter, point: ContactPoint, allowed: tuple[Network, ...]) -> Outcome:
    """Hand it to the service. What the library says of a failure is the reason."""
    plugin = apprise.Apprise.instantiate(point.target, suppress_exceptions=True)
    if plugin is None:
        return Failed("this is no Apprise address", alone=True)
    try:
        host, port = getattr(plugin, "host", None), getattr(plugin, "port", None)
        if host:
            address_of(str(host), int(port or 443), allowed)
    except Forbidden as fault:
        return Failed(str(fault))
    except (socket.gaierror, UnicodeError):
        pass  # of a named service this is a token, and the library knows the service's own address
    with apprise.LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]  # the library has no types
        taken = plugin.notify(body=letter.short(), title=letter.subject)
        words = " ".join(str(said.getvalue()).split())
    return Sent(delivered=False) if taken else Failed(words[:400] or "the service did not take it")
