"""The clinics, their staff and pumps, and what is known of each pump now."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.clinics_rows import CHARTED, DAY, Rows, Sql, clinic_of, one_of, padded, quoted, serial
from tests.build import PASSWORD_HASH
from tracker.records.column_types import to_micros

CLINICS = 8
STAFF = 60  #: the first 40 belong to the first clinic
ROLES = ("administrator", "nurse", "physician", "nurse", "biller", "nurse", "auditor", "nurse")
UNITS = ("Spasticity", "Cancer pain", "Paediatrics", "Day ward", "Outpatients East", "Outpatients West")
MODELS = ("synchromed-ii-20", "synchromed-ii-40", "synchromed-iii-40", "synchromed-ii-20", "prometra-ii-20")
DRUGS = ("baclofen", "morphine", "baclofen", "ziconotide", "hydromorphone")
_NEVER = "n % 1000 >= 995"


def email(number: int | str) -> str:
    """The email of that member of staff, 1 to ``STAFF``."""
    return f"person{number}@clinic.example"


def _clinics(sql: Sql, _pumps: int) -> Rows:
    created = sql.at(-3000 * DAY)
    columns = {"id": "n", "name": "'Clinic ' || n", "timezone": "'Europe/Berlin'", "created_at": created}
    return Rows("clinic", CLINICS, columns)


def _staff(sql: Sql, _pumps: int) -> Rows:
    columns = {
        "id": "n",
        "clinic_id": f"CASE WHEN n <= 40 THEN 1 ELSE 2 + n % {CLINICS - 1} END",
        "email": "'person' || n || '@clinic.example'",
        "name": "'Person ' || n",
        "role": one_of("n - 1", ROLES),
        "unit": one_of("n", UNITS),
        "password_hash": quoted(PASSWORD_HASH),
        "active": "true",
        "worklist_seen_at": sql.at(-DAY),
        "created_at": sql.at(-1000 * DAY),
    }
    return Rows("staff", STAFF, columns)


def _saved_views(_sql: Sql, _pumps: int) -> Rows:
    columns = {"staff_id": "1 + n % 40", "name": "'View ' || n", "query": "'unit=Day+ward&sort=refill'"}
    return Rows("saved_view", 120, columns)


def _serial_parts(prefix: str, number: str) -> dict[str, str]:
    """The columns that a serial is compared by, as `devices.serials` takes it apart."""
    return {
        "serial_key": f"lower({padded(prefix, number)})",
        "serial_prefix": f"'{prefix}'",
        "serial_digits": padded("0" * 57, number),
        "serial_suffix": "''",
    }


def _pumps(sql: Sql, pumps: int) -> Rows:
    implanted = f"CASE WHEN n <= {CHARTED} THEN 2555 ELSE 210 + n * 31 % 2300 END"
    columns = {
        "id": "n",
        "clinic_id": clinic_of("n"),
        "serial": serial("n"),
        **_serial_parts("NGP", "n"),
        "model": one_of("n", MODELS),
        "udi": f"CASE WHEN n % 3 = 0 THEN '(01)00643169007222(10)LOT' || n % 900 || '(21)' || {serial('n')} END",
        "device_identifier": "CASE WHEN n % 3 = 0 THEN '00643169007222' END",
        "patient_reference": padded("P-", "n"),
        "unit": one_of("n / 7", UNITS),
        "lifecycle": "CASE WHEN n % 50 = 9 THEN 'replacement_planned' ELSE 'implanted' END",
        "implanted_on": sql.day(f"-({implanted})"),
        "replacement_planned_for": f"CASE WHEN n % 50 = 9 THEN {sql.day('10 + n % 90')} END",
        "drug": one_of("n", DRUGS),
        "concentration": "'2000'",
        "concentration_unit": "'mcg/mL'",
        "dose_per_day": "'400'",
        "report_interval_s": f"CASE WHEN n <= {CHARTED} THEN 14400 ELSE {DAY} END",
        "created_at": sql.at(f"-({implanted}) * {DAY} + n % 7200"),
    }
    return Rows("pump", pumps, columns)


def _replaced(sql: Sql, pumps: int) -> Rows:
    """Those that were there before: one for every twenty-fifth pump of today."""
    columns = {
        "id": f"{pumps} + n",
        "clinic_id": clinic_of("n * 25"),
        "serial": padded("OLD", "n"),
        **_serial_parts("OLD", "n"),
        "model": "'synchromed-el-18'",
        "patient_reference": padded("P-", "n * 25"),
        "unit": one_of("n", UNITS),
        "lifecycle": "'replaced'",
        "implanted_on": sql.day("-4000 - n % 300"),
        "explanted_on": sql.day("-(210 + n * 775 % 2300)"),
        "replaced_by_id": "n * 25",
        "drug": "'baclofen'",
        "report_interval_s": str(DAY),
        "created_at": sql.at(f"-(2900 + n % 90) * {DAY}"),
    }
    return Rows("pump", pumps // 25, columns)


def _states(sql: Sql, pumps: int) -> Rows:
    def heard(value: str) -> str:
        return f"CASE WHEN NOT {_NEVER} THEN {value} END"

    link = (
        "CASE WHEN n % 1000 < 930 THEN 'connected' WHEN n % 1000 < 960 THEN 'late' "
        f"WHEN {_NEVER} THEN 'never' WHEN n % 1000 < 980 THEN 'disconnected' ELSE 'suspended' END"
    )
    silent = f"CASE WHEN n % 1000 < 930 THEN n % 80000 ELSE (n % 1000 - 920) * {DAY} / 2 END"
    columns = {
        "pump_id": "n",
        "epoch": heard("1"),
        "seq": heard(sql.newest),
        "measured_at": heard(sql.at(f"-({silent}) - 3")),
        "received_at": heard(sql.at(f"-({silent})")),
        "battery_voltage_v": heard("2.81"),
        "battery_percent": heard("5 + n % 900 * 0.1"),
        "battery_indicator": heard("CASE WHEN n % 200 = 11 THEN 'eri' ELSE 'ok' END"),
        "reservoir_ml": heard("2 + n % 540 * 0.0333"),
        "flow_ml_per_day": heard("0.2"),
        "infusion": heard("'simple_continuous'"),
        "motor": heard("'running'"),
        "alarms": "CASE WHEN n % 50 = 7 THEN 'low_reservoir' ELSE '' END",
        "firmware": heard("'1.04'"),
        "last_contact_at": heard(sql.at(f"-({silent})")),
        "online": heard("n % 1000 < 930"),
        "online_at": heard(sql.at(f"-({silent}) - 40000")),
        "received": "CASE WHEN n % 1000 >= 995 THEN 0 ELSE 201 END",
        "duplicates": "n % 5",
        "rejected": "CASE WHEN n % 200 = 0 THEN 60 ELSE 0 END",
        "rejected_cut": "0",
        "link": link,
        "link_since": sql.at(f"-({silent}) - 40000"),
        "changed_at": sql.at("-20 - n % 80000"),
        "evaluate_at": sql.at(f"n % {DAY} + 600"),
    }
    return Rows("pump_state", pumps + pumps // 25, columns)


def _marks(sql: Sql, pumps: int) -> Rows:
    behind = sql.json([[sql.reports - 4, sql.reports]])
    columns = {
        "pump_id": "n",
        "epoch": "1",
        "contiguous": f"CASE WHEN n % 40 = 33 THEN {sql.newest} - 7 ELSE {sql.newest} END",
        "beyond": f"CASE WHEN n % 40 = 33 THEN {behind} ELSE {sql.json([])} END",
        "updated_at": sql.at("-n % 80000"),
    }
    return Rows("delivery_mark", pumps, columns, f"NOT {_NEVER}")


def _credentials(sql: Sql, pumps: int) -> Rows:
    columns = {
        "pump_id": "n",
        "username": serial("n"),
        "bcrypt_hash": "'$2b$04$' || '0123456789012345678901' || '0123456789012345678901234567890'",
        "mosquitto_hash": "'$7$1000$0123456789abcdef$' || '0123456789abcdef0123456789abcdef0123456789abcdef'",
        "version": "n",
        "issued_at": sql.at(f"-(200 + n % 900) * {DAY}"),
    }
    return Rows("communicator_credential", pumps, columns)


def _outlooks(sql: Sql, pumps: int) -> Rows:
    """As after months of looking ahead: thinned histories of 106 and 60 points, an end of service within six years."""
    step = timedelta(days=4)
    moments = [to_micros(sql.now - step * back) for back in range(106)][::-1]
    battery = [[at, 61.0 + place / 10, 2.81, "ok", 0.2] for place, at in enumerate(moments)]
    reservoir = [
        [at, 18.0 - place / 10, 0.2, "simple_continuous", 1, 100 + place] for place, at in enumerate(moments[:60])
    ]
    eos = f"(40 + n * 37 % 2200) * {DAY}"
    refill = f"(n * 13 % 900 - 3) * {DAY // 10}"
    columns = {
        "pump_id": "n",
        "computed_at": sql.at("-n % 80000"),
        "epoch": "1",
        "through_seq": sql.newest,
        "battery_points": sql.json(battery),
        "reservoir_points": sql.json(reservoir),
        "filled_at": sql.at(f"-(n % 90) * {DAY}"),
        "eri_low_at": sql.at(f"{eos} - 150 * {DAY}"),
        "eri_median_at": sql.at(f"{eos} - 90 * {DAY}"),
        "eri_high_at": sql.at(f"{eos} - 20 * {DAY}"),
        "eos_low_at": sql.at(f"{eos} - 60 * {DAY}"),
        "eos_median_at": sql.at(eos),
        "eos_high_at": sql.at(f"{eos} + 70 * {DAY}"),
        "battery_basis": "'From 48 months of readings of this pump and its model''s limit of 7 years.'",
        "low_mark_low_at": sql.at(refill),
        "low_mark_median_at": sql.at(f"{refill} + 3 * {DAY}"),
        "low_mark_high_at": sql.at(f"{refill} + 8 * {DAY}"),
        "empty_low_at": sql.at(f"{refill} + 9 * {DAY}"),
        "empty_median_at": sql.at(f"{refill} + 12 * {DAY}"),
        "empty_high_at": sql.at(f"{refill} + 18 * {DAY}"),
        "reservoir_basis": "'From the readings since the last fill.'",
        "refill_by_at": sql.at(refill),
        "refill_reason": "'The low mark may be reached then at the earliest.'",
    }
    return Rows("outlook", pumps, columns, f"NOT {_NEVER}")


PUMPS = (_clinics, _staff, _saved_views, _pumps, _replaced, _states, _marks, _credentials, _outlooks)
