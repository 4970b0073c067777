"""The catalogue of tables: a subject added is a file added and a line here."""

from __future__ import annotations

from sqlmodel import SQLModel

from tracker.records import (
    advisory,
    alarm,
    audit,
    budget,
    compatibility,
    credential,
    delivery,
    determination,
    finding,
    handover,
    job,
    lease,
    moves,
    outlook,
    pump,
    reading,
    rejected,
    second_factor,
    session,
    setup_link,
    shared_sign_in,
    sign_in,
    staff,
    visit,
    worklist,
)

SUBJECTS = (
    advisory,
    alarm,
    audit,
    budget,
    compatibility,
    credential,
    delivery,
    determination,
    finding,
    handover,
    job,
    lease,
    moves,
    outlook,
    pump,
    reading,
    rejected,
    second_factor,
    session,
    setup_link,
    shared_sign_in,
    sign_in,
    staff,
    visit,
    worklist,
)

METADATA = SQLModel.metadata
