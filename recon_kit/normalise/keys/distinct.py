"""Distinct values: a library that takes one value at a time is asked once per value that occurs, not once per row."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def per_distinct(values: pl.Series, ask: Callable[[str], str | None]) -> pl.Series:
    """Translate texts by a function of one text.

    Returns:
        As many texts as ``values``, in their order; null where there is none or where ``ask`` knows none.
    """
    known = values.drop_nulls().unique().sort()
    answers = pl.Series([ask(value) for value in known], dtype=pl.String)
    return values.replace_strict(known, answers, default=None, return_dtype=pl.String) if len(known) else values


def per_distinct_pair(
    values: pl.Series, contexts: pl.Series, ask: Callable[[str, str | None], str | None]
) -> pl.Series:
    """Translate texts by a function of one text and its context, which may be null.

    Returns:
        As many texts as ``values``, in their order; null where there is none or where ``ask`` knows none.
    """
    pairs = pl.DataFrame({"value": values, "context": contexts})
    known = pairs.filter(pl.col("value").is_not_null()).unique().sort("value", "context")
    answers = pl.Series([ask(value, context) for value, context in known.iter_rows()], dtype=pl.String)
    known = known.with_columns(answer=answers)
    joined = pairs.join(
        known, on=["value", "context"], how="left", nulls_equal=True, validate="m:1", maintain_order="left"
    )
    return joined["answer"]
