"""Stripe's JSON for invoices, their lines and payments, and credit notes, in both shapes."""

from typing import Any

from .dates import DAY
from .identifiers import stripe_id
from .invoices import Charge, CreditNote, Invoice, InvoiceState
from .stripe_json import address, discount_json
from .stripe_json_lines import listing_of_lines, new_taxes
from .stripe_json_prices import Json, Shape


def charges_until(invoice: Invoice, at: int) -> list[Charge]:
    """Attempts to pay an invoice made until an instant, oldest first."""
    return [charge for charge in invoice.payment.charges if charge.created <= at] if invoice.payment else []


def amount_paid(invoice: Invoice, state: InvoiceState) -> int:
    """What has been paid on an invoice."""
    return invoice.total if state.status == "paid" else 0


def invoice_json(invoice: Invoice, state: InvoiceState, at: int, shape: Shape) -> Json:
    """An invoice in one of its states; lines beyond the tenth are on the overflow page."""
    customer, paid = invoice.customer, amount_paid(invoice, state)
    is_sent = invoice.collection_method == "send_invoice"
    inclusive = invoice.tax - invoice.exclusive_tax
    has_discount = invoice.discount is not None and invoice.discounted > 0
    body: Json = {
        "id": invoice.id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Northbeam, Inc.",
        "amount_due": invoice.total,
        "amount_paid": paid,
        "amount_remaining": invoice.total - paid,
        "amount_shipping": 0,
        "attempt_count": state.attempt_count,
        "attempted": state.attempt_count > 0,
        "auto_advance": state.status in {"draft", "open"},
        "billing_reason": invoice.reason,
        "collection_method": invoice.collection_method,
        "created": invoice.created,
        "currency": invoice.currency.lower(),
        "customer": customer.id,
        "customer_address": address(customer),
        "customer_email": customer.timeline.newest.email,
        "customer_name": customer.timeline.newest.name,
        "default_tax_rates": [],
        "description": None,
        "due_date": invoice.created + 30 * DAY if is_sent else None,
        "effective_at": state.finalized_at,
        "ending_balance": None if state.status == "draft" else 0,
        "lines": listing_of_lines(invoice, invoice.lines, shape),
        "livemode": customer.livemode,
        "metadata": dict(invoice.metadata),
        "next_payment_attempt": state.next_attempt,
        "number": None if state.status == "draft" else invoice.number,
        "period_start": invoice.created,
        "period_end": invoice.created,
        "post_payment_credit_notes_amount": state.credited,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": state.status,
        "status_transitions": {
            "finalized_at": state.finalized_at,
            "marked_uncollectible_at": state.uncollectible_at,
            "paid_at": state.paid_at,
            "voided_at": state.voided_at,
        },
        "subtotal": invoice.subtotal,
        "subtotal_excluding_tax": invoice.subtotal - inclusive,
        "test_clock": None,
        "total": invoice.total,
        "total_excluding_tax": invoice.total - invoice.tax,
        "total_discount_amounts": [{"amount": invoice.discounted, "discount": invoice.discount.id}]
        if has_discount and invoice.discount
        else [],
    }
    return body | (_old_invoice(invoice, state, at) if shape == "old" else _new_invoice(invoice, at))


def _old_invoice(invoice: Invoice, state: InvoiceState, at: int) -> Json:
    """References that an invoice carried itself until 2024."""
    own, rate, charges = invoice.subscription, invoice.tax_rate, charges_until(invoice, at)
    found = discount_json(invoice.discount, own, "old") if invoice.discount and own else None
    total_tax: list[Json] = []
    if rate:
        taxable = invoice.subtotal - invoice.discounted - (invoice.tax if rate.is_inclusive else 0)
        total_tax = [
            {
                "amount": invoice.tax,
                "inclusive": rate.is_inclusive,
                "tax_rate": rate.id,
                "taxability_reason": None,
                "taxable_amount": taxable,
            }
        ]
    return {
        "charge": charges[-1].id if charges else None,
        "discount": found,
        "discounts": [found["id"]] if found else [],
        "paid": state.status == "paid",
        "paid_out_of_band": state.status == "paid" and invoice.total > 0 and not charges,
        "payment_intent": invoice.payment.id if invoice.payment and charges else None,
        "quote": None,
        "subscription": own.id if own else None,
        "subscription_details": {"metadata": dict(own.metadata) if own else None},
        "tax": invoice.tax if rate else None,
        "total_tax_amounts": total_tax,
    }


def _new_invoice(invoice: Invoice, at: int) -> Json:
    """References below ``parent``; the payment is an object of its own."""
    own = invoice.subscription
    parent: dict[str, Any] | None = None
    if own:
        parent = {
            "quote_details": None,
            "type": "subscription_details",
            "subscription_details": {"metadata": dict(own.metadata), "subscription": own.id},
        }
    return {
        "amount_overpaid": 0,
        "parent": parent,
        "discounts": [invoice.discount.id] if invoice.discount else [],
        "total_pretax_credit_amounts": [],
        "total_taxes": new_taxes(invoice, invoice.tax, invoice.subtotal - invoice.discounted),
    }


def invoice_payment_json(invoice: Invoice, state: InvoiceState, at: int) -> Json | None:
    """The link from an invoice to its payment intent; none before the first attempt."""
    if invoice.payment is None or not charges_until(invoice, at):
        return None
    is_paid = state.status == "paid"
    return {
        "id": stripe_id("invoice_payment", invoice.id),
        "object": "invoice_payment",
        "amount_paid": invoice.total if is_paid else None,
        "amount_requested": invoice.total,
        "created": invoice.payment.timeline.created,
        "currency": invoice.currency.lower(),
        "invoice": invoice.id,
        "is_default": True,
        "livemode": invoice.customer.livemode,
        "payment": {"type": "payment_intent", "payment_intent": invoice.payment.id},
        "status": "paid" if is_paid else "open",
        "status_transitions": {"canceled_at": None, "paid_at": state.paid_at},
    }


def credit_note_json(note: CreditNote, shape: Shape) -> Json:
    """A credit note on a paid invoice."""
    invoice, rate, net = note.invoice, note.invoice.tax_rate, note.amount - note.tax
    line: Json = {
        "id": stripe_id("credit_note_line", note.id),
        "object": "credit_note_line_item",
        "amount": net,
        "description": note.memo,
        "discount_amount": 0,
        "discount_amounts": [],
        "invoice_line_item": None,
        "livemode": True,
        "quantity": 1,
        "tax_rates": [],
        "type": "custom_line_item",
        "unit_amount": net,
        "unit_amount_decimal": str(net),
    }
    body: Json = {
        "id": note.id,
        "object": "credit_note",
        "amount": note.amount,
        "amount_shipping": 0,
        "created": note.created,
        "currency": invoice.currency.lower(),
        "customer": invoice.customer.id,
        "customer_balance_transaction": None,
        "discount_amount": 0,
        "discount_amounts": [],
        "effective_at": note.created,
        "invoice": invoice.id,
        "lines": {"object": "list", "data": [line], "has_more": False, "url": f"/v1/credit_notes/{note.id}/lines"},
        "livemode": invoice.customer.livemode,
        "memo": note.memo,
        "metadata": {},
        "number": f"{invoice.number}-CN-01",
        "out_of_band_amount": None if note.refund else note.amount,
        "reason": note.reason,
        "status": "issued",
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "total": note.amount,
        "total_excluding_tax": net,
        "type": "post_payment",
        "voided_at": None,
    }
    if shape == "old":
        tax = [{"amount": note.tax, "inclusive": rate.is_inclusive, "tax_rate": rate.id}] if rate else []
        return {**body, "refund": note.refund.id if note.refund else None, "tax_amounts": tax}
    refunds = [{"amount_refunded": note.amount, "refund": note.refund.id}] if note.refund else []
    return {
        **body,
        "post_payment_amount": note.amount,
        "pre_payment_amount": 0,
        "refunds": refunds,
        "total_taxes": new_taxes(invoice, note.tax, net),
    }
