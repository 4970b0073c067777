"""Presence and receipts on the wire."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.report import Presence, Receipt
from devices.wire import WireError, decode_presence, decode_receipt, encode_presence, encode_receipt
from tests.devices.messages import NOW

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
counts = st.integers(1, 2**63 - 1)


@given(st.builds(Presence, st.booleans(), moments))
def test_every_presence_comes_back_as_it_was_sent(presence: Presence) -> None:
    assert decode_presence(encode_presence(presence)) == presence


def test_the_documented_presence_is_read() -> None:
    assert decode_presence(b'{"v":1,"online":true,"at":"2026-11-22T10:00:00Z"}') == Presence(online=True, at=NOW)


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"v":1,"online":1,"at":"2026-11-22T10:00:00Z"}', "online"),
        (b'{"v":1,"online":true}', "at"),
        (b'{"v":1,"online":true,"at":"2026-11-22T10:00:00"}', "at"),
        (b'{"online":true,"at":"2026-11-22T10:00:00Z"}', "v"),
    ],
)
def test_a_wrong_presence_is_refused_with_its_field(payload: bytes, field: str) -> None:
    with pytest.raises(WireError) as caught:
        decode_presence(payload)
    assert caught.value.field == field


@st.composite
def receipts(draw: st.DrawFn) -> Receipt:
    edges = sorted(draw(st.sets(st.integers(1, 10_000), max_size=128)))
    ranges = tuple((first, last) for first, last in zip(edges[::2], edges[1::2], strict=False))
    contiguous = draw(st.integers(edges[-1] if edges else 0, 20_000))
    return Receipt(draw(counts), contiguous, ranges, draw(moments))


@given(receipts())
def test_every_receipt_comes_back_as_it_was_sent(receipt: Receipt) -> None:
    assert decode_receipt(encode_receipt(receipt)) == receipt


@pytest.mark.parametrize("missing", ["[[4603,4600]]", "[[5,9],[9,12]]", "[[4700,4713]]", "[[0,4]]", "[[1,2,3]]", "[7]"])
def test_a_receipt_whose_ranges_are_not_in_order_is_refused(missing: str) -> None:
    payload = f'{{"v":1,"epoch":1,"contiguous":4712,"missing":{missing},"at":"2026-11-22T10:00:00Z"}}'.encode()
    with pytest.raises(WireError) as caught:
        decode_receipt(payload)
    assert caught.value.field.startswith("missing")


def test_a_receipt_names_64_gaps_at_the_most() -> None:
    receipt = Receipt(1, 1_000, tuple((n, n) for n in range(2, 134, 2)), NOW)
    with pytest.raises(WireError, match="missing must be no longer than 64"):
        decode_receipt(encode_receipt(receipt))
