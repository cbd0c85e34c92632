"""What is read of Stripe's customers, subscriptions and prices: canonical name, and the paths of each API version.

API versions 2018 to 2026-10; the newest version's path stands first. That a key is present proves no version: the first
value that is not null counts.
"""

from __future__ import annotations

from recon_kit.normalise.stripe.paths import Field, Paths, elements, greatest, least, shape

RECORD: dict[str, Paths] = {"id": "id", "livemode": "livemode", "created_seconds": ("created", "date")}
_LINKS: dict[str, Paths] = {
    "metadata_account_id": "metadata.salesforce_account_id",
    "metadata_opportunity_id": "metadata.salesforce_opportunity_id",
}
_PLAN: dict[str, Paths] = {
    "price_id": ("price.id", "plan.id"),
    "product_id": ("price.product", "plan.product"),
    "nickname": ("price.nickname", "plan.nickname"),
    "currency": ("price.currency", "plan.currency"),
    "unit_amount": ("price.unit_amount_decimal", "price.unit_amount", "plan.amount_decimal", "plan.amount"),
    "interval": ("price.recurring.interval", "plan.interval"),
    "interval_count": ("price.recurring.interval_count", "plan.interval_count"),
    "usage_type": ("price.recurring.usage_type", "plan.usage_type"),
    "billing_scheme": ("price.billing_scheme", "plan.billing_scheme"),
    "tiers_mode": ("price.tiers_mode", "plan.tiers_mode"),
    "transform_divide_by": ("price.transform_quantity.divide_by", "plan.transform_usage.divide_by"),
    "transform_round": ("price.transform_quantity.round", "plan.transform_usage.round"),
    "tax_behavior": "price.tax_behavior",
    "tiers": ("price.tiers", "plan.tiers"),
}

CUSTOMERS = shape(
    Field(
        "vat_number",
        ("tax_ids.data[].value", "tax_info.tax_id", "business_vat_id"),
        least("tax_ids.data[].value", "tax_info.tax_id", "business_vat_id"),
    ),
    **RECORD,
    name=("name", "business_name", "individual_name"),
    email="email",
    phone="phone",
    country=("address.country", "shipping.address.country"),
    postal_code=("address.postal_code", "shipping.address.postal_code"),
    city=("address.city", "shipping.address.city"),
    currency="currency",
    discount="discount",
    **_LINKS,
)

SUBSCRIPTIONS = shape(
    Field(
        "current_period_start_seconds",
        ("items.data[].current_period_start", "current_period_start"),
        least("items.data[].current_period_start", "current_period_start"),
    ),
    Field(
        "current_period_end_seconds",
        ("items.data[].current_period_end", "current_period_end"),
        greatest("items.data[].current_period_end", "current_period_end"),
    ),
    Field(
        "currency",
        ("currency", "items.data[].price.currency", "items.data[].plan.currency"),
        least("currency", "items.data[].price.currency", "items.data[].plan.currency"),
    ),
    **RECORD,
    customer_id="customer",
    status="status",
    collection_method=("collection_method", "billing"),
    start_seconds=("start_date", "start"),
    trial_start_seconds="trial_start",
    trial_end_seconds="trial_end",
    cancel_seconds="cancel_at",
    cancel_at_period_end="cancel_at_period_end",
    canceled_seconds="canceled_at",
    ended_seconds="ended_at",
    cancellation_reason="cancellation_details.reason",
    pause_behavior="pause_collection.behavior",
    resumes_seconds="pause_collection.resumes_at",
    paused_seconds="status_details.paused.transitioned_at",
    latest_invoice_id="latest_invoice",
    discount="discount",
    discounts="discounts[]",
    default_tax_rates="default_tax_rates[]",
    items_more="items.has_more",
    plan="plan",
    **_LINKS,
)

SUBSCRIPTION_ITEMS = elements(
    "items.data",
    item_id="id",
    created_seconds="created",
    quantity="quantity",
    trial_end_seconds=("current_trial.end_date", "trial.end_date"),
    discounts="discounts[]",
    tax_rates="tax_rates[]",
    **_PLAN,
)

TOP_LEVEL_PLAN = shape(
    quantity="quantity",
    **_PLAN,
)
"""A subscription of 2018 without items: its plan and quantity stand on the subscription itself."""

PRICES = shape(
    **RECORD,
    product_id="product",
    nickname="nickname",
    currency="currency",
    unit_amount=("unit_amount_decimal", "unit_amount", "amount_decimal", "amount"),
    interval=("recurring.interval", "interval"),
    interval_count=("recurring.interval_count", "interval_count"),
    usage_type=("recurring.usage_type", "usage_type"),
    billing_scheme="billing_scheme",
    tiers_mode="tiers_mode",
    transform_divide_by=("transform_quantity.divide_by", "transform_usage.divide_by"),
    transform_round=("transform_quantity.round", "transform_usage.round"),
    tax_behavior="tax_behavior",
    tiers="tiers",
)

TIERS = elements(
    "tiers",
    up_to="up_to",
    unit_amount=("unit_amount_decimal", "unit_amount", "amount"),
    flat_amount=("flat_amount_decimal", "flat_amount"),
)

PRODUCTS = shape(
    **RECORD,
    name="name",
)

TAX_RATES = shape(
    **RECORD,
    percentage=("effective_percentage", "percentage"),
    inclusive="inclusive",
)

COUPONS = shape(
    **RECORD,
    name="name",
    duration="duration",
    duration_months="duration_in_months",
    percent_off=("percent_off_precise", "percent_off"),
    amount_off="amount_off",
    currency="currency",
    applies_to="applies_to.products[]",
).with_amounts("amount_off")

DISCOUNTS = shape(
    discount_id="id",
    coupon=("source.coupon", "coupon"),
    promotion_code_id="promotion_code",
    start_seconds="start",
    end_seconds="end",
    customer_id="customer",
    subscription_id="subscription",
    item_id="subscription_item",
)
