"""Name search: the account whose name reads most like a customer's, by rapidfuzz; a baseline, not the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process

ALIKE_FROM = 90
"""Token-sort ratio, of 100, from which two names are taken for one."""

MOST_COMPARISONS = 2_000_000_000
"""Comparisons up to which every name is compared with every other: half a minute on one core."""

_CELLS_AT_ONCE = 50_000_000
_LETTERS = 3


def most_alike(names: pl.Series, known: pl.Series, *, most: int = MOST_COMPARISONS) -> pl.DataFrame:
    """Find for each name the known one most like it.

    Args:
        names: normalised names.
        known: normalised names to search.
        most: comparisons above which only names that begin with the same three letters are compared.

    Returns:
        One row per distinct name that has one alike (ratio 90 or more), sorted: ``name``, ``alike`` (of equals the
        first in order), ``score``.

    Reference:
        rapidfuzz ``token_sort_ratio``.
    """
    wanted, choices = names.drop_nulls().unique().sort(), known.drop_nulls().unique().sort()
    pairs = [(wanted, choices)] if is_exhaustive(wanted, choices, most=most) else _by_start(wanted, choices)
    found = [_alike(some, others) for some, others in pairs if len(some) and len(others)]
    schema = {"name": pl.String, "alike": pl.String, "score": pl.UInt8}
    return pl.concat([pl.DataFrame(schema=schema), *found]).sort("name")


def is_exhaustive(names: pl.Series, known: pl.Series, *, most: int = MOST_COMPARISONS) -> bool:
    """Tell whether every name is compared with every known one."""
    return names.drop_nulls().n_unique() * known.drop_nulls().n_unique() <= most


def _by_start(wanted: pl.Series, choices: pl.Series) -> Iterator[tuple[pl.Series, pl.Series]]:
    starts = choices.to_frame("name").group_by(pl.col("name").str.slice(0, _LETTERS).alias("start")).agg("name")
    others = dict(starts.iter_rows())
    by_start = wanted.to_frame("name").group_by(pl.col("name").str.slice(0, _LETTERS).alias("start")).agg("name")
    for start, some in by_start.sort("start").iter_rows():
        if start in others:
            yield pl.Series(some).sort(), pl.Series(others[start]).sort()


def _alike(wanted: pl.Series, choices: pl.Series) -> pl.DataFrame:
    step = max(_CELLS_AT_ONCE // len(choices), 1)
    return pl.concat(_nearest(wanted.slice(start, step), choices) for start in range(0, len(wanted), step))


def _nearest(wanted: pl.Series, choices: pl.Series) -> pl.DataFrame:
    scores = process.cdist(
        wanted.to_list(),
        choices.to_list(),
        scorer=fuzz.token_sort_ratio,
        score_cutoff=ALIKE_FROM,
        dtype=np.uint8,
        workers=1,
    )
    best = scores.argmax(axis=1)
    found = pl.DataFrame({"name": wanted, "alike": choices.gather(best), "score": scores.max(axis=1)})
    return found.filter(pl.col("score") >= ALIKE_FROM)
