"""Stripe's lists: address, permission, filters; and which fields of which object can be expanded."""

from dataclasses import dataclass

VERSIONS = frozenset(
    [
        "2018-02-28",
        "2018-05-21",
        "2018-07-27",
        "2018-08-23",
        "2018-09-24",
        "2018-10-31",
        "2018-11-08",
        "2019-02-11",
        "2019-02-19",
        "2019-03-14",
        "2019-05-16",
        "2019-08-14",
        "2019-09-09",
        "2019-10-08",
        "2019-10-17",
        "2019-11-05",
        "2019-12-03",
        "2020-03-02",
        "2020-08-27",
        "2022-08-01",
        "2022-11-15",
        "2023-08-16",
        "2023-10-16",
        "2024-04-10",
        "2024-06-20",
        "2024-09-30.acacia",
        "2024-10-28.acacia",
        "2024-11-20.acacia",
        "2024-12-18.acacia",
        "2025-01-27.acacia",
        "2025-02-24.acacia",
        "2025-03-31.basil",
        "2025-04-30.basil",
        "2025-05-28.basil",
        "2025-06-30.basil",
        "2025-07-30.basil",
        "2025-08-27.basil",
        "2025-09-30.clover",
        "2025-10-29.clover",
        "2025-11-17.clover",
        "2025-12-15.clover",
        "2026-01-28.clover",
        "2026-02-25.clover",
        "2026-03-25.dahlia",
        "2026-10-28.endive",
    ]
)


@dataclass(frozen=True)
class Listed:
    """One list: the object's name, the permission that reads it, its equality filters."""

    kind: str
    permission: str
    filters: tuple[str, ...] = ()
    noun: str = ""
    is_dated: bool = True

    @property
    def named(self) -> str:
        """Name in messages."""
        return self.noun or self.kind.replace("_", " ")


LISTS = {
    "customers": Listed("customer", "rak_customer_read", ("email",)),
    "subscriptions": Listed("subscription", "rak_subscription_read", ("customer", "collection_method", "status")),
    "invoices": Listed("invoice", "rak_invoice_read", ("customer", "collection_method", "status", "subscription")),
    "prices": Listed("price", "rak_plan_read", ("active", "currency", "product", "type")),
    "products": Listed("product", "rak_product_read", ("active",)),
    "coupons": Listed("coupon", "rak_coupon_read"),
    "subscription_schedules": Listed("subscription_schedule", "rak_subscription_read", ("customer",)),
    "invoice_payments": Listed("invoice_payment", "rak_invoice_read", ("invoice", "status")),
    "payment_intents": Listed("payment_intent", "rak_payment_intent_read", ("customer",), "payment_intent"),
    "charges": Listed("charge", "rak_charge_read", ("customer", "payment_intent")),
    "refunds": Listed("refund", "rak_charge_read", ("charge", "payment_intent")),
    "disputes": Listed("dispute", "rak_dispute_read", ("charge", "payment_intent")),
    "credit_notes": Listed("credit_note", "rak_credit_note_read", ("customer", "invoice")),
    "balance_transactions": Listed("balance_transaction", "rak_balance_read", ("currency", "source", "type", "payout")),
    "payouts": Listed("payout", "rak_payout_read", ("status",)),
    "events": Listed("event", "rak_event_read", ("type", "types")),
    "tax_rates": Listed("tax_rate", "rak_tax_rate_read", ("active", "inclusive")),
}
DELETABLE = {"customers", "products", "coupons"}
STATUSES = {
    "subscriptions": [
        "active",
        "past_due",
        "unpaid",
        "canceled",
        "incomplete",
        "incomplete_expired",
        "trialing",
        "paused",
        "all",
        "ended",
    ],
    "invoices": ["draft", "open", "paid", "uncollectible", "void"],
    "invoice_payments": ["open", "paid", "canceled"],
    "payouts": ["pending", "paid", "failed", "canceled", "in_transit"],
}

# How a field of an object is shown: as an id unless it is expanded (ref), only when expanded (only), always as an
# object (own), or as a list of objects below ``data`` (list). The word after the blank is the kind of what it holds.
REFERENCES = {
    "discount": {
        "source": "own discount_source",
        "coupon": "own coupon",
        "promotion_code": "ref promotion_code",
        "customer": "ref customer",
    },
    "discount_source": {"coupon": "ref coupon"},
    "coupon": {"applies_to": "only", "currency_options": "only"},
    "promotion_code": {"promotion": "own promotion", "customer": "ref customer"},
    "promotion": {"coupon": "ref coupon"},
    "customer": {
        "discount": "own discount",
        "default_source": "ref",
        "sources": "only",
        "subscriptions": "only",
        "tax": "only",
        "tax_ids": "only",
        "test_clock": "ref",
        "cash_balance": "only",
        "invoice_credit_balance": "only",
    },
    "price": {"tiers": "only", "currency_options": "only", "product": "ref product"},
    "plan": {"tiers": "only", "product": "ref product"},
    "product": {"default_price": "ref price", "tax_code": "ref"},
    "subscription": {
        "items": "list subscription_item",
        "discounts": "ref discount",
        "discount": "own discount",
        "customer": "ref customer",
        "latest_invoice": "ref invoice",
        "schedule": "ref subscription_schedule",
        "plan": "own plan",
        "default_payment_method": "ref",
        "default_source": "ref",
        "pending_setup_intent": "ref",
        "application": "ref",
        "on_behalf_of": "ref",
        "test_clock": "ref",
    },
    "subscription_item": {"price": "own price", "plan": "own plan", "discounts": "ref discount"},
    "subscription_schedule": {
        "customer": "ref customer",
        "subscription": "ref subscription",
        "phases": "own phase",
        "application": "ref",
        "test_clock": "ref",
    },
    "phase": {"discounts": "own phase_discount", "items": "own phase_item", "default_payment_method": "ref"},
    "phase_item": {"price": "ref price", "plan": "ref plan", "discounts": "own phase_discount"},
    "phase_discount": {"coupon": "ref coupon", "discount": "ref discount", "promotion_code": "ref promotion_code"},
    "invoice": {
        "lines": "list line_item",
        "discounts": "ref discount",
        "discount": "own discount",
        "customer": "ref customer",
        "subscription": "ref subscription",
        "charge": "ref charge",
        "payment_intent": "ref payment_intent",
        "payments": "only list",
        "parent": "own invoice_parent",
        "default_payment_method": "ref",
        "default_source": "ref",
        "application": "ref",
        "on_behalf_of": "ref",
        "test_clock": "ref",
        "total_discount_amounts": "own discount_amount",
        "account_tax_ids": "ref",
    },
    "invoice_parent": {"subscription_details": "own subscription_details"},
    "subscription_details": {"subscription": "ref subscription"},
    "discount_amount": {"discount": "ref discount"},
    "line_item": {
        "discounts": "ref discount",
        "price": "own price",
        "plan": "own plan",
        "discount_amounts": "own discount_amount",
        "subscription": "ref subscription",
    },
    "invoice_payment": {"invoice": "ref invoice", "payment": "own invoice_payment_payment"},
    "invoice_payment_payment": {
        "charge": "ref charge",
        "payment_intent": "ref payment_intent",
        "payment_record": "ref",
    },
    "payment_intent": {
        "customer": "ref customer",
        "latest_charge": "ref charge",
        "invoice": "ref invoice",
        "payment_method": "ref",
        "application": "ref",
        "review": "ref",
    },
    "charge": {
        "customer": "ref customer",
        "invoice": "ref invoice",
        "payment_intent": "ref payment_intent",
        "balance_transaction": "ref balance_transaction",
        "refunds": "only",
        "dispute": "ref dispute",
        "application": "ref",
        "application_fee": "ref",
        "transfer": "ref",
        "review": "ref",
        "source_transfer": "ref",
    },
    "refund": {
        "charge": "ref charge",
        "payment_intent": "ref payment_intent",
        "balance_transaction": "ref balance_transaction",
        "customer": "ref customer",
    },
    "dispute": {"charge": "ref charge", "payment_intent": "ref payment_intent"},
    "credit_note": {
        "customer": "ref customer",
        "invoice": "ref invoice",
        "refund": "ref refund",
        "lines": "list credit_note_line_item",
        "refunds": "own credit_note_refund",
    },
    "credit_note_refund": {"refund": "ref refund"},
    "balance_transaction": {"source": "ref"},
    "payout": {
        "balance_transaction": "ref balance_transaction",
        "failure_balance_transaction": "ref balance_transaction",
        "destination": "ref",
        "original_payout": "ref payout",
        "reversed_by": "ref payout",
    },
    "event": {},
    "tax_rate": {},
    "credit_note_line_item": {"discount_amounts": "own discount_amount"},
}
