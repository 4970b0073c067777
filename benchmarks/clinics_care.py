"""What was done to the pumps and what they told: visits, programmer sessions, MRI, moves, alarms."""

from __future__ import annotations

from benchmarks.clinics_rows import CHARTED, DAY, Rows, Sql

_VISITS_EACH = 4
_CHARTED_VISITS = 28
_CHARTED_ALARMS = 60
_PRESCRIPTION = {
    "drug": "baclofen",
    "concentration": "2000",
    "unit": "mcg/mL",
    "dose_per_day": "400",
    "mode": "simple_continuous",
}


def _visit(sql: Sql, number: str, pump: str, days_ago: str) -> dict[str, str]:
    performed = sql.at(f"-({days_ago}) * {DAY} - {pump} % 30000")
    draft = f"{number} % 400 = 7"
    return {
        "id": number,
        "pump_id": pump,
        "performed_at": performed,
        "status": f"CASE WHEN {draft} THEN 'draft' WHEN {number} % 300 = 5 THEN 'withdrawn' ELSE 'confirmed' END",
        "source": f"CASE WHEN {number} % 2 = 1 THEN 'session' ELSE 'staff' END",
        "analysed": "true",
        "reprogrammed": f"({number} % 5 = 0)",
        "refilled": "true",
        "professional_skill": f"({number} % 9 = 0)",
        "expected_ml": "2.6",
        "aspirated_ml": "2.7",
        "filled_ml": "20.0",
        "prescription_before": sql.json(_PRESCRIPTION),
        "prescription_after": sql.json(_PRESCRIPTION),
        "codes": sql.json(["95990"]),
        "listed_in_guideline": "true",
        "conflicts": sql.json([]),
        "because": "'A refill without reprogramming; the analysis is part of it.'",
        "operator": "'rn.alvarez'",
        "note": "''",
        "logged_by": "'person2@clinic.example'",
        "logged_at": performed,
        "confirmed_by": f"CASE WHEN NOT ({draft}) THEN 'person2@clinic.example' END",
        "confirmed_at": f"CASE WHEN NOT ({draft}) THEN {performed} END",
    }


def _visits(sql: Sql, pumps: int) -> Rows:
    pump = f"(1 + (n - 1) % {pumps})"
    days = f"({_VISITS_EACH} - (n - 1) / {pumps}) * 60 - {pump} % 50"
    return Rows("visit", _VISITS_EACH * pumps, _visit(sql, "n", pump, days))


def _charted_visits(sql: Sql, pumps: int) -> Rows:
    pump = f"(1 + n % {CHARTED})"
    days = f"2550 - (n / {CHARTED}) * 85"
    return Rows("visit", CHARTED * _CHARTED_VISITS, _visit(sql, f"({_VISITS_EACH * pumps} + n)", pump, days))


def _sessions(sql: Sql, pumps: int) -> Rows:
    """Those behind the visits that a session drafted."""
    measured = sql.at(f"-({_VISITS_EACH} - (2 * n - 2) / {pumps}) * 60 * {DAY} + n % 50 * {DAY}")
    columns = {
        "id": "n",
        "pump_id": f"(1 + (2 * n - 2) % {pumps})",
        "epoch": "1",
        "seq": "300 + n",
        "measured_at": measured,
        "received_at": measured,
        "started_at": measured,
        "completed": "true",
        "programmer": "'A810-' || n % 40",
        "operator": "'rn.alvarez'",
        "analysed": "true",
        "refilled": "true",
        "expected_ml": "2.6",
        "aspirated_ml": "2.7",
        "filled_ml": "20.0",
        "prescription_before": sql.json(_PRESCRIPTION),
        "prescription_after": sql.json(_PRESCRIPTION),
        "visit_id": "2 * n - 1",
    }
    return Rows("programmer_session", _VISITS_EACH * pumps // 2, columns)


def _programmers(sql: Sql, _pumps: int) -> Rows:
    columns = {
        "clinic_id": "1 + n % 8",
        "programmer": "'A810-' || n",
        "added_by": "'person1@clinic.example'",
        "added_at": sql.at(-400 * DAY),
    }
    return Rows("clinic_programmer", 40, columns)


def _mri(sql: Sql, pumps: int) -> Rows:
    unchecked = "n % 30 = 1"
    days = f"CASE WHEN {unchecked} THEN n % 3 ELSE 3 + n % 700 END"
    performed = f"-({days}) * {DAY} - n % 40000"
    columns = {
        "pump_id": f"1 + n * 7 % {pumps}",
        "performed_at": sql.at(performed),
        "emptied_before": "(n % 4 = 0)",
        "check_due_at": sql.at(f"{performed} + 7200"),
        "overdue_at": sql.at(f"{performed} + {DAY}"),
        "checked_at": f"CASE WHEN NOT ({unchecked}) THEN {sql.at(f'{performed} + 9000')} END",
        "checked_by": f"CASE WHEN NOT ({unchecked}) THEN 'person4@clinic.example' END",
        "logged_by": "'person2@clinic.example'",
        "logged_at": sql.at(f"{performed} + 600"),
        "note": "''",
    }
    return Rows("mri_exam", pumps // 8, columns)


def _moves(sql: Sql, pumps: int) -> Rows:
    columns = {
        "pump_id": "n",
        "from_state": "'in_stock'",
        "to_state": "'implanted'",
        "at": sql.at(f"-(210 + n * 31 % 2300) * {DAY}"),
        "by": "'person1@clinic.example'",
        "reason": "'Enrolled'",
    }
    return Rows("lifecycle_event", pumps, columns)


def _past_alarms(sql: Sql, pumps: int) -> Rows:
    seen = f"-(10 + n * 17 % 180) * {DAY}"
    over = sql.at(f"{seen} + {DAY}")
    columns = {
        "id": "n",
        "pump_id": "n",
        "code": "CASE WHEN n % 9 = 0 THEN 'motor_stall' ELSE 'low_reservoir' END",
        "priority": "CASE WHEN n % 9 = 0 THEN 3 ELSE 2 END",
        "latched": "(n % 9 = 0)",
        "first_seen_at": sql.at(seen),
        "last_seen_at": over,
        "opened_at": sql.at(f"{seen} + 3"),
        "count": "3",
        "cleared_at": over,
        "acknowledged_at": f"CASE WHEN n % 3 = 0 THEN {over} END",
        "acknowledged_by": "CASE WHEN n % 3 = 0 THEN 'person2@clinic.example' END",
        "closed_at": over,
    }
    return Rows("alarm", pumps, columns)


def _charted_alarms(sql: Sql, pumps: int) -> Rows:
    seen = f"-(40 + n / {CHARTED} * 42) * {DAY}"
    over = sql.at(f"{seen} + {DAY}")
    columns = {
        "id": f"{pumps} + n",
        "pump_id": f"1 + n % {CHARTED}",
        "code": "'low_reservoir'",
        "priority": "2",
        "latched": "false",
        "first_seen_at": sql.at(seen),
        "last_seen_at": over,
        "opened_at": sql.at(f"{seen} + 3"),
        "count": "6",
        "cleared_at": over,
        "closed_at": over,
    }
    return Rows("alarm", CHARTED * _CHARTED_ALARMS, columns)


def _open_alarms(sql: Sql, pumps: int) -> Rows:
    columns = {
        "id": f"{pumps + CHARTED * _CHARTED_ALARMS} + n",
        "pump_id": "n * 50 - 43",
        "code": "CASE WHEN n % 9 = 0 THEN 'motor_stall' ELSE 'low_reservoir' END",
        "priority": "CASE WHEN n % 9 = 0 THEN 3 ELSE 2 END",
        "latched": "(n % 9 = 0)",
        "first_seen_at": sql.at(f"-(n % 12 + 1) * {DAY}"),
        "last_seen_at": sql.at("-n % 70000"),
        "opened_at": sql.at(f"-(n % 12 + 1) * {DAY} + 3"),
        "count": "n % 12 + 1",
    }
    return Rows("alarm", pumps // 50, columns)


def _alarm_events(sql: Sql, pumps: int) -> Rows:
    alarm = f"(1 + (n - 1) % {pumps})"
    columns = {
        "alarm_id": alarm,
        "at": sql.at(f"-(10 + {alarm} * 17 % 180) * {DAY} + (n - 1) / {pumps} * 43000"),
        "kind": f"CASE (n - 1) / {pumps} WHEN 0 THEN 'raised' WHEN 1 THEN 'cleared' ELSE 'closed' END",
        "by": "'ingest'",
        "reason": "''",
    }
    return Rows("alarm_event", 3 * pumps, columns)


CARE = (
    _visits,
    _charted_visits,
    _sessions,
    _programmers,
    _mri,
    _moves,
    _past_alarms,
    _charted_alarms,
    _open_alarms,
    _alarm_events,
)
