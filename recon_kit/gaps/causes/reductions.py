"""Reductions: coupons, trials, pauses and parts that ended, on either side."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import (
    DISCOUNT,
    PAUSED,
    TRIAL,
    amount_text,
    common_rates,
    exact_of,
    in_reporting,
    pieces,
)
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched

_PERCENT_IN_NOTE = r"(?i)(\d{1,2}(?:\.\d{1,4})?)\s*(?:%|percent|per cent)\s*(?:off|discount)"


def waiting_pieces(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, currency: str) -> pl.DataFrame:
    """Find committed MRR that a trial or a pause keeps from being billed: one piece per pairing and kind."""
    billed = _subscriptions_of(open_pairings, matched, sides)
    is_paused = pl.col("is_collection_paused") | (pl.col("status") == "paused")
    waiting = billed.with_columns(
        waits=pl.col("committed") - pl.col("mrr"), kind=pl.when(is_paused).then(pl.lit(PAUSED)).otherwise(pl.lit(TRIAL))
    ).filter(pl.col("waits") != 0)
    summed = waiting.group_by("pairing_id", "kind").agg(
        pl.col("waits").sum(),
        evidence=pl.col("subscription_id").sort(),
        paused_on=pl.col("paused_on").min(),
        trial_end_on=pl.col("trial_end_on").max(),
    )
    day = pl.when(pl.col("kind") == PAUSED).then("paused_on").otherwise("trial_end_on")
    text = (
        pl.when(pl.col("kind") == PAUSED)
        .then(pl.lit("collection is paused since"))
        .otherwise(pl.lit("the trial runs until"))
    )
    return pieces(
        summed,
        pl.col("kind"),
        amount=pl.col("waits"),
        evidence=pl.col("evidence"),
        since_on=pl.when(pl.col("kind") == PAUSED).then("paused_on"),
        sentence=pl.format(
            "{} a month is not billed: {} {}.",
            amount_text(pl.col("waits"), currency),
            text,
            day.dt.to_string("%-d %B %Y").fill_null("an unknown day"),
        ),
    )


def _subscriptions_of(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides) -> pl.DataFrame:
    """The live subscriptions of pairings that differ."""
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    chosen = members.join(
        open_pairings.select("pairing_id", "crm", "difference"), on="pairing_id", how="inner", validate="m:1"
    )
    return chosen.join(sides.subscriptions, on="subscription_id", how="left", validate="1:1")


def contract_discounts(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, *, as_of: pl.Expr
) -> pl.DataFrame:
    """Find the percentage off that contracts of a pairing mention and that still runs.

    Returns:
        One row per pairing with a discount: ``pairing_id``, ``worth`` (contract MRR x p / (100 - p), reporting minor
        units), ``percent`` (millionths of a per cent, the largest), ``opportunity_ids_off``.
    """
    members = matched.members.filter(side=CRM).select("pairing_id", opportunity_id="record_id")
    own = members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi").join(
        sides.contracts.select("opportunity_id", "mrr", "discount_pct", "discount_end_on", "note"),
        on="opportunity_id",
        how="left",
        validate="1:1",
    )
    in_note = mrr.percent_text(pl.col("note").str.extract(_PERCENT_IN_NOTE, 1))
    in_field = (pl.col("discount_pct") * 10**mrr.PCT_PLACES).round().cast(pl.Int64)
    runs = (pl.col("discount_end_on") >= as_of).fill_null(value=True)
    off = own.with_columns(percent=pl.coalesce(pl.when(in_field > 0).then(in_field), in_note)).filter(
        runs, pl.col("percent") > 0, pl.col("percent") < mrr.WHOLE
    )
    worth = money.mul_div(money.to_e15(pl.col("mrr")), pl.col("percent"), mrr.WHOLE - pl.col("percent"))
    return (
        off.with_columns(worth=money.round_half_up(worth))
        .group_by("pairing_id")
        .agg(pl.col("worth").sum(), pl.col("percent").max(), opportunity_ids_off=pl.col("opportunity_id").sort())
    )


def discount_pieces(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, *, as_of: pl.Expr, currency: str
) -> pl.DataFrame:
    """Find coupons that no contract mentions, and discounts of contracts that Stripe does not grant.

    A coupon counts with its whole present monthly amount. A contract's discount counts only where it fits into what
    Stripe bills too much, since many prices in Stripe are net already.
    """
    agreed = contract_discounts(open_pairings, matched, sides, as_of=as_of)
    granted = _granted(open_pairings, matched, sides, books)
    both = (
        open_pairings.select("pairing_id", "difference")
        .join(agreed, on="pairing_id", how="left", validate="1:1")
        .join(granted, on="pairing_id", how="left", validate="1:1")
    )
    only_stripe = both.filter(pl.col("worth").is_null(), pl.col("granted") > 0)
    fits = -pl.col("difference") >= pl.col("worth") - 1
    only_contract = both.filter(pl.col("granted").fill_null(0) == 0, pl.col("worth") > 0, fits)
    return pl.concat(
        [
            pieces(
                only_stripe,
                DISCOUNT,
                amount=pl.col("granted"),
                evidence=pl.col("coupon_ids_on"),
                since_on=pl.col("discount_start_on"),
                sentence=pl.format(
                    "Stripe takes {} a month off by a coupon that the contract does not mention.",
                    amount_text(pl.col("granted"), currency),
                ),
            ),
            pieces(
                only_contract,
                DISCOUNT,
                amount=-pl.col("worth"),
                evidence=pl.col("opportunity_ids_off"),
                sentence=pl.format(
                    "The contract grants {} % off, worth {} a month, which Stripe does not.",
                    (pl.col("percent") / 10**mrr.PCT_PLACES).cast(pl.String).str.strip_suffix(".0"),
                    amount_text(pl.col("worth"), currency),
                ),
            ),
        ]
    )


def _granted(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books) -> pl.DataFrame:
    """What coupons take off the subscriptions of a pairing a month, in the reporting currency."""
    steps = books.mrr_worksheet.filter(side=BILLING).select(
        "currency",
        subscription_id="record_id",
        off=exact_of(pl.col("item_discount_monthly")) + exact_of(pl.col("discount_monthly")),
    )
    valued = steps.join(common_rates(books), on="currency", how="left", validate="m:1").select(
        "subscription_id", granted=in_reporting(pl.col("off"))
    )
    starts = (
        books.discounts.filter(pl.col("owner") == "subscription")
        .group_by(subscription_id="owner_id")
        .agg(discount_start_on=pl.col("start_on").max())
    )
    members = _subscriptions_of(open_pairings, matched, sides).select("pairing_id", "subscription_id", "coupon_ids")
    return (
        members.join(valued, on="subscription_id", how="inner", validate="1:1")
        .filter(pl.col("granted") > 0)
        .join(starts, on="subscription_id", how="left", validate="1:1")
        .group_by("pairing_id")
        .agg(
            pl.col("granted").sum(),
            pl.col("discount_start_on").min(),
            coupon_ids_on=pl.col("coupon_ids").explode(empty_as_null=False).unique().sort(),
        )
    )
