"""Refunds and credit notes since a paired contract began, that no change of the contract's amount followed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tests.reference.exact import half_up
from tests.reference.existence import Comparison
from tests.reference.gap import Gap
from tests.reference.paired import billed_mrr, sold_mrr
from tests.reference.records import Row
from tests.reference.sides import Pairing

MISTAKES = {"duplicate", "fraudulent"}


@dataclass(frozen=True)
class GivenBack:
    """Money given back on one invoice, ex tax, in the reporting currency."""

    on: dt.date
    amount: Fraction


def refund_gap(case: Comparison, pairing: Pairing) -> Gap | None:
    """One gap a pairing, dated by the first, worth all of them."""
    since = min(one.start for one in pairing.contracts)
    edited = [day for one in pairing.contracts for day in amount_edits(case, one.id)]
    found = [
        one
        for subscription in pairing.subscriptions
        for invoice in case.evidence.by_subscription["invoices"][subscription.id]
        for one in given_back(case, invoice)
        if one.on >= since and not any(day >= one.on for day in edited)
    ]
    if not found:
        return None
    impact = sum(half_up(one.amount) for one in found)
    return Gap(
        case.unit, "amount_mismatch", "refund_or_credit", "refund", pairing.contracts, pairing.subscriptions,
        min(one.on for one in found), impact, sold_mrr(pairing), billed_mrr(pairing),
    )  # fmt: skip


def amount_edits(case: Comparison, opportunity_id: str) -> Iterator[dt.date]:
    """Days on which the amount of an opportunity was changed."""
    rows = sorted(case.evidence.history[opportunity_id], key=lambda row: (row["changed_at"], row["history_id"]))
    for before, after in pairwise(rows):
        if before["amount_minor"] != after["amount_minor"]:
            yield after["changed_at"].astimezone(case.policy.zone).date()


def given_back(case: Comparison, invoice: Row) -> Iterator[GivenBack]:
    """Partial refunds and credit notes of an invoice; what refunds a credit note counts once, as the note."""
    evidence = case.evidence
    for note in evidence.notes[invoice["invoice_id"]]:
        if note["reason"] not in MISTAKES:
            net = Fraction((note["total_minor"] or 0) - (note["tax_minor"] or 0))
            on = note["effective_on"] or note["created_on"]
            yield GivenBack(on, evidence.reporting_value(net, invoice["currency"]))
    total, tax = invoice["total_minor"] or 0, invoice["tax_minor"] or 0
    share = 1 - Fraction(tax, total) if total else Fraction(1)
    for charge in evidence.charges[invoice["invoice_id"]]:
        for refund in partial_refunds(case, charge):
            yield GivenBack(
                refund["created_on"], evidence.reporting_value(refund["amount_minor"] * share, invoice["currency"])
            )


def partial_refunds(case: Comparison, charge: Row) -> list[Row]:
    """Refunds of a charge that together leave something of it."""
    rows = [row for row in case.evidence.refunds[charge["charge_id"]] if row["status"] not in {"failed", "canceled"}]
    if sum(row["amount_minor"] for row in rows) >= charge["amount_minor"]:
        return []
    return [row for row in rows if row["refund_id"] not in case.evidence.credited and row["reason"] not in MISTAKES]
