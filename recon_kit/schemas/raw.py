"""The raw layout of a close folder: which files there may be, which must be, and where their money stands."""

from __future__ import annotations

from dataclasses import dataclass

STRIPE = "stripe"
SALESFORCE = "salesforce"


@dataclass(frozen=True)
class RawObject:
    """One kind of raw file.

    Attributes:
        name: file name without ending, as the source names the object.
        required: whether a run stops without it.
        money: the field whose sum is the control total, and the field that holds its currency; none: no money.
    """

    name: str
    required: bool = False
    money: tuple[str, str] | None = None


STRIPE_OBJECTS = (
    RawObject("customers", required=True),
    RawObject("subscriptions", required=True),
    RawObject("invoices", required=True, money=("total", "currency")),
    RawObject("invoice_lines", money=("amount", "currency")),
    RawObject("prices"),
    RawObject("products"),
    RawObject("coupons"),
    RawObject("subscription_schedules"),
    RawObject("invoice_payments", money=("amount_paid", "currency")),
    RawObject("payment_intents", money=("amount", "currency")),
    RawObject("charges", money=("amount", "currency")),
    RawObject("refunds", money=("amount", "currency")),
    RawObject("disputes", money=("amount", "currency")),
    RawObject("credit_notes", money=("total", "currency")),
    RawObject("balance_transactions", money=("amount", "currency")),
    RawObject("payouts", money=("amount", "currency")),
    RawObject("events"),
    RawObject("tax_rates"),
    RawObject("balance"),
    RawObject("payout_balance_transactions"),
)

SALESFORCE_OBJECTS = (
    RawObject("Account", required=True),
    RawObject("Opportunity", required=True, money=("Amount", "CurrencyIsoCode")),
    RawObject("Contact"),
    RawObject("OpportunityLineItem"),
    RawObject("Contract"),
    RawObject("OpportunityHistory"),
)

OBJECTS = {STRIPE: STRIPE_OBJECTS, SALESFORCE: SALESFORCE_OBJECTS}
"""Raw objects by source, in the order they are read."""

BUCKETS = ("accepted", "quarantined", "excluded", "duplicate", "superseded")
"""Where a record that was read can go; each goes to exactly one."""
