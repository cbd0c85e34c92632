"""The monthly amounts of opportunity line items: each total over the months of its own period."""

from __future__ import annotations

import polars as pl

from recon_kit import calendar, money


def monthly_lines(lines: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """Spread each line's total over its own months.

    Lines without dates take the contract's. In an evergreen contract stated by the month a line without an end is
    stated by the month too.

    Args:
        lines: ``contract_lines``.
        dated: contracts with ``day``, the day they are valued on.

    Returns:
        The lines with ``months_numerator``, ``months_denominator``, ``monthly_e15`` (exact minor units; null where it
        cannot be told), ``counts`` (recurring and running on the day) and ``reason`` (why not).
    """
    terms = dated.select(
        "opportunity_id", "day", "amount_basis", contract_start_on="start_on", contract_end_on="end_on"
    )
    placed = lines.join(terms, on="opportunity_id", validate="m:1").with_columns(
        start_on=pl.coalesce("start_on", "contract_start_on"), end_on=pl.coalesce("end_on", "contract_end_on")
    )
    numerator, denominator = calendar.term_length(pl.col("start_on"), calendar.add_days(pl.col("end_on"), 1))
    is_monthly = pl.col("end_on").is_null() & (pl.col("amount_basis") == "monthly")
    measured = placed.with_columns(
        months_numerator=pl.when(is_monthly).then(money.exact(1)).otherwise(numerator),
        months_denominator=pl.when(is_monthly).then(money.exact(1)).otherwise(denominator),
    )
    total = money.to_e15(pl.col("total_price_minor"))
    spread = money.mul_div(total, pl.col("months_denominator"), pl.col("months_numerator"))
    has_months = pl.col("months_numerator") > 0
    return measured.with_columns(
        monthly_e15=pl.when((pl.col("kind") == "recurring") & has_months).then(spread),
        counts=(pl.col("kind") == "recurring") & _runs(),
        reason=_why_line_is_not(),
    )


def _runs() -> pl.Expr:
    has_begun = pl.col("start_on").is_null() | (pl.col("start_on") <= pl.col("day"))
    return has_begun & (pl.col("end_on").is_null() | (pl.col("day") <= pl.col("end_on")))


def _why_line_is_not() -> pl.Expr:
    first = pl.col("start_on").dt.to_string("%Y-%m-%d").fill_null("?")
    last = pl.col("end_on").dt.to_string("%Y-%m-%d").fill_null("open end")
    return (
        pl.when(pl.col("kind") != "recurring")
        .then(pl.col("kind").str.replace("_", "-"))
        .when(~_runs())
        .then(pl.format("runs {} to {}", first, last))
        .when(pl.col("total_price_minor").is_null())
        .then(pl.lit("states no total price"))
        .when(~(pl.col("months_numerator") > 0).fill_null(value=False))
        .then(pl.format("{} to {} is no period of service", first, last))
    )


def line_totals(monthly: pl.DataFrame) -> pl.DataFrame:
    """Sum the lines that count.

    Returns:
        One row per opportunity that has lines: ``parts``, ``line_e15`` (null where a line that counts cannot be told),
        ``line_raw_minor``.
    """
    counting = pl.col("counts")
    return monthly.group_by("opportunity_id").agg(
        parts=counting.sum().cast(pl.Int64),
        line_e15=pl.when((~counting | pl.col("monthly_e15").is_not_null()).all()).then(
            pl.col("monthly_e15").filter(counting).sum()
        ),
        line_raw_minor=pl.col("total_price_minor").filter(counting).sum(),
    )
