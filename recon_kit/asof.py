"""As-of: the instant a close looks at, and what lies after it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import polars as pl


def end_of_day(as_of: dt.date, timezone: str) -> dt.datetime:
    """Return the first instant after a day: 24:00 in the policy's time zone, in UTC.

    Args:
        as_of: the last day a close looks at.
        timezone: IANA name. Where a change of clocks skips midnight, the day ends when the next one begins.
    """
    midnight = dt.datetime.combine(as_of + dt.timedelta(days=1), dt.time(), tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(dt.UTC)


def is_after(instant: pl.Expr, cutoff: dt.datetime) -> pl.Expr:
    """Tell whether instants lie at or after the end of as_of; an unknown instant does not."""
    return (instant >= pl.lit(cutoff)).fill_null(value=False)


def unless_after(instant: pl.Expr, cutoff: dt.datetime) -> pl.Expr:
    """Keep instants before the end of as_of; what lies later has not happened and becomes null."""
    return pl.when(instant < pl.lit(cutoff)).then(instant)
