"""Items as they were invoiced: what a snapshot pulled later tells of as_of when it has no events."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.normalise.stripe.prices import PRICE
from recon_kit.normalise.stripe.subscriptions import LIVE


def items_as_invoiced(
    items: pl.DataFrame, subscriptions: pl.DataFrame, lines: pl.DataFrame, prices: pl.DataFrame, cutoff: dt.datetime
) -> pl.DataFrame:
    """Give live subscriptions the items of their latest ordinary invoice line covering as_of.

    A change inside that period by as_of was invoiced as prorations, perhaps on a later invoice: a charge for the rest
    of the period tells the new quantity, a credit alone that the item was removed. An item that no line tells of stays.

    Args:
        items: from ``item_rows``.
        subscriptions: ``key``, ``status`` on as_of.
        lines: rows of ``invoice_lines`` with ``period_start_at``, ``period_end_at``, those of later invoices included.
        prices: rows of ``prices``.
        cutoff: end of as_of.
    """
    live = subscriptions.filter(pl.col("status").is_in(LIVE))["key"]
    told = _told(lines.filter(pl.col("subscription_id").is_in(live.implode())), cutoff)
    removed = told.filter(~pl.col("is_charged")).select("item_id")
    charged = told.filter("is_charged").drop("is_charged")
    return _with_lines(items.join(removed, on="item_id", how="anti"), charged, prices)


def _told(lines: pl.DataFrame, cutoff: dt.datetime) -> pl.DataFrame:
    """One row per item that a line tells of: its latest ordinary or prorated line that covers as_of; charges first."""
    end = pl.lit(cutoff)
    covering = lines.filter(
        pl.col("item_id").is_not_null(), pl.col("period_start_at") < end, pl.col("period_end_at") >= end
    )
    newest_last = covering.with_columns(is_charged=~pl.col("is_proration") | (pl.col("amount_minor") > 0)).sort(
        "period_start_at", "is_proration", "is_charged", "invoice_id", "line_id"
    )
    return newest_last.unique("item_id", keep="last").select(
        "subscription_id",
        "item_id",
        "is_charged",
        line_price_id="price_id",
        line_quantity="quantity",
        line_quantity_e12="quantity_e12",
    )


def _with_lines(items: pl.DataFrame, charged: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    """Put the lines' quantities and prices on items; an item that only a line tells of comes back."""
    known = pl.concat([prices.select("price_id", *PRICE), items.select("price_id", *PRICE)]).drop_nulls("price_id")
    of_line = known.unique("price_id", keep="first", maintain_order=True).select(
        pl.col("price_id").alias("line_price_id"), pl.col(PRICE).name.suffix("_of_line")
    )
    joined = items.join(charged, on=["subscription_id", "item_id"], how="full", coalesce=True, validate="1:1").join(
        of_line, on="line_price_id", how="left", validate="m:1"
    )
    repriced = pl.col("line_price_id").ne_missing(pl.col("price_id")) & pl.col("currency_of_line").is_not_null()
    is_counted = pl.col("line_quantity").is_not_null() & (pl.col("usage_type").fill_null("licensed") != "metered")
    return (
        joined.with_columns(pl.when(repriced).then(f"{name}_of_line").otherwise(name).alias(name) for name in PRICE)
        .with_columns(
            price_id=pl.when(repriced).then("line_price_id").otherwise("price_id"),
            quantity=pl.when(is_counted).then("line_quantity").otherwise("quantity"),
            quantity_e12=pl.when(is_counted).then("line_quantity_e12").otherwise("quantity_e12"),
        )
        .filter(pl.col("currency").is_not_null())
        .select(items.columns)
    )
