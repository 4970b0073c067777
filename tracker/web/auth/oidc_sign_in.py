"""OpenID Connect: the authorization code flow with PKCE, state and nonce, for accounts that exist already.

The provider says who somebody is; whether they have an account, at which clinic and in what role, stays here. At the
first sign-in the account is found by a verified email, and from then on by the provider's own subject.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.errors import NotAllowed, Unavailable
from tracker.records.staff import Staff, staff_by_email, staff_by_subject
from tracker.settings import Settings
from tracker.web.auth.current_user import BY_PROVIDER, Person
from tracker.web.auth.reauthentication import mark_confirmed
from tracker.web.auth.sign_in import Opened, open_session
from tracker.web.auth.sign_in import SignInRefused as PasswordRefused

COOKIE = "tracker_oidc"
FLOW_S = 600
EMERGENCY_PAGE = "/emergency"  #: a confirmation that was asked for there serves one emergency access alone
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_LEEWAY_S = 60
_AUTH_LEEWAY_S = 10  #: how far the provider's clock may be behind, before an old sign-in would pass for a new one
_KEEP_S = 3600.0
_TIMEOUT_S = 10.0


class ProviderRefused(PasswordRefused):
    """The provider's answer does not open a session; the log says why, the page does not."""


class NotAskedAgain(NotAllowed):
    """The provider's answer does not show that it has just asked this person who they are."""

    title = "Not confirmed"

    def __init__(self) -> None:
        super().__init__(
            "your organization did not ask again who you are, or named somebody else: go back, and confirm once more"
        )


@dataclass(frozen=True, slots=True)
class Flow:
    """What the browser carries, signed, from the start of a sign-in to its end."""

    state: str
    nonce: str
    verifier: str
    next: str
    started: float
    confirms: str = ""  #: the session whose person shows again who they are; empty at a sign-in


@dataclass(frozen=True, slots=True)
class Claims:
    """Who the provider says it is."""

    subject: str
    email: str | None
    name: str | None
    authenticated_at: float | None = None


class Provider:
    """The configured provider. Its addresses and keys are fetched when needed and kept for an hour."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._client_id = settings.oidc_client_id
        self._secret = settings.oidc_client_secret.get_secret_value()
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any], KeySet] | None = None

    def address(self, flow: Flow, back: str) -> str:
        """Where to send the browser."""
        described, _ = self._describe()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": back,
            "scope": "openid email profile",
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": create_s256_code_challenge(flow.verifier),
            "code_challenge_method": "S256",
        }
        if flow.confirms:
            query |= {"max_age": "0", "prompt": "login"}
        endpoint = str(described["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def claims(self, code: str, flow: Flow, back: str) -> Claims:
        """Exchange the code and check the ID token. Raises ``ProviderRefused`` or ``Unavailable``."""
        described, keys = self._describe()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": flow.verifier}
        answer = self._ask("POST", str(described["token_endpoint"]), form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused
        try:
            found = self._checked(token, keys, flow)
        except JoseError:
            _, keys = self._describe(refresh=True)  # its keys may have changed since
            try:
                found = self._checked(token, keys, flow)
            except JoseError as fault:
                raise ProviderRefused from fault
        email = found.get("email") if found.get("email_verified") is True else None
        at = found.get("auth_time")
        at = float(at) if isinstance(at, int | float) and not isinstance(at, bool) else None
        return Claims(str(found["sub"]), str(email) if email else None, str(found.get("name") or "") or None, at)

    def _checked(self, token: str, keys: KeySet, flow: Flow) -> dict[str, Any]:
        decoded = jwt.decode(token, keys, algorithms=_ALGORITHMS)
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": flow.nonce},
        )
        claims: dict[str, Any] = decoded.claims
        rules.validate(claims)
        others = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if len(others) > 1 and claims.get("azp") != self._client_id:
            raise ProviderRefused
        return claims

    def _describe(self, *, refresh: bool = False) -> tuple[dict[str, Any], KeySet]:
        with self._lock:
            if self._known is not None and not refresh and time.monotonic() - self._known[0] < _KEEP_S:
                return self._known[1], self._known[2]
            described = self._ask("GET", f"{self._issuer}/.well-known/openid-configuration")
            if str(described.get("issuer", "")).rstrip("/") != self._issuer:
                raise Unavailable("the sign-in provider calls itself by another name than TRACKER_OIDC_ISSUER")
            keys = KeySet.import_key_set(self._ask("GET", str(described["jwks_uri"])))  # type: ignore[arg-type]  # checked inside
            self._known = (time.monotonic(), described, keys)
            return described, keys

    def _ask(self, method: str, address: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        parts = urlsplit(address)
        if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise Unavailable("the sign-in provider must be reached over https")
        signed = httpx.BasicAuth(self._client_id, self._secret) if form is not None else None
        try:
            answer = httpx.request(method, address, data=form, auth=signed, timeout=_TIMEOUT_S, follow_redirects=False)
            body = answer.json()
        except (httpx.HTTPError, ValueError) as fault:
            raise Unavailable("the sign-in provider does not answer: try again in a while") from fault
        if form is not None and 400 <= answer.status_code < 500:
            raise ProviderRefused
        if answer.status_code != 200 or not isinstance(body, dict):
            raise Unavailable("the sign-in provider does not answer: try again in a while")
        return body


def new_flow(came_from: str, now: datetime, confirms: str = "") -> Flow:
    """The start of one sign-in, or of showing again who one is for a signature."""
    return Flow(
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(48),
        came_from,
        now.timestamp(),
        confirms,
    )


def sealed(key: bytes, flow: Flow) -> str:
    """The flow as the browser carries it."""
    body = base64.urlsafe_b64encode(
        json.dumps([flow.state, flow.nonce, flow.verifier, flow.next, flow.started, flow.confirms]).encode()
    ).decode()
    return f"{body}.{_seal(key, body)}"


def unsealed(key: bytes, cookie: str, state: str, now: datetime) -> Flow:
    """The flow that the browser carried. Raises ``ProviderRefused`` for one of another browser, or too old."""
    body, _, seal = cookie.rpartition(".")
    if not body or not hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(key, body).encode()):
        raise ProviderRefused
    flow = Flow(*json.loads(base64.urlsafe_b64decode(body)))
    if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
        raise ProviderRefused
    if not 0 <= now.timestamp() - flow.started <= FLOW_S:
        raise ProviderRefused
    return flow


def open_for(session: Session, issuer: str, claims: Claims, now: datetime, device: str = "") -> Opened:
    """A session for the account of that person. Raises ``ProviderRefused`` where there is none that may sign in."""
    subject = f"{issuer.rstrip('/')}#{claims.subject}"[:255]
    staff = staff_by_subject(session, subject)
    if staff is None and claims.email is not None:
        staff = staff_by_email(session, claims.email)
        if staff is not None and staff.oidc_subject is None and staff.active:
            _bind(session, staff, subject, now)
    if staff is None or not staff.active or staff.oidc_subject != subject:
        raise ProviderRefused
    return open_session(session, staff, now, BY_PROVIDER, device)


def confirm_by(session: Session, issuer: str, claims: Claims, flow: Flow, person: Person, now: datetime) -> None:
    """The provider has asked the person again who they are: signatures take it for some minutes.

    Raises ``NotAskedAgain`` for somebody else, for another browser's session, and where ``auth_time`` does not say
    that the person was asked after this began: providers may answer from a session of their own.
    """
    staff = session.get(Staff, person.staff_id)
    subject = f"{issuer.rstrip('/')}#{claims.subject}"[:255]
    asked_again = claims.authenticated_at is not None and (
        flow.started - _AUTH_LEEWAY_S <= claims.authenticated_at <= now.timestamp() + _LEEWAY_S
    )
    if staff is None or staff.oidc_subject != subject or person.session_digest != flow.confirms or not asked_again:
        raise NotAskedAgain
    mark_confirmed(session, person, now, for_emergency=urlsplit(flow.next).path == EMERGENCY_PAGE)


def _bind(session: Session, staff: Staff, subject: str, now: datetime) -> None:
    staff.oidc_subject = subject
    session.add(staff)
    audit.record(
        session,
        actor=staff.email,
        clinic_id=staff.clinic_id,
        action=Event.STAFF_BOUND,
        subject=f"staff:{staff.email}",
        detail={"provider": subject.partition("#")[0]},
        now=now,
    )


def _seal(key: bytes, body: str) -> str:
    return hmac.new(key, b"oidc\0" + body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
