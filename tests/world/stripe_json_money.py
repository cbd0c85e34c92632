"""Stripe's JSON for what moved: payment intents, charges, refunds, disputes, payouts and the balance."""

from collections.abc import Iterable
from typing import Any

from .identifiers import stripe_id
from .invoices import (
    BalanceTransaction,
    Charge,
    ChargeState,
    Dispute,
    DisputeState,
    PaymentIntent,
    PaymentState,
    Payout,
    PayoutState,
    Refund,
)
from .stripe_json import address
from .stripe_json_prices import Json, Shape

CATEGORY = {"charge": "charge", "refund": "refund", "adjustment": "dispute", "payout": "payout"}
MESSAGES = {"card_declined": "Your card was declined.", "insufficient_funds": "Your card has insufficient funds."}


def payment_intent_json(payment: PaymentIntent, state: PaymentState, shape: Shape) -> Json:
    """A payment intent; its invoice is named only by the old shape."""
    invoice = payment.invoice
    body: Json = {
        "id": payment.id,
        "object": "payment_intent",
        "amount": invoice.total,
        "amount_capturable": 0,
        "amount_received": invoice.total if state.status == "succeeded" else 0,
        "canceled_at": None,
        "capture_method": "automatic",
        "confirmation_method": "automatic",
        "created": payment.timeline.created,
        "currency": invoice.currency.lower(),
        "customer": invoice.customer.id,
        "description": "Subscription payment",
        "latest_charge": state.latest_charge,
        "livemode": invoice.customer.livemode,
        "metadata": {},
        "payment_method": stripe_id("payment_method", invoice.customer.id),
        "payment_method_types": [invoice.customer.method],
        "setup_future_usage": None,
        "status": state.status,
    }
    return {**body, "invoice": invoice.id} if shape == "old" else body


def charge_json(charge: Charge, state: ChargeState, shape: Shape) -> Json:
    """A charge; its invoice is named only by the old shape."""
    invoice, is_paid = charge.payment.invoice, charge.failure is None
    customer = invoice.customer
    contact: Json = {
        "address": address(customer),
        "email": customer.timeline.newest.email,
        "name": customer.timeline.newest.name,
        "phone": None,
    }
    body: Json = {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.amount if is_paid else 0,
        "amount_refunded": state.refunded,
        "balance_transaction": charge.transaction.id if charge.transaction else None,
        "billing_details": contact,
        "captured": is_paid,
        "created": charge.created,
        "currency": invoice.currency.lower(),
        "customer": customer.id,
        "description": "Subscription payment",
        "disputed": state.disputed,
        "failure_code": charge.failure,
        "failure_message": MESSAGES.get(charge.failure or ""),
        "livemode": customer.livemode,
        "metadata": {},
        "outcome": _outcome(charge),
        "paid": is_paid,
        "payment_intent": charge.payment.id,
        "payment_method": stripe_id("payment_method", customer.id),
        "payment_method_details": _method(customer.method),
        "receipt_email": None,
        "refunded": is_paid and state.refunded == charge.amount,
        "status": "succeeded" if is_paid else "failed",
    }
    return {**body, "invoice": invoice.id} if shape == "old" else body


def _outcome(charge: Charge) -> Json:
    """What the network said."""
    if charge.failure is None:
        return {
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        }
    return {
        "network_status": "declined_by_network",
        "reason": charge.failure,
        "type": "issuer_declined",
        "seller_message": "The bank did not return any further details with this decline.",
    }


def _method(kind: str) -> Json:
    """Payment method details."""
    details: dict[str, dict[str, Any]] = {
        "card": {
            "brand": "visa",
            "country": "US",
            "exp_month": 8,
            "exp_year": 2030,
            "funding": "credit",
            "last4": "4242",
        },
        "sepa_debit": {"bank_code": "37040044", "country": "DE", "last4": "3000"},
        "us_bank_account": {"account_type": "checking", "bank_name": "STRIPE TEST BANK", "last4": "6789"},
    }
    return {"type": kind, kind: details[kind]}


def refund_json(refund: Refund, shape: Shape) -> Json:
    """A refund; it has no livemode."""
    invoice = refund.charge.payment.invoice
    body: Json = {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "balance_transaction": refund.transaction.id,
        "charge": refund.charge.id,
        "created": refund.created,
        "currency": invoice.currency.lower(),
        "metadata": {},
        "payment_intent": refund.charge.payment.id,
        "reason": refund.reason,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    return body if shape == "old" else {**body, "customer": invoice.customer.id}


def dispute_json(dispute: Dispute, state: DisputeState, at: int, _shape: Shape = "new") -> Json:
    """A dispute, with the balance transactions it has caused until an instant."""
    invoice = dispute.charge.payment.invoice
    moved = [transaction_json(found, at) for created, found in dispute.transactions if created <= at]
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "balance_transactions": moved,
        "charge": dispute.charge.id,
        "created": dispute.timeline.created,
        "currency": invoice.currency.lower(),
        "evidence_details": {
            "due_by": dispute.timeline.created + 9 * 86400,
            "has_evidence": True,
            "past_due": False,
            "submission_count": 1,
        },
        "is_charge_refundable": False,
        "livemode": invoice.customer.livemode,
        "metadata": {},
        "payment_intent": dispute.charge.payment.id,
        "reason": dispute.reason,
        "status": state.status,
    }


def transaction_json(moved: BalanceTransaction, at: int) -> Json:
    """A balance transaction; it has no livemode and does not name its payout."""
    rate = None if moved.exchange_rate is None else float(moved.exchange_rate)
    fees = [
        {
            "amount": moved.fee,
            "application": None,
            "currency": moved.currency.lower(),
            "description": "Stripe processing fees" if moved.kind == "charge" else "Dispute fee",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": moved.id,
        "object": "balance_transaction",
        "amount": moved.amount,
        "available_on": moved.available_on,
        "balance_type": "payments",
        "created": moved.created,
        "currency": moved.currency.lower(),
        "description": moved.description,
        "exchange_rate": rate,
        "fee": moved.fee,
        "fee_details": fees if moved.fee else [],
        "net": moved.net,
        "reporting_category": _category(moved),
        "source": moved.source.split("/")[0],
        "status": "available" if moved.available_on <= at else "pending",
        "type": moved.kind,
    }


def _category(moved: BalanceTransaction) -> str:
    """Reporting category."""
    if moved.kind == "adjustment" and moved.amount > 0:
        return "dispute_reversal"
    return CATEGORY[moved.kind]


def payout_json(payout: Payout, state: PayoutState) -> Json:
    """An automatic payout."""
    return {
        "id": payout.id,
        "object": "payout",
        "amount": payout.amount,
        "application_fee": None,
        "arrival_date": payout.arrival,
        "automatic": True,
        "balance_transaction": payout.transaction.id,
        "created": payout.timeline.created,
        "currency": payout.currency.lower(),
        "description": "STRIPE PAYOUT",
        "destination": stripe_id("bank_account", payout.currency),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": True,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": "NORTHBEAM",
        "status": state.status,
        "trace_id": {"status": "supported", "value": f"{int.from_bytes(payout.id.encode()[-6:]):015d}"[:15]},
        "type": "bank_account",
    }


def balance_json(movements: Iterable[BalanceTransaction], at: int) -> Json:
    """The balance of an instant: what payouts took is gone from what is available."""
    sums: dict[str, list[int]] = {}
    for moved in movements:
        pair = sums.setdefault(moved.currency, [0, 0])
        pair[0 if moved.kind == "payout" or moved.available_on <= at else 1] += moved.net
    rows = [
        [
            {"amount": pair[column], "currency": currency.lower(), "source_types": {"card": pair[column]}}
            for currency, pair in sorted(sums.items())
        ]
        for column in (0, 1)
    ]
    return {"object": "balance", "available": rows[0], "connect_reserved": [], "livemode": True, "pending": rows[1]}
