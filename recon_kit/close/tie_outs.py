"""Tie-outs: every equation of the close, by room."""

from __future__ import annotations

import polars as pl


def tie_outs_by_room(controls: pl.DataFrame) -> pl.DataFrame:
    """Count equations and those that tie.

    Returns:
        One row per room, sorted: ``room``, ``equations``, ``tie``, ``do_not_tie``.
    """
    return (
        controls.group_by("room")
        .agg(
            equations=pl.len().cast(pl.Int64),
            tie=pl.col("passes").sum().cast(pl.Int64),
            do_not_tie=(~pl.col("passes")).sum().cast(pl.Int64),
        )
        .sort("room")
    )
