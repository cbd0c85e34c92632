"""What changed since the close before: new, gone and changed gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from recon_kit.artifacts import CloseFolder

COMPARED = ("cause", "state", "difference_minor")
"""A gap counts as changed when one of these does; impact grows with every day and is no change by itself."""


def previous_table(folder: CloseFolder, name: str) -> pl.DataFrame | None:
    """Read a table of the close before as kept in ``inputs/previous``; none when this is the first close."""
    kept = folder.inputs / "previous" / f"{name}.parquet"
    return pl.read_parquet(kept) if kept.is_file() else None


def changes_since(previous: pl.DataFrame | None, gaps: pl.DataFrame) -> pl.DataFrame:
    """Compare the gaps of two closes by gap id.

    Args:
        previous: gaps of the close before; none when there is none.
        gaps: gaps of this close.

    Returns:
        One row per gap that is ``new``, ``gone`` or ``changed``, with the columns of ``changes``, sorted by gap id.
        Empty for a first close.

    Conserves:
        gaps before + new - gone == gaps now.
    """
    if previous is None:
        return TABLES["changes"].empty()
    before = previous.select("gap_id", pl.exclude("gap_id").name.suffix(":before"))
    both = gaps.join(before, on="gap_id", how="full", coalesce=True, validate="1:1")
    kind = (
        pl.when(pl.col("family:before").is_null())
        .then(pl.lit("new"))
        .when(pl.col("family").is_null())
        .then(pl.lit("gone"))
        .when(pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}:before")) for name in COMPARED))
        .then(pl.lit("changed"))
    )
    return both.with_columns(change=kind).filter(pl.col("change").is_not_null()).select(*_columns()).sort("gap_id")


def _columns() -> list[pl.Expr]:
    either = ["family", "cause", "account_id", "account_name", "currency"]
    return [
        pl.col("gap_id", "change"),
        *[pl.coalesce(name, f"{name}:before").alias(name) for name in either],
        pl.col("difference_minor:before").alias("difference_before_minor"),
        pl.col("difference_minor"),
        pl.col("impact_minor:before").alias("impact_before_minor"),
        pl.col("impact_minor"),
    ]
