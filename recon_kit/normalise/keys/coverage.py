"""Coverage: how many accounts and customers carry each key, and how many share theirs with another on their side."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

_SHOWN = {
    "name_core": "name",
    "email": "e-mail address",
    "domains": "company domain",
    "phone": "phone",
    "tax_id": "VAT or registration number that passes its check",
    "tax_number": "VAT or registration number as written",
    "country": "country",
    "postal_code": "postal code",
    "city": "city",
}


def key_coverage(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Count what can be compared at all, and what is one record's alone.

    Args:
        tables: with ``account_keys`` and ``customer_keys``.

    Returns:
        One row per key, the usual evidence first: ``key``, then per side how many records carry it (``accounts``,
        ``customers``) and how many values only one record carries (``accounts_alone``, ``customers_alone``).
    """
    accounts, customers = tables["account_keys"], tables["customer_keys"]
    rows = [(told, *_counts(accounts, key), *_counts(customers, key)) for key, told in _SHOWN.items()]
    columns = ["accounts", "accounts_alone", "customers", "customers_alone"]
    return pl.DataFrame(rows, schema={"key": pl.String, **dict.fromkeys(columns, pl.Int64)}, orient="row")


def _counts(keys: pl.DataFrame, key: str) -> tuple[int, int]:
    values = keys[key]
    carried = values.list.len() > 0 if values.dtype == pl.List else values.is_not_null()
    single = values.explode(empty_as_null=False) if values.dtype == pl.List else values.drop_nulls()
    return int(carried.sum()), int(single.is_unique().sum())
