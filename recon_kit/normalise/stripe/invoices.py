"""Invoices in the state they had on as_of."""

from __future__ import annotations

import polars as pl

from recon_kit.asof import is_after, unless_after
from recon_kit.normalise.stripe.invoice_lines import typed_lines
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.records import attach
from recon_kit.normalise.stripe.rules import (
    an_id,
    known_currency,
    missing,
    one_of,
    points_to,
    possible_moment,
    readable_flag,
    whole_amount,
)
from recon_kit.normalise.stripe.shapes_invoices import INVOICE_LINES, INVOICES
from recon_kit.normalise.stripe.values import day, whole, yes
from recon_kit.quarantine import Rule

_STATUSES = ["draft", "open", "paid", "uncollectible", "void", "deleted"]
_FIXED = ("created", "due")
"""Instants that no later event moves."""
_TRANSITIONS = (
    ("void", "voided_at"),
    ("paid", "paid_at"),
    ("uncollectible", "uncollectible_at"),
    ("open", "finalized_at"),
)


def read_invoices(reader: Reader) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read invoices, typed and wound back by events, and the lines inside them (see ``Reader``)."""
    records, lines, _ = reader.read_with_elements(
        "invoices",
        INVOICES,
        INVOICE_LINES,
        object_type="invoice",
        required=("id", "customer_id", "currency", "total"),
    )
    return records.with_columns(status=pl.coalesce("status", _status_of_2018())), typed_lines(lines)


def _status_of_2018() -> pl.Expr:
    """Invoices of 2018 have no status but four flags."""
    return (
        pl.when(yes("paid"))
        .then(pl.lit("paid"))
        .when(yes("forgiven"))
        .then(pl.lit("uncollectible"))
        .when(yes("closed"))
        .then(pl.lit("void"))
        .when(yes("attempted") | pl.col("number").is_not_null())
        .then(pl.lit("open"))
        .otherwise(pl.lit("draft"))
    )


def invoice_rules(customers: pl.Series) -> list[Rule]:
    """List what an invoice must pass; ``customers`` are the usable ones."""
    return [
        an_id(),
        missing("customer", "customer_id"),
        missing("total", "total", "total_minor"),
        missing("created", "created_seconds", "created_at"),
        known_currency(),
        *(whole_amount(name, name, f"{name}_minor") for name in INVOICES.amounts),
        *(possible_moment(name, name) for name in INVOICES.moments),
        one_of("status", "status", _STATUSES),
        *(readable_flag(name) for name in ("paid", "closed", "forgiven", "attempted")),
        points_to("customer", "customer_id", customers, "customer"),
    ]


def invoice_rows(accepted: pl.DataFrame, payments: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per invoice as it stood on as_of: the columns of ``invoices``.

    Args:
        accepted: accepted records.
        payments: ``invoice_id``, ``paid_minor`` paid by as_of, where payments of invoices are known.
        reader: cutoff and time zone.
    """
    cutoff, zone = reader.pull.cutoff, reader.pull.timezone
    later = pl.any_horizontal([is_after(pl.col(column), cutoff) for _, column in _TRANSITIONS])
    then = pl.lit("draft")
    for status, column in reversed(_TRANSITIONS):
        then = pl.when(pl.col(column) < pl.lit(cutoff)).then(pl.lit(status)).otherwise(then)
    known = attach(accepted.rename({"key": "invoice_id"}), payments, on="invoice_id")
    unpaid_yet = is_after(pl.col("paid_at"), cutoff) & (pl.col("status") == "paid")
    paid = pl.when(unpaid_yet).then(pl.col("paid_minor").fill_null(0)).otherwise("amount_paid_minor")
    remaining = pl.when(unpaid_yet).then(pl.col("amount_due_minor") - paid).otherwise("amount_remaining_minor")
    moved = [
        unless_after(pl.col(f"{name}_at"), cutoff).alias(f"{name}_at")
        for name in INVOICES.moments
        if name not in _FIXED
    ]
    return known.with_columns(
        *moved,
        status=pl.when(later).then(then).otherwise("status"),
        amount_paid_minor=paid,
        amount_remaining_minor=remaining,
    ).select(
        "invoice_id",
        "customer_id",
        "subscription_id",
        "number",
        "status",
        "currency",
        *(f"{name}_minor" for name in INVOICES.amounts),
        "billing_reason",
        "created_at",
        "metadata_opportunity_id",
        *(day(f"{name}_at", zone).alias(f"{name}_on") for name in INVOICES.moments),
        attempt_count=whole("attempt_count"),
    )
