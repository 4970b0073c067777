"""Attest: a named clinician signs whether abuse or neglect of the pump is evident, over the findings as they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session

from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.finding import Attestation, findings_of_pumps
from tracker.records.pump import Pump, look_again

NONE_EVIDENT: Final = (
    "I have reviewed the records of this pump and the findings listed, and attest that they show no abuse or neglect "
    "of the device."
)
EVIDENT: Final = (
    "I have reviewed the records of this pump and the findings listed, and attest that they show abuse or neglect of "
    "the device."
)


def attest(session: Session, pump: Pump, *, abuse_or_neglect: bool, name: str, by: str, now: datetime) -> Attestation:
    """Sign. Raises `Conflict` while a finding waits for a ruling, and where the rulings say the opposite.

    ``name`` is the printed name that the signature shows. The caller has asked for the signer's password again.
    """
    if not name.strip():
        raise Invalid("a signature shows the printed name of the person who signs", field="name")
    standing = [
        one
        for one in findings_of_pumps(session, [key(pump.id)]).get(key(pump.id), ())
        if one.neglect_or_abuse and one.mended_at is None
    ]
    waiting = [one for one in standing if one.ruling is None]
    if waiting:
        count = "a finding waits" if len(waiting) == 1 else f"{len(waiting)} findings wait"
        raise Conflict(f"{count} for a ruling; each must have one before anybody signs")
    upheld = [one for one in standing if one.ruling == "upheld"]
    if upheld and not abuse_or_neglect:
        raise Conflict("a finding was upheld; none can be said to be evident while that ruling stands")
    if abuse_or_neglect and not upheld:
        raise Conflict("no finding was upheld; abuse or neglect must rest on one")
    attestation = Attestation(
        pump_id=key(pump.id),
        at=now,
        by=by,
        name=name.strip(),
        meaning=EVIDENT if abuse_or_neglect else NONE_EVIDENT,
        abuse_or_neglect=abuse_or_neglect,
        findings=[
            {"id": one.id, "kind": one.kind, "sentence": one.sentence, "ruling": one.ruling, "by": one.ruled_by}
            for one in standing
        ],
    )
    session.add(attestation)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return attestation


def withdraw_attestation(session: Session, attestation_id: int, *, reason: str, by: str, now: datetime) -> Attestation:
    """Take a signature back; it stays on record with the reason."""
    attestation = session.get(Attestation, attestation_id)
    if attestation is None:
        raise NotFound("there is no such attestation")
    if attestation.withdrawn_at is not None:
        raise Conflict("it was withdrawn already")
    if not reason.strip():
        raise Invalid("say why it is withdrawn", field="reason")
    attestation.withdrawn_at, attestation.withdrawn_by, attestation.withdrawn_reason = now, by, reason.strip()
    session.add(attestation)
    session.flush()
    look_again(session, [attestation.pump_id], now)
    return attestation
