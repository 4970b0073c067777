"""Count a try before the secret is compared, and make who guesses wait.

A try is counted in a transaction of its own, which commits before the password is looked at: of many guesses at once,
no more are compared than the limit allows. The count belongs to an account *and* the place that the try comes from,
so that a stranger who guesses at a nurse's account makes themselves wait and not her:

- a browser in which the person has signed in before has a count of its own (as OWASP's device cookies do);
- any other try counts for its network address, and for the account everywhere, whose short wait slows guessing from
  very many addresses.

A wait grows with each further wrong try, and none is longer than a quarter of an hour. Tries that come while it lasts
are refused uncompared and do not lengthen it. The figures are assumed; no source gives them.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from tracker.records.column_types import key
from tracker.records.sign_in import (
    KnownDevice,
    device_of,
    forget_devices_before,
    forget_tries,
    forget_tries_before,
    locked_try,
    waits_of,
)
from tracker.records.staff import Staff

FORGET_AFTER = timedelta(days=1)
KNOWN_FOR = timedelta(days=180)  #: a browser is known so long after the last sign-in


@dataclass(frozen=True, slots=True)
class Place:
    """Where tries come from: so many are free, then each further one doubles the wait up to the longest."""

    name: str
    free: int
    first_wait: timedelta
    longest_wait: timedelta


SIGNATURE = Place("signature", 10, timedelta(seconds=30), timedelta(minutes=15))
CODE = Place("code", 5, timedelta(seconds=30), timedelta(minutes=15))
EVERYWHERE = Place("everywhere", 100, timedelta(seconds=5), timedelta(minutes=1))


def address_place(address: str) -> Place:
    """The place of a network address; an IPv6 one stands for its whole /64, which belongs to one subscriber."""
    return Place(f"address:{network_of(address)}", 5, timedelta(seconds=30), timedelta(minutes=15))


def device_place(digest: str) -> Place:
    """The place of a browser that the person has signed in with before."""
    return Place(f"device:{digest}", 10, timedelta(seconds=30), timedelta(minutes=15))


def network_of(address: str) -> str:
    """What is counted of an address: IPv4 whole, of IPv6 the /64."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def account_of(email: str) -> str:
    """The account that an email names, as a digest: people type passwords there."""
    return hashlib.sha256(b"account\0" + email.strip().lower().encode("utf-8", "replace")).hexdigest()


def count_try(session: Session, account: str, places: Sequence[Place], now: datetime) -> datetime | None:
    """Count a try at the account from these places. While one of them must wait, count nothing and answer until when.

    The caller commits before it compares.
    """
    forget_tries_before(session, now - FORGET_AFTER)
    rows = [(place, locked_try(session, account, place.name, now)) for place in sorted(places, key=lambda p: p.name)]
    waits = [row.wait_until for _, row in rows if row.wait_until is not None and row.wait_until > now]
    if waits:
        return max(waits)
    for place, row in rows:
        row.tries += 1
        over = row.tries - place.free
        if over >= 0:
            row.wait_until = now + min(place.first_wait * 2 ** min(over, 12), place.longest_wait)
        row.last_at = now
        session.add(row)
    return None


def count_right(session: Session, account: str, places: Sequence[Place], now: datetime) -> None:
    """The try was right: its own place starts again, and it was none of the strangers' tries everywhere."""
    forget_tries(session, account, [place.name for place in places if place is not EVERYWHERE])
    if EVERYWHERE in places:
        row = locked_try(session, account, EVERYWHERE.name, now)
        row.tries = max(0, row.tries - 1)
        if row.tries < EVERYWHERE.free:
            row.wait_until = None
        session.add(row)


def remember_device(session: Session, staff: Staff, digest: str, now: datetime) -> None:
    """The person has signed in with the browser whose secret has that digest."""
    forget_devices_before(session, now - KNOWN_FOR)
    device = device_of(session, key(staff.id), digest)
    if device is None:
        device = KnownDevice(staff_id=key(staff.id), digest=digest, first_at=now, last_at=now)
    device.last_at = now
    session.add(device)


def lift_waits(session: Session, email: str) -> None:
    """An administrator's unlock: whoever waits may try again at once."""
    forget_tries(session, account_of(email))


def waits_by_staff(session: Session, staff: Iterable[Staff], now: datetime) -> dict[int, datetime]:
    """Until when tries are refused somewhere, by the id of the staff whose account they are at."""
    accounts = {account_of(one.email): key(one.id) for one in staff}
    return {accounts[account]: until for account, until in waits_of(session, accounts, now).items()}
