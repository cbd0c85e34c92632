"""What is read of Stripe's payments, balance and events; see ``shapes``."""

from __future__ import annotations

from recon_kit.normalise.stripe.paths import Paths, shape
from recon_kit.normalise.stripe.shapes import RECORD

_AMOUNT: dict[str, Paths] = {"amount": "amount", "currency": "currency"}

CHARGES = shape(
    **RECORD,
    **_AMOUNT,
    customer_id="customer",
    invoice_id="invoice",
    payment_intent_id="payment_intent",
    balance_transaction_id="balance_transaction",
    status="status",
    paid="paid",
    amount_refunded="amount_refunded",
    failure_code=("failure_code", "outcome.reason"),
).with_amounts("amount", "amount_refunded")

REFUNDS = shape(
    **RECORD,
    **_AMOUNT,
    charge_id="charge",
    payment_intent_id="payment_intent",
    balance_transaction_id="balance_transaction",
    status="status",
    reason="reason",
).with_amounts("amount")

DISPUTES = shape(
    **RECORD,
    **_AMOUNT,
    charge_id="charge",
    status="status",
    reason="reason",
).with_amounts("amount")

BALANCE_TRANSACTIONS = shape(
    **RECORD,
    **_AMOUNT,
    source_id="source",
    type="type",
    reporting_category="reporting_category",
    status="status",
    fee="fee",
    net="net",
    available_seconds="available_on",
).with_amounts("amount", "fee", "net")

PAYOUTS = shape(
    **RECORD,
    **_AMOUNT,
    status="status",
    type="type",
    automatic="automatic",
    balance_transaction_id="balance_transaction",
    failure_balance_transaction_id="failure_balance_transaction",
    trace_id="trace_id.value",
    arrival_seconds=("arrival_date", "date"),
).with_amounts("amount")

PAYOUT_ITEMS = shape(
    livemode="livemode",
    payout_id="payout",
    balance_transaction_id="balance_transaction",
)

INVOICE_PAYMENTS = shape(
    **RECORD,
    invoice_id="invoice",
    currency="currency",
    amount_paid="amount_paid",
    status="status",
    paid_seconds="status_transitions.paid_at",
    charge_id="payment.charge",
    payment_intent_id="payment.payment_intent",
).with_amounts("amount_paid")

PAYMENT_INTENTS = shape(
    **RECORD,
    **_AMOUNT,
    invoice_id="invoice",
    charge_id="latest_charge",
).with_amounts("amount")

EVENTS = shape(
    **RECORD,
    type="type",
    object_id="data.object.id",
    object_type="data.object.object",
    object_status="data.object.status",
    previous_attributes="data.previous_attributes",
)

COUNTED = shape(
    **RECORD,
)
"""Objects of which nothing is read but that they are there."""
