"""Changes told: what happened to a subscription on the day an expansion or a contraction began, in words."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from recon_kit.change_kinds import change_kinds
from recon_kit.close.alerts.sentences import ANY_CHANGE, CHANGES

Reader = Callable[[str], pl.LazyFrame]


def changes_told(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """Say what changed, by the events that are the evidence of the gap's cause, else by what was invoiced before.

    Args:
        gaps: rows of ``gaps`` whose cause is an expansion or a contraction of paired records.
        read: gives a table by its name.

    Returns:
        One row per gap: ``gap_id``, ``what`` (such as ``a seat addition``), ``is_many``: whether it happened more than
        once.
    """
    told = _by_events(gaps, read).join(_by_invoices(gaps, read), on="gap_id", how="left", validate="1:1")
    kind = pl.coalesce("kind", pl.when(~pl.col("is_many")).then("change_kind"))
    return told.select(
        "gap_id",
        "is_many",
        what=pl.when("is_many").then(_spoken(kind, several=True)).otherwise(_spoken(kind, several=False)),
    )


def _spoken(kind: pl.Expr, *, several: bool) -> pl.Expr:
    words = [both[several] for both in CHANGES.values()]
    return kind.replace_strict(list(CHANGES), words, default=None, return_dtype=pl.String).fill_null(
        ANY_CHANGE[several]
    )


def _by_events(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """One row per gap: the one ``kind`` of all its events (null where they differ), and whether there are several."""
    of_cause = gaps.select("gap_id", component="cause").join(
        read("gap_components").select("gap_id", "component", event_id="evidence").collect(),
        on=["gap_id", "component"],
        how="inner",
        validate="1:1",
    )
    told = of_cause.explode("event_id", empty_as_null=False)
    wanted = told.lazy().select("event_id")
    events = read("events").select("event_id", "change_kind").join(wanted, on="event_id", how="semi").collect()
    named = told.join(events, on="event_id", how="inner", validate="m:1")
    summed = named.group_by("gap_id").agg(
        kind=pl.when(pl.col("change_kind").n_unique() == 1).then(pl.col("change_kind").first()),
        is_many=pl.len() > 1,
    )
    joined = gaps.select("gap_id").join(summed, on="gap_id", how="left", validate="1:1")
    return joined.with_columns(pl.col("is_many").fill_null(value=False))


def _by_invoices(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    """One row per gap: ``change_kind`` between the last ordinary invoice before the day it began and the items now."""
    members = gaps.select("gap_id", "cause", since_on="diverged_on", subscription_id="subscription_ids").explode(
        "subscription_id", empty_as_null=False
    )
    wanted = members.lazy().select("subscription_id")
    lines = read("invoice_lines").filter(
        ~pl.col("is_proration"), pl.col("kind").fill_null("") != "invoiceitem", pl.col("amount_minor") > 0
    )
    own_lines = lines.join(wanted, on="subscription_id", how="semi").collect()
    earlier = members.join(own_lines, on="subscription_id", how="inner", validate="m:m").filter(
        pl.col("period_start_on") < pl.col("since_on")
    )
    is_last = pl.col("period_start_on") == pl.col("period_start_on").max().over("gap_id", "subscription_id")
    before = earlier.filter(is_last).select(*_STATE, gross_e15=pl.lit(0), moment=pl.lit("before"))
    items = read("subscription_items").join(wanted, on="subscription_id", how="semi").collect()
    now = members.join(items, on="subscription_id", how="inner", validate="m:m")
    grew = pl.when(pl.col("cause") == "expansion").then(1).otherwise(-1)
    after = now.select(*_STATE, gross_e15=grew, moment=pl.lit("after"))
    usage = read("prices").select("price_id", "usage_type").collect()
    both = pl.concat([before, after], how="vertical_relaxed").join(usage, on="price_id", how="left", validate="m:1")
    return change_kinds(both.rename({"gap_id": "event_id"})).rename({"event_id": "gap_id"})


_STATE = ("gap_id", "price_id", "product_id", "quantity")
