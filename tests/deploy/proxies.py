"""The proxies' configurations that we ship, run by the machine's nginx and Caddy with a certificate of the test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.servers import binary, end, free_port, listens, wait_until

Certificate = tuple[Path, Path]
Proxy = Callable[[Path, int, Certificate], AbstractContextManager[int]]
"""In that folder, before the pages at that port, with that certificate: gives the port that browsers reach."""


def put_here(file: str, places: Mapping[str, str]) -> str:
    """A shipped file with the test's names, ports and files in place of those of the example."""
    text = Path("deploy/proxy", file).read_text()
    for there, here in places.items():
        assert there in text, f"{file}: {there}"
        text = text.replace(there, here)
    return text


@contextmanager
def nginx(folder: Path, pages: int, certificate: Certificate) -> Iterator[int]:
    """Nginx with the shipped server, at a host name of its own."""
    port = free_port()
    places = {
        "127.0.0.1:8000": f"127.0.0.1:{pages}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "    listen [::]:443 ssl;\n": "",
        "server_name pumps.example.org": "server_name localhost",
        "/etc/ssl/pumps.example.org.pem": str(certificate[0]),
        "/etc/ssl/private/pumps.example.org.key": str(certificate[1]),
    }
    with _nginx(folder, port, put_here("nginx.conf", places)):
        yield port


@contextmanager
def nginx_below_a_path(folder: Path, pages: int, certificate: Certificate) -> Iterator[int]:
    """Nginx with the shipped locations, in the server of a host whose other pages belong to another application."""
    port = free_port()
    (folder / "pump-tracker.conf").write_text(put_here("nginx-sub-path.conf", {"127.0.0.1:8000": f"127.0.0.1:{pages}"}))
    server = (
        f"server {{\nlisten 127.0.0.1:{port} ssl;\nserver_name localhost;\n"
        f"ssl_certificate {certificate[0]};\nssl_certificate_key {certificate[1]};\n"
        f"location / {{ return 418 'another application'; }}\ninclude {folder}/pump-tracker.conf;\n}}\n"
    )
    with _nginx(folder, port, server):
        yield port


@contextmanager
def _nginx(folder: Path, port: int, servers: str) -> Iterator[None]:
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{servers}}}\n"
    )
    process = subprocess.Popen(
        [binary("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, 20, "nginx to listen")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield
    finally:
        end(process)


@contextmanager
def caddy(folder: Path, pages: int, certificate: Certificate) -> Iterator[int]:
    """Caddy with the shipped site, whose certificate the test gives: nobody is asked for one."""
    port = free_port()
    site = put_here(
        "Caddyfile",
        {
            "\npumps.example.org {\n": f"\nhttps://localhost:{port} {{\n\ttls {certificate[0]} {certificate[1]}\n",
            "127.0.0.1:8000": f"127.0.0.1:{pages}",
        },
    )
    (folder / "Caddyfile").write_text(
        "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n\tdefault_bind 127.0.0.1\n}\n" + site
    )
    homes = {name: str(folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [binary("caddy"), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")],
            env=os.environ | homes,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, 20, "Caddy to listen")
        assert process.poll() is None, (folder / "caddy.log").read_text()
        yield port
    finally:
        end(process)
