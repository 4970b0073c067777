"""Topics: which pump, which kind of message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices import topics
from devices.topics import Kind

serials = st.text("ABCxyz019._-", min_size=1, max_size=64).filter(lambda text: text.strip(".") != "")
WRITERS = {
    Kind.TELEMETRY: topics.telemetry,
    Kind.SESSION: topics.session,
    Kind.PRESENCE: topics.presence,
    Kind.RECEIPT: topics.receipt,
}


@given(serials, st.sampled_from(Kind))
def test_every_topic_is_read_as_it_was_written(serial: str, kind: Kind) -> None:
    assert topics.parse(WRITERS[kind](serial)) == (serial, kind)


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "pumps/A1",
        "pumps/A1/",
        "pumps//telemetry",
        "pumps/A1/telemetry/",
        "pumps/A1/telemetry\n",
        "pumps/A1/commands",
        "pumps/A1/B2/telemetry",
        "Pumps/A1/telemetry",
        "/pumps/A1/telemetry",
        "pumps/A 1/telemetry",
        "pumps/Ä1/telemetry",
        f"pumps/{'x' * 65}/telemetry",
        "$SYS/pumps/A1/telemetry",
    ],
)
def test_a_topic_that_is_none_of_ours_is_none(topic: str) -> None:
    assert topics.parse(topic) is None


@pytest.mark.parametrize("serial", ["A", "a.b_c-9", "x" * 64, "x.", ".x", "-", "_."])
def test_a_serial_has_1_to_64_plain_characters(serial: str) -> None:
    assert topics.is_serial(serial)


@pytest.mark.parametrize(
    "text", ["", "x" * 65, "a/b", "+", "#", "a b", "a\n", "ä", "٣", "\0", ".", "..", "." * 9, "$SYS"]
)
def test_anything_else_is_no_serial_and_makes_no_topic(text: str) -> None:
    assert not topics.is_serial(text)
    with pytest.raises(ValueError, match="1 to 64 characters"):
        topics.receipt(text)


def test_the_tracker_never_subscribes_to_what_it_publishes() -> None:
    assert topics.SUBSCRIPTIONS == ("pumps/+/telemetry", "pumps/+/session", "pumps/+/presence")
