"""Texts of exports as the values of the raw layout: amounts, dates, instants, flags; exactly, or not at all.

Every function takes trimmed texts, null where the cell was empty, and gives null where a text cannot be translated.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from recon_kit import money

_EARLIEST, _LATEST = dt.date(1900, 1, 1), dt.date(2199, 12, 31)
_SYMBOLS = {
    "€": ["EUR"],
    "£": ["GBP", "EGP", "GIP", "FKP", "SHP"],
    "¥": ["JPY", "CNY"],
    "₹": ["INR"],
    "₩": ["KRW"],
    "zł": ["PLN"],
    "$": [*("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "BRL", "TWD", "CLP", "COP", "ARS", "BSD", "BBD"), "UYU"],
}
_CODE = r"(?:[A-Z]{3}|[A-Z]{0,2}\$|[€£¥₹₩]|zł)"
_BLANKS = r"[\s\x{00A0}\x{202F}\x{2009}]"
_TIMES = (" %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S", ", %I:%M %p", ", %I:%M:%S %p")
_ISO_TIMES = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f")
_ISO_OFFSETS = ("%Y-%m-%dT%H:%M%#z", "%Y-%m-%dT%H:%M:%S%#z", "%Y-%m-%dT%H:%M:%S%.f%#z")


@dataclass(frozen=True)
class Locale:
    """How one export writes its values; the fields are those of ``ExportedFile``."""

    decimal: str = "."
    dates: str | None = None
    timezone: str = "UTC"
    is_minor: bool = False


def cell(text: pl.Expr) -> pl.Expr:
    """Trim a cell; an empty one is null."""
    trimmed = text.str.strip_chars().str.strip_chars("\u00a0\u202f")
    return pl.when(trimmed != "").then(trimmed)


def value(text: pl.Expr) -> pl.Expr:
    """Take a lone dash, as reports write where there is no value, for an empty cell."""
    return pl.when(~text.is_in(["-", "–", "—"])).then(text)


def plain_number(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Write a number without groups, signs of currency and brackets: ``(1.234,50 €)`` is ``-1234.50``.

    Groups must be whole (three digits, or two before the last three as in India) and of one sign, so that a number of
    another locale is not taken for one of this.
    """
    return text.map_batches(lambda texts: _plain_numbers(texts, locale.decimal), return_dtype=pl.String)


def _plain_numbers(texts: pl.Series, decimal: str) -> pl.Series:
    """Peel a number in steps; as one expression, every step would be worked out many times over."""
    text = pl.col("text")
    bare = text.str.replace_all(_BLANKS, " ").str.replace_all("−", "-", literal=True).str.strip_chars()
    sides = pl.DataFrame({"text": texts.cast(pl.String)}).select(bare)
    sides = sides.with_columns(in_brackets=text.str.extract(r"^\((.*)\)$", 1))
    sides = sides.with_columns(_unsigned(pl.coalesce("in_brackets", "text")).alias("text"))
    sides = sides.with_columns(before=text.str.extract(r"^-\s*(.*)$", 1), after=text.str.extract(r"^(.*?)\s*-$", 1))
    minus = pl.sum_horizontal(pl.col(side).is_not_null() for side in ("in_brackets", "before", "after"))
    digits = pl.coalesce("before", "after", text.str.replace(r"^\+\s*", ""))
    plain = sides.select(text=_unsigned(digits), minus=minus).with_columns(_ungrouped(text, decimal).alias("text"))
    sign = pl.when(pl.col("minus") == 0).then(pl.lit("")).when(pl.col("minus") == 1).then(pl.lit("-"))
    return plain.select(sign + text).to_series()


def _unsigned(text: pl.Expr) -> pl.Expr:
    """Drop a currency's code or symbol at either end."""
    return text.str.replace(rf"^{_CODE}\s*", "").str.replace(rf"\s*{_CODE}$", "").str.strip_chars()


def _ungrouped(digits: pl.Expr, decimal: str) -> pl.Expr:
    groups = ["'", "’", " ", "," if decimal == "." else r"\."]
    fraction = rf"(?:{'[.]' if decimal == '.' else ','}\d+)?"
    parted = [rf"\d{{1,3}}(?:{g}\d{{3}})+|\d{{1,2}}(?:{g}\d{{2}})+{g}\d{{3}}" for g in groups]
    is_number = digits.str.contains(rf"^(?:\d+|{'|'.join(parted)}){fraction}$")
    others = rf"['’ {',' if decimal == '.' else '.'}]"
    return pl.when(is_number).then(digits.str.replace_all(others, "").str.replace(decimal, ".", literal=True))


def currency_in(text: pl.Expr) -> pl.Expr:
    """Find the currency an amount itself names: its ISO code, or a symbol that only one currency has; else null."""
    code = text.str.extract(r"(?:^|[^A-Z])([A-Z]{3})(?:[^A-Z]|$)", 1)
    certain = [
        pl.when(text.str.contains(sign, literal=True)).then(pl.lit(codes[0]))
        for sign, codes in _SYMBOLS.items()
        if len(codes) == 1 or sign == "£"
    ]
    return pl.coalesce(code, *certain)


def contradicts(text: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Tell whether an amount names another currency than the record: ``£12.00`` in a record of euros."""
    code = text.str.extract(r"(?:^|[^A-Z])([A-Z]{3})(?:[^A-Z]|$)", 1)
    other_code = (code != currency).fill_null(value=False)
    other_sign = [
        text.str.contains(sign, literal=True) & ~currency.is_in(codes).fill_null(value=True)
        for sign, codes in _SYMBOLS.items()
    ]
    return pl.any_horizontal(other_code, *other_sign).fill_null(value=False)


def stripe_amount(text: pl.Expr, currency: pl.Expr, locale: Locale) -> pl.Expr:
    """Write an amount in Stripe's smallest unit, a whole number as text; null when inexact."""
    number = stripe_price(text, currency, locale)
    return number.map_batches(_whole_numbers, return_dtype=pl.String)


def _whole_numbers(numbers: pl.Series) -> pl.Series:
    return pl.select(pl.when(numbers.str.contains(r"^-?\d{1,18}$")).then(numbers)).to_series()


def stripe_price(text: pl.Expr, currency: pl.Expr, locale: Locale) -> pl.Expr:
    """Write a price in Stripe's smallest unit as a decimal text, for a unit may cost less than a cent."""
    fields = pl.struct(text.alias("text"), currency.alias("currency"), plain_number(text, locale).alias("number"))
    return fields.map_batches(lambda rows: _stripe_prices(rows.struct.unnest(), locale), return_dtype=pl.String)


def _stripe_prices(rows: pl.DataFrame, locale: Locale) -> pl.Series:
    """Move the decimal point to the right by the currency's places, in the text, so that nothing is lost."""
    table = money.exponents()
    code, number = pl.col("currency"), pl.col("number")
    places = code.replace_strict(table["currency"], table["stripe_exponent"], default=None, return_dtype=pl.Int64)
    moved = rows.with_columns(
        places=pl.lit(0, dtype=pl.Int64) if locale.is_minor else places,
        whole=number.str.extract(r"^(-?\d+)", 1),
        fraction=number.str.extract(r"\.(\d+)$", 1).fill_null("") + pl.lit("0000"),
    )
    shifted = pl.concat_str(
        "whole",
        pl.col("fraction").str.head(pl.col("places")),
        pl.lit("."),
        pl.col("fraction").str.slice(pl.col("places")),
    )
    known = moved.select(pl.when(~contradicts(pl.col("text"), code)).then(shifted).alias("number"))
    trimmed = number.str.strip_chars_end("0").str.strip_chars_end(".")
    return known.select(trimmed.str.replace(r"^(-?)0+(\d)", "${1}${2}").str.replace(r"^-0$", "0")).to_series()


def salesforce_amount(text: pl.Expr, currency: pl.Expr, locale: Locale) -> pl.Expr:
    """Write an amount in major units as a plain decimal."""
    number = plain_number(text, locale)
    usable = pl.when(~contradicts(text, currency)).then(number)
    if not locale.is_minor:
        return usable
    places = money.exponent(currency)
    whole = money.exact(money.integer_text(usable))
    sign = pl.when(whole < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = whole.abs().cast(pl.String).str.zfill(places + 1)
    parts = pl.concat_str(sign, digits.str.head(digits.str.len_chars().cast(pl.Int64) - places))
    decimals = pl.concat_str(parts, pl.lit("."), digits.str.tail(places))
    return pl.when(places == 0).then(parts).otherwise(decimals)


def day(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Write a date, of an instant its date as written, as ISO text."""
    return text.map_batches(lambda texts: _days(texts, locale).dt.strftime("%Y-%m-%d"), return_dtype=pl.String)


def _days(texts: pl.Series, locale: Locale) -> pl.Series:
    dates = _dates(texts, locale)
    return pl.select(pl.coalesce(dates, _clocks(texts, locale).dt.date())).to_series()


def moment(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Read an instant in UTC; a time without a zone is of the export's, a date alone begins there."""
    return text.map_batches(lambda texts: _moments(texts, locale), return_dtype=pl.Datetime("us", "UTC"))


def _moments(texts: pl.Series, locale: Locale) -> pl.Series:
    spaced = texts.str.replace(r"^(\d{4}-\d{2}-\d{2})\s+(\d)", "${1}T${2}").str.replace(r"\s*(?:UTC|Z)$", "+0000")
    offset = spaced.str.replace(r"\s+([+-]\d{2}:?\d{2})$", "${1}")
    zoned = [offset.str.to_datetime(form, time_unit="us", strict=False) for form in _ISO_OFFSETS]
    local = pl.coalesce(_clocks(texts, locale), _dates(texts, locale).cast(pl.Datetime("us")))
    placed = local.dt.replace_time_zone(locale.timezone, ambiguous="earliest", non_existent="null")
    utc = [pl.lit(instant).dt.convert_time_zone("UTC") for instant in zoned]
    return pl.select(pl.coalesce(*utc, placed.dt.convert_time_zone("UTC"))).to_series()


def _dates(texts: pl.Series, locale: Locale) -> pl.Series:
    """Read dates as the export writes them; ISO dates beside them, unless its own format begins with the year too."""
    own = [texts.str.to_date(locale.dates, strict=False)] if locale.dates else []
    written = pl.when(texts.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(texts)
    iso = [written.str.to_date("%Y-%m-%d", strict=False)] if _reads_iso(locale) else []
    date = pl.coalesce(*own, *iso)
    return pl.select(pl.when(date.is_between(_EARLIEST, _LATEST)).then(date)).to_series()


def _reads_iso(locale: Locale) -> bool:
    return not (locale.dates or "").startswith("%Y") or locale.dates == "%Y-%m-%d"


def _clocks(texts: pl.Series, locale: Locale) -> pl.Series:
    """Read dates with a time of day, without a zone."""
    own = [locale.dates, *(f"{locale.dates}{time}" for time in _TIMES)] if locale.dates else []
    spaced = texts.str.replace(r"^(\d{4}-\d{2}-\d{2})\s+(\d)", "${1}T${2}")
    by_form = [_instants(texts, form) for form in own if "%H" in form or "%I" in form]
    by_iso = [_instants(spaced, form) for form in _ISO_TIMES] if _reads_iso(locale) else []
    read = pl.coalesce(*by_form, *by_iso)
    return pl.select(pl.when(read.dt.date().is_between(_EARLIEST, _LATEST)).then(read)).to_series()


def _instants(texts: pl.Series, form: str) -> pl.Series:
    return texts.str.to_datetime(form, time_unit="us", strict=False)


def epoch_seconds(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Write an instant as whole seconds since 1970, as text; nine or ten digits are such seconds already."""
    seconds = moment(text, locale).dt.epoch("s").cast(pl.String)
    return pl.when(text.str.contains(r"^\d{9,10}$")).then(text).otherwise(seconds)


def flag(text: pl.Expr) -> pl.Expr:
    """Write ``true`` or ``false``."""
    word = text.str.to_lowercase()
    is_true, is_false = word.is_in(["true", "1", "yes", "y", "t"]), word.is_in(["false", "0", "no", "n", "f"])
    return pl.when(is_true).then(pl.lit("true")).when(is_false).then(pl.lit("false"))
