"""The pack on paper, as an auditor holds it: every sheet says what it is, and nothing on it is cut or alone."""

from itertools import combinations, pairwise

import pytest

from recon_kit.charts import theme
from tests.browser.sheets import printed

pytestmark = pytest.mark.browser

PAPER = 680
"""What A4 leaves between its margins, in pixels of CSS."""
A_CENTIMETRE = 37
PAGES = ["index", "01_extract", "02_normalise", "03_resolve", "04_gaps", "08_close"]


def path_of(close, name):
    return close / "html" / f"{name}.html"


@pytest.fixture(scope="module")
def paper(chromium, sample_close):
    """The sheets of every page of the sample's pack."""
    page = chromium.new_page()
    sheets = {name: printed(page, path_of(sample_close, name)) for name in PAGES}
    page.close()
    assert sorted(PAGES) == sorted(path.stem for path in (sample_close / "html").glob("*.html"))
    return sheets


@pytest.mark.parametrize("name", PAGES)
def test_every_sheet_names_its_page_its_close_and_its_number(paper, name):
    title = "Close of 31 October 2026, index of the pack" if name == "index" else f"Workpaper {name}: "
    for number, sheet in enumerate(paper[name], start=1):
        assert sheet.has(title)
        assert sheet.has("2026-10-31")
        assert sheet.has("SHA-256")
        assert sheet.has(f"Page {number} of {len(paper[name])}")


@pytest.mark.parametrize(
    ("name", "row", "heading"),
    [
        ("index", "normalise.stripe.", "What must be equal"),
        ("02_normalise", ".0000000000", "Net monthly"),
        ("03_resolve", "LLC", "Account"),
        ("08_close", "Amountsdiffer·", "Category"),
    ],
)
def test_headings_stand_on_every_sheet_that_a_table_goes_on_to(paper, name, row, heading):
    carrying = [sheet for sheet in paper[name] if sheet.count(row) > 3]
    assert len(carrying) > 1
    assert [sheet.text[:60] for sheet in carrying if not sheet.has(heading)] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_heading_is_the_last_on_a_sheet(browser_page, paper, sample_close, name):
    browser_page.goto(path_of(sample_close, name).as_uri())
    headings = browser_page.locator("main :is(h1, h2, h3, .rk-title)").all_inner_texts()
    assert headings
    ends = [(heading, sheet.text[-60:]) for heading in headings for sheet in paper[name] if sheet.ends_with(heading)]
    assert ends == []


@pytest.mark.parametrize("name", ["04_gaps", "08_close"])
def test_no_row_is_cut_in_two(browser_page, paper, sample_close, name):
    browser_page.goto(path_of(sample_close, name).as_uri())
    browser_page.emulate_media(media="print")
    cells = browser_page.locator("tr.rk-row:visible > td:not(.rk-number)").all_inner_texts()
    long = [cell for cell in cells if len(cell) > 100]
    assert len(long) > 5
    assert [cell for cell in long if not any(sheet.has(cell) for sheet in paper[name])] == []


def test_what_is_signed_for_is_printed_whole_and_long_evidence_is_begun(browser_page, paper, sample_close):
    browser_page.goto(path_of(sample_close, "index").as_uri())
    controls = browser_page.locator("#tie-outs ~ .rk-table tr.rk-row th").all_inner_texts()
    assert len(controls) > 100
    assert [control for control in controls if not any(sheet.has(control) for sheet in paper["index"])] == []
    told = [sheet.count("The first 60 rows are printed") for sheet in paper["02_normalise"]]
    assert sum(told) == 1
    browser_page.goto(path_of(sample_close, "02_normalise").as_uri())
    worksheet = browser_page.locator(".rk-table", has=browser_page.locator("#table-mrr-worksheet"))
    assert worksheet.locator("tr.rk-row:visible").count() > 120
    browser_page.emulate_media(media="print")
    assert worksheet.locator("tr.rk-row:visible").count() == 60


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_paper(browser_page, sample_close, name):
    browser_page.set_viewport_size({"width": PAPER, "height": 1000})
    browser_page.emulate_media(media="print")
    browser_page.goto(path_of(sample_close, name).as_uri())
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= PAPER
    browser_page.evaluate("() => document.querySelectorAll('.rk-detail').forEach(row => { row.hidden = false })")
    assert browser_page.evaluate("document.documentElement.scrollWidth") <= PAPER


def test_an_opened_row_goes_on_to_the_next_sheet_with_what_follows(browser_page, sample_close):
    browser_page.goto(path_of(sample_close, "04_gaps").as_uri())
    gaps = browser_page.locator(".rk-table", has=browser_page.locator("#table-open-gaps"))
    for _ in range(3):
        gaps.locator("[aria-expanded=false]").first.click()
    browser_page.emulate_media(media="print")
    opened = gaps.locator("tr.rk-detail:visible")
    assert opened.count() == 3
    assert opened.first.evaluate("row => getComputedStyle(row).breakInside") == "auto"
    assert gaps.locator("tr.rk-row").first.evaluate("row => getComputedStyle(row).breakAfter") == "avoid"


@pytest.mark.parametrize(("name", "signers"), [("index", 3), ("04_gaps", 2)])
def test_each_signer_has_room_for_a_pen_and_a_date(browser_page, sample_close, name, signers):
    browser_page.goto(path_of(sample_close, name).as_uri())
    browser_page.emulate_media(media="print")
    asked = browser_page.locator(".signoff .pen dt").all_inner_texts()
    assert asked.count("Date") == len(asked) - asked.count("Date") == signers
    heights = browser_page.locator(".signoff .pen dd").evaluate_all("lines => lines.map(line => line.offsetHeight)")
    assert min(heights) >= A_CENTIMETRE


def lightness(colour):
    """CIE lightness of a colour, which is all that a grey print keeps of it."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    light = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 116 * (0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]) ** (1 / 3) - 16


def test_charts_can_be_read_in_grey():
    kinds = [theme.TOTAL, theme.POSITIVE, theme.NEGATIVE]
    assert [pair for pair in combinations(kinds, 2) if abs(lightness(pair[0]) - lightness(pair[1])) < 12] == []
    assert [pair for pair in pairwise(theme.SERIES) if abs(lightness(pair[0]) - lightness(pair[1])) < 15] == []
