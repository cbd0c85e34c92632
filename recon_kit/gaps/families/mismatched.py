"""Mismatched: pairings whose monthly amounts differ, with the cause and the day they parted."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.gaps.causes.decomposition import rank
from recon_kit.gaps.families.seeds import AMOUNT, at_stake, sow
from recon_kit.gaps.pairing.matched import Matched


def differing(matched: Matched, tolerance: int) -> pl.DataFrame:
    """Return the pairings whose difference exceeds the tolerance (minor units)."""
    return matched.pairings.filter(pl.col("difference").abs() > tolerance)


def seeds_of_amounts(
    open_pairings: pl.DataFrame, components: pl.DataFrame, ended: pl.DataFrame, *, as_of: dt.date
) -> pl.DataFrame:
    """Turn pairings that differ into seeds; the largest component is the cause and dates the gap.

    Args:
        open_pairings: what :func:`differing` returns.
        components: what :func:`recon_kit.gaps.causes.decomposition.decompose` returns.
        ended: what :func:`recon_kit.gaps.causes.ended_parts.ended_parts` returns; they belong to the gap.
        as_of: the day of the close.
    """
    cause = (
        components.with_columns(rank=rank(), size=pl.col("amount").abs())
        .sort(["pairing_id", "size", "rank"], descending=[False, True, False])
        .unique("pairing_id", keep="first", maintain_order=True)
        .select("pairing_id", "since_on", cause="component")
    )
    evidence = components.group_by("pairing_id").agg(
        evidence=pl.col("evidence").explode(empty_as_null=False).unique().sort()
    )
    parts = ended.group_by("pairing_id").agg(ended_ids=pl.col("subscription_id"))
    joined = (
        open_pairings.join(cause, on="pairing_id", how="left", validate="1:1")
        .join(evidence, on="pairing_id", how="left", validate="1:1")
        .join(parts, on="pairing_id", how="left", validate="1:1")
    )
    no_ids = pl.lit([], dtype=pl.List(pl.String))
    both_run = pl.max_horizontal("sold_from", "billed_from")
    dated = joined.with_columns(at=pl.max_horizontal(both_run, "since_on"))
    return sow(
        dated,
        family=pl.lit(AMOUNT),
        cause=pl.col("cause"),
        gap_class=pl.lit("amount"),
        unit_id=pl.col("unit_id"),
        pairing_id=pl.col("pairing_id"),
        opportunity_ids=pl.col("opportunity_ids"),
        subscription_ids=pl.col("subscription_ids")
        .list.concat(pl.col("ended_ids").fill_null(no_ids))
        .list.unique()
        .list.sort(),
        crm=pl.col("crm"),
        billing=pl.col("billing"),
        difference=pl.col("difference"),
        diverged_on=pl.col("at"),
        impact=at_stake(pl.col("difference"), pl.col("at"), as_of),
        crm_on=pl.col("sold_from"),
        billing_on=pl.col("billed_from"),
        evidence=pl.col("evidence").fill_null(no_ids),
    )
