"""Bars: amounts by category, ranked, alone or stacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from recon_kit.charts.amounts import currency_of, length, spoken, words
from recon_kit.charts.render import Figure, finished, layered
from recon_kit.charts.theme import INK, LABEL_WIDTH, NEGATIVE, PAPER, POSITIVE, ROW_STEP, SERIES, SOFT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTHING = "There is nothing to draw."


def bars(
    frame: pl.DataFrame,
    category: str,
    amount: str,
    *,
    title: str,
    currency: str = "currency",
    limit: int = 15,
    ranked: bool = True,
) -> Figure:
    """Draw one signed bar per category, the largest first.

    Args:
        frame: any rows; amounts of one category are added up.
        category: column of names.
        amount: column of minor units.
        title: what the chart says it is.
        currency: column or code; one currency only.
        limit: most bars; what is beyond stands together in a last one.
        ranked: largest magnitude first; otherwise in the order in which categories appear.

    Returns:
        A chart whose description tells the total and the largest category.

    Conserves:
        the bars add up to the frame's total.
    """
    code = currency_of(frame, amount, currency)
    totals = _limited(_by_category(frame, category, amount, ranked=ranked), limit)
    described = _description(totals, code)
    chart = _bar_layers(totals, code) if totals.height else _nothing()
    return finished(chart, title=title, description=described)


def stacked_bars(
    frame: pl.DataFrame,
    category: str,
    series: str,
    amount: str,
    *,
    title: str,
    currency: str = "currency",
    order: Sequence[str] | None = None,
) -> Figure:
    """Draw one bar per category, divided by series, with the total beside it.

    Args:
        frame: any rows; amounts of one category and series are added up.
        category: column of names; bars stand in the order of their total.
        series: column that divides a bar; at most eight values.
        amount: column of minor units, none negative.
        title: what the chart says it is.
        currency: column or code; one currency only.
        order: categories from top to bottom, where they have an order of their own.

    Raises:
        ValueError: when there are more series than colours, or an amount is negative.
    """
    code = currency_of(frame, amount, currency)
    keys = [_spoken_name(category).alias("name"), _spoken_name(series).alias("part")]
    parts = frame.group_by(keys).agg(pl.col(amount).sum().alias("minor")).sort("name", "part")
    names = parts["part"].unique().to_list()
    if len(names) > len(SERIES) or (parts["minor"] < 0).any():
        message = (
            f"Stacked bars take up to {len(SERIES)} series of amounts that are not negative; {series} has {len(names)}."
        )
        raise ValueError(message)
    totals = _by_category(frame, category, amount, ranked=True)
    ordered = list(order) if order is not None else totals["name"].to_list()
    chart = _nothing() if totals.is_empty() else _stacked_layers(parts, totals, ordered, code)
    return finished(chart, title=title, description=_description(totals, code))


def _by_category(frame: pl.DataFrame, category: str, amount: str, *, ranked: bool) -> pl.DataFrame:
    totals = frame.group_by(_spoken_name(category).alias("name"), maintain_order=True).agg(
        pl.col(amount).sum().alias("minor")
    )
    return totals.sort(-pl.col("minor").abs(), "name") if ranked else totals


def _spoken_name(column: str) -> pl.Expr:
    """Read codes such as ``handoff_missed`` as words; leave names as they are."""
    name = pl.col(column).cast(pl.String).fill_null("none")
    is_code = name.str.contains(r"^[a-z][a-z0-9_]*$")
    return pl.when(is_code).then(name.str.replace_all("_", " ", literal=True)).otherwise(name)


def _limited(totals: pl.DataFrame, limit: int) -> pl.DataFrame:
    if totals.height <= limit:
        return totals
    rest = totals[limit - 1 :]
    other = pl.DataFrame({"name": [f"{rest.height} others"], "minor": [rest["minor"].sum()]}, schema=totals.schema)
    return pl.concat([totals[: limit - 1], other])


def _bar_layers(totals: pl.DataFrame, currency: str) -> alt.LayerChart:
    drawn = totals.select(
        "name",
        line=pl.int_range(pl.len()),
        value=length(pl.col("minor"), currency),
        words=words(pl.col("minor"), currency),
        sign=pl.when(pl.col("minor") < 0).then(pl.lit("less")).otherwise(pl.lit("more")),
    )
    base = alt.Chart(alt.InlineData(values=drawn.to_dicts()))
    y = alt.Y("line:O", axis=None, scale=alt.Scale(paddingInner=0.36, paddingOuter=0.2))
    axis = alt.Axis(format=",~f", tickCount=5)
    colour = alt.Color("sign:N", legend=None, scale=alt.Scale(domain=["more", "less"], range=[POSITIVE, NEGATIVE]))
    drawn_bars = base.mark_bar().encode(y=y, x=alt.X("value:Q", title=currency, axis=axis), color=colour)
    names = base.mark_text(align="right", limit=LABEL_WIDTH, dx=-10).encode(y=y, x=alt.value(0), text="name:N")
    amounts = base.mark_text(align="right").encode(y=y, x=alt.value(WIDTH + 110), text="words:N")
    return layered(drawn_bars, names, amounts, height=alt.Step(ROW_STEP))


def _nothing() -> alt.LayerChart:
    words = alt.Chart(alt.InlineData(values=[{"words": NOTHING}])).mark_text(align="left", color=SOFT)
    return layered(words.encode(x=alt.value(0), text="words:N"), height=ROW_STEP)


def _stacked_layers(parts: pl.DataFrame, totals: pl.DataFrame, order: list[str], currency: str) -> alt.LayerChart:
    values = parts.select("name", "part", value=length(pl.col("minor"), currency))
    ends = totals.select("name", words=words(pl.col("minor"), currency))
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=LABEL_WIDTH, labelFontSize=12, labelColor=INK),
              scale=alt.Scale(paddingInner=0.36, paddingOuter=0.2))  # fmt: skip
    axis = alt.Axis(format=",~f", tickCount=5)
    drawn_bars = alt.Chart(alt.InlineData(values=values.to_dicts())).mark_bar(stroke=PAPER, strokeWidth=1).encode(
        y=y, x=alt.X("value:Q", stack=True, title=currency, axis=axis), color=alt.Color("part:N"), order="part:N"
    )  # fmt: skip
    amounts = alt.Chart(alt.InlineData(values=ends.to_dicts())).mark_text(align="right").encode(
        y=y, x=alt.value(WIDTH + 110), text="words:N"
    )  # fmt: skip
    return layered(drawn_bars, amounts, height=alt.Step(ROW_STEP))


def _description(totals: pl.DataFrame, currency: str) -> str:
    if totals.is_empty():
        return NOTHING
    largest = totals.sort(-pl.col("minor").abs(), "name").row(0, named=True)
    whole = spoken(int(totals["minor"].sum()), currency)
    if not largest["minor"]:
        return f"{whole} in all."
    return f"{whole} in all; the largest is {largest['name']} with {spoken(largest['minor'], currency)}."
