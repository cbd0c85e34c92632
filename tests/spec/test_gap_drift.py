"""Aggregate drift: open gaps summed without netting, against a per cent of total MRR.

One account of 100,000 that ties stands beside each row's company. Each row: what was sold, what is billed, the drift, and
whether 1 % of the larger total is exceeded.
"""

import polars as pl
import pytest

from recon_kit.gaps import aggregate_drift
from recon_kit.policy import Policy, build_policy
from tests.drawn_gaps import rows_of
from tests.hand_made import minor
from tests.sold_and_billed import company, found_in

DRAWN = """
nothing differs               | o1 500 2026-03-01.. | s1 500 2026-03-01 | 0 | no
1 % of the larger total       | o1 1,010 2026-03-01.. | | 1,010 | no
one cent more                 | o1 1,010.11 2026-03-01.. | | 1,010.11 | yes
1 % of Stripe's, the larger   | | s1 1,010 2026-03-01 | 1,010 | no
more and less do not net      | o1 5,600 2026-03-01.. names=s1; o2 5,000 2026-03-01.. names=s2 | s1 5,000 2026-03-01; s2 5,600 2026-03-01 | 1,200 | yes
one too young to be open      | o1 9,000 2026-10-29.. | | 0 | no
one that will clear by itself | o1 9,000 2026-10-20.. | | 0 | no
a date costs nothing a month  | o1 5,000 2026-03-01.. | s1 5,000 2026-04-01 | 0 | no
in a currency without a rate  | o1 5,000 2026-03-01.. currency=KWD | s1 1,000 2026-03-01 currency=KWD | 0 | no
"""
TIES = ("ox 100,000 2026-03-01.. of=accx", "sx 100,000 2026-03-01 of=cusx")


def drift(sold, billed, policy=None):
    found = found_in(company(f"{sold}; {TIES[0]}", f"{billed}; {TIES[1]}"), policy=policy)
    return aggregate_drift(found, policy or Policy()).row(0, named=True)


@pytest.mark.parametrize(("sold", "billed", "amount", "is_breached"), rows_of(DRAWN))
def test_drawn(sold, billed, amount, is_breached):
    found = drift(sold, billed)
    assert found["drift_minor"] == minor(amount)
    assert found["is_breached"] is (is_breached == "yes")
    assert found["limit_minor"] == found["total_mrr_minor"] // 100
    assert (found["drift_minor"] > found["limit_minor"]) is found["is_breached"]
    assert found["drift_pct"] == pytest.approx(100 * found["drift_minor"] / found["total_mrr_minor"])


def test_the_board_profile_lets_half_as_much_pass():
    policy = build_policy({}, "board")
    assert [drift(f"o1 {sold} 2026-03-01..", "", policy)["is_breached"] for sold in ("502.51", "502.52")] == [
        False,
        True,
    ]


def test_without_any_mrr_nothing_may_drift():
    found = found_in(company("", ""))
    row = aggregate_drift(found, Policy()).row(0, named=True)
    assert (row["drift_minor"], row["limit_minor"], row["drift_pct"], row["is_breached"]) == (0, 0, None, False)


def test_what_links_in_review_may_settle_is_told_apart():
    tables = company("o1 2,000 2026-03-01..", "s1 2,000 2026-03-01", "unlinked")
    review = {"status": "review", "account_id": "acc", "link_probability": 0.97}
    tables["links"] = tables["links"].with_columns(pl.lit(value).alias(name) for name, value in review.items())
    row = aggregate_drift(found_in(tables), Policy()).row(0, named=True)
    assert (row["open_gaps"], row["drift_minor"], row["pending_minor"]) == (2, 400_000, 400_000)
