"""Which passwords are taken."""

from __future__ import annotations

import pytest

from tracker.actions.staff.passwords import hash_password, is_common, matches
from tracker.errors import Invalid

ABOUT = ("jo.smith@clinic.example", "Jo Smith", "Riverside Pain Clinic")


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Password2026!!",
        "passwordpassword",
        "p a s s w o r d 1",
        "123456789012",
        "987654321098",
        "abcdefghijkl",
        "aaaaaaaaaaaa",
        "121212121212",
        " " * 12,
        "qwertyuiop12",
        "Baclofen2026!",
        "PumpTracker-2026",
        "correct horse battery staple",
        "Smith-Smith-2026",
        "Riverside2026",
        "riversidepainclinic",
    ],
)
def test_a_password_that_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid, match="tried first"):
        hash_password(password, about=ABOUT)


@pytest.mark.parametrize(
    "password",
    [
        "four unrelated words",
        "839204817264",
        "lowercaseonlyletters",
        "kettle harbour",
        "ключ под дверью",
        "Smithereens 40!",
    ],
)
def test_no_kind_of_character_is_asked_for(password: str) -> None:
    assert not is_common(password, ABOUT)
    kept = hash_password(password, about=ABOUT)
    assert matches(password, kept)
    assert not matches(password + " ", kept)


@pytest.mark.parametrize(("length", "taken"), [(11, False), (12, True), (200, True), (201, False)])
def test_a_password_has_12_to_200_characters(length: int, taken: bool) -> None:
    password = ("kettle harbour violin moss " * 8)[:length]
    if taken:
        assert matches(password, hash_password(password))
    else:
        with pytest.raises(Invalid, match="12 to 200 characters"):
            hash_password(password)
