"""One pump's part of a batch while it is worked on, and what a committed batch did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from devices.message_order import Dated, Standing
from devices.report import Presence, ProgrammerSession, StatusReport
from tracker.ingest import decode, latest_state
from tracker.ingest.decode import Number, Numbered, PumpMessages, Refused
from tracker.ingest.inbound_message import Arrival
from tracker.records.delivery_ranges import Marks, TooManyGaps
from tracker.records.state_writes import KnownPump, Latest


@dataclass(slots=True)
class Stored:
    """What committed: counts of messages, the newest measured time, and the marks to give receipts for."""

    readings: int = 0
    sessions: int = 0
    presences: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_cut: int = 0
    held: int = 0
    """Over a pump's budget: neither stored nor receipted."""
    newest: datetime | None = None
    receipts: list[tuple[str, int, Marks]] = field(default_factory=list)

    def add(self, other: Stored) -> None:
        """Take in what another part of the batch did."""
        for name in ("readings", "sessions", "presences", "duplicates", "rejected", "rejected_cut", "held", "receipts"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.newest = _later(self.newest, other.newest)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None or (other is not None and other > one) else one


@dataclass(slots=True)
class PumpBatch:
    """One pump's messages of a batch, parted into what is new, what came before, and what is refused."""

    pump: KnownPump
    state: Latest
    messages: PumpMessages
    marks: dict[int, Marks]
    fresh: list[int] = field(default_factory=list)
    """The epochs of which nothing is stored, but for the first that the pump ever had."""
    reports: list[StatusReport] = field(default_factory=list)
    sessions: list[ProgrammerSession] = field(default_factory=list)
    repeats: list[tuple[Numbered, Arrival]] = field(default_factory=list)
    presence: list[tuple[Presence, bool]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    held: list[Refused] = field(default_factory=list)
    """Over the pump's budget, each with the reason: neither stored nor receipted."""
    held_messages: list[Numbered] = field(default_factory=list)
    over_of: str = ""
    greetings: int = 0
    """How often the communicator said that it is there; a retained one does not count."""
    conflicts: int = 0
    """Numbers that were used before for another message."""
    turned_back: int = 0
    """Reports of an older epoch that were measured after the newest of a newer one."""
    duplicates: int = 0
    cut: int = 0
    newest: StatusReport | None = None
    understood: bool = False
    dated: list[Dated] | None = None
    """What was judged of the messages' clocks; None where numbers and times rise as they should."""
    standing: Standing | None = None

    def part(self, now: datetime) -> None:
        """Part the messages; what was seen before waits in ``repeats`` until it is compared."""
        model = self.pump.model
        self.refused = list(self.messages.refused)
        for message, arrival in self.messages.numbered:
            fault = decode.refusal(message, model, now)
            if fault is not None:
                self.refused.append(Refused(arrival, fault.field, str(fault), (message.epoch, message.seq)))
                continue
            try:
                new = self.marks[message.epoch].add(message.seq)
            except TooManyGaps:
                reason = f"seq {message.seq} would open one gap more than are kept; it is taken once others have closed"
                self.refused.append(Refused(arrival, "seq", reason))
                continue
            if new:
                self.accept(message, arrival)
            else:
                self.repeats.append((message, arrival))
        for presence, arrival in self.messages.presence:
            wrong = decode.presence_refusal(presence, now)
            if wrong is None:
                self.presence.append((presence, arrival.retained))
                self.greetings += presence.online and not arrival.retained
            else:
                self.refused.append(Refused(arrival, wrong.field, str(wrong)))

    def accept(self, message: Numbered, arrival: Arrival) -> None:
        """Take the message as new."""
        self.understood = self.understood or not arrival.retained
        if isinstance(message, StatusReport):
            self.reports.append(message)
            self.turned_back += self.is_older_device(message, arrival)
        else:
            self.sessions.append(message)

    def is_older_device(self, report: StatusReport, arrival: Arrival) -> bool:
        """Whether the report goes on with an older epoch after a newer one: the device that began that forgot it."""
        state = self.state
        if state.epoch is None or state.measured_at is None or report.epoch >= state.epoch or arrival.retained:
            return False
        return state.clock_wrong_since is None and report.measured_at > state.measured_at

    def told_alarms(self) -> list[tuple[datetime, tuple[str, ...]]]:
        """The alarms of each report with the time by which they count: its own, or its arrival's of a wrong clock."""
        if self.dated is None:
            return [(report.measured_at, tuple(map(str, report.alarms))) for report in self.reports]
        return sorted(
            (one.at, tuple(map(str, one.message.alarms))) for one in self.dated if isinstance(one.message, StatusReport)
        )

    def wrong_clocks(self) -> set[Number]:
        """The numbers of the messages that a wrong clock dated."""
        return {(one.message.epoch, one.message.seq) for one in self.dated or () if one.clock_wrong}

    def has(self, number: Number) -> bool:
        """Whether a message of that number is in, this batch's among them."""
        return number[1] in self.marks[number[0]]

    def mark(self, number: Number) -> bool:
        """A refused message counts as received: it is stored and need not come again. False where no receipt covers it.

        Past the greatest number of stored gaps none can: the message comes again until others have closed.
        """
        try:
            self.marks[number[0]].add(number[1])
        except TooManyGaps:
            return False
        return True

    def repeat(self, arrival: Arrival) -> None:
        """Count the message as one that is in already."""
        self.understood = self.understood or not arrival.retained
        self.duplicates += 1

    def move_state(self, now: datetime) -> None:
        """Bring the pump's state forward by all that was taken, and ask for an evaluation where that could matter."""
        state, reports = self.state, self.reports
        if self.presence:
            latest_state.note_presence(self.presence, state, now)
        state.understood = self.understood
        if (
            self.understood
            or latest_state.came_live(self.messages)
            or any(not one.arrival.retained for one in self.held)
        ):
            state.contact = True
        if (
            self.sessions
            or any(latest_state.matters(report, state) for report in reports)
            or any(latest_state.first_since(self.pump.prescribed_at, report, state) for report in reports)
        ):
            state.evaluate = True
        before = state.measured_at
        self.newest = newest = reports[-1] if self.dated is None and reports else latest_state.newest_of(reports)
        moved = latest_state.show(state, reports, self.dated, self.standing)
        if moved:
            state.unmeasured_by = ""
        elif self.refused:
            state.unmeasured_by = "refused"
        elif newest is not None or self.duplicates:
            again = newest is None or state.shown is not None or newest.measured_at == before
            state.unmeasured_by = "repeated" if again else "late"
        if self.held and not moved:
            state.unmeasured_by = "held"
        if self.refused or (moved and state.refused_alarms_at is not None):
            latest_state.note_refused(self.refused, state, now)
        if self.held:
            latest_state.note_held(self.held, self.held_messages, state, now)

    def count(self, done: Stored) -> None:
        """Add this pump's part to the totals and to the pump's own counters."""
        state, newest = self.state, self.newest
        readings, sessions, rejected = len(self.reports), len(self.sessions), len(self.refused)
        state.received = readings + sessions + rejected
        done.held += len(self.held)
        done.readings += readings
        if rejected or sessions or self.duplicates or self.presence:
            state.duplicates, state.rejected, state.rejected_cut = self.duplicates, rejected, self.cut
            done.sessions += sessions
            done.presences += len(self.presence)
            done.duplicates += self.duplicates
            done.rejected += rejected
            done.rejected_cut += self.cut
        if newest is not None and (done.newest is None or newest.measured_at > done.newest):
            done.newest = newest.measured_at
        for epoch, marks in self.marks.items():
            done.receipts.append((self.pump.serial, epoch, marks))
