"""Reliability: what probabilities say beside how often they are right."""

from __future__ import annotations

import altair as alt
import polars as pl

from recon_kit.charts.render import Figure, finished, layered
from recon_kit.charts.theme import POSITIVE, RULE, TOTAL

_HEIGHT = 260


def reliability(frame: pl.DataFrame, *, title: str, noun: str = "links") -> Figure:
    """Draw the share that is right over the probability given, a point per bin with its 95 % interval.

    Args:
        frame: rows of ``link_reliability``: ``mean_probability``, ``observed``, ``low``, ``high``, ``links``.
        title: what the chart says it is.
        noun: what is counted, in the plural.

    Returns:
        A chart; on the diagonal, probabilities mean what they say. Bins without links are left out.
    """
    known = frame.filter(pl.col("links") > 0)
    return finished(_points(known, noun), title=title, description=_described(known, noun))


def _described(known: pl.DataFrame, noun: str) -> str:
    if known.is_empty():
        return f"No {noun} whose truth is known, so nothing is drawn."
    total = int(known["links"].sum())
    furthest = (pl.col("observed") - pl.col("mean_probability")).abs()
    worst = known.sort(furthest, "mean_probability").row(-1, named=True)
    bins = "1 bin" if known.height == 1 else f"{known.height} bins"
    return (
        f"{total:,} {noun} in {bins}. The bin furthest off: {worst['links']:,} {_named(worst['links'], noun)} given "
        f"{worst['mean_probability']:.2f} on average, of which {worst['observed']:.2f} are right."
    )


def _named(number: int, noun: str) -> str:
    return noun.removesuffix("s") if number == 1 else noun


def _points(known: pl.DataFrame, noun: str) -> alt.LayerChart:
    words = pl.format(
        "{} {}", "links", pl.when(pl.col("links") == 1).then(pl.lit(_named(1, noun))).otherwise(pl.lit(noun))
    )
    rows = known.with_columns(words=words).to_dicts()
    x_scale, y_scale = alt.Scale(domain=[0, 1]), alt.Scale(domain=[0, 1])
    line = alt.Chart(alt.InlineData(values=[{"said": 0, "seen": 0}, {"said": 1, "seen": 1}]))
    diagonal = line.mark_line(color=RULE, strokeWidth=2).encode(
        x=alt.X("said:Q", scale=x_scale, title="probability given"),
        y=alt.Y("seen:Q", scale=y_scale, title="share right"),
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=alt.X("mean_probability:Q", scale=x_scale))
    spans = base.mark_rule(color=TOTAL).encode(y=alt.Y("low:Q", scale=y_scale), y2="high:Q")
    points = base.mark_point(filled=True, size=70, color=POSITIVE, opacity=1).encode(
        y=alt.Y("observed:Q", scale=y_scale)
    )
    counts = base.mark_text(dx=9, align="left", fontSize=10).encode(
        y=alt.Y("observed:Q", scale=y_scale), text="words:N"
    )
    return layered(diagonal, spans, points, counts, height=_HEIGHT)
