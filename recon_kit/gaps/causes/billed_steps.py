"""Billed steps: when the recurring amount of a subscription changed, by how much, and on what evidence."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import common_rates, exact_of, in_reporting

_UNPAYABLE = ["void", "draft"]


def ordinary_lines(books: Books) -> pl.DataFrame:
    """Normalise the recurring invoice lines that are no prorations to a month.

    Returns:
        One row per line: ``subscription_id``, ``invoice_id``, ``period_start_on``, ``interval``, ``gross_e15`` and
        ``tax_e15`` (own minor units a month, before discounts).
    """
    issued = books.invoices.filter(~pl.col("status").fill_null("").is_in(_UNPAYABLE)).select("invoice_id")
    plain = books.invoice_lines.filter(
        ~pl.col("is_proration").fill_null(value=False),
        pl.col("kind").fill_null("") != "invoiceitem",
        pl.col("subscription_id").is_not_null(),
    ).join(issued, on="invoice_id", how="semi")
    terms = ["interval", "interval_count", "usage_type"]
    of_price = books.prices.select("price_id", *terms)
    of_item = books.subscription_items.select("subscription_id", "item_id", *terms)
    known = plain.join(of_item, on=["subscription_id", "item_id"], how="left", validate="m:1").join(
        of_price, on="price_id", how="left", validate="m:1", suffix="_of_price"
    )
    priced = known.with_columns(pl.coalesce(f"{name}_of_price", name).alias(name) for name in terms)
    recurring = priced.filter(pl.col("interval").is_not_null(), pl.col("usage_type").fill_null("licensed") != "metered")
    gross, tax = (money.to_e15(pl.col(name).fill_null(0)) for name in ("amount_minor", "tax_minor"))
    count = pl.col("interval_count").fill_null(1)
    return recurring.select(
        "subscription_id",
        "invoice_id",
        "period_start_on",
        "interval",
        "interval_count",
        gross_e15=mrr.per_month(gross, pl.col("interval"), count),
        tax_e15=mrr.per_month(tax, pl.col("interval"), count),
    )


def billed_steps(books: Books, *, only: pl.DataFrame) -> pl.DataFrame:
    """Find the steps between one ordinary invoice and the next, and from the last one to what the items say now.

    Subscriptions that bill at several intervals have no comparable invoices and are left out.

    Args:
        books: the tables.
        only: ``subscription_id`` of those wanted.

    Returns:
        One row per step, sorted: ``subscription_id``, ``step_on``, ``step`` (reporting minor units a month, at the
        common rate, before discounts), ``event_ids``.
    """
    lines = ordinary_lines(books).join(only, on="subscription_id", how="semi")
    one_interval = (
        lines.group_by("subscription_id")
        .agg(intervals=pl.struct("interval", "interval_count").n_unique())
        .filter(pl.col("intervals") == 1)
    )
    invoices = (
        lines.join(one_interval, on="subscription_id", how="semi")
        .group_by("subscription_id", "invoice_id")
        .agg(level=pl.col("gross_e15").sum(), on=pl.col("period_start_on").min())
    )
    levels = pl.concat(
        [invoices.drop("invoice_id"), _now(books).join(one_interval, on="subscription_id", how="semi")], how="diagonal"
    )
    ordered = levels.sort("subscription_id", "on", "level", nulls_last=True)
    before = pl.col("level").shift(1).over("subscription_id")
    stepped = ordered.with_columns(
        step_e15=pl.col("level") - before, before_on=pl.col("on").shift(1).over("subscription_id")
    ).filter(pl.col("step_e15") != 0)
    return _in_reporting(_dated(stepped, books), books).sort("subscription_id", "step_on", "step")


def _now(books: Books) -> pl.DataFrame:
    """What the items say on as_of, before discounts; it has no invoice yet, so no date."""
    return books.mrr_worksheet.filter(pl.col("side") == "billing", pl.col("gross_monthly").is_not_null()).select(
        subscription_id="record_id", level=exact_of(pl.col("gross_monthly"))
    )


def _dated(stepped: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Date a step by the change event or the proration between the two invoices, else by the later invoice."""
    numbered = stepped.with_row_index("step_no")
    evidence = pl.concat([_change_events(books), _prorations(books)])
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


def _change_events(books: Books) -> pl.DataFrame:
    changed = pl.col("changed").list.contains("items")
    updates = books.events.filter((pl.col("type") == "customer.subscription.updated") & changed)
    return updates.select("event_id", subscription_id="object_id", change_on="created_on")


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
