"""Days and money, exactly: months, accrual by days of the month, one rounding."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from fractions import Fraction

DAY = dt.timedelta(days=1)
NEVER = dt.date.max


def half_up(value: Fraction) -> int:
    """Round once, half away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return -whole if value < 0 else whole


def percent(number: float | str) -> Fraction:
    """A percentage as it is written: 12.5 is 25/2."""
    return Fraction(str(number))


def add_months(day: dt.date, months: int) -> dt.date:
    """Move by whole months; a day that the month lacks becomes its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def days_by_month(start: dt.date, end: dt.date) -> Iterator[tuple[int, int]]:
    """Days of ``[start, end)`` in each calendar month, beside the days that month has."""
    while start < end:
        length = calendar.monthrange(start.year, start.month)[1]
        following = min(end, start.replace(day=length) + DAY)
        yield (following - start).days, length
        start = following


def accrue(monthly: int, start: dt.date, end: dt.date) -> int:
    """Accrue a monthly amount over ``[start, end)`` by days of each month, rounded once."""
    months = sum((Fraction(days, length) for days, length in days_by_month(start, end)), Fraction(0))
    return half_up(monthly * months)
