"""Exchange rates: one common rate, of the last day published on or before as_of."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl
import pytest

from recon_kit import fx
from recon_kit.schemas.table import SchemaError

FRIDAY = dt.date(2026, 10, 30)
HISTORY = b"""Date,USD,JPY,KWD,BGN,
2026-11-02,1.1,160,0.34,N/A,
2026-10-30,1.0875,164.21,0.3339,N/A,
2026-10-29,1.08,165,N/A,1.9558,
2026-10-28,N/A,N/A,N/A,N/A,
"""


def ratio(rates, currency):
    row = rates.filter(pl.col("currency") == currency).row(0, named=True)
    return Fraction(row["rate_numerator"], row["rate_denominator"])


@pytest.mark.parametrize(
    ("as_of", "rate_on", "why"),
    [
        (dt.date(2026, 10, 29), dt.date(2026, 10, 29), "published that day"),
        (dt.date(2026, 10, 30), dt.date(2026, 10, 30), "published that day"),
        (dt.date(2026, 10, 31), dt.date(2026, 10, 30), "a Saturday takes Friday's"),
        (dt.date(2026, 11, 1), dt.date(2026, 10, 30), "a Sunday takes Friday's, not Monday's"),
        (dt.date(2026, 11, 2), dt.date(2026, 11, 2), "published that day"),
        (dt.date(2027, 3, 1), dt.date(2026, 11, 2), "the last there is"),
    ],
)
def test_the_last_day_published_counts(as_of, rate_on, why):
    rates = fx.common_rates(fx.read_rates(HISTORY), as_of, "USD")
    assert rates["rate_on"].unique().to_list() == [rate_on], why


def test_nothing_published_yet_leaves_the_reporting_currency_alone():
    for as_of in (dt.date(2026, 10, 27), dt.date(2026, 10, 28)):  # on the 28th no currency has a quote
        rates = fx.common_rates(fx.read_rates(HISTORY), as_of, "USD")
        assert rates.select("currency", "rate_on", "rate_numerator").rows() == [("USD", None, 1)]


@pytest.mark.parametrize(
    ("reporting", "currency", "minor_units"),
    [
        ("USD", "USD", Fraction(1)),
        ("USD", "EUR", Fraction(10875, 10000)),
        ("USD", "JPY", Fraction(10875, 1642100) * 100),  # one yen is one minor unit, one dollar is a hundred
        ("USD", "KWD", Fraction(10875, 3339) / 10),  # one dinar is a thousand
        ("EUR", "EUR", Fraction(1)),
        ("EUR", "USD", Fraction(10000, 10875)),
        ("EUR", "JPY", Fraction(100, 16421) * 100),
        ("JPY", "USD", Fraction(1642100, 10875) / 100),
        ("JPY", "EUR", Fraction(16421, 100) / 100),
        ("JPY", "JPY", Fraction(1)),
    ],
)
def test_the_ratio_converts_minor_units_exactly(reporting, currency, minor_units):
    rates = fx.common_rates(fx.read_rates(HISTORY), FRIDAY, reporting)
    assert ratio(rates, currency) == minor_units


def test_a_currency_without_a_quote_that_day_has_no_rate():
    rates = fx.common_rates(fx.read_rates(HISTORY), FRIDAY, "USD")
    assert rates["currency"].to_list() == ["EUR", "JPY", "KWD", "USD"]


def test_a_reporting_currency_nobody_quotes_knows_only_itself():
    rates = fx.common_rates(fx.read_rates(HISTORY), FRIDAY, "CHF")
    assert rates.select("currency", "rate_on").rows() == [("CHF", None)]


def test_the_quote_stands_as_published():
    rates = fx.common_rates(fx.read_rates(HISTORY), FRIDAY, "USD")
    assert dict(rates.select("currency", "rate").rows()) == {
        "EUR": "1",
        "JPY": "164.21",
        "KWD": "0.3339",
        "USD": "1.0875",
    }


def test_a_day_that_stands_twice_counts_once():
    rates = fx.read_rates(HISTORY + b"2026-10-30,9.9,1,1,1,\n")
    friday = rates.filter(pl.col("rate_on") == FRIDAY, pl.col("currency") == "USD")
    assert friday["rate"].to_list() == ["1.0875"]
    assert rates.select("rate_on", "currency").is_unique().all()


def test_a_file_that_is_no_rate_file_is_named():
    with pytest.raises(SchemaError, match="no column Date"):
        fx.read_rates(b"Day,USD\n2026-10-30,1.1\n")


def test_the_package_brings_rates():
    rates = fx.read_rates(fx.packaged_rates())
    assert ratio(fx.common_rates(rates, dt.date(2020, 1, 4), "USD"), "EUR") == Fraction(11147, 10000)


def test_the_rate_of_each_rows_own_day():
    wanted = pl.LazyFrame(
        {
            "currency": ["USD", "USD", "BGN", "CHF", "USD"],
            "close_on": [dt.date(2026, 11, 1), dt.date(2026, 10, 28), dt.date(2026, 12, 1), FRIDAY, None],
        },
        schema={"currency": pl.String, "close_on": pl.Date},
    )
    found = fx.rates_on(fx.read_rates(HISTORY).lazy(), wanted, "close_on").collect()
    known = {(row["currency"], row["close_on"]): row["rate_on"] for row in found.iter_rows(named=True)}
    assert known == {
        ("USD", dt.date(2026, 11, 1)): FRIDAY,
        ("USD", dt.date(2026, 10, 28)): None,
        ("BGN", dt.date(2026, 12, 1)): dt.date(2026, 10, 29),
        ("CHF", FRIDAY): None,
        ("USD", None): None,
    }


def test_the_age_of_a_rate():
    assert fx.age_days(FRIDAY, dt.date(2026, 11, 1)) == 2
    assert fx.age_days(None, FRIDAY) is None
