"""Put a pump's new messages in order, and tell a wrong clock from a backlog. Values in, values out.

Numbers tell the order: they rise by one per message, and a communicator that lost its memory begins a new epoch. Times
are what a clock said, and a clock can lie. The rules:

1. A message that arrives within ``TOLERANCE`` of its own time has a right clock. (What lies ahead is refused.)
2. A clock is wrong where the message is older than one of a lower number by more than ``TOLERANCE``. Lower numbers of
   its own epoch count; of a lower epoch only for an epoch's first message. A backlog comes with rising times: no fault.
   Messages of an old epoch that come late follow those of their own epoch: no fault.
3. It is wrong where it says a time before the pump can have been in this patient: a month before the implant, or where
   that is not recorded ten years before the enrolment.
4. While it is wrong, by ``behind`` at the least, it stays so until a message says a time that this clock could not have
   reached by its arrival: set right, it jumps; only running on, it does not.

The newest report is the one of the highest number in its epoch. A higher epoch is newer unless it is older in time, a
lower one only where it is later in time by more than ``TOLERANCE``: then numbers began again without a new epoch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from devices.check import MAX_AHEAD
from devices.report import ProgrammerSession, StatusReport

Message = StatusReport | ProgrammerSession
TOLERANCE: Final = timedelta(hours=3)
"""So much a clock may be behind, or set back, without fault: more than daylight saving and drift. Assumed."""
BEFORE_IMPLANT: Final = timedelta(days=31)
BEFORE_ENROLMENT: Final = timedelta(days=3652)
_STEP: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest report so far and its clock. ``at``: its own time, or its arrival where the clock is wrong.

    While it is wrong: ``clock_at`` is what it said, ``trusted_at`` the newest time of a right clock, ``behind`` by how
    much it is behind at the least, ``wrong_since`` when the first such message arrived.
    """

    epoch: int | None = None
    seq: int | None = None
    at: datetime | None = None
    clock_at: datetime | None = None
    trusted_at: datetime | None = None
    behind: timedelta | None = None
    wrong_since: datetime | None = None

    @property
    def newest_time(self) -> datetime | None:
        """The newest time of a right clock."""
        return self.at if self.behind is None else self.trusted_at


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Times of right clocks that are stored around a number, in its epoch and in the epochs below and above it.

    Of those after it only such count as arrived later than their own time: of the others the clock was right.
    """

    before: datetime | None = None
    epoch_before: datetime | None = None
    after: datetime | None = None
    epoch_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dated:
    """A message with its clock's verdict. ``at``: by what time its alarms count. ``shown``: it was the newest then.

    ``contradicts``: a message stored under a higher number says an older time, so that one's clock was wrong.
    """

    message: Message
    at: datetime
    clock_wrong: bool
    shown: bool
    contradicts: bool = False


def earliest(implanted_on: date | None, created_at: datetime) -> datetime:
    """Before this the pump can't have been measured in this patient."""
    if implanted_on is not None:
        return datetime.combine(implanted_on, time(), UTC) - BEFORE_IMPLANT
    return created_at - BEFORE_ENROLMENT


def in_plain_order(epoch: int | None, seq: int | None, at: datetime | None, reports: Sequence[StatusReport]) -> bool:
    """Whether numbers and times both rise from a newest report of a right clock on: then there is nothing to judge."""
    if at is None or seq is None:
        return False
    for one in reports:
        if one.epoch != epoch or one.seq <= seq or one.measured_at <= at:
            return False
        seq, at = one.seq, one.measured_at
    return True


def to_look_up(standing: Standing, messages: Iterable[Message]) -> list[tuple[int, int]]:
    """The numbers whose stored neighbours ``date_messages`` needs: all but those that follow the newest."""
    if standing.epoch is None or standing.seq is None:
        return []
    return [(one.epoch, one.seq) for one in messages if one.epoch != standing.epoch or one.seq < standing.seq]


def date_messages(
    standing: Standing,
    messages: Iterable[Message],
    now: datetime,
    floor: datetime,
    stored: Mapping[tuple[int, int], Neighbours],
) -> tuple[Standing, list[Dated]]:
    """Judge one pump's new messages, which arrive at ``now``: each message once, in order, and the standing after them.

    ``floor`` is ``earliest``; ``stored`` holds the neighbours of the numbers that ``to_look_up`` gives.
    """
    before = standing
    newest_in: dict[int, datetime] = {}
    alarms_at = standing.at
    dated = []
    for one in sorted(messages, key=lambda message: (message.epoch, message.seq)):
        near = stored.get((one.epoch, one.seq), Neighbours())
        lower = _newest_lower(one, before, near, newest_in)
        wrong = _is_wrong(one, standing, lower, now, floor)
        contradicts = False
        if not wrong:
            newest_in[one.epoch] = max(one.measured_at, newest_in.get(one.epoch, one.measured_at))
            contradicts = _contradicts(one, near, now)
            standing = _told_later(one, standing, now, contradicts=contradicts)
        if isinstance(one, ProgrammerSession):
            dated.append(Dated(one, now if wrong else one.measured_at, wrong, False, contradicts))
            continue
        shown = _is_newer(one, standing, contradicts, wrong=wrong)
        at = now if wrong else one.measured_at
        if shown:
            at = at if alarms_at is None else max(at, alarms_at + _STEP)
            alarms_at = at
            standing = _after(one, standing, max(filter(None, (lower, floor))), now, wrong=wrong)
        elif before.at is not None:
            at = min(at, before.at)
        dated.append(Dated(one, at, wrong, shown, contradicts))
    return standing, dated


def _newest_lower(
    message: Message, standing: Standing, near: Neighbours, newest_in: Mapping[int, datetime]
) -> datetime | None:
    """The newest time of a right clock under a lower number: of its own epoch, or if there is none, of a lower one."""
    here = [newest_in.get(message.epoch), near.before]
    if standing.epoch == message.epoch and standing.seq is not None and standing.seq < message.seq:
        here.append(standing.newest_time)
    if any(here):
        return max(at for at in here if at is not None)
    below = [near.epoch_before, *(at for epoch, at in newest_in.items() if epoch < message.epoch)]
    if standing.epoch is not None and standing.epoch < message.epoch:
        below.append(standing.newest_time)
    return max((at for at in below if at is not None), default=None)


def _is_wrong(message: Message, standing: Standing, lower: datetime | None, now: datetime, floor: datetime) -> bool:
    at = message.measured_at
    if now - at <= TOLERANCE - MAX_AHEAD:
        return False
    if at < floor or (lower is not None and lower - at > TOLERANCE):
        return True
    if standing.behind is None or standing.epoch is None or standing.seq is None:
        return False
    after_it = (message.epoch, message.seq) > (standing.epoch, standing.seq)
    return after_it and at + standing.behind <= now + MAX_AHEAD


def _is_newer(report: StatusReport, standing: Standing, contradicts: bool, *, wrong: bool) -> bool:
    if standing.epoch is None or standing.seq is None or standing.at is None:
        return True
    if contradicts:  # what is shown under the higher number has a wrong clock: it was measured later all the same
        return False
    if wrong or report.epoch == standing.epoch:
        return (report.epoch, report.seq) > (standing.epoch, standing.seq)
    if report.epoch > standing.epoch:
        newest = standing.newest_time
        return newest is None or report.measured_at >= newest - TOLERANCE
    return report.measured_at - standing.at > TOLERANCE


def _contradicts(message: Message, near: Neighbours, now: datetime) -> bool:
    """Whether a message that came late shows a higher number as wrong in time; a live one may begin a count again."""
    live = now - message.measured_at <= TOLERANCE - MAX_AHEAD
    above = near.after if near.after is not None or live else near.epoch_after
    return above is not None and message.measured_at - above > TOLERANCE


def _told_later(message: Message, standing: Standing, now: datetime, *, contradicts: bool) -> Standing:
    """The standing once a message of a right clock came late, under a lower number: it may show a clock as wrong."""
    if standing.epoch is None or standing.seq is None or standing.at is None:
        return standing
    if (message.epoch, message.seq) > (standing.epoch, standing.seq):
        return standing
    newest, own = standing.newest_time, message.measured_at
    if standing.behind is not None:
        return standing if newest is not None and newest >= own else replace(standing, trusted_at=own)
    if own - standing.at <= TOLERANCE or not (contradicts or message.epoch == standing.epoch):
        return standing
    return replace(standing, at=now, clock_at=standing.at, trusted_at=own, behind=own - standing.at, wrong_since=now)


def _after(report: StatusReport, standing: Standing, lower: datetime, now: datetime, *, wrong: bool) -> Standing:
    own = report.measured_at
    if not wrong:
        newest = standing.newest_time
        rises = newest is None or own > newest or report.epoch != standing.epoch
        return Standing(report.epoch, report.seq, own if rises else newest)
    again = standing.clock_at == own and standing.at is not None
    return replace(
        standing,
        epoch=report.epoch,
        seq=report.seq,
        at=standing.at if again else now,
        clock_at=own,
        trusted_at=standing.newest_time,
        behind=max(lower - own, standing.behind or timedelta()),
        wrong_since=standing.wrong_since or now,
    )
