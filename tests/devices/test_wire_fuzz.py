"""Whatever bytes arrive, the wire answers with a message or with a WireError, and with nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from devices.wire import WireError, decode_presence, decode_receipt, decode_session, decode_status
from tests.devices.messages import as_bytes, session_json, status_json

VALID = (
    as_bytes(status_json()),
    as_bytes(session_json()),
    b'{"v":1,"online":true,"at":"2026-11-22T10:00:00Z"}',
    b'{"v":1,"epoch":1,"contiguous":9,"missing":[[3,4]],"at":"2026-11-22T10:00:00Z"}',
)
PIECES = (
    b"null",
    b"NaN",
    b"-1",
    b"1e999",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"\xff",
    b"true",
    b"9" * 400,
)


def random_bytes(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.randrange(400))


def truncated(rng: random.Random, payload: bytes) -> bytes:
    return payload[: rng.randrange(len(payload))]


def flipped(rng: random.Random, payload: bytes) -> bytes:
    changed = bytearray(payload)
    for _ in range(rng.randrange(1, 6)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def with_a_piece(rng: random.Random, payload: bytes) -> bytes:
    start = rng.randrange(len(payload))
    return payload[:start] + rng.choice(PIECES) + payload[start + rng.randrange(12) :]


def shuffled(rng: random.Random, payload: bytes) -> bytes:
    cut = rng.randrange(len(payload))
    return payload[cut:] + payload[:cut]


HARM = (random_bytes, truncated, flipped, with_a_piece, shuffled)


def harmed() -> Iterator[bytes]:
    rng = random.Random(20261122)
    for turn in range(10_000):
        yield HARM[turn % len(HARM)](rng, rng.choice(VALID))


@pytest.mark.parametrize("decode", [decode_status, decode_session, decode_presence, decode_receipt])
def test_ten_thousand_harmed_payloads_are_read_or_refused_in_words(decode: Callable[[bytes], object]) -> None:
    refused = 0
    for payload in harmed():
        try:
            decode(payload)
        except WireError as fault:
            refused += 1
            assert fault.field  # noqa: PT017 - every refusal of the many is looked at
            assert str(fault).isprintable()  # noqa: PT017 - as above
    assert refused > 8_000
