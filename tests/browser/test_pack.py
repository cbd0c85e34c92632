"""Every page of the sample's own pack, as the product's command made it, in a browser that is offline."""

import pytest

from tests.browser.pages import assert_pack_is_offline_and_clean

pytestmark = pytest.mark.browser


def test_every_page_of_the_sample_is_offline_and_clean(browser_page, sample_close):
    assert_pack_is_offline_and_clean(browser_page, sample_close / "html")
