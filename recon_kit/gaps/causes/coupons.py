"""Coupons: what Stripe takes off the subscriptions of a pairing, since when, and until when it did."""

from __future__ import annotations

import polars as pl

from recon_kit import mrr
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import common_rates, exact_of, in_reporting
from recon_kit.gaps.causes.waiting import subscriptions_of
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, Matched


def granted_coupons(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books) -> pl.DataFrame:
    """Sum up the coupons of each pairing.

    Returns:
        One row per pairing: ``pairing_id``, ``granted`` (what they take off a month now, reporting minor units, 0 for
        none), ``granted_from_on``, ``coupon_ids_on``, ``percents_on`` (millionths of a per cent), ``lapsed_on`` (the
        day after a coupon that is no longer there; null when none is known).
    """
    steps = books.mrr_worksheet.filter(side=BILLING).select(
        "currency",
        subscription_id="record_id",
        off=exact_of(pl.col("item_discount_monthly")) + exact_of(pl.col("discount_monthly")),
    )
    valued = steps.join(common_rates(books), on="currency", how="left", validate="m:1").select(
        "subscription_id", granted=in_reporting(pl.col("off"))
    )
    members = subscriptions_of(open_pairings, matched, sides).select("pairing_id", "subscription_id", "coupon_ids")
    known = (
        members.join(valued, on="subscription_id", how="left", validate="1:1")
        .join(_coupon_days(sides, books), on="subscription_id", how="left", validate="1:1")
        .join(_first_without(members, books), on="subscription_id", how="left", validate="1:1")
    )
    grants = pl.col("granted") > 0
    return known.group_by("pairing_id").agg(
        pl.col("granted").filter(grants).sum(),
        granted_from_on=pl.col("coupon_start_on").filter(grants).min(),
        coupon_ids_on=pl.col("coupon_ids").filter(grants).explode(empty_as_null=False).unique().sort(),
        percents_on=pl.col("percents").filter(grants).explode(empty_as_null=False).unique().sort(),
        lapsed_on=pl.coalesce("coupon_end_on", "without_on").max(),
    )


def _coupon_days(sides: BothSides, books: Books) -> pl.DataFrame:
    """When the coupons of a subscription began and ended: its own and its items', else its customer's."""
    of_items = books.subscription_items.select("subscription_id", owner_id="item_id", owner=pl.lit("item"))
    subscriptions = sides.subscriptions.select("subscription_id", "customer_id")
    of_own = subscriptions.select("subscription_id", owner_id="subscription_id", owner=pl.lit("subscription"))
    of_customers = subscriptions.select("subscription_id", owner_id="customer_id", owner=pl.lit("customer"))
    owners = pl.concat([of_items, of_own, of_customers])
    days = (
        books.discounts.join(owners, on=["owner", "owner_id"], how="inner", validate="m:m")
        .with_columns(is_own=pl.col("owner") != "customer")
        .filter(pl.col("is_own") | ~pl.col("is_own").any().over("subscription_id"))
    )
    return days.group_by("subscription_id").agg(
        coupon_start_on=pl.col("start_on").max(),
        percents=(pl.col("percent_off") * 10**mrr.PCT_PLACES).round().cast(pl.Int64).drop_nulls().unique(),
        coupon_end_on=pl.when(pl.col("end_on").null_count() == 0).then(pl.col("end_on").max()),
    )


def _first_without(members: pl.DataFrame, books: Books) -> pl.DataFrame:
    """The first ordinary invoice line after the last one that a coupon reduced: ``without_on`` by subscription."""
    lines = books.invoice_lines.filter(~pl.col("is_proration").fill_null(value=False)).join(
        members, on="subscription_id", how="semi"
    )
    last_on = pl.col("period_start_on").filter(pl.col("discount_minor") > 0).max()
    return lines.group_by("subscription_id").agg(
        without_on=pl.col("period_start_on").filter(pl.col("period_start_on") > last_on).min()
    )
