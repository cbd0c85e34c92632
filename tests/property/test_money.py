"""Money and calendar arithmetic against Python's own integers, fractions and decimals."""

from __future__ import annotations

import calendar as days_of
import datetime as dt
from decimal import Decimal
from fractions import Fraction
from math import floor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_kit import calendar, money

MINOR = st.integers(-(10**15), 10**15)
DAYS = st.dates(dt.date(2015, 1, 1), dt.date(2032, 12, 31))
CURRENCIES = {"USD": 2, "JPY": 0, "KWD": 3, "ISK": 0, "CLF": 4, "EUR": 2}
many = settings(max_examples=200)


def rows(strategy, size=12):
    return st.lists(strategy, min_size=1, max_size=size)


def exact_frame(**columns):
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int128))


def half_up(value):
    return floor(abs(value) + Fraction(1, 2)) * (1 if value > 0 else -1)


def accrued(monthly, start, end):
    """Add up monthly / days of the month, day by day."""
    span = range(start.toordinal(), end.toordinal())
    dates = map(dt.date.fromordinal, span)
    return sum((Fraction(monthly, days_of.monthrange(day.year, day.month)[1]) for day in dates), Fraction(0))


@many
@given(rows(st.tuples(st.integers(-(10**30), 10**30), st.integers(0, 10**14), st.integers(1, 10**16))))
def test_mul_div_is_integer_arithmetic(drawn):
    frame = exact_frame(
        v=[v for v, n, d in drawn], n=[min(n, d * 100) for v, n, d in drawn], d=[d for v, n, d in drawn]
    )
    got = frame.select(money.mul_div(pl.col("v"), pl.col("n"), pl.col("d"))).to_series().to_list()
    assert got == [v * n // d for v, n, d in frame.iter_rows()]


@many
@given(rows(st.tuples(st.integers(0, 10**30), st.integers(0, 10**30), st.integers(1, 10**30))))
def test_share_is_integer_arithmetic(drawn):
    frame = exact_frame(a=[a for a, p, w in drawn], p=[min(p, w) for a, p, w in drawn], w=[w for a, p, w in drawn])
    got = frame.select(money.share(pl.col("a"), pl.col("p"), pl.col("w"))).to_series().to_list()
    assert got == [a * p // w for a, p, w in frame.iter_rows()]


@many
@given(rows(st.integers(-(10**26), 10**26) | st.integers(-40, 40).map(lambda n: n * money.SCALE // 2)))
def test_rounding_is_half_up_by_magnitude(drawn):
    got = exact_frame(v=drawn).select(money.round_half_up(pl.col("v"))).to_series().to_list()
    assert got == [half_up(Fraction(v, money.SCALE)) for v in drawn]


@many
@given(rows(st.integers(-(10**12), 10**12)))
def test_rounding_is_odd(drawn):
    up, down = pl.col("v"), pl.lit(0, dtype=pl.Int128) - pl.col("v")
    frame = exact_frame(v=[v * 10**11 for v in drawn])
    both = frame.select(up=money.round_half_up(up), down=money.round_half_up(down))
    assert (both["up"] + both["down"] == 0).all()


@many
@given(rows(st.tuples(MINOR, st.sampled_from(sorted(CURRENCIES)))))
def test_decimal_strings_come_back_as_they_went(drawn):
    texts = [str(Decimal(minor).scaleb(-CURRENCIES[currency])) for minor, currency in drawn]
    plain = [format(Decimal(text), "f") for text in texts]
    frame = pl.DataFrame({"text": plain, "currency": [currency for _, currency in drawn]})
    got = frame.select(money.decimal_to_minor(pl.col("text"), pl.col("currency"))).to_series().to_list()
    assert got == [minor for minor, _ in drawn]


@many
@given(rows(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=5)))
def test_a_decimal_string_parses_exactly_or_not_at_all(drawn):
    frame = pl.DataFrame({"text": [format(value, "f") for value in drawn]})
    got = frame.select(money.decimal_to_minor(pl.col("text"), pl.lit("USD"))).to_series().to_list()
    scaled = [value.scaleb(2) for value in drawn]
    assert got == [int(value) if value == value.to_integral_value() else None for value in scaled]


@given(rows(st.text(alphabet="0123456789.eE+- ,x", max_size=9)))
def test_what_is_no_plain_decimal_is_null(drawn):
    got = pl.DataFrame({"text": drawn}).select(money.decimal_to_e(pl.col("text"), 4)).to_series().to_list()
    for text, value in zip(drawn, got, strict=True):
        body = text.lstrip("+-") if text[:1] in "+-" and text[1:2] not in "+-" else text
        whole, point, fraction = body.partition(".")
        plain = whole.isdigit() and (not point or fraction.isdigit()) and len(fraction.rstrip("0")) <= 4
        assert value == (int(Decimal(text).scaleb(4)) if plain else None), text


@many
@given(rows(st.tuples(MINOR, st.sampled_from(sorted(CURRENCIES)))))
def test_written_money_is_what_decimal_would_write(drawn):
    frame = pl.DataFrame(drawn, schema={"minor": pl.Int64, "currency": pl.String}, orient="row")
    got = frame.select(money.format_minor(pl.col("minor"), pl.col("currency"))).to_series().to_list()
    assert got == [
        f"{Decimal(minor).scaleb(-CURRENCIES[currency]):,.{CURRENCIES[currency]}f}" for minor, currency in drawn
    ]


@many
@given(rows(st.integers(-(10**30), 10**30)))
def test_the_worksheet_shows_every_digit(drawn):
    short = [value // 10**9 for value in drawn]
    got = exact_frame(v=short).select(money.from_e15(pl.col("v"))).to_series().to_list()
    assert [Fraction(value) for value in got] == [Fraction(value, money.SCALE) for value in short]


@many
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_parts_sum_to_the_whole_and_stay_within_one_of_their_share(whole, weights):
    parts = money.largest_remainder(whole, weights)
    assert sum(parts) == whole
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(whole * weight, sum(weights))) < 1


@many
@given(rows(st.tuples(st.integers(-(10**10), 10**10), DAYS, DAYS)))
def test_accrual_is_the_sum_of_its_days(drawn):
    frame = pl.DataFrame(drawn, schema={"monthly": pl.Int64, "start": pl.Date, "end": pl.Date}, orient="row")
    got = frame.select(calendar.accrue(pl.col("monthly"), pl.col("start"), pl.col("end"))).to_series().to_list()
    assert got == [half_up(accrued(*row)) for row in drawn]


@many
@given(st.integers(-(10**10), 10**10), st.tuples(DAYS, DAYS, DAYS).map(sorted))
def test_accrual_loses_nothing_where_a_period_is_cut(monthly, days):
    first, middle, last = (pl.lit(day) for day in days)
    amount = pl.lit(monthly)
    parts = pl.select(
        whole=calendar.accrue(amount, first, last),
        early=calendar.accrue(amount, first, middle),
        late=calendar.accrue(amount, middle, last),
    )
    whole, early, late = parts.row(0)
    assert abs(whole - early - late) <= 1
    assert accrued(monthly, days[0], days[2]) == accrued(monthly, days[0], days[1]) + accrued(monthly, days[1], days[2])


def month_later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, days_of.monthrange(year, month + 1)[1]))


@many
@given(rows(st.tuples(DAYS, st.integers(1, 60))))
def test_a_term_of_whole_months_is_that_many_months(drawn):
    frame = pl.DataFrame(drawn, schema={"start": pl.Date, "months": pl.Int64}, orient="row")
    end = calendar.add_days(calendar.term_end(pl.col("start"), pl.col("months")), 1)
    numerator, denominator = calendar.term_length(pl.col("start"), end)
    got = frame.select(end=end, numerator=numerator, denominator=denominator)
    assert got["end"].to_list() == [month_later(day, months) for day, months in drawn]
    assert got.select("numerator", "denominator").rows() == [(months, 1) for _, months in drawn]


@many
@given(rows(st.tuples(DAYS, DAYS)))
def test_any_other_term_is_measured_by_its_days(drawn):
    frame = pl.DataFrame(drawn, schema={"start": pl.Date, "end": pl.Date}, orient="row")
    numerator, denominator = calendar.term_length(pl.col("start"), pl.col("end"))
    got = frame.select(numerator=numerator, denominator=denominator).rows()
    for (start, end), (top, bottom) in zip(drawn, got, strict=True):
        months = (end.year - start.year) * 12 + end.month - start.month
        is_whole = months > 0 and month_later(start, months) == end
        assert Fraction(top, bottom) == (months if is_whole else accrued(1, start, end))


@many
@given(rows(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from(["USD", "JPY", "ISK", "UGX", "MGA", "KWD"]))))
def test_stripe_amounts_convert_exactly_or_not_at_all(drawn):
    frame = pl.DataFrame(drawn, schema={"amount": pl.Int64, "currency": pl.String}, orient="row")
    factor = {"ISK": Fraction(1, 100), "UGX": Fraction(1, 100), "MGA": Fraction(100)}
    expected = [amount * factor.get(currency, Fraction(1)) for amount, currency in drawn]
    got = frame.select(
        whole=money.stripe_to_iso(pl.col("amount"), pl.col("currency")),
        exact=money.stripe_to_iso_e15(money.to_e15(pl.col("amount")), pl.col("currency")),
    )
    assert got["whole"].to_list() == [int(value) if value.denominator == 1 else None for value in expected]
    assert got["exact"].to_list() == [value * money.SCALE for value in expected]
