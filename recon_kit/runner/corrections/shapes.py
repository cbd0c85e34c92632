"""Shapes: a change of one field of a Salesforce record, and a line of a worklist."""

from __future__ import annotations

import polars as pl

from recon_kit import money

STRIPE, SALESFORCE, FINANCE = "stripe", "salesforce", "finance"
OPPORTUNITY, LINE, ACCOUNT = "Opportunity", "OpportunityLineItem", "Account"
AMOUNT, RESTATED, END, CHURN = "amount", "amount_and_currency", "end", "churn"
STRIPE_ID, INVOICE_STATUS = "stripe_id", "invoice_status"
FIGURES = (AMOUNT, RESTATED, END, CHURN)
"""Topics that take a gap away; ids and statuses only make the next close surer of what it knows."""

CHANGE: dict[str, pl.DataType] = {
    "object": pl.String(),
    "topic": pl.String(),
    "record_id": pl.String(),
    "field": pl.String(),
    "before": pl.String(),
    "after": pl.String(),
    "account_id": pl.String(),
    "basis": pl.String(),
}
"""One row per field of a record and decision behind it; ``basis`` is a gap's id or the customer of a confirmed link."""

WORK: dict[str, pl.DataType] = {
    "system": pl.String(),
    "action": pl.String(),
    "basis": pl.String(),
    "account_id": pl.String(),
    "customer_ids": pl.List(pl.String()),
    "subscription_ids": pl.List(pl.String()),
    "opportunity_ids": pl.List(pl.String()),
    "monthly_minor": pl.Int64(),
    "currency": pl.String(),
    "at_stake_minor": pl.Int64(),
    "at_stake_currency": pl.String(),
    "on": pl.Date(),
    "sentence": pl.String(),
}
"""One row per thing that a person does in a system: what it is about a month, in the records' own currency where they
share one, and what is at stake so far. Null where it is about no such amount."""


def laid_out(found: pl.DataFrame, shape: dict[str, pl.DataType], **columns: pl.Expr) -> pl.DataFrame:
    """Lay findings out in a shape: columns given, else those of the frame, else empty."""
    missing = pl.lit(None)
    own = {name: pl.col(name) for name in shape if name in found.columns}
    return found.select((own | columns).get(name, missing).cast(kind).alias(name) for name, kind in shape.items())


def amount_cell(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Write an amount as Data Loader takes it: ``14400.00``, the decimals of its currency, no group separators."""
    return money.format_minor(minor, currency).str.replace_all(",", "")


def day_cell(day: pl.Expr) -> pl.Expr:
    """Write a day as Data Loader takes it: ``2026-10-31``."""
    return day.dt.to_string("%Y-%m-%d")
