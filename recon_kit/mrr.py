"""MRR: the arithmetic that both sides share, so that one definition serves every report.

A price is normalised to a month by a ratio of integers; percentages are integers in millionths of a per cent.
"""

from __future__ import annotations

import polars as pl

from recon_kit import money

PCT_PLACES = 6
WHOLE = 100 * 10**PCT_PLACES
"""100 % in the unit of percentages (millionths of a per cent)."""

_MONTHS_PER_INTERVAL = {"day": (365, 12), "week": (52, 12), "month": (1, 1), "year": (1, 12)}
"""How many billing intervals fall into a month, as a ratio."""


def per_month(value_e15: pl.Expr, interval: pl.Expr, interval_count: pl.Expr) -> pl.Expr:
    """Normalise the price of a billing interval to a month: day 365/12, week 52/12, month 1, year 1/12."""
    numerator = _ratio_part(interval, 0)
    denominator = _ratio_part(interval, 1) * money.exact(interval_count)
    return money.mul_div(value_e15, numerator, denominator)


def _ratio_part(interval: pl.Expr, part: int) -> pl.Expr:
    names = list(_MONTHS_PER_INTERVAL)
    parts = pl.Series([_MONTHS_PER_INTERVAL[name][part] for name in names], dtype=money.EXACT)
    return interval.replace_strict(names, parts, default=None, return_dtype=money.EXACT)


def less_percent(value_e15: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """Take a percentage off; ``percent`` in millionths of a per cent, null meaning none."""
    return money.mul_div(value_e15, WHOLE - money.exact(percent.fill_null(0)), WHOLE)


def before_percent(value_e15: pl.Expr, percent: pl.Expr) -> pl.Expr:
    """Return what a net value was before a percentage was taken off it: net / (1 - percent)."""
    return money.mul_div(value_e15, WHOLE, WHOLE - money.exact(percent.fill_null(0)))


def without_tax(value_e15: pl.Expr, rate: pl.Expr) -> pl.Expr:
    """Take an inclusive tax out: gross / (1 + rate); ``rate`` in millionths of a per cent, null meaning none."""
    return money.mul_div(value_e15, WHOLE, WHOLE + money.exact(rate.fill_null(0)))


def convert(value_e15: pl.Expr, rate_numerator: pl.Expr, rate_denominator: pl.Expr) -> pl.Expr:
    """Convert an exact amount to the reporting currency's minor units by the common rate (see ``fx.common_rates``)."""
    return money.mul_div(value_e15, rate_numerator, rate_denominator)


def percent_text(text: pl.Expr) -> pl.Expr:
    """Parse a percentage such as ``12.5`` into millionths of a per cent; null when inexact or outside 0-100."""
    value = money.decimal_to_e(text, PCT_PLACES)
    return pl.when((value >= 0) & (value <= WHOLE)).then(value).otherwise(None).cast(pl.Int64)
