"""The proxy's configuration that we ship, run by Debian's nginx with a certificate, in front of real pages."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.broker.certificates import Authority
from tests.end_to_end.product import Product
from tests.servers import binary, end, free_port, listens, wait_until
from tests.web.conftest import csrf_of

NURSE, PASSWORD = "nurse@clinic.example", "a long password of a test"


@contextmanager
def nginx(folder: Path, pages: int, certificate: tuple[Path, Path]) -> Iterator[int]:
    """Nginx with the shipped server, its name, ports and files put here; the port that browsers reach."""
    port = free_port()
    text = Path("deploy/proxy/nginx.conf").read_text()
    for there, here in {
        "127.0.0.1:8000": f"127.0.0.1:{pages}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "    listen [::]:443 ssl;\n": "",
        "server_name pumps.example.org": "server_name localhost",
        "/etc/ssl/pumps.example.org.pem": str(certificate[0]),
        "/etc/ssl/private/pumps.example.org.key": str(certificate[1]),
    }.items():
        assert there in text
        text = text.replace(there, here)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{text}}}\n"
    )
    process = subprocess.Popen(
        [binary("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, 20, "nginx to listen")
        assert process.poll() is None, (folder / "error.log").read_text()
        yield port
    finally:
        end(process)


@pytest.mark.needs("nginx")
def test_behind_nginx_a_nurse_signs_in_and_sees_changes_while_another_address_guesses(tmp_path: Path) -> None:
    binary("nginx")
    authority = Authority(tmp_path / "certificates", "authority")
    product = Product(tmp_path)
    with nginx(tmp_path, product.web_port, authority.issue("proxy", server=True)) as port:
        address = f"https://localhost:{port}"
        product.environment |= {"TRACKER_PUBLIC_URL": address, "TRACKER_PROXIES": "127.0.0.1"}
        try:
            product.start_all("web")
            words = ("staff", "add", NURSE, "--role", "nurse", "--password-stdin")
            product.tracker(*words, given=f"{PASSWORD}\n")
            assert product.tracker("staff", "link", NURSE).startswith(f"{address}/")

            def browser(own_address: str) -> httpx.Client:
                way = httpx.HTTPTransport(verify=authority.client_context(), local_address=own_address)
                headers = {"Accept": "text/html", "Origin": address}
                return httpx.Client(base_url=address, transport=way, headers=headers, timeout=30)

            def signs_in(client: httpx.Client, password: str) -> int:
                form = {"email": NURSE, "password": password, "csrf": csrf_of(client.get("/sign-in").text)}
                return client.post("/sign-in", data=form).status_code

            with browser("127.0.0.2") as guesser, browser("127.0.0.1") as nurse:
                form = {"email": NURSE, "csrf": csrf_of(guesser.get("/sign-in").text)}
                tries = [
                    guesser.post("/sign-in", data=form | {"password": f"guess {number}"}).status_code
                    for number in range(66)
                ]
                assert set(tries) <= {401, 429}
                assert signs_in(guesser, PASSWORD) in {401, 429}
                assert signs_in(nurse, PASSWORD) == 303
                session = next(one for one in nurse.cookies.jar if "session" in one.name)
                assert session.secure
                assert session.name.startswith("__Host-")
                page = nurse.get("/")
                assert page.status_code == 200
                assert "max-age" in page.headers["strict-transport-security"]
                assert re.search(r'href="/pumps', page.text)
                with nurse.stream("GET", "/live", timeout=20) as live:
                    assert live.status_code == 200
                    assert next(live.iter_lines())  # held back, it would come when the stream ends: in hours
        finally:
            product.stop()
