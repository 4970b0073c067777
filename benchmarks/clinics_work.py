"""What people have to do and did: determinations, findings, worklist lines, rejected messages, the audit trail."""

from __future__ import annotations

from benchmarks.clinics_rows import CHARTED, DAY, Rows, Sql, clinic_of, one_of, quoted, serial
from tracker.guideline import determine_replacement

AUDIT_EACH = 4  #: entries for one pump
KINDS = ("reservoir", "contact", "reservoir", "battery", "low_reservoir", "finding", "draft", "advisory", "replacement")
_FACTS: dict[str, bool | None] = {
    "device_has_battery": True,
    "battery_nearing_end": True,
    "no_longer_beneficial": None,
    "repairable": None,
    "components_functional": None,
    "impending_failure_notice": True,
    "abuse_or_neglect": None,
}


def _determination(sql: Sql, number: str, pump: str, seconds_ago: str) -> dict[str, str]:
    line = determine_replacement(_FACTS).as_line()
    source = {"kind": "reading", "id": "1/100", "text": "report 1/100", "at": sql.now.isoformat()}
    facts = [
        {
            "name": name,
            "value": value,
            "because": "The pump reported its indicator." if value else "Nobody has documented it.",
            "source": source if value else None,
        }
        for name, value in _FACTS.items()
    ]
    at = sql.at(f"-({seconds_ago})")
    said = {name: quoted(str(line[name])) for name in ("guideline", "version", "question", "outcome")}
    told = {name: sql.json(line[name]) for name in ("readings", "criteria", "missing", "notes")}
    fixed = {"id": number, "pump_id": pump, "determined_at": at, "as_of": at, "cause": "'telemetry'"}
    return {**fixed, **said, **told, "facts": sql.json(facts)}


def _determinations(sql: Sql, pumps: int) -> Rows:
    pump = f"(1 + (n - 1) % {pumps})"
    return Rows("determination", pumps + pumps // 5, _determination(sql, "n", pump, f"(200 - n * 3 % 190) * {DAY}"))


def _charted_determinations(sql: Sql, pumps: int) -> Rows:
    number, pump = f"({pumps + pumps // 5} + n)", f"(1 + n % {CHARTED})"
    ago = f"(80 - n / {CHARTED}) * {30 * DAY}"
    return Rows("determination", 70 * CHARTED, _determination(sql, number, pump, ago))


def _facts(sql: Sql, pumps: int) -> Rows:
    columns = {
        "pump_id": "n * 20 - 3",
        "fact": "'no_longer_beneficial'",
        "value": "false",
        "author": "'person3@clinic.example'",
        "document": "'Letter, page 1'",
        "entered_at": sql.at(f"-(n % 300) * {DAY}"),
    }
    return Rows("documented_fact", pumps // 20, columns)


def _findings(sql: Sql, pumps: int) -> Rows:
    ruled = "n % 10 < 8"
    evidence = [{"kind": "visit", "id": 1, "text": "a refill", "at": sql.now.isoformat()}]
    columns = {
        "id": "n",
        "pump_id": "1 + n * 3",
        "kind": "CASE WHEN n % 3 = 0 THEN 'unlogged_refill' ELSE 'late_refill' END",
        "key": "'late_refill:' || n",
        "found_at": sql.at(f"-(2 + n % 170) * {DAY}"),
        "happened_at": sql.at(f"-(3 + n % 170) * {DAY}"),
        "neglect_or_abuse": "(n % 3 <> 0)",
        "strength": one_of("n", ("weak", "moderate", "strong")),
        "points_at": one_of("n", ("patient", "clinic")),
        "sentence": "'The refill came 9 days after it was due.'",
        "evidence": sql.json(evidence),
        "explanations": sql.json(["The clinic moved the appointment.", "The patient was in hospital."]),
        "ruling": f"CASE WHEN {ruled} THEN 'explained' END",
        "ruled_by": f"CASE WHEN {ruled} THEN 'person3@clinic.example' END",
        "ruled_at": f"CASE WHEN {ruled} THEN {sql.at(f'-(n % 170) * {DAY}')} END",
        "ruling_reason": f"CASE WHEN {ruled} THEN 'The clinic moved the appointment.' END",
    }
    return Rows("finding", pumps * 3 // 10, columns)


def _rulings(sql: Sql, pumps: int) -> Rows:
    columns = {
        "finding_id": "n",
        "at": sql.at(f"-(n % 170) * {DAY}"),
        "by": "'person3@clinic.example'",
        "ruling": "'explained'",
        "reason": "'The clinic moved the appointment.'",
    }
    return Rows("ruling_event", pumps * 3 // 10, columns, "n % 10 < 8")


def _attestations(sql: Sql, pumps: int) -> Rows:
    columns = {
        "pump_id": "n * 50 - 41",
        "at": sql.at(f"-(n % 90) * {DAY}"),
        "by": "'person3@clinic.example'",
        "name": "'Dr. Imai'",
        "meaning": "'I have seen the findings and find no evidence of abuse or neglect.'",
        "abuse_or_neglect": "false",
        "findings": sql.json([]),
    }
    return Rows("attestation", pumps // 50, columns)


def _line(sql: Sql, number: str, pump: str, opened: str, closed: str) -> dict[str, str]:
    kind = one_of(f"{pump} / 10", KINDS)
    claimed = f"({pump} / 10) % 4 = 1"
    return {
        "id": number,
        "clinic_id": clinic_of(pump),
        "pump_id": pump,
        "kind": kind,
        "key": f"'pump:' || {pump} || ':' || {kind}",
        "priority": f"CASE WHEN {pump} / 10 % 23 = 0 THEN 3 WHEN {pump} / 10 % 3 = 0 THEN 1 ELSE 2 END",
        "harm_at": sql.at(f"({pump} * 7 % 3000 - 200) * 3600"),
        "what": "'Refill by 2026-12-04'",
        "why": "'The reservoir reaches its low mark by then at the flow of the last 20 days.'",
        "next_step": "'Book the refill.'",
        "link": f"'/pumps/' || {serial(pump)} || '/visits/new'",
        "since": sql.at(opened),
        "opened_at": sql.at(opened),
        "changed_at": sql.at(closed or f"{opened} + 1800"),
        "claimed_by": f"CASE WHEN {claimed} THEN 'person' || (1 + {pump} % 40) || '@clinic.example' END",
        "claimed_at": f"CASE WHEN {claimed} THEN {sql.at(f'{opened} + 1800')} END",
        "closed_at": sql.at(closed) if closed else "NULL",
        "closed_by": "'person2@clinic.example'" if closed else "NULL",
        "closed_reason": "'Done'" if closed else "NULL",
    }


def _open_lines(sql: Sql, pumps: int) -> Rows:
    opened = f"-(n * 7919 % {20 * DAY}) - 3600"
    return Rows("worklist_item", pumps // 10, _line(sql, "n", "(n * 10 - 7)", opened, ""))


def _closed_lines(sql: Sql, pumps: int) -> Rows:
    number, pump = f"({pumps // 10} + n)", f"(1 + (n - 1) % {pumps})"
    closed = f"-(n % 15000) * {DAY // 100} - 60"
    return Rows("worklist_item", 2 * pumps, _line(sql, number, pump, f"{closed} - 2 * {DAY}", closed))


def _line_events(sql: Sql, pumps: int) -> Rows:
    columns = {
        "item_id": f"1 + (n - 1) % {2 * pumps}",
        "at": sql.at(f"-(n % 15000) * {DAY // 100}"),
        "kind": f"CASE WHEN n <= {2 * pumps} THEN 'opened' ELSE 'done' END",
        "by": "'schedule'",
        "reason": "''",
    }
    return Rows("worklist_event", 4 * pumps, columns)


def _rejected(sql: Sql, pumps: int) -> Rows:
    pump = f"(1 + n * 200 % {pumps})"
    settled = "n % 5 < 3"
    named = "n % 100 <> 0"
    columns = {
        "id": "n",
        "clinic_id": f"CASE WHEN {named} THEN {clinic_of(pump)} END",
        "pump_id": f"CASE WHEN {named} THEN {pump} END",
        "serial": f"CASE WHEN {named} THEN {serial(pump)} ELSE 'UNKNOWN-' || n % 40 END",
        "topic": f"'pumps/' || {serial(pump)} || '/telemetry'",
        "payload": ("CAST(%s AS blob)" if sql.sqlite else "convert_to(%s, 'UTF8')")
        % quoted('{"v":1,"model":"synchromed-ii-20","reservoir_ml":-3}'),
        "field": "'reservoir_ml'",
        "reason": "'reservoir_ml is -3: a volume can''t be negative.'",
        "received_at": sql.at(f"({pumps * 3 // 10} - n) * -500"),
        "status": f"CASE WHEN {settled} THEN 'discarded' ELSE 'kept' END",
        "settled_at": f"CASE WHEN {settled} THEN {sql.at(-DAY)} END",
        "settled_by": f"CASE WHEN {settled} THEN 'person1@clinic.example' END",
        "settled_reason": f"CASE WHEN {settled} THEN 'A faulty communicator' END",
    }
    return Rows("rejected_message", pumps * 3 // 10, columns)


def _advisories(sql: Sql, _pumps: int) -> Rows:
    columns = {
        "id": "n",
        "reference": "'FA-' || n",
        "unread": sql.json({}),
        "published_on": sql.day("-n * 60"),
        "title": "'Notice ' || n",
        "action": "'Inform the patients.'",
        "source": "'The maker'",
        "loaded_at": sql.at(f"-n * 59 * {DAY}"),
    }
    return Rows("advisory", 20, columns)


def _matches(sql: Sql, pumps: int) -> Rows:
    done = "n / 20 % 10 < 9"
    columns = {
        "id": "n",
        "advisory_id": "1 + n % 20",
        "pump_id": "2 * n",
        "matched_at": sql.at(-30 * DAY),
        "acknowledged_at": f"CASE WHEN {done} THEN {sql.at(-9 * DAY)} END",
        "acknowledged_by": f"CASE WHEN {done} THEN 'person4@clinic.example' END",
        "note": f"CASE WHEN {done} THEN 'The patient knows.' END",
    }
    return Rows("advisory_match", pumps // 2, columns)


def _audit(sql: Sql, pumps: int) -> Rows:
    pump = f"(1 + n * 31 % {pumps})"
    columns = {
        "seq": "n",
        "at": sql.at(f"(n - {AUDIT_EACH * pumps}) * 20 - 60"),
        "actor": "'person' || (1 + n % 40) || '@clinic.example'",
        "clinic_id": clinic_of(pump),
        "action": one_of("n", ("read", "read", "read", "visit.logged", "read", "worklist.claimed", "read")),
        "subject": f"'pump:' || {serial(pump)}",
        "detail": sql.json({"what": "page", "via": "browser"}),
        "previous": f"'{'0' * 54}' || CAST(999999999 + n AS text)",
        "digest": f"'{'0' * 54}' || CAST(1000000000 + n AS text)",
    }
    return Rows("audit_entry", AUDIT_EACH * pumps, columns)


def _jobs(sql: Sql, _pumps: int) -> Rows:
    began, ended = sql.at(-40), sql.at(-38)
    columns = {"name": "'job-' || n", "started_at": began, "finished_at": ended, "seconds": "2.0", "touched": "n"}
    return Rows("job_run", 10, {**columns, "leader": "'schedule'"})


def _workers(sql: Sql, _pumps: int) -> Rows:
    columns = {"name": "'ingest-' || n", "kind": "'ingest'", "beat_at": sql.at(-5), "detail": "''"}
    return Rows("worker_status", 4, columns)


def _emergency_accesses(sql: Sql, _pumps: int) -> Rows:
    """One in ten waits for its review by the first clinic."""
    opened, ended = sql.at(f"-n * {DAY}"), sql.at(f"7200 - n * {DAY}")
    columns = {
        "id": "n",
        "staff_id": "41",
        "pump_id": "n",
        "reason": "'The patient is in our emergency room.'",
        "opened_at": opened,
        "expires_at": ended,
        "clinic_id": "1",
        "opened_by": "'person41@clinic.example'",
        "from_clinic": "'Clinic 2'",
        "via": "'browser'",
        "address": "'192.0.2.7'",
        "reviewed_at": f"CASE WHEN n % 10 > 0 THEN {ended} END",
        "reviewed_by": "CASE WHEN n % 10 > 0 THEN 'person1@clinic.example' END",
        "review": "CASE WHEN n % 10 > 0 THEN 'It was needed.' END",
    }
    return Rows("break_glass", 90, columns)


WORK = (
    _jobs,
    _workers,
    _determinations,
    _charted_determinations,
    _facts,
    _findings,
    _rulings,
    _attestations,
    _open_lines,
    _closed_lines,
    _line_events,
    _rejected,
    _advisories,
    _matches,
    _audit,
    _emergency_accesses,
)
