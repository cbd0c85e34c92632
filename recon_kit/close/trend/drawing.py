"""The four charts of the weekly page."""

from __future__ import annotations

import polars as pl

from recon_kit import charts
from recon_kit.charts import Figure
from recon_kit.close.trend.measures import AGES, drift, match_rate, open_by_age, shown_in, weekly
from recon_kit.close.trend.review import Review
from recon_kit.close.trend.roll_forward import roll_forward_since
from recon_kit.close.trend.wording import FAMILIES, with_families_named


def drift_chart(review: Review) -> Figure:
    """Draw the drift of the closes of each week, by family, in the reporting currency."""
    rows = shown_in(drift(review), weekly(review)).filter(pl.col("currency") == review.currency)
    return charts.stacked_columns(
        with_families_named(rows),
        "as_of",
        "family",
        "drift_minor",
        title="Monthly drift of open gaps, by family",
        order=with_families_named(pl.DataFrame({"family": FAMILIES}))["family"].to_list(),
        days=weekly(review),
        currency=review.currency,
    )


def match_chart(review: Review) -> Figure:
    """Draw the match rate of the closes of each week, by customers and by MRR."""
    rates = {"customers_pct": "of customers", "mrr_pct": "of Stripe MRR"}
    return charts.rate_lines(shown_in(match_rate(review), weekly(review)), "as_of", rates, title="Linked to an account")


def age_chart(review: Review) -> Figure:
    """Draw how many gaps were open in the closes of each week, by age."""
    rows = shown_in(open_by_age(review), weekly(review))
    return charts.stacked_columns(
        rows,
        "as_of",
        "band",
        "gaps",
        title="Open gaps by age",
        order=[band for _, band in AGES][::-1],
        days=weekly(review),
        noun="open gaps",
        is_ordered=True,
    )


def roll_forward_chart(review: Review) -> Figure:
    """Draw how the money at stake of last week became that of now, in the reporting currency."""
    if review.before is None:
        return charts.nothing(title="Money at stake, from close to close", why="A first close has none to start from.")
    lines = roll_forward_since(review).filter(pl.col("currency") == review.currency)
    title = f"Money at stake, from {review.before.as_of} to {review.newest.as_of}"
    if lines.is_empty():
        return charts.nothing(title=title, why="No gap was or is open.")
    is_end = pl.col("line").is_in(["opening", "closing"])
    number = pl.format("{} ({})", "label", _signed(pl.col("gaps"), is_end=is_end))
    told = pl.when(is_end | (pl.col("gaps") != 0)).then(number).otherwise("label")
    drawn = lines.select("line_no", label=told, amount_minor="impact_minor", currency="currency")
    return charts.waterfall(drawn, title=title, per="at stake so far")


def _signed(gaps: pl.Expr, *, is_end: pl.Expr) -> pl.Expr:
    size = gaps.abs().cast(pl.String)
    sign = pl.when(is_end).then(pl.lit("")).when(gaps > 0).then(pl.lit("+")).otherwise(pl.lit("−"))
    return sign + size
