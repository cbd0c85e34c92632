"""Tie-outs of the weekly page: each close rolls forward to the next, and agrees with its own history."""

from __future__ import annotations

from itertools import pairwise

import polars as pl

from recon_kit.close.trend.closes import OPEN, PENDING, ReadClose
from recon_kit.close.trend.review import Review
from recon_kit.close.trend.roll_forward import MONEY, roll_forward
from recon_kit.controls import Control, controls_frame


def roll_forward_controls(review: Review) -> pl.DataFrame:
    """State what must hold between the closes, and between each close and its own history.

    Returns:
        Rows of ``controls``: per pair of successive closes (and the week's pair) and currency, opening + new - resolved
        +- changed = closing in gaps and money at stake, once more for the monthly differences; per close and currency,
        gaps open here + gaps of links in review = open gaps in its ``history``.
    """
    pairs = [*pairwise(review.closes)]
    if review.before and (review.before, review.newest) not in pairs:
        pairs.append((review.before, review.newest))
    found = [control for before, now in pairs for control in _pair_controls(before, now)]
    return controls_frame([*found, *[control for close in review.closes for control in _own_history(close)]])


def _pair_controls(before: ReadClose, now: ReadClose) -> list[Control]:
    lines = roll_forward(before, now)
    is_end = pl.col("line") == "closing"
    made = []
    for code in lines["currency"].unique().sort():
        rolled = lines.filter(pl.col("currency") == code)
        left, right = (rolled.filter(one).select(pl.col("gaps", *MONEY).sum()).row(0, named=True)
                       for one in (~is_end, is_end))  # fmt: skip
        named = f"close.roll_forward.{before.as_of}.{now.as_of}.{code}"
        told = f"{before.as_of} to {now.as_of}: opening + new - resolved ± changed = closing"
        for name, words in zip(MONEY, ("at stake so far", "difference a month"), strict=True):
            made.append(
                Control(
                    f"{named}.{name}", "close", f"{told}, {words}",
                    left[name], right[name], left["gaps"], right["gaps"], code,
                )
            )  # fmt: skip
    return made


def _own_history(close: ReadClose) -> list[Control]:
    counted = (
        close.gaps.filter(pl.col("standing").is_in([OPEN, PENDING]))
        .group_by("currency")
        .agg(gaps=pl.len().cast(pl.Int64), impact_minor=pl.col("impact_minor").sum())
    )
    both = counted.join(close.open_rows, on="currency", how="full", coalesce=True, suffix=":history", validate="1:1")
    told = f"{close.as_of}: open gaps + those of links in review = open gaps in the close's history"
    return [
        Control(
            f"close.roll_forward.{close.as_of}.history.{row['currency']}", "close", told,
            row["impact_minor"] or 0, row["impact_minor:history"] or 0,
            row["gaps"] or 0, row["gaps:history"] or 0, row["currency"],
        )
        for row in both.sort("currency").iter_rows(named=True)
    ]  # fmt: skip
