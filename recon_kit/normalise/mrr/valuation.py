"""What valuing one side gives, and the steps both share: exact MRR becomes integers once, in two currencies."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit import money, mrr


@dataclass(frozen=True)
class Valuation:
    """One side with its MRR.

    Attributes:
        rows: the records given, with the MRR columns of their table.
        worksheet: rows of ``mrr_worksheet``.
        worksheet_parts: rows of ``mrr_worksheet_parts``.
        not_testable: rows of ``not_testable`` (without ``room``).
    """

    rows: pl.DataFrame
    worksheet: pl.DataFrame
    worksheet_parts: pl.DataFrame
    not_testable: pl.DataFrame


def with_common_rate(records: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Join the common rate of each record's currency: its day, the quote, and the ratio to convert by."""
    common = rates.select("currency", "rate_on", "rate", "rate_numerator", "rate_denominator")
    return records.join(common, on="currency", how="left", validate="m:1")


def in_reporting_currency(exact: pl.Expr) -> pl.Expr:
    """Convert exact own-currency minor units by the joined common rate, round once; null without a rate, unless 0."""
    converted = mrr.convert(exact, pl.col("rate_numerator"), pl.col("rate_denominator"))
    return pl.when(exact == 0).then(0).otherwise(money.round_half_up(converted)).cast(pl.Int64)


def not_testable_rows(
    records: pl.DataFrame, *, subject: str, key: str, reason: str | pl.Expr, exposed: pl.Expr
) -> pl.DataFrame:
    """List records about which something cannot be told.

    Returns:
        One row per record: the columns of ``not_testable`` (without ``room``); money in minor units.
    """
    return records.select(
        subject=pl.lit(subject),
        id=pl.col(key).cast(pl.String),
        reason=pl.lit(reason) if isinstance(reason, str) else reason.cast(pl.String),
        exposed_minor=exposed.cast(pl.Int64),
        currency=pl.col("currency").cast(pl.String),
    )


def expose(not_testable: pl.DataFrame, valued: pl.DataFrame, *, subject: str, key: str, exposed: str) -> pl.DataFrame:
    """Fill in the money of what a reader listed before MRR was known.

    Args:
        not_testable: rows of ``not_testable``.
        valued: records with their MRR.
        subject: which rows are meant.
        key: the records' id column.
        exposed: the records' column of money at stake, in minor units of ``currency``.

    Returns:
        The same rows; ``exposed_minor`` and ``currency`` filled where they were null and the record is known.
    """
    known = valued.select(
        pl.lit(subject).alias("subject"),
        pl.col(key).alias("id"),
        pl.col(exposed).alias("_exposed_minor"),
        pl.col("currency").alias("_currency"),
    )
    joined = not_testable.join(known, on=["subject", "id"], how="left", validate="m:1")
    is_empty = pl.col("exposed_minor").is_null() & pl.col("_exposed_minor").is_not_null()
    return joined.with_columns(
        exposed_minor=pl.when(is_empty).then("_exposed_minor").otherwise("exposed_minor"),
        currency=pl.when(is_empty).then("_currency").otherwise("currency"),
    ).select(not_testable.columns)


def without_rate(records: pl.DataFrame, *, subject: str, key: str, amount: str) -> pl.DataFrame:
    """List the records that have MRR but no common rate: they are compared in their own currency only."""
    lacking = records.filter(pl.col("rate_numerator").is_null(), pl.col(amount).fill_null(0) != 0)
    reason = pl.format(
        "No exchange rate for {} was published by as_of; kept out of totals and compared in its own currency only.",
        "currency",
    )
    return not_testable_rows(lacking, subject=subject, key=key, reason=reason, exposed=pl.col(amount))
