"""The page of models and sources: every figure of the catalogue, each with a source that the page lists."""

from __future__ import annotations

import re

from devices.models.catalogue import CATALOGUE
from devices.sources import SOURCES
from tests.web.conftest import Site
from tracker.web.pages.models import figures_of
from tracker.web.views.templating import cited


def test_every_model_and_every_source_stands_on_the_page_and_every_link_leads_to_one(one_site: Site) -> None:
    answer = one_site.browser("biller").get("/models")
    assert answer.status_code == 200
    ids = re.findall(r'\bid="([^"]+)"', answer.text)
    assert set(CATALOGUE) | set(SOURCES) <= set(ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= set(ids)


def test_a_models_battery_and_mri_figures_are_among_its_figures() -> None:
    names = {each.name for each in figures_of(CATALOGUE["synchromed-ii-20"])}
    assert {"capacity", "battery service life max", "MRI check within"} <= names
    assert not any(name.startswith("battery") for name in (each.name for each in figures_of(CATALOGUE["codman-3000"])))


def test_a_source_named_in_a_sentence_leads_to_where_it_is_told_and_nothing_else_is_let_in() -> None:
    assert cited("90 days (source S1).") == '90 days (<a href="/models#S1">source S1</a>).'
    assert cited("<b>source S2c</b>") == '&lt;b&gt;<a href="/models#S2c">source S2c</a>&lt;/b&gt;'


def test_a_volume_is_called_measured_only_where_a_sensor_measures_it(one_site: Site) -> None:
    page = one_site.browser("biller").get("/models").text
    assert page.count("A level sensor measures the volume.") == sum(
        one.reservoir_measured for one in CATALOGUE.values()
    )
    shown = one_site.browser("nurse").get("/models").text
    assert "counted down from the fill" in shown
