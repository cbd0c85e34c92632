"""Evidence in words: what speaks for a pair and what against it, as a reviewer reads it."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.model.comparisons import COMPARISONS, Comparison


def words_for() -> pl.Expr:
    """List what agrees, one kind of evidence after the other; empty where nothing does."""
    return pl.concat_str([_word(one, differs=False) for one in COMPARISONS], separator=", ", ignore_nulls=True)


def words_against() -> pl.Expr:
    """List what differs; empty where nothing does."""
    return pl.concat_str([_word(one, differs=True) for one in COMPARISONS], separator=", ", ignore_nulls=True)


def _word(comparison: Comparison, *, differs: bool) -> pl.Expr:
    words = {level.name: level.words for level in comparison.levels if level.differs == differs and not level.is_null}
    return pl.col(f"level_{comparison.name}").replace_strict(words, default=None, return_dtype=pl.String)
