"""Over time: measures side by side by day, as stacked columns or as lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import altair as alt
import polars as pl

from recon_kit import money as exact_money
from recon_kit.charts.amounts import currency_of, length, spoken, words
from recon_kit.charts.bars import NOTHING
from recon_kit.charts.render import Figure, finished
from recon_kit.charts.theme import INK, PAPER, SERIES, SOFT
from recon_kit.tables.wording import per_cent

SHADES = ("#0f2a4a", "#235a96", "#4a8ad0", "#7d93ad")
"""One hue from dark to light, each at least 3:1 on white: series that have an order of their own."""
_WIDTH, _HEIGHT = 760, 230
_WIDEST, _FILLED = 64, 0.65
"""A column's width: at most so many pixels, or this part of the room it has."""
_DATE = "%-d %b"
_DATE_WITH_YEAR = "%-d %b %y"
_SHAPES = ("circle", "square", "diamond", "triangle-up")


def nothing(*, title: str, why: str) -> Figure:
    """Say in place of a chart why there is none."""
    said = alt.Chart(alt.InlineData(values=[{"words": why}])).mark_text(align="left", color=SOFT)
    chart = alt.LayerChart(layer=[said.encode(x=alt.value(0), text="words:N")], width=_WIDTH, height=26)
    return finished(chart, title=title, description=why)


def stacked_columns(
    frame: pl.DataFrame,
    day: str,
    series: str,
    value: str,
    *,
    title: str,
    order: list[str],
    days: Sequence[dt.date] = (),
    currency: str | None = None,
    noun: str = "rows",
    is_ordered: bool = False,
) -> Figure:
    """Draw one column per day, divided by series, with its total above.

    Args:
        frame: any rows; values of one day and series are added up.
        day: column of dates; columns stand in their order, at equal distance.
        series: column that divides a column of the chart.
        value: column of minor units (with ``currency``) or of counts; none negative.
        title: what the chart says it is.
        order: every value of ``series`` that may occur, from the foot of a column up; each keeps its colour.
        days: days that have a column even where the frame has no row of them.
        currency: column or code of the amounts; none: ``value`` counts.
        noun: what is counted, in the plural.
        is_ordered: shades of one colour, the darkest first, where the series have an order such as age; at most four.

    Returns:
        A chart whose description tells the totals of the first and the last day.

    Raises:
        ValueError: there are more series than colours, or a value is negative.
    """
    colours = SHADES if is_ordered else SERIES
    if len(order) > len(colours) or (frame[value] < 0).any():
        message = f"Columns take up to {len(colours)} series of values that are not negative; {len(order)} are named."
        raise ValueError(message)
    if frame.is_empty():
        return nothing(title=title, why=NOTHING)
    code = currency_of(frame, value, currency) if currency else None
    parts = frame.group_by(day, pl.col(series).alias("part")).agg(pl.col(value).sum().alias("size")).sort(day, "part")
    every = pl.DataFrame({day: sorted({*days, *frame[day].to_list()})})
    sums = every.join(parts.group_by(day).agg(pl.col("size").sum()), on=day, how="left", validate="1:1")
    totals = sums.with_columns(_day_words(every, day).alias("day"), pl.col("size").fill_null(0)).sort(day)
    parts = parts.join(totals.select(day, "day"), on=day, how="left", validate="m:1")
    chart = _column_layers(parts, totals, colours=dict(zip(order, colours, strict=False)), code=code, noun=noun)
    return finished(chart, title=title, description=_columns_told(totals, code, noun))


def _day_words(frame: pl.DataFrame, day: str) -> pl.Expr:
    """Write days briefly; with the year where they are of several."""
    is_one_year = frame[day].dt.year().n_unique() == 1
    return pl.col(day).dt.strftime(_DATE if is_one_year else _DATE_WITH_YEAR)


def _column_layers(
    parts: pl.DataFrame, totals: pl.DataFrame, *, colours: dict[str, str], code: str | None, noun: str
) -> alt.LayerChart:
    size = length(pl.col("size"), code) if code else pl.col("size").cast(pl.Float64)
    order = list(colours)
    place = pl.col("part").replace_strict(order, list(range(len(order))), return_dtype=pl.Int64)
    drawn = parts.select("day", "part", place=place, value=size)
    told = _rounded(pl.col("size"), code) if code else pl.col("size").cast(pl.String)
    tops = totals.select("day", words=told, value=size)
    x = alt.X("day:O", sort=totals["day"].to_list(), title=None, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2),
              axis=alt.Axis(labelAngle=0, labelOverlap=True))  # fmt: skip
    axis = alt.Axis(format=",~f", tickCount=4, tickMinStep=1)
    present = [name for name in order if name in set(parts["part"].to_list())]
    scale = alt.Scale(domain=present, range=[colours[name] for name in present])
    thickness = min(_WIDEST, _FILLED * _WIDTH / totals.height)
    base = alt.Chart(alt.InlineData(values=drawn.to_dicts()))
    columns = base.mark_bar(width=thickness, stroke=PAPER, strokeWidth=1).encode(
        x=x, y=alt.Y("value:Q", stack=True, title=code or noun, axis=axis),
        color=alt.Color("part:N", scale=scale, legend=alt.Legend(columns=4)), order="place:Q",
    )  # fmt: skip
    labels = alt.Chart(alt.InlineData(values=tops.to_dicts())).mark_text(dy=-8, fontSize=11, color=INK).encode(
        x=x, y="value:Q", text="words:N"
    )  # fmt: skip
    return alt.LayerChart(layer=[columns, labels], width=_WIDTH, height=_HEIGHT)


def _rounded(minor: pl.Expr, code: str) -> pl.Expr:
    """Write an amount without its decimals, as a column's head has no room for them."""
    unit = 10 ** exact_money.exponent_of(code)
    whole = (minor + unit // 2) // unit
    return words(whole * unit, code).str.replace(r"\.0+$", "")


def _columns_told(totals: pl.DataFrame, code: str | None, noun: str) -> str:
    def told(row: dict[str, int]) -> str:
        return spoken(row["size"], code) if code else f"{row['size']:,} {noun}"

    first, last = totals.row(0, named=True), totals.row(-1, named=True)
    if totals.height == 1:
        return f"One close only: {told(first)} on {first['day']}."
    return f"From {told(first)} on {first['day']} to {told(last)} on {last['day']}, over {totals.height} closes."


def rate_lines(frame: pl.DataFrame, day: str, rates: dict[str, str], *, title: str) -> Figure:
    """Draw per cents over days, one line each, told apart by colour, by the shape of their points and by name.

    Args:
        frame: one row per day.
        day: column of dates.
        rates: columns of per cents (null: nothing to draw), to what each is called.
        title: what the chart says it is.

    Returns:
        A chart whose description tells each rate on the first and the last day.
    """
    rows = frame.with_columns(_day_words(frame, day).alias("day")).sort(day)
    drawn = rows.unpivot(list(rates), index=["day", day], variable_name="rate", value_name="value").drop_nulls("value")
    if drawn.is_empty():
        return nothing(title=title, why=NOTHING)
    named = drawn.with_columns(pl.col("rate").replace_strict(rates, return_dtype=pl.String))
    return finished(_line_layers(named, rows, list(rates.values())), title=title, description=_rates_told(named, rates))


def _line_layers(drawn: pl.DataFrame, rows: pl.DataFrame, names: list[str]) -> alt.LayerChart:
    # A rate near 100 % would show no movement on an axis from zero; the description says where it starts.
    x = alt.X("day:O", sort=rows["day"].to_list(), title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True))
    scale = alt.Scale(domain=[_foot(drawn), 100], nice=False)
    y = alt.Y("value:Q", title="per cent linked", scale=scale, axis=alt.Axis(tickCount=5, format=",~f"))
    colour = alt.Color("rate:N", scale=alt.Scale(domain=names, range=list(SERIES[: len(names)])))
    shape = alt.Shape("rate:N", scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])))
    base = alt.Chart(alt.InlineData(values=drawn.select("day", "rate", "value").to_dicts()))
    lines = base.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)
    points = base.mark_point(filled=True, size=64, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    return alt.LayerChart(layer=[lines, points], width=_WIDTH, height=_HEIGHT)


def _foot(drawn: pl.DataFrame) -> int:
    least = int(drawn["value"].min() or 0)  # type: ignore[arg-type]
    return max(0, (least - 2) // 2 * 2)


def _rates_told(drawn: pl.DataFrame, rates: dict[str, str]) -> str:
    def told(name: str) -> str:
        of = drawn.filter(pl.col("rate") == name)
        if of.is_empty():
            return f"{name}: none"
        first, last = of.row(0, named=True), of.row(-1, named=True)
        start = f"{per_cent(first['value'])} on {first['day']}"
        return f"{name}: {start}" + (f", {per_cent(last['value'])} on {last['day']}" if of.height > 1 else "")

    foot = _foot(drawn)
    zoom = f" The axis starts at {foot} %, not at zero." if foot else ""
    return "; ".join(told(name) for name in rates.values()) + f".{zoom}"
