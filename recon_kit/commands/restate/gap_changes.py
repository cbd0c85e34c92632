"""Gap changes: how each gap that is not the same in both closes stood before and after, and by which parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from recon_kit import tables
from recon_kit.commands.restate.figures import GAP

NO_GAP = "no gap"


def changed_gaps(stood: Mapping[str, pl.DataFrame | None], figures: pl.DataFrame, parts: Sequence[str]) -> pl.DataFrame:
    """Tell the gaps that some part changed.

    Args:
        stood: what ``standings`` reads of each state, in order; none where it could not be closed.
        figures: what ``differences`` returns of the same states.
        parts: name of the part that each state but the first adds.

    Returns:
        One row per gap that differs between any two states, sorted by ``gap_id``: ``whose``, ``before`` and ``after``
        (family, cause and state in words, or ``no gap``) and ``changed_by``, the parts in their order.
    """
    known = {name: _spoken(rows) for name, rows in stood.items() if rows is not None}
    wide = pl.concat(known.values()).group_by("gap_id").agg(pl.col("whose").last())
    for name, rows in known.items():
        told = rows.select("gap_id", pl.col("stands").alias(name))
        wide = wide.join(told, on="gap_id", how="left", validate="1:1").with_columns(pl.col(name).fill_null(NO_GAP))
    moved = figures.filter(pl.col("section") == GAP).group_by("id").agg((pl.col(name) != 0).any() for name in parts)
    moved = moved.rename({"id": "gap_id"} | {name: f"moved:{name}" for name in parts})
    wide = wide.join(moved, on="gap_id", how="left", validate="1:1")
    by = [_if_changed(part, *pair) for part, pair in zip(parts, _neighbours(list(stood), known), strict=True)]
    ends = pl.col(next(iter(stood))).alias("before"), pl.col(list(stood)[-1]).alias("after")
    rows = wide.select("gap_id", "whose", *ends, changed_by=pl.concat_list(by).list.drop_nulls())
    return rows.filter(pl.col("changed_by").list.len() > 0).sort("gap_id")


def _spoken(rows: pl.DataFrame) -> pl.DataFrame:
    stands = pl.format("{}: {}, {}", "family", "cause", "state")
    return tables.in_words(rows).select("gap_id", "whose", stands=stands)


def _neighbours(names: Sequence[str], known: Mapping[str, object]) -> list[tuple[str, str]]:
    """Pair each state but the first with the last one before it that is known; with itself where it is not known."""
    pairs, before = [], names[0]
    for name in names[1:]:
        pairs.append((before, name) if name in known else (before, before))
        before = name if name in known else before
    return pairs


def _if_changed(part: str, before: str, after: str) -> pl.Expr:
    moved = pl.col(f"moved:{part}").fill_null(value=False)
    return pl.when(moved | (pl.col(before) != pl.col(after))).then(pl.lit(part))
