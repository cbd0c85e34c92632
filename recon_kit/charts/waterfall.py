"""The waterfall: how one total becomes another, line by line."""

from __future__ import annotations

import altair as alt
import polars as pl

from recon_kit.charts.amounts import currency_of, length, spoken, words
from recon_kit.charts.render import Figure, finished, layered
from recon_kit.charts.theme import LABEL_WIDTH, NEGATIVE, POSITIVE, ROW_STEP, SOFT, TOTAL, WIDTH

_ZOOM_ABOVE = 0.6
_MARGIN = 0.12


def waterfall(
    bridge: pl.DataFrame, *, title: str = "From Salesforce MRR to Stripe MRR", per: str = "a month"
) -> Figure:
    """Draw a bridge between two totals.

    Args:
        bridge: one row per line: ``line_no``, ``label``, ``amount_minor``, ``currency``. The first and last lines are
            totals, each computed on its own; those between are changes.
        title: what the chart says it is.
        per: what the amounts are, after their currency on the axis.

    Returns:
        A chart whose description tells both totals, the largest change, and whether the lines add up.

    Raises:
        ValueError: when the bridge has fewer than two lines, or several currencies.
    """
    if bridge.height < 2:  # noqa: PLR2004 - the two totals
        message = f"A bridge has at least its two totals; this one has {bridge.height} lines."
        raise ValueError(message)
    currency = currency_of(bridge, "amount_minor", "currency")
    lines = _running(bridge.sort("line_no"))
    drawn = lines.select(
        "line",
        "label",
        "kind",
        start=length(pl.col("from_minor"), currency),
        end=length(pl.col("to_minor"), currency),
        words=pl.when(pl.col("kind") == "total")
        .then(words(pl.col("amount_minor"), currency))
        .otherwise(words(pl.col("amount_minor"), currency, signed=True)),
    )
    floor = _floor(drawn)
    return finished(
        _layers(drawn, f"{currency} {per}", floor), title=title, description=_description(lines, currency, floor)
    )


def _running(bridge: pl.DataFrame) -> pl.DataFrame:
    is_total = pl.int_range(pl.len()).is_in([0, bridge.height - 1])
    last = pl.int_range(pl.len()) == bridge.height - 1
    amount = pl.col("amount_minor")
    after = pl.when(last).then(amount).otherwise(amount.cum_sum())
    kind = pl.when(is_total).then(pl.lit("total")).when(amount < 0).then(pl.lit("less")).otherwise(pl.lit("more"))
    return bridge.with_columns(
        line=pl.int_range(pl.len()),
        kind=kind,
        to_minor=after,
        from_minor=pl.when(is_total).then(0).otherwise(amount.cum_sum() - amount),
    )


def _floor(drawn: pl.DataFrame) -> float:
    """Choose where the axis starts: at zero, or nearer when the changes are small beside the totals."""
    reached = drawn["end"].to_list()
    low, high = min(reached), max(reached)
    if low <= 0 or low < _ZOOM_ABOVE * high:
        return 0.0
    step = 10 ** (len(str(int(high - low) or int(high))) - 1)
    start = (low - max((high - low) * _MARGIN, high * 0.01)) // step * step
    return max(0.0, float(start))


def _layers(drawn: pl.DataFrame, unit: str, floor: float) -> alt.LayerChart:
    begun = drawn.with_columns(start=pl.when(pl.col("kind") == "total").then(floor).otherwise(pl.col("start")))
    linked = begun.with_columns(edge=pl.max_horizontal("start", "end"), next_line=pl.col("line") + 1)
    base = alt.Chart(alt.InlineData(values=linked.to_dicts()))
    y = alt.Y("line:O", axis=None, scale=alt.Scale(paddingInner=0.36, paddingOuter=0.2))
    x = alt.X("start:Q", title=unit, scale=alt.Scale(domainMin=floor, nice=True, zero=False),
              axis=alt.Axis(format=",~f", tickCount=5))  # fmt: skip
    colour = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=["total", "more", "less"],
                                                               range=[TOTAL, POSITIVE, NEGATIVE]))  # fmt: skip
    bars = base.mark_bar().encode(y=y, x=x, x2="end:Q", color=colour)
    rules = base.mark_rule(color=SOFT, strokeWidth=1).transform_filter(f"datum.line < {drawn.height - 1}").encode(
        x=alt.X("end:Q"), y=alt.Y("line:O", axis=None, bandPosition=0.5), y2=alt.Y2("next_line:O", bandPosition=0.5)
    )  # fmt: skip
    names = base.mark_text(align="right", limit=LABEL_WIDTH, dx=-10).encode(y=y, x=alt.value(0), text="label:N")
    amounts = base.mark_text(align="right").encode(y=y, x=alt.value(WIDTH + 110), text="words:N")
    return layered(rules, bars, names, amounts, height=alt.Step(ROW_STEP))


def _description(lines: pl.DataFrame, currency: str, floor: float) -> str:
    amounts, labels = lines["amount_minor"].to_list(), lines["label"].to_list()
    first, last, changes = amounts[0], amounts[-1], amounts[1:-1]
    opening = f"{labels[0]} is {spoken(first, currency)}, {labels[-1]} {spoken(last, currency)}"
    residual = last - first - sum(changes)
    verdict = (
        "the lines between add up exactly" if residual == 0 else f"{spoken(residual, currency)} is left unexplained"
    )
    largest = max(range(len(changes)), key=lambda place: (abs(changes[place]), -place), default=None)
    biggest = ""
    if largest is not None and changes[largest]:
        change = spoken(changes[largest], currency, signed=True)
        biggest = f" The largest of {len(changes)} lines is {labels[1 + largest]} ({change})."
    zoom = f" The axis starts at {floor:,.0f}, not at zero." if floor else ""
    return f"{opening}: {verdict}.{biggest}{zoom}"
