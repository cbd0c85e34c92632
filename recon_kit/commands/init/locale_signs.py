"""How a file writes dates and amounts, told from its values."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from recon_kit.commands.init.value_signs import filled

ISO = "%Y-%m-%d"
_DAY_FIRST = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y")
_MONTH_FIRST = ("%m/%d/%Y", "%m.%d.%Y", "%m-%d-%Y", "%m/%d/%y", "%m.%d.%y", "%m-%d-%y")
_PLAIN = ("%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d-%b-%Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%y")
_TIME = r"[T, ]+\d{1,2}[:.]\d{2}.*$"
_READABLE = 0.95


@dataclass(frozen=True)
class DateStyle:
    """How a file writes its dates.

    Attributes:
        format: as ``strptime`` reads it; none: ISO 8601.
        reason: in words.
        is_settled: whether the values allow no other reading.
    """

    format: str | None
    reason: str
    is_settled: bool = True


def date_text(values: pl.Series) -> pl.Series:
    """Drop the time of day from texts of dates."""
    return filled(values).str.replace(_TIME, "")


def read_dates(values: pl.Series, style: str | None) -> pl.Series:
    """Read texts of dates, times left out; what cannot be read becomes null."""
    return date_text(values).str.to_date(style or ISO, strict=False)


def date_style(values: pl.Series, *, month_first: bool) -> DateStyle | None:
    """Find the format in which the dates of a file are written.

    Args:
        values: the values of all its date columns.
        month_first: what to take where day and month cannot be told apart.

    Returns:
        None where there is no date, or none of the known formats reads them.
    """
    texts = date_text(values)
    if texts.is_empty():
        return None
    shares = {style: _share_read(texts, style) for style in (ISO, *_PLAIN, *_DAY_FIRST, *_MONTH_FIRST)}
    plain = max((ISO, *_PLAIN), key=lambda style: shares[style])
    day, month = (max(styles, key=lambda style: shares[style]) for styles in (_DAY_FIRST, _MONTH_FIRST))
    if shares[plain] >= max(shares[day], shares[month], _READABLE):
        return DateStyle(None if plain == ISO else plain, "every date reads so")
    if max(shares[day], shares[month]) < _READABLE:
        return None
    if shares[day] != shares[month]:
        first = day if shares[day] > shares[month] else month
        part = "first" if first == day else "second"
        return DateStyle(first, f"{_days_beyond_12(texts, part)} of {texts.len()} dates have a {part} number above 12")
    chosen = month if month_first else day
    return DateStyle(chosen, "no date has a number above 12, so day and month cannot be told apart", is_settled=False)


def _share_read(texts: pl.Series, style: str) -> float:
    # %Y reads two digits as the years 0 to 99, which no export means
    wide = texts if "%Y" not in style else texts.filter(texts.str.contains(r"\d{4}"))
    return wide.str.to_date(style, strict=False).drop_nulls().len() / texts.len()


def _days_beyond_12(texts: pl.Series, part: str) -> int:
    number = r"^(\d+)" if part == "first" else r"^\d+\D+(\d+)"
    return int((texts.str.extract(number, 1).cast(pl.Int64, strict=False) > 12).sum())  # noqa: PLR2004


def decimal_sign(values: pl.Series) -> tuple[str, str]:
    """Find the decimal sign of amounts.

    Returns:
        The sign and the reason. A sign with other than three digits behind it, or behind the other sign, is the decimal
        one; where all have three digits it groups thousands.
    """
    texts = filled(values).str.replace_all(r"[^\d.,]", "")
    counts = {sign: _decimal_count(texts, sign) for sign in ".,"}
    grouping = {sign: int(texts.str.contains(rf"^\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+$").sum()) for sign in ".,"}
    if counts[","] > counts["."]:
        return ",", f"{counts[',']} amounts have decimals behind a comma"
    if counts["."]:
        return ".", f"{counts['.']} amounts have decimals behind a point"
    if grouping["."] and not grouping[","]:
        return ",", f"{grouping['.']} amounts have points every three digits, which group thousands"
    return ".", "no amount has decimals"


def _decimal_count(texts: pl.Series, sign: str) -> int:
    mark, other = re.escape(sign), re.escape("," if sign == "." else ".")
    lone = rf"^[\d{other}]*{mark}(?:\d{{1,2}}|\d{{4,}})$"
    behind = rf"{other}\d{{3}}{mark}\d+$"
    return int((texts.str.contains(lone) | texts.str.contains(behind)).sum())
