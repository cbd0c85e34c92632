"""Exported pages in Chromium: offline, usable, printable, accessible."""

import re
from dataclasses import replace

import pytest

from recon_kit.runner.index_page import render_index
from tests.browser.closing import index_context, superseding
from tests.browser.pages import (
    assert_pack_is_offline_and_clean,
    assert_page_is_offline_and_clean,
    grave_findings,
    watch,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def gaps(browser_page, exported_page):
    """The table of gaps on the open page."""
    browser_page.goto(exported_page.as_uri())
    return browser_page.locator(".rk-table", has=browser_page.locator("#table-open-gaps"))


def column(table, number):
    return table.locator(f"tbody > tr.rk-row > :nth-child({number})").all_inner_texts()


def raw(table, number):
    cells = table.locator(f"tbody > tr.rk-row > :nth-child({number})")
    return cells.evaluate_all("cells => cells.map(cell => Number(cell.dataset.v))")


def test_the_page_is_offline_and_clean(browser_page, exported_page):
    assert_page_is_offline_and_clean(browser_page, exported_page)


@pytest.mark.parametrize("ties", [True, False])
def test_the_index_is_offline_and_clean(browser_page, tmp_path, ties):
    render_index(tmp_path, tmp_path / "html" / "index.html", index_context(ties=ties))
    assert_pack_is_offline_and_clean(browser_page, tmp_path / "html")


def test_the_index_of_a_re_run_and_its_signed_block_are_offline_and_clean(browser_page, tmp_path):
    signed = {"Signed by": "Jane Doe", "Signed on": "2026-11-04, 09:12 UTC", "Carried forward": "gap_1, gap_2"}
    context = replace(superseding(), sign_off=signed)
    render_index(tmp_path, tmp_path / "html" / "index.html", context)
    assert_pack_is_offline_and_clean(browser_page, tmp_path / "html")
    assert browser_page.get_by_text("supersedes 2026-10-31").is_visible()
    assert browser_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_checks_of_a_page_can_fail(browser_page, tmp_path):
    page = tmp_path / "bad.html"
    page.write_text('<html><body><img src="missing.png"><input><script>console.error("no")</script></body></html>')
    seen = watch(browser_page)
    browser_page.goto(page.as_uri())
    assert any("missing.png" in url for url in seen["requests"])
    assert "no" in seen["complaints"]
    assert any(finding.startswith("image-alt") for finding in grave_findings(browser_page))


def test_amounts_sort_by_their_value_not_their_text(gaps):
    heading = gaps.get_by_role("columnheader", name="Difference (USD)")
    assert heading.get_attribute("aria-sort") == "descending"
    assert raw(gaps, 7) == sorted(raw(gaps, 7), reverse=True)
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert raw(gaps, 7) == sorted(raw(gaps, 7))
    assert raw(gaps, 7)[0] < 0


def test_names_sort_as_people_read_them_and_rows_keep_their_details(gaps):
    gaps.get_by_role("columnheader", name="Gap ID").get_by_role("button").click()
    assert column(gaps, 2) == sorted(column(gaps, 2))
    gaps.get_by_role("button", name="Details of gap_039").click()
    row = gaps.locator("tr.rk-row", has_text="gap_039")
    assert "tax" in row.locator("xpath=following-sibling::tr[1]").inner_text()


def test_empty_cells_sort_last_both_ways(browser_page, exported_page):
    browser_page.goto(exported_page.as_uri())
    table = browser_page.locator(".rk-table", has=browser_page.locator("#table-amounts-in-their-own-currency"))
    for _ in range(2):
        table.get_by_role("columnheader", name="Amount").get_by_role("button").click()
        assert column(table, 1)[-1] == "d"


def test_search_finds_all_words_in_rows_and_details_and_counts(gaps):
    box = gaps.get_by_role("searchbox")
    assert gaps.locator("output").inner_text() == "40 rows"
    box.fill("osaka tax")
    assert gaps.locator("output").inner_text() == "4 of 40 rows"
    assert all(
        "Osaka" in name
        for name in gaps.locator("tr.rk-row:visible th").evaluate_all("c => c.map(x => x.parentNode.innerText)")
    )
    box.fill("rounding")
    assert gaps.locator("output").inner_text() == "1 of 40 rows"
    box.fill("")
    assert gaps.locator("output").inner_text() == "40 rows"


def test_details_open_and_close_by_keyboard(gaps, browser_page):
    button = gaps.get_by_role("button", name="Details of gap_039")
    button.focus()
    browser_page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    assert gaps.locator("tr.rk-detail:visible").count() == 1
    browser_page.keyboard.press("Space")
    assert button.get_attribute("aria-expanded") == "false"
    assert gaps.locator("tr.rk-detail:visible").count() == 0


def test_paper_shows_every_row_whatever_was_searched_and_no_code(gaps, browser_page):
    gaps.get_by_role("searchbox").fill("gap_001")
    browser_page.emulate_media(media="print")
    assert gaps.locator("tr.rk-row:visible").count() == 40
    assert gaps.get_by_role("searchbox").is_hidden()
    assert browser_page.locator("details.code:visible").count() == 0


def test_the_print_is_tagged_a4_pages(gaps, browser_page):
    assert gaps.is_visible()
    pdf = browser_page.pdf(prefer_css_page_size=True, tagged=True)
    sheets = re.findall(rb"/MediaBox \[([\d. ]+)\]", pdf)
    assert 2 <= len(sheets) <= 5
    assert {tuple(round(float(n)) for n in sheet.split()) for sheet in sheets} == {(0, 0, 595, 842)}
    assert b"/StructTreeRoot" in pdf


def test_without_script_everything_is_still_there(chromium, exported_page):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(exported_page.as_uri())
    assert page.locator("tr.rk-row:visible").count() == 46
    assert page.locator("tr.rk-detail:visible").count() == 40
    assert page.locator(".rk-tools:visible").count() == 0
    context.close()


def test_a_narrow_window_scrolls_tables_not_the_page(browser_page, exported_page):
    browser_page.set_viewport_size({"width": 480, "height": 800})
    browser_page.goto(exported_page.as_uri())
    assert browser_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
