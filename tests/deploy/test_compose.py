"""The composition of containers, held to the Compose schema and to the house rules; no Docker engine is needed."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.deploy.composition import FILE, Missing, as_written, composition, schema
from tests.deploy.programs import compose
from tests.servers import binary
from tracker.cli.main import COMMANDS
from tracker.settings import Settings

SECRETS = ["POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "TRACKER_MQTT_PASSWORD", "TRACKER_SECRET_KEY"]
FILLED = dict.fromkeys(SECRETS, "filled-in-by-the-test")
SERVICES: dict[str, dict[str, Any]] = composition(FILLED)["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("pump-tracker")]
ONCE = [name for name, service in SERVICES.items() if service["restart"] == "no"]


def _before(name: str) -> set[str]:
    """All that is well or done before this service starts."""
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*(_before(other) for other in direct))


@pytest.mark.parametrize("document", [as_written(), composition(FILLED)], ids=["as written", "filled in"])
def test_the_file_is_valid_by_the_compose_schema(document: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_the_services_stand_in_the_order_the_data_flows() -> None:
    flow = ["nats", "mosquitto", "postgres", "ingest", "schedule", "web", "simulators"]
    assert [name for name in SERVICES if name in flow] == flow


def test_no_simulated_pump_comes_into_the_database_unless_the_demo_is_asked_for() -> None:
    for name, service in SERVICES.items():
        simulated = "simulators" in " ".join(service.get("command", [])) or "simulators" in name
        assert simulated == (service.get("profiles") == ["demo"]), name
        if not simulated:  # nothing that starts without the profile brings one of its services along
            assert not any("simulators" in other for other in service.get("depends_on", {}))


@pytest.mark.parametrize("profiles", [(), ("demo",), ("mosquitto",), ("demo", "mosquitto")])
def test_compose_itself_reads_the_file_and_starts_what_the_profiles_name(
    tmp_path: Path, profiles: tuple[str, ...]
) -> None:
    filled_in = tmp_path / "env"
    filled_in.write_text("".join(f"{name}={value}\n" for name, value in FILLED.items()))
    words = [*compose(), "--env-file", str(filled_in), *(word for one in profiles for word in ("--profile", one))]
    done = subprocess.run([*words, "config", "--services"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = {name for name, service in SERVICES.items() if set(service.get("profiles", profiles)) <= set(profiles)}
    assert set(done.stdout.split()) == wanted


@pytest.mark.parametrize("missing", SECRETS)
def test_compose_itself_refuses_to_start_without_a_secret_and_names_it(tmp_path: Path, missing: str) -> None:
    filled_in = tmp_path / "env"
    filled_in.write_text("".join(f"{name}={value}\n" for name, value in FILLED.items() if name != missing))
    words = [*compose(), "--env-file", str(filled_in), "config", "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"put {missing} into .env" in done.stderr


def test_the_dockerfile_has_no_fault_that_a_linter_of_dockerfiles_knows() -> None:
    done = subprocess.run([binary("hadolint"), "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("missing", SECRETS)
def test_a_missing_secret_stops_the_start_and_is_named(missing: str) -> None:
    values = {name: value for name, value in FILLED.items() if name != missing}
    with pytest.raises(Missing, match=missing):
        composition(values)


def test_no_secret_stands_in_the_file() -> None:
    for line in FILE.read_text().splitlines():
        if re.search(r"(PASSWORD|SECRET|KEY|TOKEN)\b.*:", line) and not line.lstrip().startswith("#"):
            assert re.search(r"\$\{\w+:\?", line), line
    example = Path("deploy/compose.env.example").read_text()
    assert re.findall(r"^(\w+)=$", example, re.MULTILINE) == SECRETS
    assert ".env" in Path(".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["user"] not in {"root", "0", "0:0"}
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service["image"].rpartition(":")[2] not in {"", "latest"}


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_asks_for_a_file_that_compose_would_have_to_write_into_it(name: str) -> None:
    """Compose copies a secret or configuration from the environment into the container: not into a read-only one."""
    assert not {"secrets", "configs"} & set(SERVICES[name])


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_that_stays_says_whether_it_is_well(name: str) -> None:
    service = SERVICES[name]
    assert (name in ONCE) != ("healthcheck" in service)
    if name not in ONCE:
        assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_what_it_needs_to_be_well_or_done(name: str) -> None:
    for other, wait in SERVICES[name].get("depends_on", {}).items():
        assert wait["condition"] == ("service_completed_successfully" if other in ONCE else "service_healthy")


@pytest.mark.parametrize("name", [name for name in OURS if name != "migrate"])
def test_nothing_of_ours_starts_on_an_old_schema(name: str) -> None:
    assert "migrate" in _before(name)


@pytest.mark.parametrize("name", OURS)
def test_settings_are_those_that_the_program_knows_and_commands_exist(name: str) -> None:
    known = {f"TRACKER_{field.upper()}" for field in Settings.model_fields}
    given = {key for key in SERVICES[name].get("environment", {}) if key.startswith("TRACKER_")}
    assert given <= known
    program, *words = SERVICES[name]["command"]
    assert program in {"tracker", "python", "sh"}
    if program == "tracker":
        assert words[0] in COMMANDS


def test_ports_are_published_on_loopback_unless_set_otherwise() -> None:
    for service in SERVICES.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")
    opened = composition(FILLED | {"TRACKER_WEB_PUBLISH": "0.0.0.0:80"})["services"]["web"]["ports"]
    assert opened == ["0.0.0.0:80:8000"]


def test_the_database_is_reached_from_inside_alone() -> None:
    assert SERVICES["postgres"]["networks"] == ["inside"]
    assert composition(FILLED)["networks"]["inside"] == {"internal": True}
    assert "ports" not in SERVICES["postgres"]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists(name: str) -> None:
    named = composition(FILLED)["volumes"]
    for mount in SERVICES[name].get("volumes", []):
        source = mount.split(":")[0]
        assert Path(source).exists() if source.startswith(".") else source in named


def _dockerfile() -> list[str]:
    """The Dockerfile's instructions, a line each."""
    text = re.sub(r"\\\n\s*", " ", Path("Dockerfile").read_text())
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_runs_as_somebody_without_rights_and_installs_by_hash() -> None:
    lines = _dockerfile()
    assert lines.index("USER 10001:10001") > max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    assert any("--require-hashes -r requirements/app.lock" in line for line in lines)
    assert all(service["user"] == "10001:10001" for name, service in SERVICES.items() if name in OURS)


def test_all_that_the_image_copies_exists_and_reaches_the_builder() -> None:
    passed = [line[1:] for line in Path(".dockerignore").read_text().splitlines() if line.startswith("!")]
    copies = [line.split()[1:-1] for line in _dockerfile() if line.startswith("COPY ") and "--from" not in line]
    assert copies
    for source in [word for words in copies for word in words]:
        assert Path(source).exists(), source
        assert any(fnmatch.fnmatch(source, pattern) for pattern in passed), source


def test_the_image_has_the_packages_that_the_project_has() -> None:
    copied = {word for line in _dockerfile() if line.startswith("COPY ") for word in line.split()[1:-1]}
    packaged = re.search(r"packages = \[(.*?)\]", Path("pyproject.toml").read_text())
    assert packaged is not None
    assert set(re.findall(r'"(\w+)"', packaged[1])) <= copied
