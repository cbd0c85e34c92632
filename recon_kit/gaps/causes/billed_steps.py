"""Billed steps: when the recurring amount of a subscription changed, by how much, and on what evidence."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.billed_levels import billed_levels, change_events, is_step
from recon_kit.gaps.causes.pieces import common_rates, exact_of, in_reporting


def billed_steps(books: Books, *, only: pl.DataFrame) -> pl.DataFrame:
    """Find the steps between one known level and the next, up to what the items say now.

    What an event tells is a step of its day. Any other is dated by a proration, or an event that tells no amounts,
    between the two invoices that show it, else by the later invoice.

    Args:
        books: the tables.
        only: ``subscription_id`` of those wanted.

    Returns:
        One row per step, sorted: ``subscription_id``, ``step_on``, ``step`` (reporting minor units a month, at the
        common rate, before discounts), ``event_ids``.
    """
    levels = billed_levels(books, only=only).with_columns(
        step_e15=pl.col("level") - pl.col("level").shift(1).over("subscription_id"),
        before_on=pl.col("on").shift(1).over("subscription_id"),
        is_told=(pl.col("turn") > 0) & (pl.col("turn") % 2 == 0),
    )
    stepped = levels.filter(is_step(pl.col("step_e15")))
    told = stepped.filter("is_told").with_columns(step_on="on", event_ids=pl.concat_list("event_id"))
    untold = _dated(stepped.filter(~pl.col("is_told")), books)
    columns = ["subscription_id", "step_on", "step_e15", "event_ids"]
    both = pl.concat([told.select(columns), untold.select(columns)])
    return _in_reporting(both, books).sort("subscription_id", "step_on", "step")


def _dated(stepped: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Date a step by the change event or the proration between the two invoices, else by the later invoice."""
    numbered = stepped.with_row_index("step_no")
    evidence = pl.concat([_untold_events(books), _prorations(books)])
    within = (pl.col("change_on") > pl.col("before_on")) & (pl.col("change_on") <= pl.col("on")).fill_null(value=True)
    found = (
        numbered.select("step_no", "subscription_id", "before_on", "on")
        .join(evidence, on="subscription_id", how="inner", validate="m:m")
        .filter(within)
        .group_by("step_no")
        .agg(change_on=pl.col("change_on").min(), event_ids=pl.col("event_id").drop_nulls().unique().sort())
    )
    dated = numbered.join(found, on="step_no", how="left", validate="1:1")
    return dated.with_columns(
        step_on=pl.coalesce("change_on", "on", "before_on"),
        event_ids=pl.col("event_ids").fill_null(pl.lit([], dtype=pl.List(pl.String))),
    )


def _untold_events(books: Books) -> pl.DataFrame:
    """Events that changed items and do not tell by how much."""
    silent = pl.col("gross_before_monthly").is_null() | pl.col("gross_after_monthly").is_null()
    return change_events(books).filter(silent).select("event_id", subscription_id="object_id", change_on="created_on")


def _prorations(books: Books) -> pl.DataFrame:
    lines = books.invoice_lines.filter(
        pl.col("is_proration").fill_null(value=False), pl.col("subscription_id").is_not_null()
    )
    return lines.select(pl.lit(None, dtype=pl.String).alias("event_id"), "subscription_id", change_on="period_start_on")


def _in_reporting(dated: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Take inclusive tax out of the steps and convert them."""
    currencies = books.subscriptions.select("subscription_id", "currency")
    taxed = books.mrr_worksheet.filter(pl.col("side") == "billing").select(
        subscription_id="record_id",
        net=exact_of(pl.col("net_monthly").fill_null(0)),
        tax=exact_of(pl.col("tax_monthly").fill_null(0)),
    )
    joined = (
        dated.join(currencies, on="subscription_id", how="left", validate="m:1")
        .join(common_rates(books), on="currency", how="left", validate="m:1")
        .join(taxed, on="subscription_id", how="left", validate="m:1")
    )
    has_tax = (pl.col("tax") > 0) & (pl.col("net") > 0)
    scale = pl.when(has_tax).then(pl.col("net") // 10**9)
    whole = pl.when(has_tax).then((pl.col("net") + pl.col("tax")) // 10**9)
    ex_tax = pl.when(has_tax).then(money.mul_div(pl.col("step_e15"), scale, whole)).otherwise("step_e15")
    return (
        joined.with_columns(step=in_reporting(ex_tax))
        .filter(pl.col("step") != 0)
        .select("subscription_id", "step_on", "step", "event_ids")
    )
