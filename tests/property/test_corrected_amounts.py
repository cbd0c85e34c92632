"""A corrected amount is read back as the MRR it was made for, whatever basis, term, discount, currency and size."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from math import ceil
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_kit.runner.corrections.amounts import scaled_amount
from tests.mrr_records import AS_OF, value_selling

CONTRACT = st.fixed_dictionaries(
    {
        "amount_minor": st.integers(1, 10**6) | st.integers(1, 10**12),
        "amount_basis": st.sampled_from(["monthly", "annual", "total"]),
        "currency": st.sampled_from(["USD", "JPY", "KWD"]),
        "term_months": st.integers(1, 60),
        "term_is_whole": st.booleans(),
        "start_on": st.dates(AS_OF - dt.timedelta(days=300), AS_OF),
        "discount_pct_e6": st.none() | st.integers(1, 95).map(lambda pct: pct * 10**6),
        "discount_end_on": st.dates(AS_OF - dt.timedelta(days=100), AS_OF + dt.timedelta(days=100)),
    }
)


def dated(contract: dict[str, Any]) -> dict[str, Any]:
    """Give a contract an end: odd days where its term is not whole."""
    days = 30 * contract["term_months"] + 17 + (AS_OF - contract["start_on"]).days
    return {**contract, "end_on": contract["start_on"] + dt.timedelta(days=days)}


@settings(max_examples=60)
@given(CONTRACT, st.integers(1, 10**6) | st.integers(1, 10**11))
def test_the_kit_reads_the_mrr_that_the_amount_was_made_for(contract: dict[str, Any], wanted: int) -> None:
    before = value_selling([dated(contract)])
    sheet = before.worksheet.row(0, named=True)
    facts = pl.DataFrame(
        {"gives": [sheet["net_monthly"]], "wanted": [wanted]}, schema_overrides={"gives": pl.Decimal(38, 15)}
    )
    made = facts.select(scaled_amount(pl.lit(contract["amount_minor"]), pl.col("gives"), pl.col("wanted"))).item()
    after = value_selling([dated({**contract, "amount_minor": made})])
    of_one_unit = Fraction(sheet["net_monthly"]) / contract["amount_minor"]
    off = abs(after.rows["mrr_minor"].item() - wanted)
    assert off <= (0 if of_one_unit <= 1 else ceil(of_one_unit / 2))
