"""The proxies' configurations that we ship, each in front of real pages, while somebody guesses passwords."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.broker.certificates import Authority
from tests.deploy.proxies import Proxy, caddy, nginx, nginx_below_a_path
from tests.end_to_end.product import Product
from tests.web.conftest import csrf_of

NURSE, PASSWORD = "nurse@clinic.example", "a long password of a test"


@pytest.mark.parametrize(
    ("proxy", "path"),
    [
        pytest.param(nginx, "", marks=pytest.mark.needs("nginx"), id="nginx"),
        pytest.param(nginx_below_a_path, "/pump-tracker", marks=pytest.mark.needs("nginx"), id="nginx below a path"),
        pytest.param(caddy, "", marks=pytest.mark.needs("caddy"), id="Caddy"),
    ],
)
def test_a_nurse_signs_in_and_sees_changes_while_another_address_guesses(
    tmp_path: Path, proxy: Proxy, path: str
) -> None:
    authority = Authority(tmp_path / "certificates", "authority")
    product = Product(tmp_path)
    with proxy(tmp_path, product.web_port, authority.issue("proxy", server=True)) as port:
        origin = f"https://localhost:{port}"
        address = origin + path
        product.environment |= {"TRACKER_PUBLIC_URL": address, "TRACKER_PROXIES": "127.0.0.1"}
        try:
            product.start_all("web")
            words = ("staff", "add", NURSE, "--role", "nurse", "--password-stdin")
            product.tracker(*words, given=f"{PASSWORD}\n")
            assert product.tracker("staff", "link", NURSE).startswith(f"{address}/")

            def browser(own_address: str) -> httpx.Client:
                way = httpx.HTTPTransport(verify=authority.client_context(), local_address=own_address)
                # What a browser claims of where it comes from is put aside by the proxy.
                headers = {"Accept": "text/html", "Origin": origin, "X-Forwarded-For": "192.0.2.7"}
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
                assert session.name.startswith("__Secure-" if path else "__Host-")
                assert session.path == f"{path}/"
                page = nurse.get("/")
                assert page.status_code == 200
                assert "max-age" in page.headers["strict-transport-security"]
                assert re.search(rf'href="{path}/pumps', page.text)
                with nurse.stream("GET", "/live", timeout=20) as live:
                    assert live.status_code == 200
                    assert next(live.iter_lines())  # held back, it would come when the stream ends: in hours
        finally:
            product.stop()
