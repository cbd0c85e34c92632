"""The weekly review as its reader meets it: one page, offline, limits first, four charts, and what is still open."""

import datetime as dt
import shutil
import stat

import pytest

from recon_kit.close import trend
from tests.browser.pages import assert_page_is_offline_and_clean
from tests.past_closes import past_close
from tests.whole_close import recon, write_params

pytestmark = pytest.mark.browser
NOTE = ["At a glance", "What it shows", "How to read it", "What to do"]


def written(folder):
    """The page of the weekly review over the closes that lie in ``folder/closes``."""
    result = recon("weekly", "--params", str(write_params(folder, folder)))
    assert result.returncode == 0, result.stderr
    page = folder / "closes" / "weekly_review.2026-10-31.html"
    assert page.name in result.stdout
    return page


@pytest.fixture(scope="module")
def weeks(tmp_path_factory):
    """The page over the sample's earlier closes."""
    folder = tmp_path_factory.mktemp("weeks")
    shutil.copytree(trend.SAMPLE_CLOSES, folder / "closes")
    return written(folder)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The page over one close only."""
    folder = tmp_path_factory.mktemp("first")
    past_close(folder / "closes", "2026-10-31", "a open 400 120 \n b review 700 90")
    return written(folder)


def test_both_pages_are_offline_and_clean(browser_page, weeks, first):
    assert_page_is_offline_and_clean(browser_page, weeks)
    assert_page_is_offline_and_clean(browser_page, first)


def test_it_is_one_page_for_its_owner_only(weeks):
    assert stat.S_IMODE(weeks.stat().st_mode) == 0o600
    assert "index.html" not in weeks.read_text("utf-8")
    assert str(weeks.parent) not in weeks.read_text("utf-8")


def test_limits_first_then_four_charts_each_with_its_note(browser_page, weeks):
    browser_page.goto(weeks.as_uri())
    limits = browser_page.get_by_text("Limits, before the figures.").bounding_box()
    assert limits["y"] < browser_page.locator(".rk-figures").bounding_box()["y"]
    assert browser_page.locator("img").count() == browser_page.locator(".rk-note").count() == 4
    for note in browser_page.locator(".rk-note").all():
        assert note.locator("dt").all_inner_texts() == NOTE


def test_the_figures_are_those_of_the_closes(browser_page, weeks):
    browser_page.goto(weeks.as_uri())
    review = trend.review_of(trend.find_closes(weeks.parent, dt.date(2026, 10, 31)))
    shown = browser_page.locator(".rk-figures .rk-figure").all_inner_texts()
    is_open = review.newest.gaps.filter(standing="open")
    assert shown[0] == str(is_open.height)
    assert shown[1] == f"{is_open['impact_minor'].sum() / 100:,.2f} USD"
    rows = browser_page.locator(".rk-table", has=browser_page.locator("#table-open-last-week-and-still-open"))
    assert rows.locator("tbody tr.rk-row").count() == trend.still_open(review).height > 0


def test_a_first_close_says_what_it_cannot_tell(browser_page, first):
    browser_page.goto(first.as_uri())
    text = browser_page.locator("main").inner_text()
    assert browser_page.locator("pre").count() == browser_page.locator("details.code pre").count()
    assert "This is the first close" in text
    assert "no time to tell" in text
    assert browser_page.locator("img").count() == 4
    assert browser_page.get_by_alt_text("A first close has none to start from.").count() == 1


def test_nothing_is_wider_than_the_page(browser_page, weeks):
    for width in (1280, 800, 480):
        browser_page.set_viewport_size({"width": width, "height": 1000})
        browser_page.goto(weeks.as_uri())
        assert browser_page.evaluate("document.documentElement.scrollWidth") <= width
