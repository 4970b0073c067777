"""What can happen to a pump and its communicator, as values; `effects` says what each does.

An agenda of these, with their times, is all that makes one simulated life different from another, and being plain
values they are stored between two runs.
"""

from msgspec import Struct


class Report(Struct, frozen=True, tag=True):
    """The communicator asks the pump and reports."""


class Refill(Struct, frozen=True, tag=True):
    """A nurse refills by appointment: a programmer session, logged."""


class CheckUp(Struct, frozen=True, tag=True):
    """A visit without a refill: the pump is analysed and sometimes reprogrammed."""


class RefillsMissed(Struct, frozen=True, tag=True):
    """The patient does not come to refills for so many days."""

    days: float


class Stall(Struct, frozen=True, tag=True):
    """The motor stalls; it recovers by itself after some hours, or not at all (None)."""

    recovers_after_hours: float | None


class Recovery(Struct, frozen=True, tag=True):
    """The motor turns again."""


class Mri(Struct, frozen=True, tag=True):
    """An MRI: a rotor stops in the field and restarts some hours later; the clinic looks at the pump after."""

    recovers_after_hours: float
    checked_after_hours: float | None


class PostMriCheck(Struct, frozen=True, tag=True):
    """The pump is analysed after an MRI."""


class Withdrawal(Struct, frozen=True, tag=True):
    """Somebody takes drug out of the reservoir, or it leaks: volume vanishes."""

    ml: float


class UnloggedRefill(Struct, frozen=True, tag=True):
    """The pump is refilled and nobody says so: no session."""


class RefillNotDone(Struct, frozen=True, tag=True):
    """A refill is logged in a session that the reservoir never shows."""


class SessionCutShort(Struct, frozen=True, tag=True):
    """A programmer session that opens, stops the pump and is never completed; `resumed_after_days` ends it, if ever."""

    resumed_after_days: float | None


class StrangeProgrammer(Struct, frozen=True, tag=True):
    """A programmer that the clinic does not know changes the dose by this factor."""

    factor: float


class UnloggedReprogramming(Struct, frozen=True, tag=True):
    """The dose changes by this factor and no session says so."""

    factor: float


class Resumed(Struct, frozen=True, tag=True):
    """The pump is programmed to run again as prescribed."""


class Fault(Struct, frozen=True, tag=True):
    """The pump raises an alarm of its own electronics or catheter, by its code."""

    code: str


class Silence(Struct, frozen=True, tag=True):
    """The communicator says nothing for so many days; the pump runs on."""

    days: float


class ClockDrift(Struct, frozen=True, tag=True):
    """The communicator's clock gains so many seconds a day from now on (loses, when negative)."""

    seconds_per_day: float


class Repetition(Struct, frozen=True, tag=True):
    """From now on each message is sent so many times."""

    copies: int


class MemoryLoss(Struct, frozen=True, tag=True):
    """The communicator loses its memory and counts from 1 in a new epoch."""


class GarbageSent(Struct, frozen=True, tag=True):
    """The communicator sends bytes that are no message, and messages with impossible values."""

    messages: int


class Flood(Struct, frozen=True, tag=True):
    """The communicator says the same over and over within a minute."""

    messages: int


Happening = (
    Report
    | Refill
    | CheckUp
    | RefillsMissed
    | Stall
    | Recovery
    | Mri
    | PostMriCheck
    | Withdrawal
    | UnloggedRefill
    | RefillNotDone
    | SessionCutShort
    | StrangeProgrammer
    | UnloggedReprogramming
    | Resumed
    | Fault
    | Silence
    | ClockDrift
    | Repetition
    | MemoryLoss
    | GarbageSent
    | Flood
)
