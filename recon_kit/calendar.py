"""Days and periods: half-open periods, terms in months, accrual by days of the month."""

from __future__ import annotations

import polars as pl

from recon_kit import money


def in_timezone(instant: pl.Expr, timezone: str) -> pl.Expr:
    """Turn UTC instants into the calendar date of the policy's time zone."""
    return instant.dt.convert_time_zone(timezone).dt.date()


def instant(epoch_seconds: pl.Expr) -> pl.Expr:
    """Turn Stripe's epoch seconds (Int64) into UTC instants."""
    return pl.from_epoch(epoch_seconds, time_unit="s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def add_months(day: pl.Expr, months: pl.Expr | int) -> pl.Expr:
    """Add whole months; a day that the target month lacks becomes its last day."""
    count = pl.lit(months, dtype=pl.Int64) if isinstance(months, int) else months.cast(pl.Int64)
    return day.dt.offset_by(pl.format("{}mo", count))


def add_days(day: pl.Expr, days: pl.Expr | int) -> pl.Expr:
    """Add calendar days to a date."""
    return day + pl.duration(days=days)


def term_end(start_on: pl.Expr, term_months: pl.Expr | int) -> pl.Expr:
    """Return the inclusive last day of a term: months added to the start, clamped to the month's end, minus one day."""
    return add_days(add_months(start_on, term_months), -1)


def days_between(earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
    """Count the days from one date to another (Int64, negative when later comes first)."""
    return (later - earlier).dt.total_days()


def days_in_month(day: pl.Expr) -> pl.Expr:
    """Return the number of days of a date's month (Int64)."""
    return day.dt.month_end().dt.day().cast(pl.Int64)


def accrue(monthly_minor: pl.Expr, start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Accrue a monthly amount over the half-open period ``[start, end)`` by days of each calendar month.

    Sum over months of monthly x days inside the period / days of the month; 0 when the period is empty. 1,200.00 a
    month from 1 to 8 March is 1,200 x 7/31 = 270.97.

    Args:
        monthly_minor: Int64 minor units a month.
        start: first day accrued.
        end: first day no longer accrued.

    Returns:
        Int64 minor units, rounded half-up once.
    """
    numerator, denominator = months_between(start, end)
    exact = money.mul_div(money.to_e15(monthly_minor), numerator, denominator)
    return money.round_half_up(exact)


def months_between(start: pl.Expr, end: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Measure ``[start, end)`` in months as an exact ratio: (numerator, denominator), both exact integers.

    Whole months count 1, the first and the last by their days over the days of their month.
    """
    last = add_days(end, -1)
    month_count = month_steps(start, last)
    first_days, last_days = days_in_month(start), days_in_month(last)
    first_part = first_days - start.dt.day().cast(pl.Int64) + 1
    last_part = last.dt.day().cast(pl.Int64)
    across = first_part * last_days + (month_count - 1) * first_days * last_days + last_part * first_days
    within = days_between(start, end)
    numerator = pl.when(end <= start).then(0).when(month_count == 0).then(within * last_days).otherwise(across)
    return money.exact(numerator), money.exact(first_days * last_days)


def month_steps(earlier: pl.Expr, later: pl.Expr) -> pl.Expr:
    """Count the calendar months from the month of one date to that of another (Int64), whatever their days."""
    years = later.dt.year().cast(pl.Int64) - earlier.dt.year().cast(pl.Int64)
    return years * 12 + later.dt.month().cast(pl.Int64) - earlier.dt.month().cast(pl.Int64)


def term_length(start: pl.Expr, end: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Measure a term ``[start, end)`` in months as an exact ratio: (numerator, denominator), both exact integers.

    A term that adding whole months to its start reaches (clamped to the month's end) counts those months; any other is
    measured by days, see :func:`months_between`. 31 January to 27 February inclusive is one month.
    """
    months = month_steps(start, end)
    is_whole = (months > 0) & (add_months(start, months) == end)
    numerator, denominator = months_between(start, end)
    return (
        pl.when(is_whole).then(money.exact(months)).otherwise(numerator),
        pl.when(is_whole).then(money.exact(1)).otherwise(denominator),
    )
