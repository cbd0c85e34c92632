"""Assemble the tables of payments: what was charged, refunded, disputed and credited by as_of."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.normalise.stripe.billing import Billing
from recon_kit.normalise.stripe.buckets import Placed
from recon_kit.normalise.stripe.payments import (
    charge_rows,
    credit_note_rows,
    dispute_rows,
    invoice_of_payment,
    place_money,
    refund_rows,
    without_later_attempts,
)
from recon_kit.normalise.stripe.reader import Reader


@dataclass(frozen=True)
class Payments:
    """Tables of payments, where the records went, and the mode of every charge and refund by id."""

    placed: dict[str, Placed]
    tables: dict[str, pl.DataFrame]
    modes: pl.DataFrame


def read_payments(reader: Reader, billing: Billing) -> Payments:
    """Read payments of what was billed."""
    charges, charged = place_money(reader, "charges")
    modes = charged.select("livemode", parent_id="key")
    known = charges.accepted["key"] if reader.pull.snapshot.has("charges") else None
    refunds, refunded = place_money(reader, "refunds", parents=known, modes=modes)
    disputes, _ = place_money(reader, "disputes", parents=known)
    notes, _ = place_money(reader, "credit_notes", parents=billing.tables["invoices"]["invoice_id"])
    intents, _ = place_money(reader, "payment_intents")
    paid = billing.placed["invoice_payments"]
    ties = invoice_of_payment(billing.invoices, paid.accepted, intents.accepted)
    given_back = refund_rows(refunds.accepted, reader)
    tables = {
        "charges": charge_rows(charges.accepted, given_back, refunds.later, ties, reader),
        "refunds": given_back,
        "disputes": dispute_rows(disputes.accepted, reader),
        "credit_notes": credit_note_rows(notes.accepted, reader),
    }
    ever = invoice_of_payment(
        billing.invoices, pl.concat([paid.accepted, paid.later]), pl.concat([intents.accepted, intents.later])
    )
    told = reader.history.changed_ids()
    tables["invoices"] = without_later_attempts(billing.tables["invoices"], charges.later, ever, told)
    placed = {
        "charges": charges,
        "refunds": refunds,
        "disputes": disputes,
        "credit_notes": notes,
        "payment_intents": intents,
    }
    return Payments(placed, tables, pl.concat([modes, refunded.select("livemode", parent_id="key")]))
