"""What an event did to the items of a subscription: before, after, and the word for it."""

from __future__ import annotations

import pytest

from recon_kit.policy import Policy
from tests.stripe_records import event, item, listed, only, price, read, subscription

DEARER = price("price_dearer", unit_amount=5900, unit_amount_decimal="5900")
OTHER = price("price_other", product="prod_other")
YEARLY = price("price_year", unit_amount=12_000, recurring={"interval": "year", "interval_count": 1})
METERED = price("price_used", recurring={"interval": "month", "usage_type": "metered"})
PLAN = {"id": "gold", "amount": 1500, "currency": "usd", "interval": "month", "interval_count": 1}

KINDS = [
    ("more seats", [item(quantity=8)], [item(quantity=10)], "seats_added"),
    ("fewer seats", [item(quantity=10)], [item(quantity=8)], "seats_removed"),
    ("seats of one of two items", [item(), item("si_2", 1, price=OTHER)], [item(), item("si_2", 3, price=OTHER)],
     "seats_added"),
    ("the same product, dearer", [item()], [item(price=DEARER)], "price_raised"),
    ("the same product, cheaper", [item(price=DEARER)], [item()], "price_lowered"),
    ("a month becomes a year", [item(price=YEARLY)], [item()], "price_raised"),
    ("dearer, and more seats", [item(quantity=8)], [item(quantity=9, price=DEARER)], "plan_changed"),
    ("another product", [item(price=OTHER)], [item()], "plan_changed"),
    ("a product more", [item()], [item(), item("si_2", 1, price=OTHER)], "product_added"),
    ("a product less", [item(), item("si_2", 1, price=OTHER)], [item()], "product_removed"),
    ("usage is no seat", [item()], [item(), item("si_2", None, price=METERED)], None),
]  # fmt: skip


def kind_of(folder, after, previous):
    told = event("evt_1", "2026-10-10", after, previous)
    rows = read(folder, subscriptions=[subscription()], events=[told], policy=Policy())
    return only(rows, "events")["change_kind"]


@pytest.mark.parametrize(("before", "after", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_kind(tmp_path, before, after, kind):
    assert kind_of(tmp_path, subscription(items=after), {"items": listed(*before)}) == kind


def test_a_quantity_told_alone_is_seats(tmp_path):
    assert kind_of(tmp_path, subscription(), {"quantity": 4}) == "seats_added"


def test_2018_tells_plan_and_quantity_at_the_top(tmp_path):
    after = {"id": "sub_1", "object": "subscription", "plan": PLAN, "quantity": 3}
    assert kind_of(tmp_path, after, {"quantity": 2}) == "seats_added"


def test_an_event_that_changes_no_items_has_none(tmp_path):
    assert kind_of(tmp_path, subscription(), {"status": "trialing"}) is None
