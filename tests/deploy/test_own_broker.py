"""A broker of one's own under an account of its own, with the files that the tracker writes as somebody else."""

from __future__ import annotations

import os
import pwd
import re
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.broker.clients import Device
from tests.end_to_end.product import Product
from tests.servers import binary, end, free_port, listens, wait_until
from tracker.broker.server_process import find_server

OWN_PASSWORD = "the-trackers-own-password"
CONTAINER = Path("deploy/mosquitto/mosquitto.conf")
DEBIAN = Path("deploy/mosquitto/conf.d/tracker.conf")
PACKAGED = """\
pid_file {run}/mosquitto.pid

persistence true
persistence_location {data}/

log_dest file {log}/mosquitto.log

include_dir {conf}
"""
"""``mosquitto.conf`` of Debian's package, with its folders put elsewhere."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root starts a broker under another account")


@dataclass
class Site:
    """An installation without a broker of its own, and the folder, port and account of the one that it works with."""

    product: Product
    folder: Path
    port: int
    account: str
    api: httpx.Client

    @property
    def files(self) -> Path:
        return self.folder / "tracker"

    @property
    def pid_file(self) -> Path:
        return self.folder / "run" / f"{self.account}.pid"

    def signs_in(self, serial: str, password: str) -> bool:
        with Device(self.port, serial, password) as device:
            return device.welcome

    def enrol(self, serial: str) -> str:
        """Enrol a pump; its communicator's password."""
        made = self.api.post("/api/v1/pumps", json={"serial": serial, "model": "synchromed-ii-20"})
        assert made.status_code == 201, made.text
        password: str = made.json()["credential"]["password"]
        return password

    def revoke(self, serial: str) -> None:
        answer = self.api.post(f"/api/v1/pumps/{serial}/credential/revoke", json={"reason": "the communicator is lost"})
        assert answer.status_code == 200, answer.text


@contextmanager
def site(account: str) -> Iterator[Site]:
    """Folders that the account may enter, unlike pytest's own; the pages run, the broker does not."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pump-broker-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for one in ("run", "data", "log"):
            (folder / one).mkdir()
            os.chown(folder / one, pwd.getpwnam(account).pw_uid, -1)
        (folder / "conf.d").mkdir()
        product = Product(folder, TRACKER_MQTT_URL=f"mqtt://tracker:{OWN_PASSWORD}@127.0.0.1:{port}")
        product.start_all("web")
        password = "a long password of a test"
        product.tracker(
            "staff", "add", "a@clinic.example", "--role", "administrator", "--password-stdin", given=f"{password}\n"
        )
        token = product.tracker("staff", "token", "a@clinic.example", "--name", "test").strip()
        base = f"http://127.0.0.1:{product.web_port}"
        try:
            with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=30) as api:
                yield Site(product, folder, port, account, api)
        finally:
            product.stop()


@contextmanager
def debians_mosquitto(site: Site) -> Iterator[subprocess.Popen[bytes]]:
    """Mosquitto as Debian's package starts it, as root, from where it goes on as its own account."""
    folders = {one: str(site.folder / one) for one in ("run", "data", "log")}
    (site.folder / "mosquitto.conf").write_text(PACKAGED.format(**folders, conf=site.folder / "conf.d"))
    text = DEBIAN.read_text().replace("/etc/mosquitto/tracker/", f"{site.files}/")
    text = text.replace("listener 1883 127.0.0.1", f"listener {site.port} 127.0.0.1")
    (site.folder / "conf.d" / "tracker.conf").write_text(text)
    process = subprocess.Popen(
        [binary("mosquitto"), "-c", str(site.folder / "mosquitto.conf")], stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(site.port) or process.poll() is not None, what="Mosquitto to listen")
        assert process.poll() is None, (site.folder / "log" / "mosquitto.log").read_text()
        assert Path(f"/proc/{process.pid}").stat().st_uid == pwd.getpwnam("mosquitto").pw_uid
        yield process
    finally:
        end(process)


def access(path: Path) -> tuple[str, int]:
    found = path.stat()
    return pwd.getpwuid(found.st_uid).pw_name, stat.S_IMODE(found.st_mode)


@as_root
@pytest.mark.needs("mosquitto")
def test_files_written_by_root_are_read_by_mosquitto_and_a_revoked_pump_is_cut_off_and_stays_out() -> None:
    binary("mosquitto")
    with site("mosquitto") as own:
        kept, lost = own.enrol("SN-1"), own.enrol("SN-2")
        own.product.tracker("broker", "files", str(own.files), "--owner", "mosquitto", "--group", "mosquitto")
        with debians_mosquitto(own) as mosquitto:
            before = [access(own.files / name) for name in ("passwords", "permissions")]
            third = own.enrol("SN-3")
            assert own.signs_in("SN-1", kept)
            assert not own.signs_in("SN-3", third)
            said = own.product.tracker("broker", "files", str(own.files), "--pid-file", str(own.pid_file))
            assert "3 pumps; readable by mosquitto" in said
            wait_until(lambda: own.signs_in("SN-3", third), 5, "the new pump to sign in")
            assert own.signs_in("tracker", OWN_PASSWORD)

            own.product.start("broker", "files", str(own.files), "--watch", "--pid-file", str(own.pid_file))
            log = own.product.folder / "broker.log"
            wait_until(lambda: "told to read" in log.read_text(), 60, "the watch")
            staying, leaving = Device(own.port, "SN-1", kept), Device(own.port, "SN-2", lost)
            with staying, leaving:
                assert staying.connected
                assert leaving.connected
                own.revoke("SN-2")
                wait_until(lambda: leaving.partings, 5, "the revoked pump to be cut off")
                assert not own.signs_in("SN-2", lost)
                fourth = own.enrol("SN-4")
                wait_until(lambda: own.signs_in("SN-4", fourth), 5, "the new pump to sign in")
                assert staying.connected
            assert "broker-files: a sign of life" in own.product.tracker("alive", "broker-files")
            assert [access(own.files / name) for name in ("passwords", "permissions")] == before
            assert mosquitto.poll() is None


def test_a_broker_that_restarts_while_the_watch_runs_works_by_the_newest_files() -> None:
    account = pwd.getpwuid(os.geteuid()).pw_name
    with site(account) as own:
        first = own.enrol("SN-1")
        words = ("broker", "nats-files", str(own.files))
        own.product.tracker(*words)
        text = Path("deploy/nats/node.conf").read_text().replace("_replicas: 3", "_replicas: 1")
        alone, _, rest = text.partition("cluster {")
        rest = rest.partition("mappings {")[2].partition("}\n\n")[2]
        (own.files / "node.conf").write_text(alone + rest)
        environment = os.environ | {
            "NODE": "tracker-1",
            "STORE": str(own.folder / "store"),
            "MQTT_LISTEN": f"127.0.0.1:{own.port}",
            "NATS_LISTEN": "127.0.0.1:-1",
        }
        start = [str(find_server(None)), "-c", str(own.files / "node.conf"), "-P", str(own.pid_file)]
        server = subprocess.Popen(start, env=environment, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: listens(own.port) or server.poll() is not None, what="the server to listen")
            own.product.start(*words, "--watch", "--pid-file", str(own.pid_file))
            log = own.product.folder / "broker.log"
            wait_until(lambda: "told to read" in log.read_text(), 60, "the watch")
            end(server, signal.SIGKILL)
            own.revoke("SN-1")
            second = own.enrol("SN-2")
            wait_until(lambda: "not carried to the broker" in log.read_text(), what="the watch to miss the server")
            server = subprocess.Popen(start, env=environment, stderr=subprocess.DEVNULL)
            wait_until(lambda: listens(own.port) or server.poll() is not None, what="the server to listen")
            wait_until(lambda: own.signs_in("SN-2", second), 10, "the new pump to sign in")
            assert not own.signs_in("SN-1", first)
            wait_until(lambda: log.read_text().count("told to read") >= 2, what="the server to be told")
            assert server.poll() is None
        finally:
            end(server, signal.SIGKILL)


def directives(file: Path) -> set[str]:
    """What a configuration says, whatever its folders are called."""
    text = re.sub(r"/(mosquitto|etc/mosquitto)/(config|tracker)/", "FILES/", file.read_text())
    text = re.sub(r"/(mosquitto/certificates|etc/mosquitto/certs)/", "CERTIFICATES/", text)
    return {line for line in text.splitlines() if line and not line.startswith("# ")}


def test_the_two_configurations_differ_in_folders_and_listener_alone() -> None:
    container, debian = directives(CONTAINER), directives(DEBIAN)
    assert debian - container == {"listener 1883 127.0.0.1"}
    assert container - debian == {
        "listener 1883",
        "log_dest stderr",
        "persistence true",
        "persistence_location /mosquitto/data/",
        "pid_file /mosquitto/data/mosquitto.pid",
    }


def test_configuration_readme_and_handbook_name_the_same_folder() -> None:
    folder = re.search(r"^password_file (\S+)/passwords$", DEBIAN.read_text(), re.MULTILINE)
    assert folder is not None
    for document in (DEBIAN, Path("README.md"), Path("docs/operations.md")):
        named = re.findall(r"tracker broker files (\S+)", document.read_text())
        assert named, document
        assert set(named) == {folder[1]}, document


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--watch"], "name --pid-file FILE or --reload COMMAND"),
        (["--watch", "--pid-file", "pid", "--reload", "true"], "name one of them"),
        (["--mode", "rw"], "write it as chmod does"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(tmp_path: Path, words: list[str], said: str) -> None:
    product = Product(tmp_path, TRACKER_MQTT_URL=f"mqtt://tracker:{OWN_PASSWORD}@127.0.0.1:1883")
    with pytest.raises(AssertionError, match=said):
        product.tracker("broker", "files", str(tmp_path / "files"), *words)
    assert not (tmp_path / "files").exists()


def test_without_the_trackers_own_password_nothing_is_written(tmp_path: Path) -> None:
    product = Product(tmp_path, TRACKER_MQTT_URL="mqtt://broker.example:1883")
    with pytest.raises(AssertionError, match="put it into TRACKER_MQTT_URL"):
        product.tracker("broker", "files", str(tmp_path / "files"))
    assert not (tmp_path / "files").exists()
