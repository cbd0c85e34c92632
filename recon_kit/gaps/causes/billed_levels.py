"""Billed levels: what a subscription cost a month at each moment that an invoice or an event tells, and now."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import exact_of

_UNPAYABLE = ["void", "draft"]
_LEVEL: dict[str, pl.DataType | type[pl.DataType]] = {
    "subscription_id": pl.String(),
    "on": pl.Date(),
    "turn": pl.Int64(),
    "level": money.EXACT,
    "event_id": pl.String(),
}


def ordinary_lines(books: Books, *, only: pl.DataFrame) -> pl.DataFrame:
    """Normalise the recurring invoice lines that are no prorations to a month; what a trial leaves free is left out.

    Args:
        books: the tables.
        only: ``subscription_id`` of those wanted.

    Returns:
        One row per line: ``subscription_id``, ``invoice_id``, ``period_start_on``, ``interval``, ``interval_count``,
        ``gross_e15`` and ``tax_e15`` (own minor units a month, before discounts).
    """
    lines = books.invoice_lines.join(only, on="subscription_id", how="semi").filter(
        ~pl.col("is_proration").fill_null(value=False), pl.col("kind").fill_null("") != "invoiceitem"
    )
    issued = books.invoices.join(lines, on="invoice_id", how="semi").filter(
        ~pl.col("status").fill_null("").is_in(_UNPAYABLE)
    )
    plain = lines.join(issued, on="invoice_id", how="semi")
    begun = books.subscriptions.select("subscription_id", "billing_start_on")
    billed = plain.join(begun, on="subscription_id", how="left", validate="m:1").filter(
        (pl.col("period_start_on") >= pl.col("billing_start_on")).fill_null(value=True)
    )
    terms = ["interval", "interval_count", "usage_type"]
    of_price = books.prices.select("price_id", *terms)
    of_item = books.subscription_items.select("subscription_id", "item_id", *terms)
    known = billed.join(of_item, on=["subscription_id", "item_id"], how="left", validate="m:1").join(
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


def billed_levels(books: Books, *, only: pl.DataFrame) -> pl.DataFrame:
    """Lay out what is known about the amount of subscriptions, in the order of time.

    An event that changed items tells two levels of one moment. Between two events Stripe tells nothing because nothing
    changed: where the level after one is that before the next, invoices in between are left out, and so is one of the
    day of an event. Subscriptions billed at several intervals at a time have no comparable invoices.

    Args:
        books: the tables.
        only: ``subscription_id`` of those wanted.

    Returns:
        One row per level, sorted by ``subscription_id``, ``on`` (null: now), ``turn`` (even above 0 after an event, odd
        before it, 0 otherwise): and ``level`` (exact own minor units a month, before discounts), ``event_id``.
    """
    told = _of_events(books, only)
    days_told = told.select("subscription_id", "on").unique()
    points = pl.concat(
        [told, _of_invoices(books, only).join(days_told, on=["subscription_id", "on"], how="anti"), _now(books, only)]
    ).sort("subscription_id", "on", "turn", "level", nulls_last=True)
    is_after = (pl.col("turn") > 0) & (pl.col("turn") % 2 == 0)
    segment = ["subscription_id", "segment"]
    marked = points.with_columns(segment=is_after.cum_sum().over("subscription_id")).with_columns(
        is_end=pl.int_range(pl.len()).over(segment).is_in([0]) | (pl.col("on").is_null()) | (pl.col("turn") % 2 == 1),
        has_moved=is_step(pl.col("level").last().over(segment) - pl.col("level").first().over(segment)),
    )
    kept = pl.col("is_end") | (pl.col("segment") == 0) | pl.col("has_moved")
    return marked.filter(kept).select(list(_LEVEL))


def is_step(change: pl.Expr) -> pl.Expr:
    """Whether an exact amount is a change at all: fractions of a minor unit are how invoices round."""
    return change.abs().ge(money.exact(money.SCALE))


def change_events(books: Books) -> pl.DataFrame:
    """List the events that changed items of a subscription."""
    changed = pl.col("changed").list.contains("items")
    return books.events.filter((pl.col("type") == "customer.subscription.updated") & changed)


def _of_events(books: Books, only: pl.DataFrame) -> pl.DataFrame:
    """What items cost before and after each event, in the order they happened."""
    told = (
        change_events(books)
        .filter(pl.col("gross_before_monthly").is_not_null(), pl.col("gross_after_monthly").is_not_null())
        .rename({"object_id": "subscription_id"})
        .join(only, on="subscription_id", how="semi")
        .sort("subscription_id", "created_at", "event_id")
        .with_columns(order=2 * pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("subscription_id"))
    )
    moments = ((-1, "gross_before_monthly"), (0, "gross_after_monthly"))
    return pl.concat(
        [
            _levels(told, on="created_on", turn=pl.col("order") + step, level=exact_of(pl.col(name)))
            for step, name in moments
        ]
    )


def _of_invoices(books: Books, only: pl.DataFrame) -> pl.DataFrame:
    lines = ordinary_lines(books, only=only)
    invoices = lines.group_by("subscription_id", "invoice_id").agg(
        level=pl.col("gross_e15").sum(),
        on=pl.col("period_start_on").min(),
        interval=pl.struct("interval", "interval_count").first(),
        is_whole=pl.struct("interval", "interval_count").n_unique() == 1,
    )
    comparable = invoices.sort("subscription_id", "on", "invoice_id").filter(
        pl.col("is_whole").all().over("subscription_id"), _switches_once()
    )
    return _levels(comparable, on="on", turn=pl.lit(0), level=pl.col("level"), event_id=None)


def _switches_once() -> pl.Expr:
    """Whether a subscription left an interval for good when it took another; several at a time bill by turns."""
    of_one = "subscription_id"
    turns = (pl.col("interval") != pl.col("interval").shift(1)).fill_null(value=False).sum().over(of_one)
    return turns == pl.col("interval").n_unique().over(of_one) - 1


def _now(books: Books, only: pl.DataFrame) -> pl.DataFrame:
    """What the items say on as_of; it has no invoice yet, so no date."""
    known = books.mrr_worksheet.filter(pl.col("side") == "billing", pl.col("gross_monthly").is_not_null())
    present = known.rename({"record_id": "subscription_id"}).join(only, on="subscription_id", how="semi")
    return _levels(present, on=None, turn=pl.lit(0), level=exact_of(pl.col("gross_monthly")), event_id=None)


def _levels(
    rows: pl.DataFrame, *, on: str | None, turn: pl.Expr, level: pl.Expr, event_id: str | None = "event_id"
) -> pl.DataFrame:
    given = {
        "subscription_id": pl.col("subscription_id"),
        "on": pl.col(on) if on else pl.lit(None),
        "turn": turn,
        "level": level,
        "event_id": pl.col(event_id) if event_id else pl.lit(None),
    }
    return rows.select(given[name].cast(kind).alias(name) for name, kind in _LEVEL.items())
