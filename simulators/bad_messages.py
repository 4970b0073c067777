"""Communicators that speak badly: garbage, impossible values, floods."""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from devices.wire import encode_status
from simulators.pump_life import Course, Dice
from simulators.status_messages import Event, Garbage, Said, status_report


def garbage(course: Course, messages: int, dice: Dice) -> Iterator[Event]:
    """In turn: random bytes, a truncated report, one with an unknown word, and a well-formed one that cannot be true.

    The last kind is counted like any message; the others cannot be, since nobody can read their number.
    """
    if course.silent:
        return
    noise = dice.noise
    for number in range(messages):
        at = course.at + timedelta(seconds=number)
        report = status_report(course.state, course.shown_time(), noise)
        readable = encode_status(replace(report, epoch=1, seq=1))
        match number % 4:
            case 0:
                yield Garbage(at, course.serial, noise.randbytes(noise.randrange(1, 200)))
            case 1:
                yield Garbage(at, course.serial, readable[: noise.randrange(1, len(readable) - 1)])
            case 2:
                yield Garbage(at, course.serial, readable.replace(b'"infusion":"', b'"infusion":"very_', 1))
            case _:
                impossible = replace(report, reservoir_ml=course.state.unit.model.capacity_ml + 25.0)
                percent = course.state.battery_percent if course.state.has_battery else None
                yield Said(at, course.serial, impossible, course.state.reservoir_ml, percent)


def flood(course: Course, messages: int, dice: Dice) -> Iterator[Event]:
    """So many reports within a minute, each with a number of its own."""
    for _ in range(messages):
        yield from course.say_status(dice)
