"""Stripe tables: what is billed and paid."""

import dataframely as dy

from recon_kit.schemas import columns as c
from recon_kit.schemas.table import Table


class Customers(dy.Schema):
    """One row per Stripe customer of the policy's mode."""

    customer_id = c.key()
    name = c.text()
    email = c.text()
    phone = c.text()
    country = c.text()
    postal_code = c.text()
    city = c.text()
    vat_number = c.text()
    currency = c.text()
    created_at = c.moment()
    created_on = c.day()
    coupon_id = c.text()
    metadata_account_id = c.text()
    metadata_opportunity_id = c.text()
    changed_after_as_of = c.flag()


class Subscriptions(dy.Schema):
    """One row per Stripe subscription, in the state it had on as_of.

    ``mrr_minor`` counts what bills on as_of; ``committed_mrr_minor`` what a live subscription bills when its trial or
    pause is over. Both are rounded once from the exact value; null when an item cannot be tested.
    """

    subscription_id = c.key()
    customer_id = c.name()
    status = c.name()
    is_live = c.flag()
    is_collection_paused = c.flag()
    collection_method = c.text()
    currency = c.name()
    created_at = c.moment()
    created_on = c.day()
    start_on = c.day()
    billing_start_on = c.day()
    trial_start_on = c.day()
    trial_end_on = c.day()
    current_period_start_on = c.day()
    current_period_end_on = c.day()
    cancel_at_on = c.day()
    cancel_at_period_end = c.flag()
    canceled_on = c.day()
    ended_on = c.day()
    stops_on = c.day()
    paused_on = c.day()
    cancellation_reason = c.text()
    coupon_ids = c.names()
    metadata_account_id = c.text()
    metadata_opportunity_id = c.text()
    latest_invoice_id = c.text()
    changed_after_as_of = c.flag()
    is_comparable = c.flag()
    mrr_minor = c.maybe_minor()
    mrr_reporting_minor = c.maybe_minor()
    committed_mrr_minor = c.maybe_minor()
    committed_mrr_reporting_minor = c.maybe_minor()


class SubscriptionItems(dy.Schema):
    """One row per item of a subscription, as it stood on as_of."""

    item_id = c.key()
    subscription_id = c.key()
    price_id = c.text()
    product_id = c.text()
    product = c.text()
    nickname = c.text()
    quantity = c.quantity()
    unit_amount = c.quantity()
    currency = c.name()
    interval = c.text()
    interval_count = c.maybe_count()
    usage_type = c.text()
    billing_scheme = c.text()
    tiers_mode = c.text()
    transform_divide_by = c.maybe_count()
    transform_round = c.text()
    tax_behavior = c.text()
    tax_rate_pct = c.percent()
    trial_end_on = c.day()
    coupon_ids = c.names()


class Prices(dy.Schema):
    """One row per price; the amount is in Stripe's smallest unit, exactly as Stripe gives it."""

    price_id = c.key()
    product_id = c.text()
    product = c.text()
    nickname = c.text()
    currency = c.name()
    unit_amount = c.quantity()
    interval = c.text()
    interval_count = c.maybe_count()
    usage_type = c.text()
    billing_scheme = c.text()
    tiers_mode = c.text()
    transform_divide_by = c.maybe_count()
    transform_round = c.text()
    tax_behavior = c.text()


class PriceTiers(dy.Schema):
    """One row per tier of a tiered price; amounts in Stripe's smallest unit; the last tier has no ``up_to``."""

    price_id = c.key()
    position = dy.Int64(primary_key=True)
    up_to = c.maybe_count()
    unit_amount = c.quantity()
    flat_amount = c.quantity()


class Coupons(dy.Schema):
    """One row per coupon."""

    coupon_id = c.key()
    name = c.text()
    duration = c.text()
    duration_months = c.maybe_count()
    percent_off = c.percent()
    amount_off_minor = c.maybe_minor()
    currency = c.text()
    applies_to_product_ids = c.names()


class Discounts(dy.Schema):
    """One row per discount applied to a customer, a subscription or an item."""

    owner_id = c.key()
    owner = c.name()
    position = dy.Int64(primary_key=True)
    discount_id = c.text()
    coupon_id = c.text()
    duration = c.text()
    percent_off = c.percent()
    amount_off_minor = c.maybe_minor()
    currency = c.text()
    applies_to_product_ids = c.names()
    start_on = c.day()
    end_on = c.day()


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


class Events(dy.Schema):
    """One row per Stripe event up to as_of."""

    event_id = c.key()
    type = c.text()
    object_id = c.text()
    object_type = c.text()
    created_at = c.moment()
    created_on = c.day()
    payload = c.text()
    previous_attributes = c.text()


class MrrWorksheet(dy.Schema):
    """One row per contract and subscription: the steps from the raw figure to MRR, to re-perform by hand.

    Exact columns are minor units of the record's own currency with 15 decimals.
    """

    side = c.key()
    record_id = c.key()
    currency = c.name()
    basis = c.text()
    raw_minor = c.maybe_minor()
    term_months = c.maybe_count()
    interval = c.text()
    parts = c.count()
    gross_monthly = c.exact()
    item_discount_monthly = c.exact()
    discount_monthly = c.exact()
    tax_monthly = c.exact()
    net_monthly = c.exact()
    counts = c.flag()
    reason = c.text()
    mrr_minor = c.maybe_minor()
    rate_on = c.day()
    rate = c.text()
    mrr_reporting_minor = c.maybe_minor()


class MrrWorksheetParts(dy.Schema):
    """One row per contract line and subscription item: its part of the record's MRR."""

    side = c.key()
    record_id = c.key()
    part_id = c.key()
    label = c.text()
    quantity = c.quantity()
    unit_amount = c.quantity()
    raw_minor = c.maybe_minor()
    interval = c.text()
    interval_count = c.maybe_count()
    months = c.text()
    gross_monthly = c.exact()
    discount_monthly = c.exact()
    tax_monthly = c.exact()
    net_monthly = c.exact()
    counts = c.flag()
    reason = c.text()


BILLING = (
    Table("customers", Customers),
    Table("subscriptions", Subscriptions),
    Table("subscription_items", SubscriptionItems),
    Table("prices", Prices),
    Table("price_tiers", PriceTiers),
    Table("coupons", Coupons),
    Table("discounts", Discounts),
    Table("invoices", Invoices),
    Table("invoice_lines", InvoiceLines),
    Table("credit_notes", CreditNotes),
    Table("charges", Charges),
    Table("refunds", Refunds),
    Table("disputes", Disputes),
    Table("balance_transactions", BalanceTransactions),
    Table("payouts_raw", PayoutsRaw),
    Table("events", Events),
    Table("mrr_worksheet", MrrWorksheet),
    Table("mrr_worksheet_parts", MrrWorksheetParts),
)
