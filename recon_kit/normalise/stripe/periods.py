"""What invoices and events tell about a subscription: billing start, period, pause, unpaid since, latest invoice."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.asof import is_after
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.values import day

_STEPS = 400


def ordinary_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Pick the lines that bill a period of a subscription: no proration, nothing one-off."""
    return lines.filter(
        ~pl.col("is_proration") & (pl.col("kind") == "subscription") & pl.col("subscription_id").is_not_null()
    )


def with_billing_start(subscriptions: pl.DataFrame, ordinary: pl.DataFrame) -> pl.DataFrame:
    """Add ``billing_start_at``: the trial's end, else its first positive ordinary line's start, else the start date."""
    first = (
        ordinary.filter(pl.col("amount_minor") > 0)
        .group_by("subscription_id")
        .agg(first_billed_at=pl.col("period_start_at").min())
    )
    joined = subscriptions.join(first, left_on="key", right_on="subscription_id", how="left", validate="1:1")
    return joined.with_columns(
        billing_start_at=pl.coalesce("trial_end_at", "first_billed_at", "start_at", "created_at")
    )


def with_period(
    subscriptions: pl.DataFrame, ordinary: pl.DataFrame, items: pl.DataFrame, cutoff: dt.datetime
) -> pl.DataFrame:
    """Put the current period back where it lies after as_of.

    To the trial where that was running, else to the period of the latest ordinary line that covers as_of, else back by
    whole intervals.
    """
    ahead = is_after(pl.col("current_period_start_at"), cutoff)
    last = (
        ordinary.filter(~is_after(pl.col("period_start_at"), cutoff))
        .sort("period_start_at", "period_end_at", "line_id")
        .unique("subscription_id", keep="last")
        .select(key="subscription_id", line_start_at="period_start_at", line_end_at="period_end_at")
    )
    interval = (
        items.sort("item_id")
        .unique("subscription_id", keep="first")
        .select("interval", "interval_count", key="subscription_id")
    )
    joined = subscriptions.join(last, on="key", how="left", validate="1:1").join(
        interval, on="key", how="left", validate="1:1"
    )
    by_trial = ahead & pl.col("is_in_trial")
    by_line = ahead & ~by_trial & is_after(pl.col("line_end_at"), cutoff)
    moved = joined.with_columns(
        current_period_start_at=pl.when(by_trial)
        .then("trial_start_at")
        .when(by_line)
        .then("line_start_at")
        .otherwise("current_period_start_at"),
        current_period_end_at=pl.when(by_trial)
        .then("trial_end_at")
        .when(by_line)
        .then("line_end_at")
        .otherwise("current_period_end_at"),
    )
    return _stepped_back(moved, cutoff)


def _stepped_back(subscriptions: pl.DataFrame, cutoff: dt.datetime) -> pl.DataFrame:
    unit = pl.col("interval").replace_strict({"day": "d", "week": "w", "month": "mo", "year": "y"}, default=None)
    back = pl.format("-{}{}", pl.col("interval_count").fill_null(1), unit)
    moved = subscriptions
    for _ in range(_STEPS):
        ahead = is_after(pl.col("current_period_start_at"), cutoff) & unit.is_not_null()
        if not moved.select(ahead.any()).item():
            break
        moved = moved.with_columns(
            current_period_end_at=pl.when(ahead).then("current_period_start_at").otherwise("current_period_end_at"),
            current_period_start_at=pl.when(ahead)
            .then(pl.col("current_period_start_at").dt.offset_by(pl.when(ahead).then(back).otherwise(pl.lit("0d"))))
            .otherwise("current_period_start_at"),
        )
    return moved


def with_pause(
    subscriptions: pl.DataFrame, ordinary: pl.DataFrame, invoices: pl.DataFrame, reader: Reader
) -> pl.DataFrame:
    """Add ``paused_on``: the day of the last event that paused collection or set the status paused, by as_of.

    Without an event (Stripe keeps them for 30 days) the status' own time, else the first period that was not collected.
    """
    began = pl.col("previous_attributes").str.contains('"pause_collection":null', literal=True)
    events = pl.concat([reader.history.earlier.filter(began), _events_that_set("paused", reader)])
    paused = events.group_by(key="object_id").agg(paused_by_event_at=pl.col("created_at").max())
    joined = subscriptions.join(paused, on="key", how="left", validate="1:1").join(
        _first_not_collected(subscriptions, ordinary, invoices, reader.pull.cutoff),
        on="key",
        how="left",
        validate="1:1",
    )
    zone = reader.pull.timezone
    by_itself = pl.when(pl.col("status") == "paused").then(day("paused_at", zone))
    return joined.with_columns(
        paused_on=pl.coalesce(day("paused_by_event_at", zone), by_itself, day("not_collected_at", zone))
    ).drop("not_collected_at")


_HELD_BACK = {"void": "void", "keep_as_draft": "draft", "mark_uncollectible": "uncollectible"}
"""What becomes of invoices while collection is paused, by its behaviour."""


def _first_not_collected(
    subscriptions: pl.DataFrame, ordinary: pl.DataFrame, invoices: pl.DataFrame, cutoff: dt.datetime
) -> pl.DataFrame:
    """Find when paused subscriptions stopped being collected: ``key``, ``not_collected_at``.

    The start of the first period held back after the last that was not, else the end of the last period invoiced, where
    that lies before the end of as_of.
    """
    paused = subscriptions.filter(pl.col("pause_behavior").is_not_null() | (pl.col("status") == "paused")).select(
        "key", held_back=pl.col("pause_behavior").replace_strict(_HELD_BACK, default=None)
    )
    periods = (
        ordinary.rename({"subscription_id": "key"})
        .join(paused, on="key", how="inner", validate="m:1")
        .join(invoices.select("invoice_id", invoice_status="status"), on="invoice_id", how="inner", validate="m:1")
        .with_columns(is_held_back=(pl.col("invoice_status") == pl.col("held_back")).fill_null(value=False))
    )
    start, is_held_back = pl.col("period_start_at"), pl.col("is_held_back")
    last_billed_at = start.filter(~is_held_back).max()
    found = periods.group_by("key").agg(
        held_back_at=start.filter(is_held_back & (start > last_billed_at).fill_null(value=True)).min(),
        billed_until_at=pl.col("period_end_at").filter(~is_held_back).max(),
    )
    is_over = pl.col("billed_until_at") < pl.lit(cutoff)
    return found.select("key", not_collected_at=pl.coalesce("held_back_at", pl.when(is_over).then("billed_until_at")))


def _events_that_set(status: str, reader: Reader) -> pl.DataFrame:
    changed = reader.history.earlier.filter(
        pl.col("object_status") == status, pl.col("previous_attributes").str.contains('"status":', literal=True)
    )
    return changed.filter(pl.col("previous_attributes").str.json_path_match("$.status").is_not_null())


def with_unpaid_since(subscriptions: pl.DataFrame, invoices: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Add ``unpaid_on``: the day an event set the status unpaid, else its oldest open or uncollectible invoice's."""
    zone = reader.pull.timezone
    by_event = (
        _events_that_set("unpaid", reader).group_by(key="object_id").agg(unpaid_by_event_at=pl.col("created_at").max())
    )
    oldest = (
        invoices.filter(pl.col("status").is_in(["open", "uncollectible"]))
        .group_by(key="subscription_id")
        .agg(oldest_unpaid_on=pl.col("created_on").min())
    )
    return (
        subscriptions.join(by_event, on="key", how="left", validate="1:1")
        .join(oldest, on="key", how="left", validate="1:1")
        .with_columns(unpaid_on=day("unpaid_by_event_at", zone).fill_null(pl.col("oldest_unpaid_on")))
    )


def with_latest_invoice(subscriptions: pl.DataFrame, invoices: pl.DataFrame) -> pl.DataFrame:
    """Keep ``latest_invoice_id`` where that invoice was there on as_of, else take the newest that was."""
    newest = (
        invoices.drop_nulls("subscription_id")
        .sort("created_at", "invoice_id")
        .unique("subscription_id", keep="last")
        .select(key="subscription_id", newest_id="invoice_id")
    )
    known = pl.col("latest_invoice_id").is_in(invoices["invoice_id"].implode())
    joined = subscriptions.join(newest, on="key", how="left", validate="1:1")
    return joined.with_columns(latest_invoice_id=pl.when(known).then("latest_invoice_id").otherwise("newest_id"))
