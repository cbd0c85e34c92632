"""Exact arithmetic for what a planted error must give: fractions and dates, apart from the rooms that are tested."""

from __future__ import annotations

import calendar
import datetime as dt
from fractions import Fraction


def half_up(value: Fraction) -> int:
    """Round an amount half-up by magnitude."""
    magnitude = (2 * abs(value) + 1) // 2
    return int(magnitude if value >= 0 else -magnitude)


def whole_up(value: Fraction) -> int:
    """Round an amount up to the next whole unit."""
    return -int(-value // 1)


def accrue(monthly: int, start: dt.date, stop: dt.date) -> int:
    """Accrue a monthly amount over the days in ``[start, stop)``, each a share of its calendar month; one rounding."""
    total, day = Fraction(0), start
    while day < stop:
        length = calendar.monthrange(day.year, day.month)[1]
        following = min(stop, day.replace(day=1) + dt.timedelta(days=length))
        total += Fraction(monthly * (following - day).days, length)
        day = following
    return half_up(total)


def add_months(day: dt.date, months: int) -> dt.date:
    """Add whole months; a day that the target month lacks becomes its last day."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def term_end(start: dt.date, months: int) -> dt.date:
    """Return the inclusive last day of a term."""
    return add_months(start, months) - dt.timedelta(days=1)


def decimal_text(minor: int, exponent: int) -> str:
    """Write minor units as decimal text, as Salesforce exports do."""
    if exponent == 0:
        return str(minor)
    sign, digits = "-" if minor < 0 else "", str(abs(minor)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"
