"""Proof: the equations that a restatement has to hold, computed from its own rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from recon_kit.commands.restate.figures import BILLING_MRR, BRIDGE, CRM_MRR, GAP, NUMBER, TOTAL
from recon_kit.controls import Control

_ROOM = "restate"


def ties(figures: pl.DataFrame, parts: Sequence[str]) -> list[Control]:
    """State that nothing is left over.

    Args:
        figures: what ``differences`` returns.
        parts: the parts among its columns.

    Returns:
        That the parts of every figure sum to its change; and of each column that the gaps sum to the figures above
        them, and Salesforce MRR and the lines of the bridge to Stripe MRR, in each currency.
    """
    known = [part for part in parts if figures[part].null_count() < figures.height]
    summed = pl.sum_horizontal(known) if known else pl.lit(0, pl.Int64)
    whole = figures.filter(summed == pl.col("change"), pl.col("new") - pl.col("old") == pl.col("change"))
    every = Control(
        "restate.parts", _ROOM, "figures whose parts sum to their change = all figures",
        left_rows=whole.height, right_rows=figures.height,
    )  # fmt: skip
    columns = ["old", *known, "new"]
    return [every, *_of_gaps(figures, columns), *_of_bridge(figures, columns)]


def _of_gaps(figures: pl.DataFrame, columns: Sequence[str]) -> Iterator[Control]:
    by_measure = {"number": "open gaps", "impact": "impact of open gaps", "a month": "difference of all gaps"}
    gaps = figures.filter(pl.col("section") == GAP)
    totals = figures.filter(pl.col("section") == TOTAL, ~pl.col("id").is_in([CRM_MRR, BILLING_MRR]))
    for measure, currency in totals.select("measure", "currency").unique().sort("measure", "currency").iter_rows():
        mine = [_of(rows, measure, currency) for rows in (gaps, totals)]
        for column in columns:
            left, right = (_sum(rows, column) for rows in mine)
            name = f"restate.gaps.{measure.replace(' ', '_')}.{column}" + (f".{currency}" if currency else "")
            equation = f"sum over the gaps = {by_measure[measure]}: {column.replace('_', ' ')}"
            yield (
                Control(name, _ROOM, equation, left_rows=left, right_rows=right)
                if measure == NUMBER
                else Control(name, _ROOM, equation, left, right, currency=currency)
            )


def _of(rows: pl.DataFrame, measure: str, currency: str) -> pl.DataFrame:
    return rows.filter(pl.col("measure") == measure, pl.col("currency") == currency)


def _sum(rows: pl.DataFrame, column: str) -> int:
    return int(rows[column].sum())


def _of_bridge(figures: pl.DataFrame, columns: Sequence[str]) -> Iterator[Control]:
    ends = figures.filter(pl.col("id").is_in([CRM_MRR, BILLING_MRR]))
    for currency in ends["currency"].unique().sort():
        mine = figures.filter(pl.col("currency") == currency)
        start, end = (mine.filter(pl.col("section") == TOTAL, pl.col("id") == name) for name in (CRM_MRR, BILLING_MRR))
        lines = mine.filter(pl.col("section") == BRIDGE)
        for column in columns:
            yield Control(
                f"restate.bridge.{column}.{currency}", _ROOM,
                f"Salesforce MRR + lines of the bridge = Stripe MRR: {column.replace('_', ' ')}",
                left_minor=_sum(start, column) + _sum(lines, column), right_minor=_sum(end, column),
                currency=currency,
            )  # fmt: skip
