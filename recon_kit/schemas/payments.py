"""Stripe tables of what was invoiced, paid and given back."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Invoices(dy.Schema):
    """One row per Stripe invoice, in the state it had on as_of."""

    invoice_id = c.key()
    customer_id = c.text()
    subscription_id = c.text()
    number = c.text()
    status = c.text()
    currency = c.name()
    subtotal_minor = c.maybe_minor()
    tax_minor = c.maybe_minor()
    total_minor = c.maybe_minor()
    amount_due_minor = c.maybe_minor()
    amount_paid_minor = c.maybe_minor()
    amount_remaining_minor = c.maybe_minor()
    billing_reason = c.text()
    attempt_count = c.maybe_count()
    created_at = c.moment()
    created_on = c.day()
    finalized_on = c.day()
    due_on = c.day()
    paid_on = c.day()
    voided_on = c.day()
    uncollectible_on = c.day()
    metadata_opportunity_id = c.text()


class InvoiceLines(dy.Schema):
    """One row per invoice line, overflow pages included."""

    line_id = c.key()
    invoice_id = c.key()
    subscription_id = c.text()
    item_id = c.text()
    price_id = c.text()
    product_id = c.text()
    description = c.text()
    kind = c.text()
    is_proration = c.flag()
    quantity = c.quantity()
    amount_minor = c.maybe_minor()
    discount_minor = c.maybe_minor()
    tax_minor = c.maybe_minor()
    tax_inclusive_minor = c.maybe_minor()
    taxable_minor = c.maybe_minor()
    currency = c.name()
    period_start_on = c.day()
    period_end_on = c.day()


class CreditNotes(dy.Schema):
    """One row per credit note."""

    credit_note_id = c.key()
    invoice_id = c.text()
    customer_id = c.text()
    status = c.text()
    reason = c.text()
    currency = c.name()
    total_minor = c.maybe_minor()
    tax_minor = c.maybe_minor()
    refund_ids = c.names()
    effective_on = c.day()
    created_at = c.moment()
    created_on = c.day()
    voided_on = c.day()


class Charges(dy.Schema):
    """One row per charge."""

    charge_id = c.key()
    customer_id = c.text()
    invoice_id = c.text()
    payment_intent_id = c.text()
    balance_transaction_id = c.text()
    status = c.text()
    paid = c.maybe_flag()
    currency = c.name()
    amount_minor = c.maybe_minor()
    amount_refunded_minor = c.maybe_minor()
    failure_code = c.text()
    created_at = c.moment()
    created_on = c.day()


class Refunds(dy.Schema):
    """One row per refund."""

    refund_id = c.key()
    charge_id = c.text()
    payment_intent_id = c.text()
    balance_transaction_id = c.text()
    status = c.text()
    reason = c.text()
    currency = c.name()
    amount_minor = c.maybe_minor()
    created_at = c.moment()
    created_on = c.day()


class Disputes(dy.Schema):
    """One row per dispute."""

    dispute_id = c.key()
    charge_id = c.text()
    status = c.text()
    reason = c.text()
    currency = c.name()
    amount_minor = c.maybe_minor()
    created_at = c.moment()
    created_on = c.day()


class BalanceTransactions(dy.Schema):
    """One row per balance transaction."""

    balance_transaction_id = c.key()
    source_id = c.text()
    payout_id = c.text()
    type = c.text()
    reporting_category = c.text()
    status = c.text()
    currency = c.name()
    amount_minor = c.maybe_minor()
    fee_minor = c.maybe_minor()
    net_minor = c.maybe_minor()
    created_at = c.moment()
    created_on = c.day()
    available_on = c.day()


class PayoutsRaw(dy.Schema):
    """One row per payout as Stripe gives it."""

    payout_id = c.key()
    status = c.text()
    type = c.text()
    automatic = c.maybe_flag()
    currency = c.name()
    amount_minor = c.maybe_minor()
    balance_transaction_id = c.text()
    trace_id = c.text()
    created_at = c.moment()
    created_on = c.day()
    arrival_date = c.day()


PAYMENTS = (
    Table("invoices", Invoices),
    Table("invoice_lines", InvoiceLines),
    Table("credit_notes", CreditNotes),
    Table("charges", Charges),
    Table("refunds", Refunds),
    Table("disputes", Disputes),
    Table("balance_transactions", BalanceTransactions),
    Table("payouts_raw", PayoutsRaw),
)
