"""Salesforce texts as values: dates, moments, booleans, whole numbers, record ids. What cannot be read becomes null."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit import money

EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
"""Dates beyond these are typing errors."""

LONGEST_TERM = 1_200
"""Longest term in months that is believed."""

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_DATE_LENGTH, _SHORT_LENGTH = len("2026-10-31"), 15
_SHORT_ID = r"^[A-Za-z0-9]{15}$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}[0-9:.]*\s*(Z|UTC|[+-][0-9:]+)?)?$"
_MOMENT = r"^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?\d*\s*(?:Z|UTC|([+-])(\d{2}):?(\d{2}))?$"


def filled(text: pl.Expr) -> pl.Expr:
    """Trim a text; an empty one is null."""
    trimmed = text.str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def day(text: pl.Expr) -> pl.Expr:
    """Read ISO calendar dates; of a date with a time, the date as written."""
    written = pl.when(text.str.contains(_DAY)).then(text.str.head(_DATE_LENGTH))
    date = written.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(date.is_between(EARLIEST, LATEST)).then(date)


def moment(text: pl.Expr, timezone: str) -> pl.Expr:
    """Read ISO instants such as ``2026-10-31T08:15:00.000+0000`` into UTC.

    Without an offset the time is UTC, as the APIs give it; a date alone begins at midnight of ``timezone``.
    """
    return text.map_batches(lambda texts: _moments(texts, timezone), return_dtype=pl.Datetime("us", "UTC"))


def _moments(texts: pl.Series, timezone: str) -> pl.Series:
    """Read the usual spelling at once, and only the rest piece by piece."""
    usual = texts.str.replace(r"Z$", "+0000").str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", strict=False)
    if usual.null_count() == texts.null_count():
        return usual
    return pl.select(pl.coalesce(usual, _unusual_moment(pl.lit(texts), timezone))).to_series()


def _unusual_moment(text: pl.Expr, timezone: str) -> pl.Expr:
    written = pl.concat_str(
        text.str.extract(_MOMENT, 1),
        pl.lit("T"),
        text.str.extract(_MOMENT, 2),
        text.str.extract(_MOMENT, 3).fill_null(":00"),
        text.str.extract(_MOMENT, 4).fill_null(".0"),
    )
    clock = written.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    minutes = text.str.extract(_MOMENT, 6).cast(pl.Int64) * 60 + text.str.extract(_MOMENT, 7).cast(pl.Int64)
    east = pl.when(text.str.extract(_MOMENT, 5) == "-").then(-minutes).otherwise(minutes).fill_null(0)
    exact = (clock - pl.duration(minutes=east)).dt.replace_time_zone("UTC")
    date = pl.when(text.str.len_bytes() == _DATE_LENGTH).then(text)
    day_start = date.str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
    midnight = day_start.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(exact, midnight.dt.convert_time_zone("UTC"))


def boolean(text: pl.Expr) -> pl.Expr:
    """Read ``true``/``false`` as the APIs write them, and the spellings of spreadsheets."""
    word = text.str.to_lowercase()
    is_true, is_false = word.is_in(["true", "1", "yes"]), word.is_in(["false", "0", "no"])
    return pl.when(is_true | is_false).then(is_true)


def whole(text: pl.Expr) -> pl.Expr:
    """Read whole numbers, ``12`` or ``12.0``, into Int64."""
    number = money.decimal_to_e(text, 0)
    return pl.when(number.abs() <= 10**15).then(number).cast(pl.Int64)


def quantity(text: pl.Expr) -> pl.Expr:
    """Read a number of units into ``Decimal(38, 12)``; null where it has more decimals."""
    plain = pl.when(text.str.contains(r"^[+-]?\d{1,24}(\.\d{1,12}0*)?$")).then(text.str.strip_prefix("+"))
    return plain.cast(pl.Decimal(38, 12), strict=False)


def percent_text(text: pl.Expr) -> pl.Expr:
    """Drop the sign of a percentage that carries one."""
    return text.str.replace(r"\s*%$", "")


def is_one_of(text: pl.Expr, values: list[str]) -> pl.Expr:
    """Tell whether a pick-list text is among values, whatever its capitals."""
    return text.str.to_lowercase().is_in([value.strip().lower() for value in values])


def match_key(record_id: pl.Expr) -> pl.Expr:
    """Return the form in which Salesforce ids are compared: 18 characters, the last three encoding the capitals.

    Ids of another length are left as they are.

    Reference:
        Salesforce, "Convert 15-character IDs to 18-character IDs".
    """
    return record_id.map_batches(_match_keys, return_dtype=pl.String)


def _match_keys(ids: pl.Series) -> pl.Series:
    if not (ids.str.len_bytes() == _SHORT_LENGTH).any():
        return ids
    return pl.select(_lengthened(pl.lit(ids))).to_series()


def _lengthened(record_id: pl.Expr) -> pl.Expr:
    letters = [_suffix_letter(record_id, part) for part in range(3)]
    is_short = record_id.str.contains(_SHORT_ID)
    return pl.when(is_short).then(pl.concat_str(record_id, *letters)).otherwise(record_id)


def _suffix_letter(record_id: pl.Expr, part: int) -> pl.Expr:
    """Encode which of five characters are capitals."""
    places = range(5)
    capitals = [record_id.str.slice(part * 5 + place, 1).str.contains(r"[A-Z]").cast(pl.Int64) for place in places]
    number = pl.sum_horizontal([capital * 2**place for place, capital in zip(places, capitals, strict=True)])
    return number.replace_strict(list(range(32)), list(_SUFFIX), default=None, return_dtype=pl.String)
