"""The audit trail: one chain, whoever appends, and the first break named."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import select

from tests.build import NOW
from tracker.actions import audit
from tracker.actions.audit import Fact, record, record_all
from tracker.actions.audit_verify import Verdict, noted_by_hand, verify
from tracker.errors import Invalid
from tracker.records.audit import AuditEntry, search_entries
from tracker.records.database import Database


def enter(database: Database, count: int = 1, **given: Any) -> None:
    with database.writing() as session:
        for _ in range(count):
            record(
                session,
                **{
                    "actor": "nurse@clinic.example",
                    "clinic_id": 1,
                    "action": "visit.logged",
                    "subject": "pump:SN1",
                    "detail": {"codes": ["95990"]},
                    "now": NOW,
                    **given,
                },
            )


def verified(database: Database, expect: str | None = None) -> Verdict:
    with database.reading() as session:
        return verify(session, [noted_by_hand(expect)] if expect is not None else ())


def tamper(database: Database, statement: str) -> None:
    """Change the trail as somebody with the database's own password could: the guards are taken off first."""
    with database.writing() as session:
        connection = session.connection()
        if database.is_sqlite:
            for name in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_entry_refuses_{name}"))
        else:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
        for each in statement.split("; "):
            connection.execute(text(each))


def test_an_entry_from_before_origins_were_kept_has_the_digest_that_it_had() -> None:
    old = AuditEntry(
        seq=1,
        at=datetime(2026, 11, 22, 10, tzinfo=UTC),
        actor="nurse@clinic.example",
        clinic_id=1,
        action="visit.logged",
        subject="pump:SN1",
        detail={"codes": ["95990"]},
        previous=audit.FIRST,
        digest="",
    )
    assert audit.digest_of(old) == "746a38cdf4842a6d70ae3dd6ca641164dd5ec19d5e84da9ccb80c9bf650c36c8"


def test_an_untouched_trail_verifies_and_so_does_an_empty_one(database: Database) -> None:
    assert verified(database) == Verdict(0, audit.FIRST)
    with database.writing() as session:
        record_all(session, [Fact(NOW, "a@x.example", 1, "read", f"pump:{number}", {}) for number in range(2500)])
    verdict = verified(database)
    assert (verdict.entries, verdict.broken_seq) == (2500, None)


@pytest.mark.parametrize(
    ("statement", "seq", "because"),
    [
        ("UPDATE audit_entry SET actor = 'somebody@else.example' WHERE seq = 3", 3, "content"),
        ("UPDATE audit_entry SET detail = '{\"codes\": []}' WHERE seq = 3", 3, "content"),
        ("UPDATE audit_entry SET clinic_id = NULL WHERE seq = 3", 3, "content"),
        ("UPDATE audit_entry SET digest = previous WHERE seq = 3", 3, "content"),
        ("UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE seq = 3", 3, "can't be read"),
        ("UPDATE audit_entry SET at = at * 1000000 WHERE seq = 3", 3, "can't be read"),
        ("UPDATE audit_entry SET detail = 'x' WHERE seq >= 3", 3, "can't be read"),
        ("UPDATE audit_entry SET detail = '{\"codes\": NaN}' WHERE seq = 3", 3, "can't be read"),
        ("UPDATE audit_entry SET actor = X'00' WHERE seq = 3", 3, "can't be read"),
        (
            "UPDATE audit_entry SET actor = 'x' WHERE seq = 2; UPDATE audit_entry SET detail = 'x' WHERE seq = 3",
            2,
            "cont",
        ),
        ("UPDATE audit_entry SET previous = digest WHERE seq = 3", 3, "does not follow"),
        ("DELETE FROM audit_entry WHERE seq = 3", 4, "entry 3 is missing"),
        ("DELETE FROM audit_entry WHERE seq = 1", 2, "entry 1 is missing"),
        ("UPDATE audit_entry SET seq = seq + 10 WHERE seq = 5", 15, "entry 5 is missing"),
    ],
)
def test_the_first_entry_that_was_touched_is_named(
    sqlite_database: Database, statement: str, seq: int, because: str
) -> None:
    enter(sqlite_database, 5)
    tamper(sqlite_database, statement)
    verdict = verified(sqlite_database)
    assert verdict.broken_seq == seq
    assert because in verdict.because


def test_an_end_that_was_cut_off_shows_against_a_note_made_earlier(database: Database) -> None:
    enter(database, 5)
    noted = f"5:{verified(database).last_digest}"
    assert verified(database, noted).broken_seq is None
    tamper(database, "DELETE FROM audit_entry WHERE seq > 3")
    assert verified(database).broken_seq is None  # the chain alone can't tell
    assert verified(database, noted).broken_seq == 4
    enter(database, 5, actor="other")
    assert verified(database, noted).broken_seq == 5


@pytest.mark.parametrize("note", ["", "x", "5", "5:abc", "-1:" + "0" * 64])
def test_a_note_that_is_none_is_refused(sqlite_database: Database, note: str) -> None:
    with pytest.raises(Invalid, match="SEQ:DIGEST"):
        verified(sqlite_database, note)


def test_many_at_once_make_one_chain(database: Database) -> None:
    def some() -> None:
        for _ in range(20):
            enter(database)

    threads = [threading.Thread(target=some) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verified(database)
    assert (verdict.entries, verdict.broken_seq) == (120, None)


def test_what_is_undone_leaves_no_entry_and_no_gap(database: Database) -> None:
    enter(database)

    def action_that_fails() -> None:
        with database.writing() as session:
            record(session, actor="a", clinic_id=None, action="b", subject="c", detail={}, now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        action_that_fails()
    enter(database)
    verdict = verified(database)
    assert (verdict.entries, verdict.broken_seq) == (2, None)


details = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.decimals()
    | st.datetimes(timezones=st.just(UTC))
    | st.sets(st.text(max_size=3), max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(detail=st.dictionaries(st.text(max_size=8), details, max_size=4), actor=st.text(max_size=300))
def test_whatever_the_detail_the_chain_holds_after_a_round_trip(
    database: Database, detail: dict[str, Any], actor: str
) -> None:
    enter(database, detail=detail, actor=actor)
    with database.reading() as session:
        newest = session.exec(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()  # type: ignore[attr-defined]
        assert newest.digest == audit.digest_of(newest)


def test_times_and_amounts_are_kept_as_text(sqlite_database: Database) -> None:
    enter(sqlite_database, detail={"until": NOW, "dose": Decimal("0.10"), "ml": 2.5, "count": 3, "yes": True})
    with sqlite_database.reading() as session:
        kept = session.exec(select(AuditEntry)).one().detail
    assert kept == {"until": "2026-11-22T10:00:00+00:00", "dose": "0.10", "ml": "2.5", "count": 3, "yes": True}


def test_a_search_finds_one_clinics_entries_newest_first(database: Database) -> None:
    facts = [
        Fact(NOW + timedelta(hours=number), actor, clinic, action, subject, {})
        for number, (actor, clinic, action, subject) in enumerate(
            [
                ("a@x.example", 1, "read", "pump:SN1"),
                ("b@x.example", 1, "visit.logged", "pump:SN1"),
                ("a@x.example", 2, "read", "pump:SN2"),
                ("a@x.example", 1, "visit.amended", "pump:SN_"),
            ]
        )
    ]
    with database.writing() as session:
        record_all(session, facts)
    with database.reading() as session:

        def found(**filters: Any) -> list[int]:
            return [entry.seq for entry in search_entries(session, 1, **filters)]

        assert found() == [4, 2, 1]
        assert found(actor=" A@x.example ") == [4, 1]
        assert found(action="visit.") == [4, 2]
        assert found(subject="pump:SN_") == [4]
        assert found(since=NOW + timedelta(hours=1), until=NOW + timedelta(hours=3)) == [2]
        assert found(before_seq=4, limit=1) == [2]
        assert found(subject="%") == []


def test_an_entry_of_a_moment_in_another_zone_is_the_same_moment(sqlite_database: Database) -> None:
    enter(sqlite_database, now=datetime.fromisoformat("2026-11-22T11:00:00+01:00"))
    with sqlite_database.reading() as session:
        assert session.exec(select(AuditEntry)).one().at == NOW
    assert verified(sqlite_database).broken_seq is None
