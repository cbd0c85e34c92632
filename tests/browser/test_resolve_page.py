"""Page 3 of the sample's pack as a reviewer meets it: limits first, then figures, then what to decide."""

import polars as pl
import pytest
import python_calamine

pytestmark = pytest.mark.browser

CODES = ("auto_link", "review_floor", "_minor", "runner_up", "link_probability", "other_ending", "domain_label")


@pytest.fixture
def page(browser_page, sample_close):
    browser_page.set_viewport_size({"width": 1280, "height": 1000})
    browser_page.goto((sample_close / "html" / "03_resolve.html").as_uri())
    return browser_page


def table(page, anchor):
    return page.locator(".rk-table", has=page.locator(f"#table-{anchor}"))


def test_limits_stand_before_the_figures(page):
    limits = page.get_by_text("Limits, before the figures.").bounding_box()
    figures = page.locator(".rk-figures").bounding_box()
    assert limits["y"] < figures["y"]
    assert page.locator(".rk-figures dt").all_inner_texts() == ["Linked", "In review", "Not linked"]


def test_the_figures_are_those_of_the_close(page, sample_close):
    links = pl.read_parquet(sample_close / "tables" / "links.parquet")
    counted = dict(links["status"].value_counts().iter_rows())
    shown = page.locator(".rk-figures .rk-figure").all_inner_texts()
    assert shown == [str(counted.get(status, 0)) for status in ("linked", "review", "unlinked")]


def test_every_chart_has_its_four_part_note(page):
    notes = page.locator(".rk-note")
    assert page.locator("img").count() == notes.count() == 4
    for note in notes.all():
        assert note.locator("dt").all_inner_texts() == [
            "At a glance", "What it shows", "How to read it", "What to do",
        ]  # fmt: skip


def pairs_to_decide(close):
    """How many pairs the close's own workbook hands out."""
    sheet = python_calamine.CalamineWorkbook.from_path(close / "review.xlsx").get_sheet_by_name("Links")
    return len(sheet.to_python()) - 1


def test_a_link_in_review_opens_with_both_sides(page, sample_close):
    links = pl.read_parquet(sample_close / "tables" / "links.parquet").filter(pl.col("status") == "review")
    queue = table(page, "links-in-review")
    assert queue.locator("tbody tr.rk-row").count() == pairs_to_decide(sample_close) >= links.height > 0
    queue.locator("[aria-expanded=false]").first.click()
    said = queue.locator("tr.rk-detail").first.inner_text()
    assert any(customer in said for customer in links["customer_id"])
    for word in ("Salesforce says", "Stripe says", "Cause", "Customer's id", "Account's id"):
        assert word in said


def test_the_tables_of_the_audit_are_written(sample_close):
    written = {path.stem for path in (sample_close / "tables").glob("*.parquet")}
    assert {"link_audit", "link_reliability", "calibrator_proposal", "labelling_sheet"} <= written


def test_no_code_is_shown(page):
    page.add_style_tag(content=".rk-detail[hidden] { display: table-row !important; }")
    texts = page.locator(".rk-table, .rk-sentence, .rk-note, .rk-figures").all_inner_texts()
    assert [code for code in CODES if any(code in text for text in texts)] == []


def test_nothing_is_wider_than_the_page(page):
    for width in (1280, 800):
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
