"""Books: the tables of both systems that gaps are found in, read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import polars as pl

Reader = Callable[[str], pl.LazyFrame]
"""Gives a table of the close by its name."""


@dataclass(frozen=True)
class Books:
    """What both systems say, each frame with the columns of the table of its name."""

    accounts: pl.DataFrame
    contracts: pl.DataFrame
    contract_lines: pl.DataFrame
    opportunity_history: pl.DataFrame
    customers: pl.DataFrame
    subscriptions: pl.DataFrame
    subscription_items: pl.DataFrame
    prices: pl.DataFrame
    discounts: pl.DataFrame
    invoices: pl.DataFrame
    invoice_lines: pl.DataFrame
    charges: pl.DataFrame
    refunds: pl.DataFrame
    credit_notes: pl.DataFrame
    events: pl.DataFrame
    links: pl.DataFrame
    common_rates: pl.DataFrame
    mrr_worksheet: pl.DataFrame


def read_books(read: Reader) -> Books:
    """Collect every table once."""
    return Books(**{field.name: read(field.name).collect() for field in fields(Books)})
