"""What is read of Stripe's invoices, their lines and credit notes; see ``shapes``."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.normalise.stripe.paths import At, Field, elements, fields, shape, total, whole_sum
from recon_kit.normalise.stripe.shapes import RECORD


def _inclusive(at: At) -> pl.Expr:
    """Sum the taxes that are part of the amount."""
    newer = at("taxes").list.filter(pl.element().struct.field("tax_behavior") == "inclusive")
    older = at("tax_amounts").list.filter(pl.element().struct.field("inclusive") == "true")
    summed = [whole_sum(part.list.eval(pl.element().struct.field("amount"))) for part in (newer, older)]
    return pl.coalesce([*summed, pl.lit("0")])


def _taxable(at: At) -> pl.Expr:
    """Take the largest amount that a tax was worked out on."""
    stated = [at(f"{name}[].taxable_amount") for name in ("taxes", "tax_amounts")]
    numbers = [texts.list.eval(money.integer_text(pl.element())).list.max() for texts in stated]
    return pl.coalesce(numbers).cast(pl.String)


INVOICES = shape(
    total("tax", "total_taxes[].amount", "tax", "total_tax_amounts[].amount", otherwise="0"),
    **RECORD,
    customer_id="customer",
    subscription_id=("parent.subscription_details.subscription", "subscription"),
    number="number",
    status="status",
    currency="currency",
    subtotal="subtotal",
    total="total",
    amount_due="amount_due",
    amount_paid="amount_paid",
    amount_remaining="amount_remaining",
    billing_reason="billing_reason",
    attempt_count="attempt_count",
    attempted="attempted",
    paid="paid",
    closed="closed",
    forgiven="forgiven",
    due_seconds="due_date",
    finalized_seconds=("status_transitions.finalized_at", "finalized_at"),
    paid_seconds="status_transitions.paid_at",
    voided_seconds="status_transitions.voided_at",
    uncollectible_seconds="status_transitions.marked_uncollectible_at",
    charge_id="charge",
    payment_intent_id="payment_intent",
    payments="payments.data[].payment",
    lines_more="lines.has_more",
    metadata_opportunity_id=(
        "metadata.salesforce_opportunity_id",
        "parent.subscription_details.metadata.salesforce_opportunity_id",
        "subscription_details.metadata.salesforce_opportunity_id",
    ),
).with_amounts("subtotal", "tax", "total", "amount_due", "amount_paid", "amount_remaining")

_LINE = (
    *fields(
        line_id="id",
        subscription_id=(
            "parent.subscription_item_details.subscription",
            "parent.invoice_item_details.subscription",
            "subscription",
        ),
        item_id=("parent.subscription_item_details.subscription_item", "subscription_item"),
        price_id=("pricing.price_details.price", "price.id", "plan.id"),
        product_id=("pricing.price_details.product", "price.product", "plan.product"),
        unit_amount=(
            "pricing.unit_amount_decimal",
            "price.unit_amount_decimal",
            "price.unit_amount",
            "plan.amount_decimal",
            "plan.amount",
        ),
        description="description",
        kind=("parent.type", "type"),
        is_proration=(
            "parent.subscription_item_details.proration",
            "parent.invoice_item_details.proration",
            "proration",
        ),
        quantity=("quantity_decimal", "quantity"),
        amount="amount",
        currency="currency",
        period_start_seconds="period.start",
        period_end_seconds="period.end",
    ),
    total("discount", "discount_amounts[].amount"),
    total("tax", "taxes[].amount", "tax_amounts[].amount", otherwise="0"),
    Field(
        "tax_inclusive",
        ("taxes[].amount", "taxes[].tax_behavior", "tax_amounts[].amount", "tax_amounts[].inclusive"),
        _inclusive,
    ),
    Field("taxable", ("taxes[].taxable_amount", "tax_amounts[].taxable_amount"), _taxable),
)
_LINE_AMOUNTS = ("amount", "discount", "tax", "tax_inclusive", "taxable")

INVOICE_LINES = elements(
    "lines.data",
    *_LINE,
).with_amounts(*_LINE_AMOUNTS)

OVERFLOW_LINES = shape(
    *_LINE,
    id="id",
    livemode="livemode",
    invoice_id="invoice",
).with_amounts(*_LINE_AMOUNTS)

CREDIT_NOTES = shape(
    total("tax", "total_taxes[].amount", "tax_amounts[].amount", "tax", otherwise="0"),
    **RECORD,
    invoice_id="invoice",
    customer_id="customer",
    status="status",
    reason="reason",
    currency="currency",
    total="total",
    effective_seconds="effective_at",
    voided_seconds="voided_at",
    refund_id="refund",
    refunds="refunds[].refund",
).with_amounts("total", "tax")
