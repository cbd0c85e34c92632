"""Tie-outs: the equations that the findings of one currency must satisfy, beside the bridge."""

from __future__ import annotations

import polars as pl

from recon_kit.controls import Control
from recon_kit.gaps.books import Books
from recon_kit.gaps.bridge import billing_total, crm_total


def tie_outs(
    gaps: pl.DataFrame, components: pl.DataFrame, placement: pl.DataFrame, books: Books, currency: str
) -> list[Control]:
    """State that every record has its place and that components sum to differences."""
    amounts = gaps.filter(pl.col("family") == "amount_mismatch")
    with_money = gaps.filter(pl.col("difference_minor") != 0)
    named = with_money.join(placement.select(gap_id="gap_or_pair_id").unique(), on="gap_id", how="semi")
    difference, explained = int(amounts["difference_minor"].sum()), int(components["amount_minor"].sum())
    nowhere = placement.filter(placed_in="nowhere").height
    return [
        _money(
            "placement.crm",
            "Salesforce MRR = MRR of placed contracts",
            crm_total(books),
            _placed(placement, "crm"),
            currency,
        ),
        _money(
            "placement.billing",
            "Stripe MRR = MRR of placed subscriptions",
            billing_total(books),
            _placed(placement, "billing"),
            currency,
        ),
        _money("components.sum", "differences of amount gaps = their components", difference, explained, currency),
        _rows(
            "components.each",
            "amount gaps whose components do not sum to their difference = none",
            _unbalanced(amounts, components),
            0,
        ),
        _rows("placement.nowhere", "records with MRR that have no place = none", nowhere, 0),
        _rows(
            "placement.gaps",
            "gaps with a difference = those that records are placed in",
            with_money.height,
            named.height,
        ),
    ]


def _placed(placement: pl.DataFrame, side: str) -> int:
    return int(placement.filter(side=side)["mrr_minor"].sum())


def _money(name: str, equation: str, left: int, right: int, currency: str) -> Control:
    return Control(f"gaps.{name}", "gaps", equation, left_minor=left, right_minor=right, currency=currency)


def _rows(name: str, equation: str, left: int, right: int) -> Control:
    return Control(f"gaps.{name}", "gaps", equation, left_rows=left, right_rows=right)


def _unbalanced(amounts: pl.DataFrame, components: pl.DataFrame) -> int:
    sums = components.group_by("gap_id").agg(total=pl.col("amount_minor").sum())
    joined = amounts.join(sums, on="gap_id", how="left", validate="1:1")
    return joined.filter(pl.col("total").fill_null(0) != pl.col("difference_minor")).height
