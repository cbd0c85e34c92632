"""History: the row set every close leaves, so that closes can be compared over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    import datetime as dt


def history_rows(as_of: dt.date, gaps: pl.DataFrame, bridge: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """Make the measures of one close.

    Returns:
        One row per (measure, category, currency), sorted; columns of ``history``: gaps by family, cause
        and state (category ``family/cause/state``), total MRR of both systems, customers by link status.
    """
    code = str(bridge["currency"][0])
    measures = [
        _sum(gaps, "gaps", pl.concat_str("family", "cause", "state", separator="/"), "impact_minor"),
        _sum(gaps, "gap difference", pl.concat_str("family", "cause", "state", separator="/"), "difference_minor"),
        _sum(_totals(bridge), "total MRR", pl.col("label"), "amount_minor"),
        _sum(links.with_columns(currency=pl.lit(code), amount=pl.lit(0)), "customers", pl.col("status"), "amount"),
    ]
    rows = pl.concat(measures).with_columns(as_of=pl.lit(as_of))
    return rows.select(TABLES["history"].columns).sort("measure", "category", "currency")


def history_in_words(history: pl.DataFrame) -> pl.DataFrame:
    """Write the categories of gaps, ``family/cause/state``, in plain words; the rest stays as it is."""
    fields = ("family", "cause", "state")
    coded = history.with_columns(pl.col("category").str.split_exact("/", len(fields) - 1).struct.rename_fields(fields))
    worded = tables.in_words(coded.unnest("category"))
    told = pl.concat_str(fields, separator=" · ")
    return worded.with_columns(category=pl.coalesce(told, history["category"])).select(history.columns)


def _totals(bridge: pl.DataFrame) -> pl.DataFrame:
    ends = pl.col("line_no").is_in([bridge["line_no"].min(), bridge["line_no"].max()])
    return bridge.filter(ends)


def _sum(frame: pl.DataFrame, measure: str, category: pl.Expr, amount: str) -> pl.DataFrame:
    return (
        frame.group_by(category.alias("category"), "currency")
        .agg(number=pl.len().cast(pl.Int64), amount_minor=pl.col(amount).sum().cast(pl.Int64))
        .with_columns(measure=pl.lit(measure))
        .select("measure", "category", "currency", "number", "amount_minor")
    )
