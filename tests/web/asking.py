"""Asking the API: an answer that is as it should be, and every item of a list."""

from __future__ import annotations

from typing import Any

import httpx

V1 = "/api/v1"


def good(answer: httpx.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def walk(api: httpx.Client, path: str, limit: int, **query: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = good(api.get(path, params={"limit": limit, **query, **({"cursor": cursor} if cursor else {})}))
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
