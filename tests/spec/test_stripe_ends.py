"""When a subscription ended, told by fewer and fewer dates; and the mode of objects that do not say theirs."""

import datetime as dt

import pytest

from tests.stripe_records import at, customer, read, subscription

D = dt.date.fromisoformat

CASES = [
    # what the object says                                                     status on as_of  ended_on
    ({"status": "canceled", "ended_at": at("2026-07-01")}, "canceled", D("2026-07-01")),
    ({"status": "canceled", "canceled_at": at("2026-07-01")}, "canceled", D("2026-07-01")),
    ({"status": "canceled", "ended_at": at("2026-11-03")}, "active", None),
    ({"status": "canceled", "canceled_at": at("2026-11-03")}, "active", None),
    ({"status": "canceled"}, "canceled", D("2026-10-01")),
    ({"status": "unpaid"}, "unpaid", D("2026-10-01")),
]


@pytest.mark.parametrize(("says", "status", "ended_on"), CASES)
def test_the_end_of_a_subscription_is_always_dated(tmp_path, says, status, ended_on):
    reading = read(tmp_path, customers=[customer()], subscriptions=[subscription(**says)])
    found = reading.tables["subscriptions"].row(0, named=True)
    assert (found["status"], found["ended_on"]) == (status, ended_on)
    assert found["is_live"] == (status == "active")


def silent(**fields):
    return {name: value for name, value in fields.items() if name != "livemode"}


def test_one_test_object_does_not_take_silent_ones_with_it(tmp_path):
    customers = [silent(**customer()), customer("cus_test", livemode=False)]
    reading = read(tmp_path, customers=customers, subscriptions=[silent(**subscription())])
    assert reading.tables["customers"]["customer_id"].to_list() == ["cus_1"]
    assert reading.tables["subscriptions"].height == 1
    assert reading.excluded.select("object", "key", "reason").rows() == [("customers", "cus_test", "other_mode")]
