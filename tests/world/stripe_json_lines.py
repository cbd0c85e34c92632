"""Stripe's JSON for the lines of an invoice, in both shapes."""

from collections.abc import Sequence

from .identifiers import stripe_id
from .invoices import Invoice, InvoiceLine
from .stripe_json_prices import Json, Shape, decimal, plan_json, price_json, tax_rate_json

PAGE = 10


def line_json(line: InvoiceLine, invoice: Invoice, shape: Shape) -> Json:
    """A line of an invoice."""
    found = invoice.discount
    shares = [{"amount": line.discount, "discount": found.id}] if found and line.discount else []
    body: Json = {
        "id": line.id,
        "object": "line_item",
        "amount": line.amount,
        "currency": invoice.currency.lower(),
        "description": line.description,
        "discount_amounts": shares,
        "discountable": not line.is_proration,
        "discounts": [found.id] if shares and found else [],
        "invoice": invoice.id,
        "livemode": invoice.customer.livemode,
        "metadata": {},
        "period": {"start": line.start, "end": line.end},
        "quantity": line.quantity,
    }
    return body | (_old_line if shape == "old" else _new_line)(line, invoice)


def _net(line: InvoiceLine) -> int:
    """Amount of a line after discount, before exclusive tax."""
    return line.amount - line.discount


def _old_line(line: InvoiceLine, invoice: Invoice) -> Json:
    """Flags and references on the line itself."""
    own, is_inclusive = invoice.subscription, bool(invoice.tax_rate and invoice.tax_rate.is_inclusive)
    is_item = line.item_id is None or line.is_proration
    livemode = invoice.customer.livemode
    taxes = []
    if invoice.tax_rate:
        taxes = [
            {
                "amount": line.tax,
                "inclusive": is_inclusive,
                "tax_rate": invoice.tax_rate.id,
                "taxability_reason": None,
                "taxable_amount": _net(line) - (line.tax if is_inclusive else 0),
            }
        ]
    return {
        "amount_excluding_tax": _net(line) - (line.tax if is_inclusive else 0),
        "invoice_item": stripe_id("invoice_item", line.id) if is_item else None,
        "plan": plan_json(line.price, invoice.created, livemode=livemode) if line.price.interval else None,
        "price": price_json(line.price, invoice.created, "old", livemode=livemode),
        "proration": line.is_proration,
        "proration_details": {"credited_items": None},
        "subscription": own.id if own else None,
        "subscription_item": line.item_id,
        "tax_amounts": taxes,
        "tax_rates": [tax_rate_json(invoice.tax_rate, livemode=livemode)] if invoice.tax_rate else [],
        "type": "invoiceitem" if is_item else "subscription",
        "unit_amount_excluding_tax": None,
    }


def _new_line(line: InvoiceLine, invoice: Invoice) -> Json:
    """Flags and references below ``parent`` and ``pricing``."""
    own, is_inclusive = invoice.subscription, bool(invoice.tax_rate and invoice.tax_rate.is_inclusive)
    is_item = line.item_id is None or line.is_proration
    details: Json = {
        "proration": line.is_proration,
        "proration_details": {"credited_items": None},
        "subscription": own.id if own else None,
    }
    details["invoice_item"] = stripe_id("invoice_item", line.id) if is_item else None
    kind, other = "subscription_item_details", "invoice_item_details"
    if line.item_id is None:
        kind, other = other, kind
    else:
        details["subscription_item"] = line.item_id
    unit = None if line.price.tiers else decimal(line.price.unit)
    return {
        "parent": {"type": kind, kind: details, other: None},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": line.price.id, "product": line.price.product.id},
            "unit_amount_decimal": unit,
        },
        "quantity_decimal": str(line.quantity),
        "subtotal": line.amount - (line.tax if is_inclusive else 0),
        "taxes": new_taxes(invoice, line.tax, _net(line)),
        "pretax_credit_amounts": [],
    }


def new_taxes(invoice: Invoice, tax: int, net: int) -> list[Json]:
    """Tax entries of the new shape."""
    rate = invoice.tax_rate
    if rate is None:
        return []
    return [
        {
            "amount": tax,
            "tax_behavior": "inclusive" if rate.is_inclusive else "exclusive",
            "tax_rate_details": {"tax_rate": rate.id},
            "taxability_reason": "standard_rated",
            "taxable_amount": net - (tax if rate.is_inclusive else 0),
            "type": "tax_rate_details",
        }
    ]


def listing_of_lines(invoice: Invoice, lines: Sequence[InvoiceLine], shape: Shape) -> Json:
    """First page of an invoice's lines."""
    rows = [line_json(line, invoice, shape) for line in lines[:PAGE]]
    return {
        "object": "list",
        "data": rows,
        "has_more": len(lines) > PAGE,
        "total_count": len(lines),
        "url": f"/v1/invoices/{invoice.id}/lines",
    }
