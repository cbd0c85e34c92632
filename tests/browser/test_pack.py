"""Every page of the sample's own pack, as the product's command made it, in a browser that is offline."""

import base64
import re

import polars as pl
import pytest
from defusedxml import ElementTree

from tests.browser.pages import assert_pack_is_offline_and_clean, grave_findings
from tests.test_charts import contrast_on_white

pytestmark = pytest.mark.browser


def test_every_page_of_the_sample_is_offline_and_clean(browser_page, sample_close):
    assert_pack_is_offline_and_clean(browser_page, sample_close / "html")


@pytest.mark.parametrize("name", ["04_gaps", "index"])
def test_with_every_drill_down_open_a_page_is_still_clean(browser_page, sample_close, name):
    browser_page.goto((sample_close / "html" / f"{name}.html").as_uri())
    opened = browser_page.evaluate(
        "() => { const all = [...document.querySelectorAll('.rk-grid [aria-expanded=false]')];"
        " all.forEach(button => button.click()); return all.length }"
    )
    assert browser_page.locator(".rk-detail[hidden]").count() == 0
    assert opened > 20 or name == "index"
    assert grave_findings(browser_page) == []


@pytest.mark.parametrize("name", ["01_extract", "08_close"])
def test_with_its_code_unfolded_a_page_is_still_clean(browser_page, sample_close, name):
    browser_page.goto((sample_close / "html" / f"{name}.html").as_uri())
    unfolded = browser_page.evaluate(
        "() => { const all = [...document.querySelectorAll('details')]; all.forEach(one => { one.open = true });"
        " return all.length }"
    )
    assert unfolded > 3
    assert grave_findings(browser_page) == []


@pytest.mark.parametrize("width", [480, 800, 1280])
def test_nothing_is_wider_than_the_window(browser_page, sample_close, width):
    browser_page.set_viewport_size({"width": width, "height": 900})
    for path in sorted((sample_close / "html").glob("*.html")):
        browser_page.goto(path.as_uri())
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width, path.name


def test_what_each_system_says_keeps_its_lines(browser_page, sample_close):
    browser_page.goto((sample_close / "html" / "03_resolve.html").as_uri())
    browser_page.get_by_role("button", name=re.compile("^Details of")).first.click()
    said = browser_page.locator("tr.rk-detail:visible dt", has_text="Stripe says").first
    lines = said.locator("xpath=following-sibling::dd[1]").inner_text().splitlines()
    assert len(lines) > 2


def test_text_in_charts_can_be_read_on_white(sample_close):
    seen = 0
    for page in sorted((sample_close / "html").glob("*.html")):
        for encoded in re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", page.read_text("utf-8")):
            for colour in colours_of_text(base64.b64decode(encoded)):
                seen += 1
                assert contrast_on_white(colour) >= 4.5, f"{page.name}: {colour}"
    assert seen > 20


def colours_of_text(svg):
    """The colour of each text of a chart; it is inherited from the groups around it."""

    def walk(element, colour):
        colour = element.get("fill") or colour
        if element.tag.endswith("}text") and "".join(element.itertext()).strip():
            yield colour
        for child in element:
            yield from walk(child, colour)

    yield from walk(ElementTree.fromstring(svg), "#000000")


def test_each_page_prints_the_controls_of_its_own_room(sample_close):
    controls = pl.read_parquet(sample_close / "tables" / "controls.parquet")
    for page in sorted((sample_close / "html").glob("0[1-7]_*.html")):
        own = controls.filter(room=page.stem.split("_")[1])["control_id"].to_list()
        text = page.read_text("utf-8")
        assert own, f"{page.name} has no control"
        assert [control for control in own if control not in text] == []
