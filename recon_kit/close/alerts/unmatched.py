"""Unmatched: records that stand alone in one system, whichever page finds them, and how their balance moves by run.

A page that finds more of them (ledger and bank) adds one function to ``SOURCES``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from recon_kit import money, mrr
from recon_kit.pending import ONE_SIDED, is_pending
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES

Reader = Callable[[str], pl.LazyFrame]
QUARANTINE = "quarantine"
RUNS_KEPT = 4
"""Closes in the table ``unmatched``: three in a row that grew, and the one they grew from."""

ITEM: dict[str, pl.DataType] = {
    "kind": pl.String(),
    "item_id": pl.String(),
    "name": pl.String(),
    "account_id": pl.String(),
    "account_name": pl.String(),
    "customer_ids": pl.List(pl.String()),
    "opportunity_ids": pl.List(pl.String()),
    "subscription_ids": pl.List(pl.String()),
    "amount_minor": pl.Int64(),
    "currency": pl.String(),
    "since_on": pl.Date(),
    "is_told": pl.Boolean(),
    "why": pl.String(),
}
"""``amount_minor`` in ``currency``; ``since_on`` null: not known; ``is_told``: another alert tells of the record."""


def unmatched_items(read: Reader, policy: Policy) -> pl.DataFrame:
    """List the records that stand alone.

    Args:
        read: gives a table by its name.
        policy: the reporting currency.

    Returns:
        One row per record, sorted by kind and id: the columns of ``ITEM``, and ``reporting_minor``: the amount at the
        common rate, null without one.
    """
    found = pl.concat([_laid_out(source(read)) for source in SOURCES])
    rates = read("common_rates").select("currency", "rate_numerator", "rate_denominator").collect()
    joined = found.join(rates, on="currency", how="left", validate="m:1")
    ratio = (pl.col(name).cast(money.EXACT) for name in ("rate_numerator", "rate_denominator"))
    converted = money.round_half_up(mrr.convert(money.to_e15(pl.col("amount_minor")), *ratio))
    is_own = pl.col("currency") == policy.reporting_currency
    reporting = pl.when(is_own).then("amount_minor").otherwise(converted)
    return joined.select(*ITEM, reporting_minor=reporting).sort("kind", "item_id")


def _laid_out(rows: pl.DataFrame) -> pl.DataFrame:
    missing = {name: pl.lit(None) for name in ITEM if name not in rows.columns}
    return rows.with_columns(**missing).select(pl.col(name).cast(kind) for name, kind in ITEM.items())


def _one_sided_gaps(read: Reader) -> pl.DataFrame:
    """Open gaps of which one system knows nothing; amounts are what the other shows a month."""
    pending = is_pending(read("links").collect())
    found = read("gaps").filter(
        pl.col("state") == "open", pl.col("family").is_in(list(ONE_SIDED)), pl.col("difference_minor") != 0
    )
    return found.collect().select(
        "account_id", "account_name", "customer_ids", "opportunity_ids", "subscription_ids", "currency",
        kind="family",
        item_id="gap_id",
        name=pl.coalesce("account_name", "account_id", pl.col("customer_ids").list.first()),
        amount_minor=pl.col("difference_minor").abs(),
        since_on="diverged_on",
        is_told=pl.col("material") & ~pending,
        why="explanation",
    )  # fmt: skip


def _quarantined_records(read: Reader) -> pl.DataFrame:
    """Records that could not be used; nothing tells since when."""
    place = pl.format("{}:{}", "file", "line")
    faults = read("quarantine").collect().with_columns(record=pl.coalesce("key", place))
    records = faults.group_by("source", "object", "record", "file", "line").agg(
        pl.col("amount_minor", "currency").sort_by("rule").drop_nulls().first(),
        why=pl.col("reason").sort().first(),
    )
    no_ids = pl.lit([], dtype=pl.List(pl.String))
    return records.select(
        "amount_minor", "currency", "why",
        kind=pl.lit(QUARANTINE),
        item_id=pl.format("{}/{}/{}", "source", "object", "record"),
        name=pl.format("{} {} {}", pl.col("source").str.to_titlecase(), "object", "record"),
        customer_ids=no_ids, opportunity_ids=no_ids, subscription_ids=no_ids,
        is_told=pl.lit(value=False),
    )  # fmt: skip


SOURCES: tuple[Callable[[Reader], pl.DataFrame], ...] = (_one_sided_gaps, _quarantined_records)


def unmatched_by_run(
    items: pl.DataFrame, previous: pl.DataFrame | None, *, as_of: dt.date, policy: Policy
) -> pl.DataFrame:
    """Sum the unmatched records, beside what closes before counted.

    Args:
        items: what :func:`unmatched_items` returns.
        previous: rows of ``unmatched`` of the close before; none: there is none.
        as_of: the day of the close.
        policy: the reporting currency.

    Returns:
        One row per (as_of, kind, currency) of the newest four closes, sorted: ``number``, ``amount_minor``. Amounts are
        in the reporting currency, or in their own where no rate converts them. A kind without records has a row of 0.
    """
    code = policy.reporting_currency
    kinds = pl.DataFrame({"kind": [*ONE_SIDED, QUARANTINE], "currency": code, "number": 0, "amount_minor": 0})
    is_own = pl.col("reporting_minor").is_null() & pl.col("amount_minor").is_not_null()
    counted = items.select(
        "kind",
        currency=pl.when(is_own).then("currency").otherwise(pl.lit(code)),
        number=pl.lit(1),
        amount_minor=pl.coalesce("reporting_minor", "amount_minor").fill_null(0),
    )
    now = (
        pl.concat([counted, kinds], how="vertical_relaxed")
        .group_by("kind", "currency")
        .agg(pl.col("number", "amount_minor").sum().cast(pl.Int64))
        .with_columns(as_of=pl.lit(as_of))
        .select(TABLES["unmatched"].columns)
    )
    before = (previous if previous is not None else now.clear()).filter(pl.col("as_of") < as_of)
    every = pl.concat([before, now])
    runs = every["as_of"].unique().sort(descending=True).head(RUNS_KEPT)
    return every.filter(pl.col("as_of").is_in(runs.implode())).sort("as_of", "kind", "currency")
