"""A company in a currency without a rate has the gaps it would have if that were the reporting currency."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings

from tests.property.test_gaps import companies
from tests.reference.drawn_amounts import draw_amounts
from tests.side_by_side import side_by_side
from tests.sold_and_billed import company, found_in
from tests.spec import test_gap_boundaries as boundaries

FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CODE = "UAH"
"""Two decimals, as the dollar has, so that every tolerance is the same number of smallest units."""
FIGURES = ["gap_id", "family", "cause", "state", "crm_mrr_minor", "billing_mrr_minor", "difference_minor", "difference_pct",
           "diverged_on", "age_days", "impact_minor", "direction", "owner_team", "correct_in", "evidence"]  # fmt: skip
AMOUNTS = ("mrr", "term_mrr", "committed_mrr")


def in_hryvnia(tables):
    """The same tables where every amount is in hryvnia and no rate converts it."""
    return {name: frame if name == "common_rates" else _restated(frame) for name, frame in tables.items()}


def _restated(frame):
    own = [pl.lit(CODE).alias("currency")] if "currency" in frame.columns else []
    unknown = [
        pl.when(pl.col(f"{name}_minor") == 0).then(pl.lit(0, dtype=pl.Int64)).alias(f"{name}_reporting_minor")
        for name in AMOUNTS
        if f"{name}_reporting_minor" in frame.columns and f"{name}_minor" in frame.columns
    ]
    return frame.with_columns(*own, *unknown)


def assert_same(tables):
    reported, own = found_in(tables), found_in(in_hryvnia(tables))
    assert own.gaps.select(FIGURES).equals(reported.gaps.select(FIGURES))
    assert set(own.gaps["currency"]) <= {CODE}
    assert own.gap_components.drop("sentence").equals(reported.gap_components.drop("sentence"))
    assert own.pairs.drop("currency").equals(reported.pairs.drop("currency"))
    assert own.placement.drop("currency").equals(reported.placement.drop("currency"))
    assert own.bridge["amount_minor"].to_list() == [0, 0]
    told = {control.control_id.removesuffix(f".{CODE.lower()}"): control for control in own.controls}
    for control in reported.controls:
        assert told[control.control_id].left_minor == control.left_minor, control.control_id


@FEW
@given(companies())
def test_any_company(drawn):
    assert_same(company(*drawn))


def test_every_boundary():
    assert_same(side_by_side([company(*case.values[:3]) for case in boundaries.CASES]))


@pytest.mark.parametrize("seed", [1, 2])
def test_amounts_that_differ_for_drawn_reasons(seed):
    drawn = draw_amounts(seed, units=40)
    assert_same(company("; ".join(drawn.sold), "; ".join(drawn.billed), **drawn.rows))
