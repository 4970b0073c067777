"""A communicator's password, and its hashes as each broker reads them."""

from __future__ import annotations

import os
import signal
import string
import subprocess
from pathlib import Path

import bcrypt
import pytest

from tests.broker.clients import Device
from tests.broker.conftest import OTHER, PUMP, TRACKER_PASSWORD, mosquitto, mosquitto_users
from tests.servers import binary, wait_until
from tracker.broker.credentials import issue, issue_many, mosquitto_hash
from tracker.broker.mosquitto import write_mosquitto_files
from tracker.errors import Invalid


def test_a_credential_is_the_serial_with_32_characters_that_a_url_and_a_shell_leave_alone() -> None:
    credential = issue(PUMP)
    assert credential.username == credential.serial == PUMP
    assert len(credential.password) == 32
    assert credential.password.replace("-", "").replace("_", "").isalnum()


def test_no_password_begins_as_a_formula_does() -> None:
    begins = {issue(f"SN{number}").password[0] for number in range(2000)}
    assert begins <= set(string.ascii_letters + string.digits)
    assert len(begins) == 62


def test_a_credential_does_not_show_its_password_where_it_is_logged() -> None:
    credential = issue(PUMP)
    assert credential.password not in repr(credential)


def test_the_hash_for_nats_is_of_this_password_and_cheap_to_check() -> None:
    credential = issue(PUMP)
    assert bcrypt.checkpw(credential.password.encode(), credential.bcrypt_hash.encode())
    assert not bcrypt.checkpw(b"another", credential.bcrypt_hash.encode())
    assert credential.bcrypt_hash.startswith("$2a$04$")


def test_credentials_for_many_pumps_come_in_order_and_all_differ() -> None:
    serials = [f"SN{number:04}" for number in range(500)]
    issued = issue_many(serials)
    assert [one.serial for one in issued] == serials
    assert len({one.password for one in issued}) == len(serials)
    assert len({one.mosquitto_hash for one in issued}) == len(serials)


def test_no_pump_may_be_named_like_the_trackers_own_account() -> None:
    with pytest.raises(Invalid, match="tracker's own user name") as told:
        issue("tracker")
    assert told.value.field == "serial"


def test_mosquitto_takes_our_hash_as_it_takes_its_own_tools(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.touch(0o600)
    subprocess.run([binary("mosquitto_passwd"), "-b", str(theirs), PUMP, "secret"], check=True, capture_output=True)
    own_parts = mosquitto_hash("secret").split("$")
    their_parts = theirs.read_text().strip().removeprefix(f"{PUMP}:").split("$")
    assert [own_parts[1], own_parts[2]] == [their_parts[1], their_parts[2]]
    assert [len(part) for part in own_parts] == [len(part) for part in their_parts]


def test_mosquittos_files_are_for_their_owner_alone_and_count_the_pumps(tmp_path: Path) -> None:
    written = write_mosquitto_files(
        tmp_path, mosquitto_users(issue_many([PUMP, OTHER])), mosquitto_hash(TRACKER_PASSWORD)
    )
    assert written.pumps == 2
    assert TRACKER_PASSWORD not in written.password_file.read_text()
    for path in (written.password_file, written.acl_file):
        assert path.stat().st_mode & 0o077 == 0


def test_a_rewritten_password_file_takes_effect_at_sighup_and_keeps_the_others_connected(tmp_path: Path) -> None:
    first, second, third = issue_many([PUMP, OTHER, "SN0003"])
    with mosquitto(tmp_path, [first, second]) as (port, pid):
        staying = Device(port, OTHER, second.password)
        leaving = Device(port, PUMP, first.password)
        with staying, leaving:
            with Device(port, "SN0003", third.password) as early:
                assert not early.welcome
            write_mosquitto_files(tmp_path, mosquitto_users([second, third]), mosquitto_hash(TRACKER_PASSWORD))
            os.kill(pid, signal.SIGHUP)
            wait_until(lambda: leaving.partings, what="the revoked pump to be cut off")
            with Device(port, "SN0003", third.password) as enrolled:
                assert enrolled.welcome
            with Device(port, PUMP, first.password) as revoked:
                assert not revoked.welcome
            assert staying.connected
