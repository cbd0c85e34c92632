"""Stripe tables of who is billed what: customers, subscriptions, prices, discounts, events."""

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
    promotion_code_id = c.text()
    duration = c.text()
    percent_off = c.percent()
    amount_off_minor = c.maybe_minor()
    currency = c.text()
    applies_to_product_ids = c.names()
    start_on = c.day()
    end_on = c.day()


class Events(dy.Schema):
    """One row per Stripe event up to as_of; ``changed`` names the fields whose old values it tells.

    Where a subscription's items changed, ``gross_*_monthly`` say what they cost a month before and after, before
    discounts, in minor units of its currency; ``change_kind`` what was done: ``seats_added``, ``seats_removed``,
    ``price_raised``, ``price_lowered``, ``product_added``, ``product_removed`` or ``plan_changed``.
    """

    event_id = c.key()
    type = c.text()
    object_id = c.text()
    object_type = c.text()
    created_at = c.moment()
    created_on = c.day()
    changed = c.names()
    gross_before_monthly = c.exact()
    gross_after_monthly = c.exact()
    change_kind = c.text()


BILLING = (
    Table("customers", Customers),
    Table("subscriptions", Subscriptions),
    Table("subscription_items", SubscriptionItems),
    Table("prices", Prices),
    Table("price_tiers", PriceTiers),
    Table("coupons", Coupons),
    Table("discounts", Discounts),
    Table("events", Events),
)
