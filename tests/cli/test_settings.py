"""What a process takes from the environment: nothing misspelt, no secret shown, each value with where it came from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_records import Commands
from tests.servers import end, free_port, wait_until
from tracker.cli.main import COMMANDS
from tracker.errors import StartupFault
from tracker.settings import Settings
from tracker.settings_source import Given, address_only, read, secret_fields, without_password

KNOWN = tuple(Settings.model_fields)
SECRETS = secret_fields(Settings)
PROCESSES = [
    ["demo"],
    ["serve"],
    ["ingest"],
    ["web"],
    ["schedule"],
    ["send"],
    ["sentinel"],
    ["broker"],
    ["audit", "anchor", "--every", "60"],
    ["alive", "ingest"],
    ["db", "upgrade"],
    ["pumps", "list"],
    ["config"],
]


def commands(folder: Path, **more: str) -> Commands:
    made = Commands(f"sqlite:///{folder / 'tracker.db'}", folder)
    made.environment |= more
    return made


@pytest.mark.parametrize("words", PROCESSES, ids=lambda words: words[0])
def test_a_misspelt_setting_stops_every_process_with_the_name_that_was_meant(tmp_path: Path, words: list[str]) -> None:
    said = commands(tmp_path, TRACKER_WEB_PROT="8001").bad(*words)
    assert said.strip() == "tracker: there is no setting TRACKER_WEB_PROT: did you mean TRACKER_WEB_PORT?"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_each_setting_that_lacks_a_letter_is_refused_and_the_right_one_is_named(name: str) -> None:
    meant = f"TRACKER_{name.upper()}"
    with pytest.raises(StartupFault, match=rf"did you mean {meant}\?"):
        read({f"TRACKER_{name[0]}{name[2:]}".upper(): "x"}, KNOWN, SECRETS)


def test_what_a_platform_sets_by_itself_for_a_service_of_that_name_stops_nothing() -> None:
    of_kubernetes = {
        "TRACKER_SERVICE_HOST": "10.0.0.1",
        "TRACKER_SERVICE_PORT": "8000",
        "TRACKER_SERVICE_PORT_HTTP": "8000",
        "TRACKER_PORT": "tcp://10.0.0.1:8000",
        "TRACKER_PORT_8000_TCP": "tcp://10.0.0.1:8000",
        "TRACKER_PORT_8000_TCP_ADDR": "10.0.0.1",
        "TRACKER_NATS_SERVICE_HOST": "10.0.0.2",
    }
    assert read(of_kubernetes, KNOWN, SECRETS) == {}
    with pytest.raises(StartupFault, match="TRACKER_PORT"):
        read({"TRACKER_PORT": "8000"}, KNOWN, SECRETS)


def test_every_secret_may_stand_in_a_file_and_nothing_else(tmp_path: Path) -> None:
    assert {"database_url", "mqtt_url", "secret_key", "oidc_client_secret"} <= SECRETS
    for name in SECRETS:
        file = tmp_path / name
        file.write_text("what stands there\n")
        variable = f"TRACKER_{name.upper()}_FILE"
        assert read({variable: str(file)}, KNOWN, SECRETS) == {name: Given("what stands there", f"file {file}")}
    with pytest.raises(StartupFault, match="no setting TRACKER_WEB_PORT_FILE"):
        read({"TRACKER_WEB_PORT_FILE": "x"}, KNOWN, SECRETS)


def test_no_setting_that_sounds_like_a_secret_is_left_out_of_the_secrets() -> None:
    sounding = {
        name for name in KNOWN if re.search(r"secret|password|_key$|token|smtp_url|mqtt_url|database_url", name)
    }
    assert sounding - SECRETS == {"password_sign_in"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfe", "holds no text"),
        (b"x" * 70_000, "is too long for a secret"),
    ],
)
def test_a_file_without_a_secret_is_named_with_the_setting(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    sentence = commands(tmp_path, TRACKER_SECRET_KEY_FILE=str(file)).bad("pumps", "list")
    assert f"TRACKER_SECRET_KEY_FILE: {file}" in sentence
    assert said in sentence


def test_a_secret_that_is_given_twice_is_refused_and_an_empty_variable_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("f" * 40)
    twice = {"TRACKER_SECRET_KEY_FILE": str(file), "TRACKER_SECRET_KEY": "e" * 40}
    with pytest.raises(StartupFault, match="TRACKER_SECRET_KEY_FILE and TRACKER_SECRET_KEY are both set"):
        read(twice, KNOWN, SECRETS)
    assert (
        read(twice | {"TRACKER_SECRET_KEY": "", "TRACKER_WEB_PORT": ""}, KNOWN, SECRETS)["secret_key"].text == "f" * 40
    )


def test_the_configuration_shows_every_setting_its_default_and_its_origin_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "oidc").write_text("of-the-provider-9")
    (tmp_path / "key").write_text("of-the-cookies-7" * 3)
    shown = commands(
        tmp_path,
        TRACKER_DATABASE_URL="postgresql://nurse:pw@d4ta@db.example/tracker?sslpassword=of-the-key-3",
        TRACKER_MQTT_URL="mqtts://tracker:br0k3r@mq.example:8883",
        TRACKER_OIDC_CLIENT_SECRET_FILE=str(tmp_path / "oidc"),
        TRACKER_SECRET_KEY_FILE=str(tmp_path / "key"),
        TRACKER_WEB_PORT="8011",
    )
    told = shown.good("config", "--json")
    rows = json.loads(told)
    assert set(rows) == {f"TRACKER_{name.upper()}" for name in KNOWN}
    assert (rows["TRACKER_WEB_PORT"]["value"], rows["TRACKER_WEB_PORT"]["default"]) == (8011, 8000)
    assert rows["TRACKER_WEB_PORT"]["origin"] == "environment"
    assert rows["TRACKER_IDLE_MINUTES"]["origin"] == "default"
    assert rows["TRACKER_SECRET_KEY"]["origin"] == f"file {tmp_path / 'key'}"
    assert rows["TRACKER_DATABASE_URL"]["value"] == "postgresql://nurse:****@db.example/tracker?sslpassword=****"
    assert rows["TRACKER_MQTT_URL"]["value"] == "mqtts://tracker:****@mq.example:8883"
    words = shown.good("config")
    assert "TRACKER_WEB_PORT=8011  (environment; default 8000)" in words
    assert "TRACKER_IDLE_MINUTES=15  (default)" in words
    for secret in ("d4ta", "br0k3r", "of-the-provider", "of-the-cookies", "of-the-key"):
        assert secret not in told + words
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "oidc"]  # looking makes no secret


def test_settings_that_are_printed_by_mistake_show_no_secret(tmp_path: Path) -> None:
    printed = repr(
        Settings(
            data_dir=tmp_path,
            database_url="postgresql://a:s3cret@h/d",
            mqtt_url="mqtt://a:s3cret@h",
            secret_key="s3cret" * 9,
        )
    )
    assert "s3cret" not in printed


@pytest.mark.parametrize(
    ("url", "whole", "address"),
    [
        ("mqtt://a:b/c@h:1", "mqtt://a:****@h:1", "mqtt://h:1"),
        ("postgresql://u:p@q@h/d", "postgresql://u:****@h/d", "postgresql://h"),
        ("postgresql://h/d?password=x&application_name=y", "postgresql://h/d?password=****&application_name=y", None),
        ("postgresql://h/d?sslmode=require&p%61ssword=x", "postgresql://h/d?sslmode=require&p%61ssword=****", None),
        ("postgresql://h/d?PassWord=x&passfile=&", "postgresql://h/d?PassWord=****&passfile=&", None),
        ("postgresql://h/d#password=x", "postgresql://h/d#****", None),
        ("sqlite:////var/lib/tracker.db", "sqlite:////var/lib/tracker.db", None),
        ("u:p@h", "****", "****"),
        ("", "", None),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, whole: str, address: str | None) -> None:
    assert without_password(url) == whole
    if address is not None:
        assert address_only(url) == address


def test_the_first_line_of_a_process_says_what_it_uses(tmp_path: Path) -> None:
    given = {
        "TRACKER_DATA_DIR": str(tmp_path),
        "TRACKER_MQTT_URL": f"mqtt://tracker:br0k3r@127.0.0.1:{free_port()}",
        "TRACKER_LOG_FORMAT": "json",
    }
    subprocess.run([sys.executable, "-m", "tracker.cli.main", "db", "upgrade"], env=os.environ | given, check=True)
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tracker.cli.main", "ingest"], env=os.environ | given, stderr=out
        )
    try:
        wait_until(lambda: b"\n" in log.read_bytes(), 30, "the first line")
    finally:
        end(process)
    first = json.loads(log.read_text().splitlines()[0])
    assert first["event"] == "starting"
    assert first["process"] == "ingest"
    assert first["database"] == f"sqlite:///{tmp_path}/tracker.db"
    assert first["broker"] == given["TRACKER_MQTT_URL"].replace("tracker:br0k3r@", "")
    assert first["data_dir"] == str(tmp_path)
    assert first["version"]
    assert "br0k3r" not in log.read_text()


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"pump-tracker \d+\.\d+\.\d+\S*\n", commands(tmp_path).good("--version"))


def test_every_command_is_one_of_those_that_are_tried_above_or_reads_no_settings_by_itself() -> None:
    tried = {words[0] for words in PROCESSES}
    by_themselves_none = {"staff", "oncall", "programmers", "advisories", "rehearse", "assess", "code"}
    assert set(COMMANDS) - tried <= by_themselves_none
