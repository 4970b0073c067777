"""A small OpenID Connect provider, run as a process of its own: one code flow at a time, for whoever it is told.

``python oidc_provider.py PORT CLIENT_ID SECRET``. ``POST /next`` with JSON sets what the next ID token says: claims to
add or change (null removes one; where ``max_age`` is asked for, ``auth_time`` is now), ``key`` ("other" signs with
a key that is not published, "new" publishes a new one).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

PORT, CLIENT_ID, SECRET = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ISSUER = f"http://127.0.0.1:{PORT}"


def new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})


class State:
    key = new_key()
    told: dict[str, Any] = {}  # noqa: RUF012 - the one state of this process
    codes: dict[str, dict[str, str]] = {}  # noqa: RUF012 - as above: one process, one state


class Provider(BaseHTTPRequestHandler):
    def log_message(self, *_words: object) -> None:
        pass

    def answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/.well-known/openid-configuration":
            self.answer(
                200,
                {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": f"{ISSUER}/token",
                    "jwks_uri": f"{ISSUER}/keys",
                },
            )
        elif parts.path == "/keys":
            self.answer(200, {"keys": [State.key.as_dict(private=False)]})
        elif parts.path == "/authorize":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if asked.get("client_id") != CLIENT_ID or asked.get("response_type") != "code":
                self.answer(400, {"error": "invalid_request"})
                return
            code = secrets.token_urlsafe(16)
            State.codes[code] = asked
            self.send_response(302)
            self.send_header(
                "Location", f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"
            )
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/next":
            State.told = json.loads(body)
            if State.told.get("key") == "new":
                State.key = new_key()
            self.answer(200, {})
            return
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        asked = State.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or self.headers.get("Authorization") != f"Basic {basic}"
            or asked["code_challenge"] != challenge.decode().rstrip("=")
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            self.answer(400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        if "max_age" in asked:
            claims["auth_time"] = now  # it asks for no password: it is told who is there
        claims |= State.told.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        key = new_key() if State.told.get("key") == "other" else State.key
        token = jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)
        self.answer(200, {"access_token": "x", "token_type": "Bearer", "id_token": token})


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", PORT), Provider).serve_forever()
