"""Charts over days: columns that add up, lines that can be told apart, and words for readers who do not see them."""

import datetime as dt

import polars as pl
import pytest

from recon_kit import charts
from recon_kit.charts import over_time
from tests.test_charts import contrast_on_white, drawn

FIRST, SECOND, THIRD = (dt.date(2026, 10, day) for day in (17, 24, 31))
ROWS = pl.DataFrame(
    {
        "as_of": [FIRST, FIRST, FIRST, THIRD],
        "family": ["old", "new", "new", "new"],
        "drift_minor": [100_00, 50_00, 25_49, 12_50],
        "gaps": [3, 2, 1, 4],
    }
)


def columns(**changed):
    settings = {"title": "T", "order": ["old", "new"], "currency": "USD"} | changed
    return charts.stacked_columns(changed.pop("rows", ROWS), "as_of", "family", changed.pop("value", "drift_minor"), **{
        name: value for name, value in settings.items() if name not in {"rows", "value"}
    })  # fmt: skip


def test_a_column_adds_up_and_its_head_has_no_decimals():
    chart = columns()
    assert [(row["day"], row["part"], row["place"], row["value"]) for row in drawn(chart, 0)] == [
        ("17 Oct", "new", 1, 75.49), ("17 Oct", "old", 0, 100.0), ("31 Oct", "new", 1, 12.5),
    ]  # fmt: skip
    assert [(row["day"], row["words"]) for row in drawn(chart, 1)] == [("17 Oct", "175"), ("31 Oct", "13")]
    assert chart.description == "From 175.49 USD on 17 Oct to 12.50 USD on 31 Oct, over 2 closes."


def test_a_day_without_rows_keeps_its_column():
    chart = columns(days=[FIRST, SECOND, THIRD])
    assert [(row["day"], row["words"]) for row in drawn(chart, 1)] == [
        ("17 Oct", "175"),
        ("24 Oct", "0"),
        ("31 Oct", "13"),
    ]
    assert charts.svg(chart).count(">24 Oct<") == 1


def test_counts_and_a_currency_without_decimals():
    counted = columns(value="gaps", currency=None, noun="open gaps")
    assert counted.description == "From 6 open gaps on 17 Oct to 4 open gaps on 31 Oct, over 2 closes."
    assert drawn(columns(currency="JPY"), 1)[0]["words"] == "17,549"


def test_days_of_two_years_carry_the_year():
    rows = ROWS.with_columns(as_of=pl.Series([dt.date(2025, 12, 31)] * 3 + [THIRD]))
    assert {row["day"] for row in drawn(columns(rows=rows), 1)} == {"31 Dec 25", "31 Oct 26"}


def test_one_day_says_so_and_none_says_why():
    assert columns(rows=ROWS.tail(1)).description == "One close only: 12.50 USD on 31 Oct."
    assert columns(rows=ROWS.clear()).description == "There is nothing to draw."


def test_columns_refuse_what_cannot_be_stacked():
    with pytest.raises(ValueError, match="not negative"):
        columns(rows=ROWS.with_columns(-pl.col("drift_minor")))
    with pytest.raises(ValueError, match="up to 4 series"):
        columns(order=list("abcde"), is_ordered=True)


def test_a_series_keeps_its_colour_where_another_is_absent():
    def colour(chart):
        scale = chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
        return dict(zip(scale["domain"], scale["range"], strict=True))

    assert colour(columns())["new"] == colour(columns(rows=ROWS.tail(1)))["new"]


def test_lines_are_told_apart_by_shape_and_say_where_the_axis_starts():
    rates = pl.DataFrame({"as_of": [FIRST, THIRD], "a": [91.25, 90.0], "b": [None, 99.0]})
    chart = charts.rate_lines(rates, "as_of", {"a": "of customers", "b": "of MRR"}, title="T")
    assert [(row["day"], row["rate"], row["value"]) for row in drawn(chart, 0)] == [
        ("17 Oct", "of customers", 91.25), ("31 Oct", "of customers", 90.0), ("31 Oct", "of MRR", 99.0),
    ]  # fmt: skip
    assert chart.description == (
        "of customers: 91.3 % on 17 Oct, 90.0 % on 31 Oct; of MRR: 99.0 % on 31 Oct. The axis starts at 88 %, not at zero."
    )
    shapes = chart.to_dict()["layer"][1]["encoding"]["shape"]["scale"]["range"]
    assert len(set(shapes)) == 2


def test_rates_that_nobody_knows_are_not_drawn():
    rates = pl.DataFrame({"as_of": [FIRST], "a": [None]}, schema_overrides={"a": pl.Float64})
    assert (
        charts.rate_lines(rates, "as_of", {"a": "of customers"}, title="T").description == "There is nothing to draw."
    )


def test_shades_can_be_seen_on_white():
    assert [shade for shade in over_time.SHADES if contrast_on_white(shade) < 3] == []


def test_a_bridge_says_what_its_amounts_are():
    bridge = pl.DataFrame({"line_no": [0, 1], "label": ["A", "B"], "amount_minor": [1_00, 1_00], "currency": "USD"})
    assert "USD at stake so far" in charts.svg(charts.waterfall(bridge, per="at stake so far"))
    assert "USD a month" in charts.svg(charts.waterfall(bridge))
