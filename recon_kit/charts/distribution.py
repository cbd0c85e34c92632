"""Distributions: how many rows, or how much money, lie in each band."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import altair as alt
import polars as pl

from recon_kit.charts.amounts import currency_of
from recon_kit.charts.bars import bars
from recon_kit.charts.render import Figure, finished, layered
from recon_kit.charts.theme import POSITIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

_AGE_STARTS = (0, 8, 31, 61, 91, 181, 366)
_HEIGHT = 180


def ageing(
    frame: pl.DataFrame,
    age: str,
    amount: str,
    *,
    title: str,
    currency: str = "currency",
    starts: Sequence[int] = _AGE_STARTS,
) -> Figure:
    """Draw the money at stake by age, youngest band first.

    Args:
        frame: rows with an age in whole days (not negative) and an amount in minor units.
        age: column of days.
        amount: column of minor units.
        title: what the chart says it is.
        currency: column or code; one currency only.
        starts: first day of each band, ascending; the last band has no end.

    Returns:
        One bar per band, also for bands that hold nothing; rows without an age have a bar of their own.
    """
    code = currency_of(frame, amount, currency)
    names = [f"{low}–{high - 1} days" for low, high in pairwise(starts)] + [f"{starts[-1]} days and older"]
    place = pl.sum_horizontal(
        *[(pl.col(age) >= start).cast(pl.Int64) for start in starts[1:]], pl.lit(0, dtype=pl.Int64)
    )
    named = place.replace_strict(list(range(len(names))), names, return_dtype=pl.String)
    band = pl.when(pl.col(age).is_null()).then(pl.lit("no date")).otherwise(named)
    rows = frame.select(band.alias("band"), pl.col(amount).cast(pl.Int64).alias("minor"))
    bands = pl.DataFrame({"band": names, "minor": [0] * len(names)}, schema=rows.schema)
    return bars(
        pl.concat([bands, rows]), "band", "minor", title=title, currency=code, limit=len(names) + 1, ranked=False
    )


def histogram(frame: pl.DataFrame, column: str, *, edges: Sequence[float], title: str, unit: str, noun: str) -> Figure:
    """Draw how many rows lie between each pair of edges.

    Args:
        frame: rows with a number.
        column: the number.
        edges: ascending; a band holds its lower edge, the last also its upper one.
        title: what the chart says it is.
        unit: what the axis measures, such as ``probability``.
        noun: what a row is, in the plural, such as ``links``.

    Returns:
        A chart whose description tells how many rows there are, and how many lie outside the edges or have no number.
    """
    value = pl.col(column)
    drawn = pl.DataFrame([_band(frame, column, low, high, is_last=high == edges[-1]) for low, high in pairwise(edges)])
    inside = int(drawn["count"].sum())
    outside = frame.height - inside
    fullest = drawn.sort("count", "low", descending=[True, False]).row(0, named=True)
    median = frame.select(value.median()).item()
    middle = "" if median is None else f", median {median:.3g}"
    most = f"most of them, {fullest['count']:,}, lie from {fullest['low']:g} to {fullest['high']:g} {unit}"
    rest = f" {outside:,} lie outside or have no value." if outside else ""
    described = f"{inside:,} {noun}{middle}; {most}.{rest}"
    return finished(_columns(drawn, unit, noun), title=title, description=described)


def _band(frame: pl.DataFrame, column: str, low: float, high: float, *, is_last: bool) -> dict[str, float]:
    inside = pl.col(column).is_between(low, high, closed="both" if is_last else "left")
    return {"low": float(low), "high": float(high), "count": int(frame.select(inside.sum()).item() or 0)}


def _columns(drawn: pl.DataFrame, unit: str, noun: str) -> alt.LayerChart:
    # Bands differ in width, so they stand side by side as names: an area would mislead.
    names = [f"{low:g} – {high:g}" for low, high in drawn.select("low", "high").iter_rows()]
    named = drawn.select("count", band=pl.Series(names), words=pl.col("count").cast(pl.String))
    base = alt.Chart(alt.InlineData(values=named.to_dicts()))
    x = alt.X("band:O", sort=names, title=unit, axis=alt.Axis(labelAngle=0), scale=alt.Scale(paddingInner=0.2))
    y = alt.Y("count:Q", title=noun, axis=alt.Axis(tickCount=4, tickMinStep=1, format=",d"))
    columns = base.mark_bar(color=POSITIVE).encode(x=x, y=y)
    counts = base.mark_text(dy=-7).encode(x=x, y=y, text="words:N")
    return layered(columns, counts, height=_HEIGHT)
