"""From when to when an opportunity is served: own dates, else its contract's, else what follows from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar
from recon_kit.normalise.salesforce import values as read

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_TERM = 12
"""Months of a contract that says neither when it ends nor how long it runs."""

START_PLUS_TERM = "start + term"
START_TO_END = "start to end"
DEFAULT = "default"


def with_terms(contracts: pl.DataFrame, *, close_columns: Sequence[str]) -> pl.DataFrame:
    """Add when each contract starts and ends and how many months it runs.

    Args:
        contracts: with ``start_on_text``, ``end_on_text``, ``term_months_text`` and their ``_source``; ``close_on`` as
            of as_of; ``amount_basis``.
        close_columns: the columns the close date is read from; a start read from them is the close date of as_of.

    Returns:
        The contracts with ``start_on``, ``end_on`` (inclusive), ``term_months`` (Int64), where each came from
        (``start_on_source``, ``end_on_source``, ``term_source``), ``is_evergreen`` (basis monthly with
        neither end nor term) and ``term_is_whole`` (false where ``term_months`` is the nearest whole number to the
        months from start to end).
    """
    closes = pl.col("start_on_source").is_in(list(close_columns))
    dated = contracts.with_columns(
        start_on=pl.when(closes).then("close_on").otherwise(read.day(pl.col("start_on_text"))),
        end_on=read.day(pl.col("end_on_text")),
        term_months=read.whole(pl.col("term_months_text")),
    )
    is_open = pl.col("end_on").is_null() & pl.col("term_months").is_null()
    dated = dated.with_columns(
        is_evergreen=is_open & (pl.col("amount_basis") == "monthly"),
        term_is_whole=pl.col("term_months").is_not_null() | pl.col("end_on").is_null() | _is_whole(),
    )
    return _with_end(_with_term(dated))


def _with_term(dated: pl.DataFrame) -> pl.DataFrame:
    from_dates = pl.when(pl.col("end_on") >= pl.col("start_on")).then(months_to_end())
    default = pl.when(pl.col("end_on").is_null() & ~pl.col("is_evergreen")).then(DEFAULT_TERM)
    source = (
        pl.when(pl.col("term_months_text").is_not_null())
        .then("term_months_source")
        .when(from_dates.is_not_null())
        .then(pl.lit(START_TO_END))
        .when(default.is_not_null())
        .then(pl.lit(DEFAULT))
    )
    return dated.with_columns(
        term_source=source, term_months=pl.coalesce("term_months", from_dates, default).cast(pl.Int64)
    )


def _with_end(dated: pl.DataFrame) -> pl.DataFrame:
    usable = pl.when(pl.col("term_months").is_between(1, read.LONGEST_TERM)).then("term_months")
    derived = calendar.term_end(pl.col("start_on"), usable)
    source = pl.coalesce("end_on_source", pl.when(derived.is_not_null()).then(pl.lit(START_PLUS_TERM)))
    return dated.with_columns(end_on_source=source, end_on=pl.coalesce("end_on", derived))


def _after_end() -> pl.Expr:
    return calendar.add_days(pl.col("end_on"), 1)


def _month_steps() -> pl.Expr:
    return calendar.month_steps(pl.col("start_on"), _after_end())


def _is_whole() -> pl.Expr:
    return (calendar.add_months(pl.col("start_on"), _month_steps()) == _after_end()).fill_null(value=False)


def months_to_end() -> pl.Expr:
    """Count the months from ``start_on`` to the day after ``end_on`` (Int64): exact where whole, else the nearest."""
    numerator, denominator = calendar.months_between(pl.col("start_on"), _after_end())
    nearest = ((numerator * 2 + denominator) // (denominator * 2)).cast(pl.Int64)
    return pl.when(_is_whole()).then(_month_steps()).otherwise(pl.max_horizontal(nearest, pl.lit(1, dtype=pl.Int64)))


def term_is_impossible(text: pl.Expr) -> pl.Expr:
    """Tell whether a term is no whole number of months, not positive, or longer than is believed."""
    term = read.whole(text)
    return text.is_not_null() & ~term.is_between(1, read.LONGEST_TERM).fill_null(value=False)
