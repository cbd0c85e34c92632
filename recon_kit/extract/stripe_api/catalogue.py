"""Which lists of Stripe are pulled, with which parameters, and how what changed in them is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recon_kit.schemas.raw import STRIPE_OBJECTS

INVOICE_LINES = "invoice_lines"
PAYOUT_ITEMS = "payout_balance_transactions"
MORE_ITEMS = "subscription_items"
"""Items of subscriptions with more than one page of them, until they are put into their subscription."""


@dataclass(frozen=True)
class StripeList:
    """One list of Stripe.

    Attributes:
        name: as its raw file is called.
        kind: what ``object`` says in its objects.
        path: of the request.
        query: parameters besides paging and range.
        has_range: whether it can be asked by ``created``, so that ranges are fetched side by side.
        is_short: listed anew with every pull, because it is short and its changes are not told reliably.
        unsettled: a status that changes without any event.
    """

    name: str
    kind: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    has_range: bool = True
    is_short: bool = False
    unsettled: str | None = None


def _short(name: str, kind: str, **query: Any) -> StripeList:  # noqa: ANN401
    return StripeList(name, kind, f"/v1/{name}", query, has_range=False, is_short=True)


LISTS = (
    StripeList("invoices", "invoice", "/v1/invoices"),
    StripeList("balance_transactions", "balance_transaction", "/v1/balance_transactions", unsettled="pending"),
    StripeList("charges", "charge", "/v1/charges"),
    StripeList("payment_intents", "payment_intent", "/v1/payment_intents"),
    StripeList("invoice_payments", "invoice_payment", "/v1/invoice_payments", unsettled="open"),
    StripeList(
        "subscriptions",
        "subscription",
        "/v1/subscriptions",
        {"status": "all", "expand": ["data.discounts", "data.items.data.discounts"]},
    ),
    StripeList("customers", "customer", "/v1/customers", {"expand": ["data.tax_ids"]}),
    StripeList("events", "event", "/v1/events"),
    StripeList("refunds", "refund", "/v1/refunds"),
    StripeList("credit_notes", "credit_note", "/v1/credit_notes"),
    StripeList("disputes", "dispute", "/v1/disputes"),
    StripeList("payouts", "payout", "/v1/payouts"),
    StripeList("subscription_schedules", "subscription_schedule", "/v1/subscription_schedules"),
    _short("prices", "price", expand=["data.tiers"]),
    _short("products", "product"),
    _short("coupons", "coupon", expand=["data.applies_to"]),
    _short("tax_rates", "tax_rate"),
    StripeList("balance", "balance", "/v1/balance", has_range=False, is_short=True),
)
"""The longest first, so that they are split among all workers early.

Stripe expands four levels at most, so tiers of prices and products of coupons are not reached from a subscription:
they come with their own lists, and meet by id.
"""
BY_NAME = {each.name: each for each in LISTS}
BY_KIND = {each.kind: each for each in LISTS}
REQUIRED = frozenset(raw.name for raw in STRIPE_OBJECTS if raw.required) & BY_NAME.keys()


def queries() -> dict[str, str]:
    """Write what is asked for each raw object, for the record of the pull."""
    asked = {each.name: _written(each) for each in LISTS}
    asked[INVOICE_LINES] = "GET /v1/invoices/{invoice}/lines?limit=100 (where an invoice has more than one page)"
    asked[PAYOUT_ITEMS] = "GET /v1/balance_transactions?payout={payout}&limit=100 (automatic payouts)"
    return asked


def _written(one: StripeList) -> str:
    if one.name == "balance":
        return "GET /v1/balance"
    pairs = [
        f"{name}[]={each}" if isinstance(value, list) else f"{name}={each}"
        for name, value in one.query.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    return f"GET {one.path}?" + "&".join(["limit=100", *pairs])
