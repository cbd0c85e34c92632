"""Outlived: the contract that a subscription was sold under and that has ended since."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.gaps.pairing.both_sides import BothSides


def _is_billed_monthly() -> pl.Expr:
    """Whether a contract is one that a subscription can outlive: sold for MRR, and billed in Stripe."""
    return pl.col("is_billed_in_stripe") & (pl.col("term_mrr_reporting_minor").fill_null(1) > 0)


def contract_by_id(sides: BothSides) -> pl.DataFrame:
    """Find the contract a subscription names, or is named by, that ends last.

    Returns:
        One row per subscription, sorted: ``subscription_id``, ``named_id``, ``named_end_on`` (of its chain).
    """
    ends = sides.contracts.filter(_is_billed_monthly()).select("opportunity_id", "last_on", "chain_end_on")
    return (
        _latest_first(sides.named.join(ends, on="opportunity_id", how="inner", validate="m:1"))
        .group_by("subscription_id", maintain_order=True)
        .agg(named_id=pl.first("opportunity_id"), named_end_on=pl.first("chain_end_on"))
    )


def overlapping_contracts(alone: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Sum up the won contracts of the unit whose service overlaps a subscription's life.

    Returns:
        One row per subscription that any overlaps, sorted: ``overlap_id`` and ``overlap_end_on`` (the one that ends
        last), ``waits`` (one starts later), ``is_elsewhere`` (one is billed in another system), ``started_id`` and
        ``started_end_on`` (of those that have begun and that a subscription can outlive, the one that ends last). The
        days are those of their chains.
    """
    served = sides.contracts.select(
        "unit_id",
        "opportunity_id",
        "last_on",
        "chain_end_on",
        "starts_later",
        sold_from="start_on",
        is_elsewhere=~pl.col("is_billed_in_stripe"),
        has_started=~pl.col("starts_later") & _is_billed_monthly(),
    )
    lives = alone.select("unit_id", "subscription_id", "starts_on", life_ends_on="stops_on")
    both = lives.join(served, on="unit_id", how="inner", validate="m:m")
    begins_in_time = (pl.col("sold_from") < pl.col("life_ends_on")).fill_null(value=True)
    lasts_long_enough = (pl.col("last_on") >= pl.col("starts_on")).fill_null(value=True)
    overlapping = both.filter(begins_in_time & lasts_long_enough)
    return (
        _latest_first(overlapping)
        .group_by("subscription_id", maintain_order=True)
        .agg(
            overlap_id=pl.first("opportunity_id"),
            overlap_end_on=pl.first("chain_end_on"),
            waits=pl.col("starts_later").any(),
            is_elsewhere=pl.col("is_elsewhere").any(),
            started_id=pl.col("opportunity_id").filter("has_started").first(),
            started_end_on=pl.col("chain_end_on").filter("has_started").first(),
        )
    )


def _latest_first(contracts: pl.DataFrame) -> pl.DataFrame:
    """Order the contracts of each subscription by their own last day, the latest first; no day means no end."""
    order = {"subscription_id": False, "last_on": True, "chain_end_on": True, "opportunity_id": False}
    return contracts.sort(list(order), descending=list(order.values()), nulls_last=False)


def ended_contract(as_of: dt.date) -> list[pl.Expr]:
    """Name the contract that ended: by id, else one that overlapped in a unit with no contract in force."""
    by_id = pl.col("named_end_on") < as_of
    by_overlap = ~pl.col("has_contract_in_force").fill_null(value=False) & (pl.col("started_end_on") < as_of)
    return [
        pl.when(by_id).then("named_id").when(by_overlap).then("started_id").alias("ended_contract_id"),
        pl.when(by_id).then("named_end_on").when(by_overlap).then("started_end_on").alias("ended_on_contract"),
        by_id.fill_null(value=False).alias("is_named"),
    ]
