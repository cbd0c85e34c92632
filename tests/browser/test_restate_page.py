"""The page of ``recon restate`` in a browser that is offline; what records say is shown, never run."""

import pytest

from recon_kit.commands.restate import restate, write_report
from tests.browser.pages import assert_page_is_offline_and_clean
from tests.raw_company import Snapshot
from tests.small_close import TERM, small_close

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Two closes of one company, of which an edited record carries markup."""
    home = tmp_path_factory.mktemp("restated")
    for name, amount in (("old", "2,400"), ("new", "2,300")):
        snapshot = Snapshot()
        snapshot.add(1, f"o1 1,000 {TERM}", "s1 1,000 2026-03-01")
        snapshot.add(2, f"o2 {amount} {TERM}", "s2 2,000 2026-03-01")
        snapshot.salesforce["Opportunity"][1]["Description"] = HOSTILE if name == "new" else "plain"
        snapshot.salesforce["Account"][1]["Name"] = HOSTILE
        (home / name).mkdir()
        snapshot.write(home / name / "raw")
        small_close(home / name)
    closes = [home / name / "closes" / "2026-10-31" for name in ("old", "new")]
    write_report(restate(*closes), home / "why.html")
    return home / "why.html"


def test_the_page_is_offline_and_clean(browser_page, page):
    assert_page_is_offline_and_clean(browser_page, page)
    assert browser_page.locator("main img").count() == 0
    assert HOSTILE in browser_page.locator("main").inner_text()


def test_it_says_first_what_changed_and_by_what(browser_page, page):
    browser_page.goto(page.as_uri())
    verdict = browser_page.locator(".verdict").inner_text()
    assert "sum to their change" in verdict
    assert "Impact of open gaps: 3,200.00 → 2,400.00 USD (-800.00): edited records -800.00." in verdict
