"""A client of an OpenID Connect provider: authorization code flow with PKCE, state and nonce; checks the ID token."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tracker.errors import SignInRefused, Unavailable
from tracker.settings import Settings

_ALGORITHMS = ["RS256", "PS256", "ES256"]
_LEEWAY_S = 60
_KEEP_S = 3600.0
_TIMEOUT_S = 10.0


class ProviderRefused(SignInRefused):
    """The provider's answer does not open a session; the log says why, the page does not."""


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
