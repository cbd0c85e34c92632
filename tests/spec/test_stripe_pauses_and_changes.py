"""What events and invoices tell of a subscription's pause, and of the price of its items before and after a change."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pytest

from recon_kit.policy import Policy
from tests.stripe_records import at, event, invoice, invoice_line, item, listed, only, price, read, subscription

MONTHS = [
    ("2026-07-01", "2026-08-01"),
    ("2026-08-01", "2026-09-01"),
    ("2026-09-01", "2026-10-01"),
    ("2026-10-01", "2026-11-01"),
]
PAUSED = """
voided since September            | void               | paid paid void void
kept as drafts since September    | keep_as_draft      | paid paid draft draft
written off since September       | mark_uncollectible | paid paid uncollectible uncollectible
"""  # fmt: skip


def invoices(statuses):
    return [
        invoice(
            f"in_{number}",
            [invoice_line(f"il_{number}", period={"start": at(start, 0), "end": at(end, 0)})],
            status=status,
            created=at(start),
        )
        for number, ((start, end), status) in enumerate(zip(MONTHS, statuses.split(), strict=False))
    ]


@pytest.mark.parametrize("line", PAUSED.strip().splitlines())
def test_without_events_a_pause_began_with_the_first_period_held_back(tmp_path, line):
    _, behavior, statuses = (part.strip() for part in line.split("|"))
    paused = subscription(pause_collection={"behavior": behavior})
    row = only(read(tmp_path, subscriptions=[paused], invoices=invoices(statuses)), "subscriptions")
    assert row["paused_on"] == dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    ("state", "statuses", "expected"),
    [
        ({"pause_collection": {"behavior": "void"}}, "paid void paid void", dt.date(2026, 10, 1)),  # resumed between
        ({"pause_collection": {"behavior": "void"}}, "paid paid paid paid", None),  # no period held back yet
        ({"pause_collection": {"behavior": "void"}}, "", None),
        ({"status": "paused"}, "paid paid", dt.date(2026, 9, 1)),  # nothing invoiced since
        ({"status": "active"}, "paid void void", None),
    ],
)
def test_when_a_pause_can_be_told(tmp_path, state, statuses, expected):
    row = only(read(tmp_path, subscriptions=[subscription(**state)], invoices=invoices(statuses)), "subscriptions")
    assert row["paused_on"] == expected


def test_an_event_dates_a_pause_before_invoices_do(tmp_path):
    paused = subscription(pause_collection={"behavior": "void"})
    told = event("evt_1", "2026-08-20", paused, {"pause_collection": None})
    reading = read(tmp_path, subscriptions=[paused], invoices=invoices("paid paid void void"), events=[told])
    assert only(reading, "subscriptions")["paused_on"] == dt.date(2026, 8, 20)


def amounts(tmp_path, after, previous, *, present=None, policy=None):
    told = event("evt_1", "2026-10-10", after, previous)
    rows = read(tmp_path, subscriptions=[present or subscription()], events=[told], policy=policy or Policy())
    row = only(rows, "events")
    return row["gross_before_monthly"], row["gross_after_monthly"]


YEARLY = price(
    "price_year", unit_amount=12_000, unit_amount_decimal="12000", recurring={"interval": "year", "interval_count": 1}
)
METERED = price("price_used", recurring={"interval": "month", "usage_type": "metered"})
OLD_PLAN = {"id": "gold", "amount": 1500, "currency": "usd", "interval": "month", "interval_count": 1}


@pytest.mark.parametrize(
    ("after", "previous", "expected"),
    [
        pytest.param(subscription(), {"items": listed(item(quantity=8))}, ("39200", "49000"), id="items"),
        pytest.param(subscription(), {"items": {"data": [{"id": "si_1", "quantity": 6}]}}, ("29400", "49000"), id="part"),
        pytest.param(subscription(), {"quantity": 4}, ("19600", "49000"), id="quantity"),
        pytest.param(subscription(), {"items": listed(item(price=YEARLY))}, ("10000", "49000"), id="another interval"),
        pytest.param(
            subscription(items=[item(), item("si_2", 1, price=YEARLY)]), {"items": listed(item())}, ("49000", "50000"), id="added"
        ),
        pytest.param(
            subscription(items=[item(), item("si_2", 1, current_trial={"end_date": at("2026-11-20")})]),
            {"items": listed(item())}, ("49000", "49000"), id="added, still free",
        ),
        pytest.param(
            subscription(items=[item(), item("si_2", None, price=METERED)]), {"items": listed(item())}, ("49000", "49000"),
            id="metered",
        ),
        pytest.param(subscription(), {"items": listed({"id": "si_1", "plan": {"id": "gone"}})}, (None, "49000"), id="unknown"),
        pytest.param({"id": "sub_1", "object": "subscription"}, {"quantity": 4}, ("19600", "49000"), id="without the items now"),
        pytest.param(
            {"id": "sub_1", "object": "subscription", "plan": OLD_PLAN, "quantity": 3},
            {"quantity": 2, "plan": {"id": "silver", "amount": 1000}}, ("2000", "4500"), id="2018",
        ),
        pytest.param(subscription(), {"items": listed(item(current_period_start=1))}, (None, None), id="only a new period"),
        pytest.param(subscription(), {"status": "trialing"}, (None, None), id="no items"),
    ],
)  # fmt: skip
def test_what_items_cost_before_and_after(tmp_path, after, previous, expected):
    assert amounts(tmp_path, after, previous) == tuple(text and Decimal(text) for text in expected)


def test_usage_that_counts_is_not_told_by_events(tmp_path):
    after = subscription(items=[item(), item("si_2", None, price=METERED)])
    told = amounts(tmp_path, after, {"items": listed(item())}, policy=Policy(usage_counts=True))
    assert told == (Decimal(49000), None)


def test_tiers_of_the_event_are_priced(tmp_path):
    tiers = [{"up_to": 10, "unit_amount": 1000}, {"up_to": None, "unit_amount": 800, "flat_amount": 500}]
    tiered = price("price_t", billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    after = subscription(items=[item(quantity=15, price=tiered)])
    told = amounts(tmp_path, after, {"items": listed(item(quantity=10, price=tiered))}, present=after)
    assert told == (Decimal(10_000), Decimal(14_500))


def test_a_change_of_another_subscription_is_left_alone(tmp_path):
    assert amounts(tmp_path, subscription("sub_gone"), {"quantity": 4}) == (None, None)


def test_numbers_of_thousands_of_digits_stop_nothing(tmp_path):
    after = {"id": "sub_1", "object": "subscription", "note": 0}
    told = json.dumps(event("evt_1", "2026-10-10", after, {"quantity": 4}))
    text = told.replace('"note": 0', '"note": ' + "9" * 5_000)
    row = only(read(tmp_path, subscriptions=[subscription()], events=[text]), "events")
    assert row["changed"] == ["items"]
