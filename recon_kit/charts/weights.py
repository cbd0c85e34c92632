"""Match weights: what each agreement adds to a pair's odds, and how one pair's weight adds up. In bits."""

from __future__ import annotations

import altair as alt
import polars as pl

from recon_kit.charts.render import Figure, finished, layered
from recon_kit.charts.theme import LABEL_WIDTH, NEGATIVE, POSITIVE, SOFT, TOTAL, WIDTH

_STEP = 20
_AXIS = "weight in bits: each doubles the odds, each below zero halves them"
_TOTAL = "all together"


def weights(levels: pl.DataFrame, *, title: str) -> Figure:
    """Draw one bar per level of agreement, by comparison, the heaviest of each first.

    Args:
        levels: one row per level: ``comparison``, ``level`` (in words), ``weight`` (bits).
        title: what the chart says it is.

    Returns:
        A chart whose description names the heaviest and the lightest level.
    """
    order = {name: place for place, name in enumerate(levels["comparison"].unique(maintain_order=True))}
    place = pl.col("comparison").replace_strict(order, return_dtype=pl.Int64)
    ordered = levels.sort(place, -pl.col("weight"), "level")
    drawn = ordered.select(
        line=pl.int_range(pl.len()),
        label=pl.format("{}: {}", "comparison", "level"),
        start=pl.lit(0.0),
        end="weight",
        kind=_kind(pl.col("weight")),
        words=_bits(pl.col("weight")),
    )
    return finished(_bars(drawn), title=title, description=_of_levels(ordered))


def weight_steps(steps: pl.DataFrame, *, title: str) -> Figure:
    """Draw how one pair's weight adds up, from what two random records are worth to the whole.

    Args:
        steps: one row per step, in order: ``step``, ``weight`` (bits); no rows where a pair has no weight.
        title: what the chart says it is.

    Returns:
        A chart whose last bar is the sum of the others; its description tells the sum and the step that adds most.
    """
    whole = pl.DataFrame({"step": [_TOTAL], "weight": [steps["weight"].sum()]}).head(steps.height)
    lines = pl.concat([steps.select("step", pl.col("weight").cast(pl.Float64)), whole])
    is_whole = pl.int_range(pl.len()) == steps.height
    reached = pl.col("weight").cum_sum()
    drawn = lines.select(
        line=pl.int_range(pl.len()),
        label="step",
        start=pl.when(is_whole).then(0.0).otherwise(reached - pl.col("weight")),
        end=pl.when(is_whole).then(pl.col("weight")).otherwise(reached),
        kind=pl.when(is_whole).then(pl.lit("total")).otherwise(_kind(pl.col("weight"))),
        words=_bits(pl.col("weight")),
    )
    return finished(_bars(drawn), title=title, description=_of_steps(steps))


def _kind(weight: pl.Expr) -> pl.Expr:
    return pl.when(weight < 0).then(pl.lit("less")).otherwise(pl.lit("more"))


def _bits(weight: pl.Expr) -> pl.Expr:
    """Write a weight with one decimal, a true minus and a plus; what rounds to nothing as 0."""
    rounded = weight.round(1)
    size = rounded.abs().cast(pl.String)
    sign = pl.when(rounded < 0).then(pl.lit("−")).otherwise(pl.lit("+"))
    return pl.when(rounded == 0).then(pl.lit("0")).otherwise(sign + size)


def _bars(drawn: pl.DataFrame) -> alt.LayerChart:
    base = alt.Chart(alt.InlineData(values=drawn.to_dicts()))
    y = alt.Y("line:O", axis=None, scale=alt.Scale(paddingInner=0.3, paddingOuter=0.2))
    x = alt.X("start:Q", title=_AXIS, axis=alt.Axis(tickCount=7))
    kinds = alt.Scale(domain=["total", "more", "less"], range=[TOTAL, POSITIVE, NEGATIVE])
    zero = alt.Chart(alt.InlineData(values=[{"at": 0}])).mark_rule(color=SOFT)
    bars = base.mark_bar().encode(y=y, x=x, x2="end:Q", color=alt.Color("kind:N", legend=None, scale=kinds))
    names = base.mark_text(align="right", limit=LABEL_WIDTH, dx=-10).encode(y=y, x=alt.value(0), text="label:N")
    bits = base.mark_text(align="right").encode(y=y, x=alt.value(WIDTH + 60), text="words:N")
    return layered(zero.encode(x=alt.X("at:Q")), bars, names, bits, height=alt.Step(_STEP))


def _told(weight: float) -> str:
    return str(pl.select(_bits(pl.lit(weight))).item())


def _of_levels(levels: pl.DataFrame) -> str:
    if levels.is_empty():
        return "The model has no levels."
    ranked = levels.sort("weight", "comparison", "level")
    least, most = ranked.row(0, named=True), ranked.row(-1, named=True)
    return (
        f"{levels.height} levels of {levels['comparison'].n_unique()} comparisons. The heaviest is {most['level']} "
        f"({_told(most['weight'])} bits), the lightest {least['level']} ({_told(least['weight'])} bits)."
    )


def _of_steps(steps: pl.DataFrame) -> str:
    if steps.is_empty():
        return "The model gives this pair no weight, so nothing is drawn."
    most = steps.sort("weight").row(-1, named=True)
    return (
        f"{steps.height} steps add up to {_told(float(steps['weight'].sum()))} bits; "
        f"{most['step']} adds most ({_told(most['weight'])})."
    )
