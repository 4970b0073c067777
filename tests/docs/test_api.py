"""docs/api.md is what the product's OpenAPI document says now."""

from __future__ import annotations

import re

from docs import write_api


def test_the_page_of_the_api_is_current() -> None:
    written = write_api.PAGE.read_text()
    assert written == write_api.page(write_api.document()), "run `make docs`"


def test_every_link_on_the_page_leads_to_a_heading() -> None:
    page = write_api.PAGE.read_text()
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", page, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", page)) <= headings
