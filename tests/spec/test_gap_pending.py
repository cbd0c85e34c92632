"""A gap waits for a link by the link's status, not by its probability: a person may be unsure of a very likely one."""

import datetime as dt

import polars as pl
import pytest

from recon_kit import close
from recon_kit.controls import controls_frame
from recon_kit.gaps import acting_gaps, pending_gaps
from recon_kit.policy import Policy
from tests.drawn_gaps import rows_of
from tests.sold_and_billed import company, found_in

DRAWN = """
unsure, though very likely      | review 0.97   | pending
runner-up too near, very likely | review 0.9999 | pending
certain to the last digit       | review 1.0    | pending
as likely as review begins      | review 0.30   | pending
linked, by a person             | linked 0.40   | none
unlinked                        | unlinked 0    | acting
"""


def found_with(status, probability):
    tables = company("o1 2,000 2026-03-01..", "s1 2,000 2026-03-01")
    is_known = status != "unlinked"
    links = tables["links"].with_columns(
        status=pl.lit(status),
        account_id=pl.lit("acc" if is_known else None, dtype=pl.String),
        link_probability=pl.lit(float(probability) if is_known else None, dtype=pl.Float64),
    )
    return found_in(tables | {"links": links})


@pytest.mark.parametrize(("link", "expected"), rows_of(DRAWN))
def test_drawn(link, expected):
    found = found_with(*link.split())
    acting, pending = acting_gaps(found.gaps, found.links), pending_gaps(found.gaps, found.links)
    heights = {"pending": (0, 2), "acting": (2, 0), "none": (0, 0)}[expected]
    assert (acting.height, pending.height) == heights
    asks = found.gaps["suggested_correction"].str.starts_with("Decide whether Stripe customer")
    assert asks.sum() == pending.height


@pytest.mark.parametrize(("link", "expected"), rows_of(DRAWN))
def test_the_verdict_of_the_close_counts_the_same(link, expected):
    found = found_with(*link.split())
    verdict = close.verdict(controls_frame(found.controls), found.gaps, found.links, Policy())
    assert (verdict.open_gaps, verdict.pending_gaps) == {"pending": (0, 2), "acting": (2, 0), "none": (0, 0)}[expected]
    assert verdict.can_sign is (expected == "none")


def test_a_very_likely_link_in_review_asks_before_it_corrects():
    found = found_with("review", "0.97")
    assert found.gaps["link_probability"].to_list() == [0.97, 0.97]
    assert found.gaps["diverged_on"].unique().to_list() == [dt.date(2026, 3, 1)]


def test_the_verdict_sums_the_reporting_currency_alone():
    found = found_in(company("o1 100 2026-03-01..; ox 900 2026-03-01.. of=accx currency=KWD", ""))
    verdict = close.verdict(controls_frame(found.controls), found.gaps, found.links, Policy())
    assert (verdict.open_gaps, verdict.material_gaps, verdict.impact_minor) == (2, 2, 80_000)
    assert verdict.under_billed_minor == 10_000
    assert "100.00 USD" in verdict.first
