"""HEAD is answered wherever GET is, as GET answers, without the content."""

from __future__ import annotations

import re

import httpx
import pytest

from tests.web.conftest import Site
from tests.web.test_permissions import routes


def test_every_address_answers_head_as_it_answers_get(site: Site) -> None:
    paths = [re.sub(r"\{[^}]*\}", "1", path) for method, path, _ in routes(site) if method == "GET"]
    assert len(paths) > 50
    stranger = site.stranger(headers={"Accept": "text/html"})
    for path in paths:
        head = stranger.head(path)
        assert head.content == b"", path
        assert head.status_code == stranger.get(path).status_code, path
    assert stranger.head("/static/style.css").status_code == 200
    assert stranger.head("/no/such/page").status_code == 404


@pytest.mark.parametrize("path", ["/", "/pumps", "/worklist", "/api/v1/pumps"])
def test_whoever_has_signed_in_gets_the_same_head_as_for_get(site: Site, path: str) -> None:
    client = site.api() if path.startswith("/api") else site.browser()
    head, got = client.head(path), client.get(path)
    assert (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert head.content == b""


def test_the_head_of_a_stream_without_end_comes_at_once(site: Site) -> None:
    answer: httpx.Response = site.browser().head("/live", timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert site.stranger().head("/health/live").status_code == 200
