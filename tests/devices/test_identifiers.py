"""Unique device identifiers of the three agencies, whole and damaged."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.identifiers import Issuer, Udi, UdiError, parse_udi
from devices.identifiers_hibc import check_character

GS1 = Udi(Issuer.GS1, "51022222233336", "1234", "A213B1", date(2014, 12, 31), date(2015, 7, 7))
MADE = date(2015, 10, 1)


def hibc(body: str) -> str:
    return body + check_character(body)


@pytest.mark.parametrize(
    "text",
    [
        "(01)51022222233336(11)141231(17)150707(10)A213B1(21)1234",
        "015102222223333611141231171507071" + "0A213B1\x1d211234",
        "]d2015102222223333611141231171507071" + "0A213B1\x1d211234",
        " 015102222223333611141231171507072" + "11234\x1d10A213B1\n",
    ],
)
def test_a_gs1_identifier_is_read_as_printed_and_as_scanned(text: str) -> None:
    assert parse_udi(text) == GS1


def test_a_gs1_identifier_may_give_the_device_alone() -> None:
    assert parse_udi("(01)51022222233336") == Udi(Issuer.GS1, "51022222233336", None, None, None, None)


def test_a_day_of_zero_stands_for_the_end_of_the_month() -> None:
    assert parse_udi("(01)51022222233336(17)280200").expires_on == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("]d2", "is empty"),
        ("(01)51022222233337(21)1", "(01) is damaged"),
        ("(21)1234", "no device identifier (01)"),
        ("(01)5102222223333", "not a GS1 identifier"),
        ("(01)51022222233336(17)151307", "not a GS1 identifier"),
        ("(01)51022222233336(17)150231", "not a GS1 identifier"),
        ("(01)51022222233336(21)A(21)B", "(21) twice"),
        ("(01)51022222233336(21)" + "x" * 21, "not a GS1 identifier"),
        ("hello", "not a GS1 identifier"),
        ("8637-40", "not a GS1 identifier"),
    ],
)
def test_a_damaged_gs1_identifier_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(UdiError) as caught:
        parse_udi(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expires_on"),
    [
        ("+X999123ABC0/$$05191234AB/S5678EDFG/16D20151001A", date(2019, 5, 31)),
        ("+X999123ABC0/$$20515191234AB/S5678EDFG/16D20151001I", date(2019, 5, 15)),
        ("+X999123ABC0/$$31905151234AB/S5678EDFG/16D20151001J", date(2019, 5, 15)),
        ("+X999123ABC0/$$4190515211234AB/S5678EDFG/16D20151001N", date(2019, 5, 15)),
        ("+X999123ABC0/$$5191351234AB/S5678EDFG/16D20151001J", date(2019, 5, 15)),
        ("+X999123ABC0/$$619135211234AB/S5678EDFG/16D20151001N", date(2019, 5, 15)),
        ("+X999123ABC0/$1234AB/S5678EDFG/16D20151001/14D20190515.", date(2019, 5, 15)),
        ("*+X999123ABC0/$1234AB/S5678EDFG/16D20151001/14D20190515.*", date(2019, 5, 15)),
    ],
)
def test_the_published_hibc_examples_are_read(text: str, expires_on: date) -> None:
    assert parse_udi(text) == Udi(Issuer.HIBCC, "X999123ABC0", "5678EDFG", "1234AB", MADE, expires_on)


@pytest.mark.parametrize(
    ("body", "serial", "lot", "expires_on"),
    [
        ("+X999123ABC0", None, None, None),
        ("+X999123ABC0/$+SN-7.1", "SN-7.1", None, None),
        ("+X999123ABC0/$$+1228SN7", "SN7", None, date(2028, 12, 31)),
        ("+X999123ABC0/$$+3281105SN7", "SN7", None, date(2028, 11, 5)),
        ("+X999123ABC0/$$7LOT1", None, "LOT1", None),
        ("+X999123ABC0/$$8240528LOT1", None, "LOT1", date(2028, 5, 31)),
        ("+X999123ABC0/$$9000243281105LOT1", None, "LOT1", date(2028, 11, 5)),
        ("+X999123ABC0/28310LOT1", None, "LOT1", date(2028, 11, 5)),
        ("+X999123ABC0/S77/Q12", "77", None, None),
        ("+X999123ABC0/$$0528/14D20280531", None, None, date(2028, 5, 31)),
    ],
)
def test_hibc_gives_serial_lot_and_dates_in_all_its_ways(
    body: str, serial: str | None, lot: str | None, expires_on: date | None
) -> None:
    assert parse_udi(hibc(body)) == Udi(Issuer.HIBCC, "X999123ABC0", serial, lot, None, expires_on)


@given(st.integers(0, 46), st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
def test_one_wrong_character_in_a_hibc_identifier_is_always_found(place: int, letter: str) -> None:
    right = "+X999123ABC0/$$05191234AB/S5678EDFG/16D20151001A"
    wrong = right[: place + 1] + letter + right[place + 2 :]
    if wrong == right:
        assert parse_udi(wrong).serial == "5678EDFG"
    else:
        with pytest.raises(UdiError, match="damaged"):
            parse_udi(wrong)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("+A1", "too short"),
        ("+X999123ABC0/$lot1A", "cannot have: 'l'"),
        (hibc("+9999123ABC0"), "does not begin with"),
        (hibc("+X999123ABCX"), "does not begin with"),
        (hibc("+X999123ABC0/$$1328LOT"), "no month 13"),
        (hibc("+X999123ABC0/$$3281131LOT"), "no date: 2028-11-31"),
        (hibc("+X999123ABC0/$$527366LOT"), "no day 366"),
        (hibc("+X999123ABC0/$$527000LOT"), "no day 0"),
        (hibc("+X999123ABC0/$$05X8LOT"), "not written in figures"),
        (hibc("+X999123ABC0/$$8X40528LOT"), "quantity is not written in figures"),
        (hibc("+X999123ABC0/16D2015100"), "not written as eight figures"),
        (hibc("+X999123ABC0/$A B"), "lot is not 1 to 18"),
        (hibc("+X999123ABC0/S"), "serial is not 1 to 18"),
        (hibc("+X999123ABC0/ZZZ"), "a part that is not known"),
        (hibc("+X999123ABC0/$+A1/SA2"), "two different values for serial"),
    ],
)
def test_a_damaged_hibc_identifier_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(UdiError) as caught:
        parse_udi(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "=/A9999XYZ100T0944=,000025=A99971312345600=>014032=}013032&,1000000000000XYZ123",
            Udi(Issuer.ICCBBA, "A9999XYZ100T0944", "000025", "000000000000XYZ123", date(2013, 2, 1), date(2014, 2, 1)),
        ),
        (
            "=/1AB370000007JC89=,000000=1234567890ABC00=>030329=}025226",
            Udi(Issuer.ICCBBA, "1AB370000007JC89", "000000", None, date(2025, 8, 14), date(2030, 11, 25)),
        ),
        ("=)1TE123456A&)RZ12345678", Udi(Issuer.ICCBBA, "1TE123456A", None, "RZ12345678", None, None)),
        ("=/A9999XYZ100T0944=}998365", Udi(Issuer.ICCBBA, "A9999XYZ100T0944", None, None, date(1998, 12, 31), None)),
    ],
)
def test_an_iccbba_identifier_is_read(text: str, expected: Udi) -> None:
    assert parse_udi(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("=,000025", "does not name its product"),
        ("=/A9999XYZ100T0944=,25", "from character 19 on"),
        ("=/A9999XYZ100T0944=,000025=,000026", "serial twice"),
        ("=/A9999XYZ100T0944=>514032", "no century 5"),
        ("=/A9999XYZ100T0944=>014366", "no day 366"),
        ("=/SHORT", "from character 1 on"),
    ],
)
def test_a_damaged_iccbba_identifier_is_refused_with_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(UdiError) as caught:
        parse_udi(text)
    assert words in str(caught.value)


@given(st.text(max_size=80) | st.text("+=&(01)/$,>}*0123456789AB \x1d", max_size=80))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        found: Udi | None = parse_udi(text)
    except UdiError as fault:
        found = None
        assert str(fault)  # noqa: PT017 - both ends of the try are looked at
    assert found is None or found.device_identifier


RUN_TOGETHER = "0100643169001763"  # a device identifier with its right check digit


@pytest.mark.parametrize("serial", ["NGV1H", "GTFG3", "A1", "ABC-9"])
@pytest.mark.parametrize("date_field", ["17271231", "11240229", "17280200"])
@pytest.mark.parametrize("rest", ["", "10LOT7"])
def test_a_serial_that_swallowed_a_date_is_left_open_and_asked_about(serial: str, date_field: str, rest: str) -> None:
    said = parse_udi(f"{RUN_TOGETHER}21{serial}{date_field}{rest}")
    assert said.serial is None
    assert said.serials == (serial,)
    assert "a separator is probably lost" in said.doubts[0]


def test_a_lot_that_may_hold_the_serial_is_left_open_and_both_are_asked_for() -> None:
    said = parse_udi(f"{RUN_TOGETHER}1721123110A12321NGV123456H")
    assert (said.serial, said.lot, said.serials) == (None, None, ("NGV123456H",))
    assert "it may be lot A123 with serial NGV123456H" in said.doubts[0]


def test_a_serial_that_may_hold_a_lot_is_kept_and_asked_about() -> None:
    said = parse_udi(f"{RUN_TOGETHER}21NGV12310LOT5")
    assert (said.serial, said.serials) == ("NGV12310LOT5", ("NGV12310LOT5", "NGV123"))


@pytest.mark.parametrize(
    "text",
    [
        f"{RUN_TOGETHER}21NGV123456H\x1d17271231",
        f"{RUN_TOGETHER}1727123110A12321B\x1d21NGV123456H",
        f"{RUN_TOGETHER}21NGV999999H",
        "(01)00643169001763(21)NGV123456H17271231",
    ],
)
def test_a_barcode_with_its_separators_or_parentheses_raises_no_doubt(text: str) -> None:
    assert parse_udi(text).doubts == ()
