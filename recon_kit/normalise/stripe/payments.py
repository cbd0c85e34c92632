"""Money received and given back: charges, refunds, disputes, credit notes, and what ties them to invoices."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.asof import is_after, unless_after
from recon_kit.normalise.stripe.buckets import Placed
from recon_kit.normalise.stripe.paths import Shape
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.rules import an_id, known_currency, points_to, possible_moment, whole_amount
from recon_kit.normalise.stripe.shapes_invoices import CREDIT_NOTES
from recon_kit.normalise.stripe.shapes_money import CHARGES, DISPUTES, INVOICE_PAYMENTS, PAYMENT_INTENTS, REFUNDS
from recon_kit.normalise.stripe.values import day
from recon_kit.quarantine import Rule


@dataclass(frozen=True)
class Ledgered:
    """How an object that carries money is read, and the object it points to: field, column, object."""

    shape: Shape
    object_type: str
    parent: tuple[str, str, str] | None = None


MONEY = {
    "charges": Ledgered(CHARGES, "charge"),
    "refunds": Ledgered(REFUNDS, "refund", parent=("charge", "charge_id", "charges")),
    "disputes": Ledgered(DISPUTES, "dispute", parent=("charge", "charge_id", "charges")),
    "credit_notes": Ledgered(CREDIT_NOTES, "credit_note", parent=("invoice", "invoice_id", "invoices")),
    "invoice_payments": Ledgered(INVOICE_PAYMENTS, "invoice_payment"),
    "payment_intents": Ledgered(PAYMENT_INTENTS, "payment_intent"),
}


def place_money(
    reader: Reader, object_name: str, parents: pl.Series | None = None, modes: pl.DataFrame | None = None
) -> tuple[Placed, pl.DataFrame]:
    """Read an object that carries money: (where its records went; all of them, typed).

    Args:
        reader: the pull.
        object_name: a key of ``MONEY``.
        parents: usable objects its parent key may name; none: not tested, for want of their file.
        modes: see ``Reader.read``.
    """
    how = MONEY[object_name]
    parent = how.parent[1] if how.parent else None
    records = reader.read(object_name, how.shape, object_type=how.object_type, modes=modes, parent=parent)
    rules: list[Rule] = [
        an_id(),
        known_currency(),
        *(whole_amount(name, name, f"{name}_minor") for name in how.shape.amounts),
        *(possible_moment(name, name) for name in how.shape.moments),
    ]
    if how.parent is not None and parents is not None:
        field, column, target = how.parent
        rules.append(points_to(field, column, parents, target.removesuffix("s")))
    return reader.place(records, object_name, rules), records


def invoice_of_payment(
    invoices: pl.DataFrame, invoice_payments: pl.DataFrame, payment_intents: pl.DataFrame
) -> pl.DataFrame:
    """Tie charges and payment intents to invoices: ``payment_id``, ``invoice_id``; ambiguous ones are left out.

    From payments of invoices (new shapes), the invoice's own charge and payment intent, and the payment intent's
    invoice (old shapes).
    """
    inside = invoices.select("key", "payments").explode("payments").drop_nulls("payments")
    pairs = [
        invoice_payments.select(payment_id="charge_id", invoice_id="invoice_id"),
        invoice_payments.select(payment_id="payment_intent_id", invoice_id="invoice_id"),
        invoices.select(payment_id="charge_id", invoice_id="key"),
        invoices.select(payment_id="payment_intent_id", invoice_id="key"),
        payment_intents.select(payment_id="key", invoice_id="invoice_id"),
        payment_intents.select(payment_id="charge_id", invoice_id="invoice_id"),
        inside.select(payment_id=pl.col("payments").str.json_path_match("$.charge"), invoice_id="key"),
        inside.select(payment_id=pl.col("payments").str.json_path_match("$.payment_intent"), invoice_id="key"),
    ]
    return pl.concat(pairs).drop_nulls().unique().unique("payment_id", keep="none")


def paid_by_as_of(invoice_payments: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Sum what was paid on each invoice by as_of: ``invoice_id``, ``paid_minor``."""
    done = invoice_payments.filter((pl.col("status") == "paid") & ~is_after(pl.col("paid_at"), reader.pull.cutoff))
    return done.drop_nulls("invoice_id").group_by("invoice_id").agg(paid_minor=pl.col("amount_paid_minor").sum())


def charge_rows(
    accepted: pl.DataFrame, refunds: pl.DataFrame, later_refunds: pl.DataFrame, ties: pl.DataFrame, reader: Reader
) -> pl.DataFrame:
    """Return one row per charge: the columns of ``charges``; ``amount_refunded_minor`` counts refunds created by as_of.

    Args:
        accepted: accepted records.
        refunds: rows of ``refunds``.
        later_refunds: ``charge_id`` of refunds after as_of.
        ties: from ``invoice_of_payment``.
        reader: the time zone.
    """
    by_charge = ties.rename({"payment_id": "key", "invoice_id": "by_charge"})
    by_intent = ties.rename({"payment_id": "payment_intent_id", "invoice_id": "by_intent"})
    given_back = (
        refunds.filter(~pl.col("status").is_in(["failed", "canceled"]).fill_null(value=False))
        .drop_nulls("charge_id")
        .group_by("charge_id")
        .agg(refunded_minor=pl.col("amount_minor").sum())
    )
    joined = (
        accepted.join(by_charge, on="key", how="left", validate="m:1")
        .join(by_intent, on="payment_intent_id", how="left", validate="m:1")
        .join(given_back, left_on="key", right_on="charge_id", how="left", validate="m:1")
    )
    refunded_later = pl.col("key").is_in(later_refunds["charge_id"].drop_nulls().unique().implode())
    return joined.select(
        "customer_id",
        "payment_intent_id",
        "balance_transaction_id",
        "status",
        "currency",
        "amount_minor",
        "failure_code",
        "created_at",
        charge_id="key",
        invoice_id=pl.coalesce("invoice_id", "by_charge", "by_intent"),
        paid=pl.col("paid").replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean),
        amount_refunded_minor=pl.when(refunded_later)
        .then(pl.col("refunded_minor").fill_null(0))
        .otherwise("amount_refunded_minor"),
        created_on=day("created_at", reader.pull.timezone),
    )


def without_later_attempts(
    invoices: pl.DataFrame, later_charges: pl.DataFrame, ties: pl.DataFrame, told: pl.Series
) -> pl.DataFrame:
    """Take attempts to collect after as_of out of ``attempt_count``, but for invoices of which events told it."""
    tied = later_charges.select(by_charge="key", by_intent="payment_intent_id", told="invoice_id")
    for column in ("by_charge", "by_intent"):
        names = ties.rename({"payment_id": column, "invoice_id": f"invoice_{column}"})
        tied = tied.join(names, on=column, how="left", validate="m:1")
    named = tied.select(invoice_id=pl.coalesce("told", "invoice_by_charge", "invoice_by_intent")).drop_nulls()
    counted = named.group_by("invoice_id").agg(later=pl.len().cast(pl.Int64))
    left = pl.max_horizontal(pl.col("attempt_count") - pl.col("later").fill_null(0), 0)
    joined = invoices.join(counted, on="invoice_id", how="left", validate="1:1")
    untold = pl.col("attempt_count").is_not_null() & ~pl.col("invoice_id").is_in(told.implode())
    return joined.with_columns(attempt_count=pl.when(untold).then(left).otherwise("attempt_count")).drop("later")


def refund_rows(accepted: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per refund: the columns of ``refunds``."""
    return accepted.select(
        "charge_id",
        "payment_intent_id",
        "balance_transaction_id",
        "status",
        "reason",
        "currency",
        "amount_minor",
        "created_at",
        refund_id="key",
        created_on=day("created_at", reader.pull.timezone),
    )


def dispute_rows(accepted: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per dispute: the columns of ``disputes``."""
    return accepted.select(
        "charge_id",
        "status",
        "reason",
        "currency",
        "amount_minor",
        "created_at",
        dispute_id="key",
        created_on=day("created_at", reader.pull.timezone),
    )


def credit_note_rows(accepted: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per credit note: the columns of ``credit_notes``; one voided after as_of is still issued."""
    cutoff, zone = reader.pull.cutoff, reader.pull.timezone
    ids = pl.concat_list(pl.col("refunds").fill_null([]), pl.concat_list("refund_id")).list.drop_nulls()
    unwrapped = ids.list.eval(
        pl.when(pl.element().str.starts_with("{"))
        .then(pl.element().str.json_path_match("$.id"))
        .otherwise(pl.element())
    )
    voided_later = is_after(pl.col("voided_at"), cutoff) & (pl.col("status") == "void")
    return accepted.with_columns(
        status=pl.when(voided_later).then(pl.lit("issued")).otherwise("status"),
        voided_at=unless_after(pl.col("voided_at"), cutoff),
    ).select(
        "invoice_id",
        "customer_id",
        "status",
        "reason",
        "currency",
        "total_minor",
        "tax_minor",
        "created_at",
        credit_note_id="key",
        refund_ids=unwrapped.list.unique().list.sort(),
        effective_on=day("effective_at", zone),
        created_on=day("created_at", zone),
        voided_on=day("voided_at", zone),
    )
