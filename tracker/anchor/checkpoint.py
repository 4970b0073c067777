"""One checkpoint: number, digest and time of the newest audit entry, signed with Ed25519 as a JSON Web Signature.

A line of the checkpoint file is JSON: ``seq``, ``digest`` and ``at`` for people to read, ``jws`` with the same signed
(RFC 7515, RFC 8037), and ``marks``: the first 12 hex digits of every entry's digest since the checkpoint before. The
signature covers the marks by their SHA-256. With them a rewriting is found at the very entry where it begins.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from tracker.actions.audit import FIRST

MARK = 12
_ALGORITHM = "Ed25519"


class NotACheckpoint(ValueError):
    """What is no checkpoint signed by the key that it is held against."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``digest`` is the whole digest of entry ``seq``; ``marks`` belong to the entries up to it, the last to itself.

    ``previous`` is the SHA-256 of the checkpoint's signature before this one, so that none can be taken out.
    """

    seq: int
    digest: str
    at: datetime
    previous: str
    marks: Sequence[str]
    jws: str = ""

    @property
    def name(self) -> str:
        """What the next checkpoint names as the one before it."""
        return hashlib.sha256(self.jws.encode()).hexdigest() if self.jws else FIRST


def sign(checkpoint: Checkpoint, key: OKPKey) -> Checkpoint:
    """The same checkpoint with its signature."""
    payload = json.dumps(_signed(checkpoint), sort_keys=True).encode()
    header = {"alg": _ALGORITHM, "kid": key.thumbprint()}
    signature = jws.serialize_compact(header, payload, key, algorithms=[_ALGORITHM])
    return Checkpoint(
        checkpoint.seq, checkpoint.digest, checkpoint.at, checkpoint.previous, checkpoint.marks, signature
    )


def line_of(checkpoint: Checkpoint) -> str:
    """The line of the checkpoint file."""
    return json.dumps({**notice_of(checkpoint), "marks": "".join(checkpoint.marks)})


def notice_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """The checkpoint without its marks: short enough for a line of syslog, and still signed."""
    at = checkpoint.at.astimezone(UTC).isoformat()
    return {"seq": checkpoint.seq, "digest": checkpoint.digest, "at": at, "jws": checkpoint.jws}


def read_line(line: str, keys: Sequence[OKPKey]) -> Checkpoint:
    """The checkpoint of a line, its signature checked against the keys. Raises ``NotACheckpoint``.

    The line may begin with other text, as syslog's do.
    """
    try:
        raw = json.loads(line[line.index("{") :])
        signed = _opened(raw["jws"], keys)
        marks = str(raw.get("marks", ""))
        checkpoint = Checkpoint(
            seq=int(signed["seq"]),
            digest=str(signed["digest"]),
            at=datetime.fromisoformat(signed["at"]),
            previous=str(signed["previous"]),
            marks=tuple(marks[place : place + MARK] for place in range(0, len(marks), MARK)),
            jws=str(raw["jws"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise NotACheckpoint("it is no checkpoint, or was not signed with this key") from fault
    if marks and _signed(checkpoint) != signed:
        raise NotACheckpoint("its marks are not the ones that were signed")
    if any(raw[name] != notice_of(checkpoint)[name] for name in ("seq", "digest", "at") if name in raw):
        raise NotACheckpoint("what it says in plain text is not what was signed")
    return checkpoint


def _signed(checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "seq": checkpoint.seq,
        "digest": checkpoint.digest,
        "at": checkpoint.at.astimezone(UTC).isoformat(),
        "previous": checkpoint.previous,
        "marks_sha256": hashlib.sha256("".join(checkpoint.marks).encode()).hexdigest(),
    }


def _opened(token: str, keys: Sequence[OKPKey]) -> Mapping[str, Any]:
    for key in keys:
        try:
            found: dict[str, Any] = json.loads(jws.deserialize_compact(token, key, algorithms=[_ALGORITHM]).payload)
        except JoseError:
            continue
        return found
    raise NotACheckpoint("it was not signed with this key")
