"""What a field of the raw layout holds, and so how the text of an export becomes its value."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from recon_kit.extract.exports.known_headers import KNOWN_HEADERS
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    CURRENCY = "currency"
    MONEY = "money"
    UNIT_PRICE = "unit price"
    NUMBER = "number"
    PERCENT = "percent"
    DAY = "day"
    MOMENT = "moment"
    FLAG = "flag"
    MODE = "mode"
    STATUS = "status"
    INTERVAL = "interval"
    COUPON = "coupon"


_STRIPE_STEPS = {
    Kind.CURRENCY: "currency",
    Kind.MONEY: "amount_off amount_due amount_paid amount_remaining amount_refunded subtotal total tax fee net "
    "starting_balance ending_balance",
    Kind.NUMBER: "quantity interval_count attempt_count duration_in_months",
    Kind.PERCENT: "percent_off percentage default_tax_percent",
    Kind.MOMENT: "created start start_date end trial_start trial_end period_start period_end current_period_start "
    "current_period_end cancel_at canceled_at ended_at due_date date finalized_at paid_at voided_at "
    "marked_uncollectible_at arrival_date available_on effective_at resumes_at",
    Kind.FLAG: "cancel_at_period_end attempted paid closed forgiven captured refunded delinquent automatic active "
    "inclusive",
    Kind.MODE: "livemode",
    Kind.STATUS: "status",
    Kind.INTERVAL: "interval",
    Kind.UNIT_PRICE: "unit_amount unit_amount_decimal amount_decimal flat_amount",
    Kind.COUPON: "coupon",
}
_STRIPE_BY_STEP = {step: kind for kind, steps in _STRIPE_STEPS.items() for step in steps.split()}

_SALESFORCE_NAMES = {
    Kind.CURRENCY: "CurrencyIsoCode",
    Kind.MONEY: "Amount TotalPrice UnitPrice ListPrice Subtotal ExpectedRevenue PrevAmount List_Price__c",
    Kind.NUMBER: "Quantity Contract_Term_Months__c ContractTerm Contract.ContractTerm",
    Kind.PERCENT: "Discount Discount_Percent__c Probability",
    Kind.DAY: "CloseDate StartDate EndDate Contract.StartDate Contract.EndDate ServiceDate",
    Kind.MOMENT: "CreatedDate LastModifiedDate SystemModstamp",
    Kind.FLAG: "IsWon IsClosed IsDeleted HasOpportunityLineItem",
}
_SALESFORCE_BY_NAME = {name: kind for kind, names in _SALESFORCE_NAMES.items() for name in names.split()}
_OVERRIDES = {
    Kind.DAY: "start_on end_on close_on discount_end_on delivered_on churned_on",
    Kind.MONEY: "amount unit_price total_price ssp",
    Kind.NUMBER: "term_months quantity",
    Kind.PERCENT: "discount_pct",
    Kind.MOMENT: "created_at modified_at stamped_at",
    Kind.FLAG: "won is_deleted",
    Kind.CURRENCY: "currency",
}
_BY_KEY = {key: kind for kind, keys in _OVERRIDES.items() for key in keys.split()}
_PARTS = {"Account": "account", "Opportunity": "contract", "OpportunityLineItem": "line"}

_ITEM = re.compile(r"^items(\.data)?(\[\d*\]|\.\d+)?\.")
_OF_SUBSCRIPTION = {
    **dict.fromkeys(("plan", "price", "price.id", "price_id", "plan_id"), "plan.id"),
    **dict.fromkeys(("product", "price.product"), "plan.product"),
    **dict.fromkeys(("interval", "price.interval", "price.recurring.interval"), "plan.interval"),
    **dict.fromkeys(
        ("interval_count", "price.interval_count", "price.recurring.interval_count"), "plan.interval_count"
    ),
    **dict.fromkeys(
        ("amount", "unit_amount", "price.amount", "price.unit_amount", "price.unit_amount_decimal"), "plan.amount"
    ),
    **dict.fromkeys(("plan.unit_amount", "plan.amount_decimal"), "plan.amount"),
    **dict.fromkeys(("usage_type", "price.recurring.usage_type"), "plan.usage_type"),
    **dict.fromkeys(("coupon", "discount", "discounts", "discount.id", "discount.coupon.id"), "discount.coupon"),
    "price.nickname": "plan.nickname",
    "price.currency": "currency",
    "plan.currency": "currency",
    "price.tax_behavior": "plan.tax_behavior",
    "price.billing_scheme": "plan.billing_scheme",
    "customer_id": "customer",
}


def stripe_field(object_name: str, field: str) -> str:
    """Bring a dotted path to the one spelling that is written: a subscription's item stands in ``plan``, as in 2018."""
    if object_name != "subscriptions":
        return field
    inner = _ITEM.sub("", field)
    return _OF_SUBSCRIPTION.get(inner, inner)


def kind_of(source: str, object_name: str, field: str, overrides: Mapping[str, Mapping[str, list[str]]]) -> Kind:
    """Tell what a field holds.

    Args:
        source: ``stripe`` or ``salesforce``.
        object_name: as its raw file is called.
        field: of the layout; for Stripe as ``stripe_field`` gives it.
        overrides: the params' field map, which says what custom fields of Salesforce are.
    """
    if source == STRIPE:
        return _stripe_kind(object_name, field)
    named = overrides.get(_PARTS.get(object_name, ""), {})
    told = [key for key, columns in named.items() if field.lower() in [column.lower() for column in columns]]
    known = [_BY_KEY[key] for key in told if key in _BY_KEY]
    if known:
        return known[0]
    by_name = {name.lower(): kind for name, kind in _SALESFORCE_BY_NAME.items()}.get(field.lower())
    return by_name or (Kind.DAY if re.search(r"date(__c)?$", field, re.IGNORECASE) else Kind.TEXT)


def _stripe_kind(object_name: str, field: str) -> Kind:
    if field.startswith("metadata."):
        return Kind.TEXT
    step = field.rpartition(".")[2]
    if step == "amount":
        return Kind.UNIT_PRICE if object_name in {"subscriptions", "prices"} else Kind.MONEY
    return _STRIPE_BY_STEP.get(step, Kind.TEXT)


def known_fields(source: str, object_name: str) -> list[str]:
    """List the fields of an object that have known headers."""
    return list(KNOWN_HEADERS.get(f"{source}/{object_name}", {}))


REQUIRED: Mapping[str, tuple[str, ...]] = {
    f"{STRIPE}/customers": ("id",),
    f"{STRIPE}/subscriptions": ("id", "customer", "status", "currency", "created"),
    f"{STRIPE}/invoices": ("id", "customer", "currency", "created", "total"),
    f"{STRIPE}/charges": ("id", "amount", "currency"),
    f"{STRIPE}/refunds": ("id", "amount", "currency"),
    f"{STRIPE}/disputes": ("id", "amount", "currency"),
    f"{STRIPE}/coupons": ("id",),
    f"{SALESFORCE}/Account": ("Id", "Name"),
    f"{SALESFORCE}/Opportunity": ("Id",),
}
"""Fields without which no record of an object could be used."""

GIVES = {f"{STRIPE}/refunds": "amount", f"{STRIPE}/disputes": "amount"}
"""Objects that stand in the rows of another: a row holds one where this amount is there and not zero."""
