"""The messages of a look: those of a pump, or those of a clinic that belong to no one pump, oldest first.

A rehearsal opens no connection: what the outbox holds counts as sent at the moment at which the jobs ran.
"""

from __future__ import annotations

import json
from typing import Any

from tracker.records.column_types import key
from tracker.records.pump import Pump
from tracker.records.queries.message_people import recipients_of
from tracker.records.queries.messages import any_queued, mark_queued_as_sent, messages_of_look
from tracker.rehearse.scenario import Clinic
from tracker.rehearse.stage import Stage
from tracker.web.api.messages import MessageShown, message_fields


def messages(stage: Stage, clinic: Clinic, pump: Pump | None) -> list[dict[str, Any]]:
    """What was written for people about that pump, or about none, as the API shows it."""
    with stage.database.reading() as session:
        rows = messages_of_look(session, stage.clinic_ids[clinic], None if pump is None else key(pump.id))
        named = recipients_of(session, rows)
        shown = [MessageShown(**message_fields(row, *named[row.id])) for row in rows]
    return [json.loads(one.model_dump_json()) for one in shown]


def send_all(stage: Stage) -> None:
    """Count what waits in the outbox as sent now."""
    with stage.database.reading() as session:
        if not any_queued(session):
            return
    with stage.database.writing() as session:
        mark_queued_as_sent(session, stage.clock.now)
