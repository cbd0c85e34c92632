"""Small Stripe objects for tests, as the API of 2026-10 gives them, and the folder they are read from."""

import datetime as dt
import json

from recon_kit.normalise.stripe import read_stripe
from recon_kit.policy import Policy

AS_OF = dt.date(2026, 10, 31)
POLICY = Policy()


def at(day, hour=9):
    """Epoch seconds of an hour of a day in UTC."""
    return int(dt.datetime.fromisoformat(f"{day}T{hour:02}:00:00+00:00").timestamp())


def customer(key="cus_1", **more):
    return {
        "id": key,
        "object": "customer",
        "livemode": True,
        "created": at("2026-01-05"),
        "name": "Alder Works",
        "email": "ap@alder.example",
        "metadata": {},
    } | more


def price(key="price_seat", **more):
    return {
        "id": key,
        "object": "price",
        "livemode": True,
        "created": at("2025-01-01"),
        "currency": "usd",
        "product": "prod_1",
        "billing_scheme": "per_unit",
        "unit_amount": 4900,
        "unit_amount_decimal": "4900",
        "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        "tax_behavior": "exclusive",
    } | more


def item(key="si_1", quantity=10, **more):
    return {
        "id": key,
        "object": "subscription_item",
        "created": at("2026-02-01"),
        "quantity": quantity,
        "price": price(),
        "current_period_start": at("2026-10-01"),
        "current_period_end": at("2026-11-01"),
        "discounts": [],
        "tax_rates": [],
    } | more


def listed(*elements):
    return {"object": "list", "data": list(elements), "has_more": False, "url": "/v1/elements"}


def subscription(key="sub_1", items=None, **more):
    return {
        "id": key,
        "object": "subscription",
        "livemode": True,
        "customer": "cus_1",
        "created": at("2026-02-01"),
        "start_date": at("2026-02-01"),
        "status": "active",
        "currency": "usd",
        "items": listed(*(items or [item()])),
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "ended_at": None,
        "trial_start": None,
        "trial_end": None,
        "pause_collection": None,
        "collection_method": "charge_automatically",
        "latest_invoice": "in_1",
        "discounts": [],
        "default_tax_rates": [],
        "metadata": {},
    } | more


def invoice_line(key="il_1", amount=49000, **more):
    return {
        "id": key,
        "object": "line_item",
        "livemode": True,
        "amount": amount,
        "currency": "usd",
        "quantity": 10,
        "subscription": "sub_1",
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {"subscription": "sub_1", "subscription_item": "si_1", "proration": False},
        },
        "pricing": {"unit_amount_decimal": "4900", "price_details": {"price": "price_seat", "product": "prod_1"}},
        "period": {"start": at("2026-10-01"), "end": at("2026-11-01")},
        "taxes": [],
        "discount_amounts": [],
    } | more


def invoice(key="in_1", lines=None, **more):
    return {
        "id": key,
        "object": "invoice",
        "livemode": True,
        "customer": "cus_1",
        "created": at("2026-10-01"),
        "currency": "usd",
        "status": "paid",
        "number": "A-1",
        "parent": {"subscription_details": {"subscription": "sub_1", "metadata": {}}},
        "subtotal": 49000,
        "total": 49000,
        "total_taxes": [],
        "amount_due": 49000,
        "amount_paid": 49000,
        "amount_remaining": 0,
        "attempt_count": 1,
        "lines": listed(*([invoice_line()] if lines is None else lines)),
        "status_transitions": {
            "finalized_at": at("2026-10-01", 10),
            "paid_at": at("2026-10-01", 11),
            "voided_at": None,
            "marked_uncollectible_at": None,
        },
        "metadata": {},
    } | more


def charge(key="ch_1", **more):
    return {
        "id": key,
        "object": "charge",
        "livemode": True,
        "customer": "cus_1",
        "created": at("2026-10-01", 11),
        "currency": "usd",
        "amount": 49000,
        "amount_refunded": 0,
        "status": "succeeded",
        "paid": True,
        "payment_intent": "pi_1",
    } | more


def refund(key="re_1", **more):
    return {
        "id": key,
        "object": "refund",
        "created": at("2026-10-20"),
        "currency": "usd",
        "amount": 1000,
        "charge": "ch_1",
        "status": "succeeded",
    } | more


def event(key, day, after, previous=None, kind="customer.subscription.updated", **more):
    told = {"object": after} | ({} if previous is None else {"previous_attributes": previous})
    return {"id": key, "object": "event", "livemode": True, "created": at(day), "type": kind, "data": told} | more


def write(folder, **objects):
    """Write objects as JSONL under ``stripe/``; a text is written as it is. The required files are always there."""
    home = folder / "stripe"
    home.mkdir(parents=True, exist_ok=True)
    for name, records in ({"customers": [customer()], "subscriptions": [], "invoices": []} | objects).items():
        lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
        (home / f"{name.replace('__', '-')}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


def read(folder, *, as_of=AS_OF, policy=POLICY, **objects):
    return read_stripe(write(folder, **objects), policy=policy, as_of=as_of)


def only(reading, table):
    """The one row of a table."""
    rows = reading.tables[table].to_dicts()
    assert len(rows) == 1, rows
    return rows[0]


def bucket_rows(reading, object_name):
    """Rows by bucket of one object."""
    mine = [row for row in reading.buckets.to_dicts() if row["object"] == object_name]
    counted = {}
    for row in mine:
        counted[row["bucket"]] = counted.get(row["bucket"], 0) + row["rows"]
    return counted
