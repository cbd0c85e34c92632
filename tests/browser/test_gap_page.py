"""Page 4 of the sample's pack as a newcomer meets it: what to do first, in plain words, on screen and on paper."""

import base64
import re

import pytest

from recon_kit.gaps.families.seeds import FAMILIES
from recon_kit.gaps.verdicts import CAUSES

pytestmark = pytest.mark.browser

STATES = ["in_window", "under_billed", "over_billed", "crm_overstated", "crm_understated"]
CODES = re.compile(rf"\b({'|'.join(code for code in (*FAMILIES, *CAUSES, *STATES) if '_' in code)})\b")


@pytest.fixture
def page(browser_page, sample_close):
    browser_page.set_viewport_size({"width": 1400, "height": 1000})
    browser_page.goto((sample_close / "html" / "04_gaps.html").as_uri())
    return browser_page


def table(page, anchor):
    return page.locator(".rk-table", has=page.locator(f"#table-{anchor}"))


def words_of_charts(page):
    """Every word drawn in a chart; charts are pictures that the page carries."""
    sources = page.locator("img").evaluate_all("images => images.map(image => image.src)")
    pictures = [base64.b64decode(source.partition(",")[2]).decode() for source in sources]
    return [text for picture in pictures for text in re.findall(r">([^<>]+)</text>", picture)]


def test_how_much_stands_on_the_first_screen(page):
    bottom = page.locator(".rk-figures").first.bounding_box()
    assert bottom["y"] + bottom["height"] < 1000
    assert page.locator(".rk-figures dt").all_inner_texts() == [
        "Salesforce MRR", "Stripe MRR", "Difference a month", "Open gaps", "At stake so far",
    ]  # fmt: skip


def test_do_first_is_five_lines_largest_first_with_owner_and_correction(page):
    rows = table(page, "do-first").locator("tbody tr")
    assert rows.count() == 5
    amounts = rows.locator("td.rk-number").evaluate_all("cells => cells.map(cell => Number(cell.dataset.v))")
    assert amounts == sorted(amounts, reverse=True)
    for row in rows.all():
        said = row.inner_text()
        assert re.search(r"(Stripe|Salesforce|Finance): \w+", said), said
        assert re.search(r"\b(Billing|RevOps|Customer Success|Finance)\b", said), said


def test_no_table_shows_a_code(page):
    page.add_style_tag(content=".rk-detail[hidden] { display: table-row !important; }")
    found = [text for text in page.locator(".rk-table, .rk-sentence, .rk-note").all_inner_texts() if CODES.search(text)]
    assert found == []
    drawn = words_of_charts(page)
    assert "Salesforce MRR" in drawn
    assert [text for text in drawn if CODES.search(text)] == []


def test_an_open_gap_shows_both_sides_the_parts_and_the_evidence(page):
    gaps = table(page, "open-gaps")
    gaps.get_by_role("searchbox").fill("Tollgate")
    gaps.locator("[aria-expanded=false]:visible").first.click()
    opened = gaps.locator("tr.rk-detail:visible").inner_text()
    parts = ["What is wrong", "What to do", "What Salesforce knows", "What Stripe knows", "made of", "Evidence"]
    assert sorted(parts, key=opened.index) == parts


def test_every_open_gap_is_on_paper_without_its_details_cut(page):
    shown = table(page, "open-gaps").locator("tr.rk-row").count()
    page.emulate_media(media="print")
    assert table(page, "open-gaps").locator("tr.rk-row:visible").count() == shown
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
