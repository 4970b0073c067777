"""What a process does before the first click, so that this click does not wait for it."""

from __future__ import annotations

from jinja2 import meta

from tests.web.conftest import Site
from tracker.web.views import templating
from tracker.web.warm_up import EVERYDAY, warm_up


def test_everyday_pages_and_all_that_they_are_made_of_are_compiled_before_the_first_click(site: Site) -> None:
    fresh = templating.environment.__wrapped__()
    warm_up(fresh, site.app.routes)
    assert fresh.cache is not None
    assert fresh.loader is not None
    compiled = {name for _, name in fresh.cache}
    needed, looked = set(EVERYDAY), set[str]()
    while needed - looked:
        name = (needed - looked).pop()
        looked.add(name)
        source, _, _ = fresh.loader.get_source(fresh, name)
        needed |= {one for one in meta.find_referenced_templates(fresh.parse(source)) if one is not None}
    assert len(needed) > len(EVERYDAY)
    assert needed - compiled == set()
