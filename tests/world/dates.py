"""Days, months and instants, in plain Python and exact fractions."""

import calendar
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

HOUR = 3600
DAY = 24 * HOUR


def add_months(day: date, months: int) -> date:
    """Move a day by calendar months, clamped to the month's end."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def last_day(start: date, months: int) -> date:
    """Inclusive last day of a term of ``months`` that begins on ``start``."""
    return add_months(start, months) - timedelta(days=1)


def instant(day: date, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    """Unix seconds of a UTC wall-clock time."""
    return int(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).timestamp())


def day_of(at: int) -> date:
    """UTC calendar day of a Unix instant."""
    return datetime.fromtimestamp(at, UTC).date()


def later_by_months(at: int, months: int, anchor: int) -> int:
    """Instant ``months`` after ``at``, on the billing anchor's day of month and time of day."""
    day = add_months(day_of(at).replace(day=1), months)
    length = calendar.monthrange(day.year, day.month)[1]
    day = day.replace(day=min(day_of(anchor).day, length))
    return instant(day) + anchor % DAY


def accrue(monthly: Fraction, start: date, end: date) -> Fraction:
    """Accrue a monthly amount over ``[start, end)``: whole days over the length of each calendar month."""
    total = Fraction(0)
    while start < end:
        length = calendar.monthrange(start.year, start.month)[1]
        stop = min(end, add_months(start.replace(day=1), 1))
        total += monthly * Fraction((stop - start).days, length)
        start = stop
    return total


def half_up(value: Fraction) -> int:
    """Round to the nearest integer, halves away from zero."""
    magnitude = (abs(value) * 2 + 1) // 2
    return int(magnitude) if value >= 0 else -int(magnitude)
