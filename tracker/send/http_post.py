"""One POST to somebody else's server: to an address that may be reached, without redirects, within a time."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx

from tracker.reachable_networks import Forbidden, Network, address_of
from tracker.send.outcome import Failed, Gone, Outcome, Sent

WITHIN_S: Final = 10.0
"""For all of it, so that a server that answers a letter at a time holds nobody up."""
_ANSWER_BYTES: Final = 2000
_WORTH_WAITING: Final = frozenset({408, 425, 429})
_GONE: Final = frozenset({HTTPStatus.GONE})


def post(
    url: str,
    headers: dict[str, str],
    body: bytes,
    allowed: tuple[Network, ...],
    *,
    gone: frozenset[HTTPStatus] = _GONE,
) -> Outcome:
    """Send the bytes to that URL. 2xx is delivery; an answer in ``gone`` ends the contact point."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = address_of(host, port, allowed)
        at = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{at}:{port}", fragment="").geturl()
        headers = headers | {"host": parts.netloc.rpartition("@")[2], "user-agent": "pump-tracker"}
        status, said = asyncio.run(_answer(target, host, headers, body))
    except Forbidden as fault:
        return Failed(str(fault))
    except TimeoutError:
        return Failed(f"{host}:{port} did not answer within {WITHIN_S:g} s")
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as fault:
        return Failed(f"{urlsplit(url).hostname}: {str(fault) or type(fault).__name__}"[:400])
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return Sent(delivered=True, detail=f"{status}")
    if status in gone:
        return Gone(f"the receiver answered {status}: it wants no more messages")
    alone = 400 <= status < 500 and status not in _WORTH_WAITING
    return Failed(f"the receiver answered {status}{': ' + said if said else ''}", alone=alone)


async def _answer(target: str, host: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
    """Status and first words. The certificate is checked for the name, whatever address is connected to."""
    async with asyncio.timeout(WITHIN_S), httpx.AsyncClient(timeout=WITHIN_S, trust_env=False) as client:
        asked = client.build_request("POST", target, content=body, headers=headers, extensions={"sni_hostname": host})
        answer = await client.send(asked, stream=True, follow_redirects=False)
        try:
            said = b""
            if not answer.is_success:
                async for part in answer.aiter_bytes():
                    said += part
                    if len(said) >= _ANSWER_BYTES:
                        break
            return answer.status_code, " ".join(said[:_ANSWER_BYTES].decode(errors="replace").split())[:200]
        finally:
            await answer.aclose()
