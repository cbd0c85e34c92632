"""Term frequencies, leave-one-out: how many other accounts carry a value, so that a match does not count itself."""

from __future__ import annotations

import polars as pl

USUAL_ALPHA = 0.02
"""Pseudo-count of a value that one account carries, in accounts, where the data say little of it."""

SAY_OF_USUAL = 100
"""Values that the usual pseudo-count stands for, beside those of the data."""

CARRIED = {
    "name_full": "name_full",
    "name_core": "name_cores",
    "email": "emails",
    "domain": "domains",
    "phone": "phone",
    "registration": "registration",
    "postal_code": "postal_code",
    "city": "city",
    "country": "country",
}
"""Columns whose frequency the model uses, with the account's column that holds what it carries of them."""


def term_frequencies(accounts: pl.DataFrame, size: int) -> dict[str, pl.DataFrame]:
    """Measure how common each value is among the accounts other than the one compared.

    Args:
        accounts: records of the accounts.
        size: how many accounts the shares are of.

    Returns:
        By column, one row per value, sorted: the column, ``tf_<column>`` (Float64, share of the other accounts).

    Reference:
        Good-Turing: a value that one account carries counts as 2 * (values carried twice) / (values carried once),
        drawn to the usual where few values are known.
    """
    return {
        column: _shares(accounts.select("unique_id", value=listed), column, size) for column, listed in CARRIED.items()
    }


def _shares(carried: pl.DataFrame, column: str, size: int) -> pl.DataFrame:
    if carried.schema["value"] == pl.List(pl.String):
        carried = carried.explode("value", empty_as_null=False)
    counts = carried.drop_nulls().unique().group_by("value").agg(carriers=pl.len().cast(pl.Float64))
    once, twice = (counts.filter(pl.col("carriers") == number).height for number in (1, 2))
    alpha = min((2.0 * twice + USUAL_ALPHA * SAY_OF_USUAL) / (once + SAY_OF_USUAL), 1.0)
    share = ((pl.col("carriers") - 1.0 + alpha) / size).alias(f"tf_{column}")
    return counts.select(pl.col("value").alias(column), share).sort(column)
