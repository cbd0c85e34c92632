"""Hand-made rows: tables of a close from the few columns a test cares about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from recon_kit.schemas import TABLES

AS_OF = dt.date(2026, 10, 31)

_USUAL: dict[str, dict[str, Any]] = {
    "contracts": {
        "kind": "new",
        "is_won": True,
        "amount_basis": "total",
        "currency": "USD",
        "is_billed_in_stripe": True,
        "is_comparable": True,
        "term_months": 12,
    },
    "subscriptions": {"status": "active", "currency": "USD", "is_live": True, "is_comparable": True},
    "links": {"method": "id", "status": "linked", "link_probability": 1.0, "reason": "explicit id"},
    "common_rates": {"source": "hand-made"},
}


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows of a table; columns that a row leaves out take their usual value, else nothing."""
    schema = TABLES[name].empty().schema
    usual = {column: _nothing(kind) for column, kind in schema.items()} | _USUAL.get(name, {})
    unknown = {key for row in rows for key in row} - set(schema)
    assert not unknown, f"{name} has no columns {unknown}"
    full = [{column: _read(kind, (usual | row)[column]) for column, kind in schema.items()} for row in rows]
    return pl.DataFrame(full, schema=schema)


def _nothing(kind: pl.DataType) -> Any:
    if isinstance(kind, pl.List):
        return []
    return False if kind == pl.Boolean else None


def _read(kind: pl.DataType, value: Any) -> Any:
    if kind == pl.Date and isinstance(value, str):
        return dt.date.fromisoformat(value)
    if kind == pl.Datetime and isinstance(value, str):
        return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
    return value


def minor(text: str) -> int:
    """Cents of an amount such as 1,400 or 270.97."""
    whole, _, cents = text.replace(",", "").partition(".")
    sign = -1 if whole.startswith("-") else 1
    return int(whole) * 100 + sign * int((cents or "0").ljust(2, "0"))
