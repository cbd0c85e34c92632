"""What the tables tell about one record: failed payments, trials, merges, rates, invoices."""

from __future__ import annotations

import copy
import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from fractions import Fraction

from tests.reference.records import Row, Subscription
from tests.reference.units import Books

Rates = dict[dt.date, dict[str, Fraction]]
DECIMALS = {"JPY": 0, "KRW": 0, "ISK": 0, "CLP": 0, "VND": 0}
MONTHS = {"day": Fraction(365, 12), "week": Fraction(52, 12), "month": Fraction(1), "year": Fraction(1, 12)}
"""How often an interval recurs in a month."""


class Evidence:
    """The tables of a close, by the records they speak of; ``rates`` are units of a currency a euro, by day."""

    def __init__(self, books: Books, rates: Rates, reporting: str) -> None:
        self.books = books
        self.rates = rates
        self.days_quoted = sorted(rates)
        self.reporting = reporting
        self.merged = {row["account_id"] for row in books["accounts"] if row["merged_into"]}
        self.customers = {row["customer_id"]: row for row in books["customers"]}
        self.invoices = {row["invoice_id"]: row for row in books["invoices"]}
        self.by_subscription = {
            name: _grouped(books[name], "subscription_id")
            for name in ("invoices", "invoice_lines", "subscription_items")
        }
        self.prices = {row["price_id"]: row for row in books["prices"]}
        self.charges = _grouped(books["charges"], "invoice_id")
        self.refunds = _grouped(books["refunds"], "charge_id")
        self.notes = _grouped([row for row in books["credit_notes"] if row["status"] == "issued"], "invoice_id")
        self.credited = {refund for rows in self.notes.values() for row in rows for refund in row["refund_ids"]}
        self.events = _grouped(books["events"], "object_id")
        self.discounts = _grouped(books["discounts"], "owner_id")
        self.history = _grouped(books["opportunity_history"], "opportunity_id")
        self.lines = _grouped(books["contract_lines"], "opportunity_id")
        self.steps = {row["record_id"]: row for row in books["mrr_worksheet"] if row["side"] == "billing"}
        self.common = {
            row["currency"]: Fraction(int(row["rate_numerator"]), int(row["rate_denominator"]))
            for row in books["common_rates"]
        }

    def in_currency(self, code: str) -> Evidence:
        """The same tables where one currency counts for itself, and no other converts to it."""
        apart = copy.copy(self)
        apart.reporting, apart.common = code, {code: Fraction(1)}
        return apart

    def failed_to_pay(self, subscription: Subscription) -> bool:
        """Whether a subscription ended because payments failed."""
        if subscription.row["cancellation_reason"] == "payment_failed" or subscription.status == "unpaid":
            return True
        return any(
            row["created_on"] <= subscription.ended and _is_unpaid(row)
            for row in self.by_subscription["invoices"][subscription.id]
        )

    def orphan_cause(self, subscription: Subscription) -> str:
        customer = self.customers.get(subscription.customer, {})
        named = {customer.get("metadata_account_id"), subscription.row["metadata_account_id"]}
        if named & self.merged:
            return "merge_residue"
        return "trial_conversion" if subscription.row["trial_end_on"] else "self_service_signup"

    def reporting_value(self, minor: Fraction, currency: str) -> Fraction:
        """Convert at the common rate, unrounded."""
        return minor * self.common[currency]

    def value_then(self, minor: Fraction, source: str, target: str, day: dt.date) -> Fraction:
        """Convert at the reference rate last published on or before a day, unrounded."""
        quoted = self.rates[self.days_quoted[bisect_right(self.days_quoted, day) - 1]]
        places = DECIMALS.get(target, 2) - DECIMALS.get(source, 2)
        return minor * quoted[target] / quoted[source] * Fraction(10) ** places


def _is_unpaid(invoice: Row) -> bool:
    is_open = invoice["status"] == "open" and (invoice["attempt_count"] or 0) > 0
    return is_open or invoice["status"] == "uncollectible"


def _grouped(rows: list[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found
