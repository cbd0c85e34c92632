"""Given back: refunds and credit notes of a unit that no change in Salesforce followed."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.edits import amount_edits
from recon_kit.gaps.causes.pieces import common_rates, in_reporting
from recon_kit.gaps.families.seeds import AMOUNT, sow
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, Matched

REFUND_OR_CREDIT = "refund_or_credit"
_NOT_COMMERCIAL = ["duplicate", "fraudulent"]
NOT_PAID_OUT = ["failed", "canceled"]


def seeds_of_refunds(sides: BothSides, matched: Matched, books: Books) -> pl.DataFrame:
    """Find per unit the partial refunds and credit notes since the paired contract's start.

    Duplicate and fraudulent ones are no concession; the refund of a credit note counts once. What was given back
    before the latest amount edit of the unit's contracts is taken for settled.

    Returns:
        One seed per unit: difference 0, impact the net amount given back, ex tax, in the reporting currency.
    """
    returned = pl.concat([_credited(books), _refunded(books)])
    valued = (
        returned.join(common_rates(books), on="currency", how="inner", validate="m:1")
        .with_columns(amount=in_reporting(money.to_e15(pl.col("net_minor"))))
        .join(_paired_units(matched), on="subscription_id", how="inner", validate="m:1")
        .join(_last_edits(sides, books), on="unit_id", how="left", validate="m:1")
        .filter(
            pl.col("given_on") >= pl.col("sold_from"),
            (pl.col("edited_on") < pl.col("given_on")).fill_null(value=True),
            pl.col("amount") > 0,
        )
    )
    summed = (
        valued.sort("unit_id", "pairing_id", "given_on")
        .group_by("unit_id", maintain_order=True)
        .agg(
            pl.col("amount").sum(),
            pl.col("given_on").min(),
            opportunity_ids=pl.col("opportunity_ids").explode(empty_as_null=False).unique().sort(),
            subscription_ids=pl.col("subscription_ids").explode(empty_as_null=False).unique().sort(),
            evidence=pl.col("evidence_id").unique().sort(),
            sums=pl.struct("pairing_id", "crm", "billing").unique(),
        )
    )
    totals = [
        pl.col("sums").list.eval(pl.element().struct.field(side)).list.sum().alias(side) for side in ("crm", "billing")
    ]
    return sow(
        summed.with_columns(totals),
        family=pl.lit(AMOUNT),
        cause=pl.lit(REFUND_OR_CREDIT),
        gap_class=pl.lit("refund"),
        unit_id=pl.col("unit_id"),
        opportunity_ids=pl.col("opportunity_ids"),
        subscription_ids=pl.col("subscription_ids"),
        crm=pl.col("crm"),
        billing=pl.col("billing"),
        difference=pl.lit(0),
        diverged_on=pl.col("given_on"),
        impact=pl.col("amount"),
        billing_on=pl.col("given_on"),
        evidence=pl.col("evidence"),
    )


def _credited(books: Books) -> pl.DataFrame:
    notes = (
        _standing(books)
        .filter(~pl.col("reason").fill_null("").is_in(_NOT_COMMERCIAL))
        .join(_invoices(books), on="invoice_id", how="inner", validate="m:1")
    )
    return notes.select(
        "subscription_id",
        "currency",
        evidence_id="credit_note_id",
        given_on=pl.coalesce("effective_on", "created_on"),
        net_minor=pl.col("total_minor") - pl.col("tax_minor").fill_null(0),
    )


def _standing(books: Books) -> pl.DataFrame:
    """Credit notes that were not voided; the refund of one that was counts for itself."""
    return books.credit_notes.filter(pl.col("status").fill_null("issued") != "void", pl.col("voided_on").is_null())


def paid_out(books: Books) -> pl.DataFrame:
    """Return the refunds that went through: ``refunds`` without failed and canceled ones."""
    return books.refunds.filter(~pl.col("status").fill_null("succeeded").is_in(NOT_PAID_OUT))


def _refunded(books: Books) -> pl.DataFrame:
    """Partial refunds less the tax in them; a charge given back in full undoes a sale, it does not change its price."""
    of_notes = _standing(books).select(refund_id="refund_ids").explode("refund_id", empty_as_null=False).unique()
    charges = books.charges.select("charge_id", "invoice_id", charged=pl.col("amount_minor"))
    whole = pl.col("amount_minor").sum().over("charge_id")
    partial = (
        paid_out(books)
        .join(charges, on="charge_id", how="inner", validate="m:1")
        .filter(whole < pl.col("charged"))
        .filter(~pl.col("reason").fill_null("").is_in(_NOT_COMMERCIAL))
        .join(of_notes, on="refund_id", how="anti")
        .join(_invoices(books), on="invoice_id", how="inner", validate="m:1")
    )
    has_tax = (pl.col("invoice_tax") > 0) & (pl.col("invoice_total") > 0)
    net = money.mul_div(
        money.to_e15(pl.col("amount_minor")), pl.col("invoice_total") - pl.col("invoice_tax"), pl.col("invoice_total")
    )
    return partial.select(
        "subscription_id",
        "currency",
        evidence_id="refund_id",
        given_on="created_on",
        net_minor=pl.when(has_tax).then(money.round_half_up(net)).otherwise("amount_minor"),
    )


def _invoices(books: Books) -> pl.DataFrame:
    return books.invoices.select(
        "invoice_id", "subscription_id", invoice_tax="tax_minor", invoice_total="total_minor"
    ).filter(pl.col("subscription_id").is_not_null())


def _paired_units(matched: Matched) -> pl.DataFrame:
    """The pairing of each paired subscription."""
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    columns = ["pairing_id", "unit_id", "sold_from", "opportunity_ids", "subscription_ids", "crm", "billing"]
    return members.join(matched.pairings.select(columns), on="pairing_id", how="inner", validate="m:1")


def _last_edits(sides: BothSides, books: Books) -> pl.DataFrame:
    units = sides.contracts.select("opportunity_id", "unit_id")
    edits = amount_edits(sides, books).join(units, on="opportunity_id", how="inner", validate="m:1")
    return edits.group_by("unit_id").agg(pl.col("edited_on").max())
