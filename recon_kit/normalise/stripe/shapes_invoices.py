"""What is read of Stripe's invoices, their lines and credit notes; see ``shapes``."""

from __future__ import annotations

from recon_kit.normalise.stripe.paths import Field, elements, fields, shape, total
from recon_kit.normalise.stripe.shapes import RECORD

INVOICES = shape(
    Field(
        "tax",
        ("total_taxes[].amount", "tax", "total_tax_amounts[].amount"),
        "coalesce(whole_sum({0}), {1}, whole_sum({2}), '0')",
    ),
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
)

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
    Field("tax", ("taxes[].amount", "tax_amounts[].amount"), "coalesce(whole_sum({0}), whole_sum({1}), '0')"),
    Field(
        "tax_inclusive",
        ("taxes[].amount", "taxes[].tax_behavior", "tax_amounts[].amount", "tax_amounts[].inclusive"),
        "coalesce(whole_sum(list_where({0}, list_transform({1}, lambda b: coalesce(b, '') = 'inclusive'))), "
        "whole_sum(list_where({2}, list_transform({3}, lambda b: coalesce(b, '') = 'true'))), '0')",
    ),
    Field(
        "taxable",
        ("taxes[].taxable_amount", "tax_amounts[].taxable_amount"),
        "coalesce(list_max(list_transform({0}, lambda a: try_cast(a as bigint))), "
        "list_max(list_transform({1}, lambda a: try_cast(a as bigint))))::varchar",
    ),
)

INVOICE_LINES = elements(
    "lines.data",
    *_LINE,
)

OVERFLOW_LINES = shape(
    *_LINE,
    id="id",
    livemode="livemode",
    invoice_id="invoice",
)

CREDIT_NOTES = shape(
    Field(
        "tax",
        ("total_taxes[].amount", "tax_amounts[].amount", "tax"),
        "coalesce(whole_sum({0}), whole_sum({1}), {2}, '0')",
    ),
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
)
