"""What a subscription's ordinary invoice lines say: its gross monthly amount over time, and its tax."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction

from tests.reference.evidence import MONTHS
from tests.reference.existence import Comparison
from tests.reference.records import Row, Subscription

STANDING = {"paid", "open", "uncollectible"}


def ordinary_lines(case: Comparison, subscription: Subscription) -> dict[dt.date, list[Row]]:
    """Lines that are no proration, by the start of the period they bill, up to as_of."""
    found: dict[dt.date, list[Row]] = defaultdict(list)
    for line in case.evidence.by_subscription["invoice_lines"][subscription.id]:
        invoice = case.evidence.invoices.get(line["invoice_id"])
        is_ordinary = not line["is_proration"] and line["item_id"] and line["amount_minor"] is not None
        starts = line["period_start_on"]
        is_billing = starts and subscription.billing_start <= starts <= case.as_of
        if invoice and invoice["status"] in STANDING and is_ordinary and is_billing:
            found[starts].append(line)
    return dict(sorted(found.items()))


def proration_days(case: Comparison, subscription: Subscription) -> list[dt.date]:
    """Days from which something was prorated."""
    lines = case.evidence.by_subscription["invoice_lines"][subscription.id]
    return [line["period_start_on"] for line in lines if line["is_proration"] and line["period_start_on"]]


def per_month(case: Comparison, line: Row) -> Fraction:
    """How often a line's price recurs in a month."""
    items = case.evidence.by_subscription["subscription_items"][line["subscription_id"]]
    item = next((row for row in items if row["item_id"] == line["item_id"]), None)
    terms = case.evidence.prices.get(line["price_id"]) or item
    if terms is None or terms["interval"] is None:
        return Fraction(1)
    return MONTHS[terms["interval"]] / (terms["interval_count"] or 1)


def gross_by_period(case: Comparison, subscription: Subscription) -> dict[dt.date, Fraction]:
    """Gross monthly amount in the subscription's currency, by the start of each period that was billed."""
    return {
        start: sum((line["amount_minor"] * per_month(case, line) for line in lines), Fraction(0))
        for start, lines in ordinary_lines(case, subscription).items()
    }


def monthly_tax(case: Comparison, subscription: Subscription) -> Fraction:
    """Tax on the latest ordinary lines, a month, in the reporting currency."""
    lines = ordinary_lines(case, subscription)
    if not lines:
        return Fraction(0)
    tax = sum(((line["tax_minor"] or 0) * per_month(case, line) for line in lines[max(lines)]), Fraction(0))
    return case.evidence.reporting_value(tax, subscription.currency)
