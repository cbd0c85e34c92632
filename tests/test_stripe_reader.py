"""Reading Stripe: every record in one bucket, the same tables from every shape, and the state of as_of from later pulls."""

import datetime as dt
import gzip
import json
import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon_kit.asof import end_of_day
from recon_kit.normalise.stripe import read_stripe
from recon_kit.normalise.stripe.files import Snapshot
from recon_kit.normalise.stripe.records import Pull, records_of
from recon_kit.normalise.stripe.shapes_money import EVENTS
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import SchemaError
from tests.stripe_records import (
    AS_OF,
    POLICY,
    at,
    bucket_rows,
    charge,
    customer,
    event,
    invoice,
    invoice_line,
    item,
    listed,
    only,
    price,
    read,
    refund,
    subscription,
    write,
)
from tests.world import build_world


def same(one, other, tables=None):
    """Two readings give the same rows of the canonical columns; returns the names of tables that differ."""
    differing = []
    for name, frame in one.tables.items():
        if tables is not None and name not in tables:
            continue
        columns = [column for column in TABLES[name].columns if column in frame.columns]
        rows = [r.tables[name].select(columns).sort(TABLES[name].key) for r in (one, other)]
        if not rows[0].equals(rows[1]):
            differing.append(name)
    return differing


@pytest.fixture(scope="module")
def world():
    return build_world(seed=11, accounts=60, as_of=AS_OF)


@pytest.fixture(scope="module")
def pulled(world, tmp_path_factory):
    """Read a pull of the world: by day, shape and whether the events are there."""

    def pull(days=0, shape="mixed", *, events=True):
        folder = tmp_path_factory.mktemp("pull")
        world.render(folder, pulled_on=AS_OF + dt.timedelta(days=days), shape=shape)
        if not events:
            for file in (folder / "stripe").glob("events*"):
                file.unlink()
        return read_stripe(folder, policy=POLICY, as_of=AS_OF)

    return pull


# --- shapes and pulls of a whole company


def test_both_shapes_and_a_mix_of_them_give_the_same_tables(pulled):
    new = pulled(shape="new")
    assert same(new, pulled(shape="old"), set(new.tables)) == []
    assert same(new, pulled(shape="mixed"), set(new.tables)) == []


@pytest.mark.parametrize("days", [1, 12, 40])
def test_a_pull_days_later_gives_the_tables_of_a_pull_on_the_day(pulled, days):
    on_the_day, later = pulled(), pulled(days)
    assert later.excluded.filter(pl.col("reason") == "after_as_of").height > 0
    assert same(on_the_day, later, set(later.tables) - {"events"}) == []
    assert later.quarantine.is_empty()


def test_without_events_a_later_pull_still_gives_what_was_billed(pulled):
    known = {"subscription_items", "invoices", "invoice_lines", "charges", "refunds", "payouts_raw", "customers"}
    assert same(pulled(), pulled(12, events=False), known) == []


def test_every_table_is_what_its_schema_promises(pulled):
    for name, frame in pulled(5).tables.items():
        if name != "subscriptions":  # its MRR comes later
            TABLES[name].conform(frame)


# --- buckets


def test_the_order_of_lines_does_not_matter(world, tmp_path):
    world.render(tmp_path / "given", pulled_on=AS_OF + dt.timedelta(days=9))
    shuffled = tmp_path / "shuffled" / "stripe"
    shuffled.mkdir(parents=True)
    for file in (tmp_path / "given" / "stripe").iterdir():
        lines = file.read_text().splitlines()
        random.Random(5).shuffle(lines)
        (shuffled / file.name).write_text("\n".join(lines))
    one, other = (read_stripe(tmp_path / name, policy=POLICY, as_of=AS_OF) for name in ("given", "shuffled"))
    assert same(one, other) == []
    assert one.buckets.equals(other.buckets)


def test_files_that_no_reader_likes_are_read_line_by_line(tmp_path):
    good = json.dumps(customer()).encode()
    broken = b'{"id": "cus_2", "name": "M\xfcller"}'
    folder = write(tmp_path)
    body = b"\xef\xbb\xbf" + good + b"\r\n\n" + broken + b"\n  \n" + b'{"id": "cus_3"'
    (folder / "stripe" / "customers.jsonl").write_bytes(body)
    reading = read_stripe(folder, policy=POLICY, as_of=AS_OF)
    assert bucket_rows(reading, "customers") == {"accepted": 1, "quarantined": 2}
    faults = reading.quarantine.sort("line").select("file", "line", "rule", "key").rows()
    assert faults == [
        ("stripe/customers.jsonl", 3, "malformed_json", None),
        ("stripe/customers.jsonl", 5, "malformed_json", None),
    ]
    assert "xfc" in reading.quarantine.sort("line")["raw"][0]


@pytest.mark.parametrize("line", ["[1, 2]", '"text"', "null", "7", "{", "{'id': 1}", '{"id": "cus_9"} {}', "# note"])
def test_a_line_that_is_not_one_object_is_quarantined(tmp_path, line):
    reading = read(tmp_path, customers=[customer(), line])
    assert bucket_rows(reading, "customers") == {"accepted": 1, "quarantined": 1}
    assert reading.quarantine["rule"].to_list() == ["malformed_json"]
    assert reading.quarantine["raw"].to_list() == [line]


@pytest.mark.parametrize(
    ("name", "record", "rule", "field", "value"),
    [
        # a fault, and what quarantine says about it
        ("customers", customer(id=None), "missing_id", "id", None),
        ("customers", customer("cus_9", created=1_700_000_000_000), "impossible_timestamp", "created", "1700000000000"),
        ("subscriptions", subscription(customer=None), "missing_customer", "customer", None),
        ("subscriptions", subscription(customer="cus_9"), "dangling_reference", "customer", "cus_9"),
        ("subscriptions", subscription(status="sleeping"), "unknown_status", "status", "sleeping"),
        ("subscriptions", subscription(currency="us dollar"), "unknown_currency", "currency", "US DOLLAR"),
        ("subscriptions", subscription(trial_end="soon"), "impossible_timestamp", "trial_end", "soon"),
        ("subscriptions", subscription(items=[item(quantity="ten")]), "faulty_item", "items.data", "quantity: ten"),
        ("invoices", invoice(total=7.5), "money_not_integer", "total", "7.5"),
        ("invoices", invoice(total=None), "missing_total", "total", None),
        ("invoices", invoice(tax=7.5, total_taxes=None), "money_not_integer", "tax", "7.5"),
        ("invoices", invoice(customer={"id": "cus_9"}), "dangling_reference", "customer", "cus_9"),
        ("invoices", invoice(lines=[invoice_line(amount=1e3)]), "faulty_line", "lines.data", "amount: 1000.0"),
        ("invoices", invoice(currency="isk"), "money_not_integer", "total", "49001"),
        ("charges", charge(amount="49.00"), "money_not_integer", "amount", "49.00"),
        ("charges", charge(currency="xxq"), "unknown_currency", "currency", "XXQ"),
        ("refunds", refund(charge="ch_9"), "dangling_reference", "charge", "ch_9"),
        ("invoice_lines", invoice_line(invoice="in_9"), "dangling_reference", "invoice", "in_9"),
        ("prices", price(unit_amount_decimal="a few"), "number_not_exact", "unit_amount", "a few"),
        ("coupons", {"id": "TEN", "percent_off": 120}, "percentage_not_exact", "percent_off", "120"),
    ],
)
def test_a_fault_is_quarantined_with_its_reason(tmp_path, name, record, rule, field, value):
    good = {
        "customers": customer(),
        "subscriptions": subscription("sub_0"),
        "invoices": invoice("in_0"),
        "charges": charge("ch_1" if name != "charges" else "ch_0"),
    }
    if value == "49001":
        record = record | {"total": 49001, "subtotal": 49000}
    objects = {key: [one] for key, one in good.items()}
    objects[name] = [*objects.get(name, []), record]
    reading = read(tmp_path, **objects)
    told = [row for row in reading.quarantine.to_dicts() if row["object"] == name]
    assert [(row["rule"], row["field"], row["value"]) for row in told] == [(rule, field, value)]
    assert told[0]["raw"].startswith("{")
    assert bucket_rows(reading, name)["quarantined"] == 1


def test_a_subscription_of_a_quarantined_customer_dangles(tmp_path):
    reading = read(
        tmp_path, customers=[customer(), customer("cus_2", created="x")], subscriptions=[subscription(customer="cus_2")]
    )
    assert set(reading.quarantine["rule"]) == {"impossible_timestamp", "dangling_reference"}


def test_identical_lines_count_once(tmp_path):
    reading = read(tmp_path, customers=[customer(), customer(), customer("cus_2"), customer()])
    assert bucket_rows(reading, "customers") == {"accepted": 2, "duplicate": 2}


def test_one_id_with_two_contents_in_one_file_is_used_by_neither(tmp_path):
    reading = read(tmp_path, customers=[customer("cus_0"), customer(), customer(name="Other"), customer()])
    assert bucket_rows(reading, "customers") == {"accepted": 1, "quarantined": 2, "duplicate": 1}
    assert set(reading.quarantine["rule"]) == {"conflicting_duplicate"}


@pytest.mark.parametrize("newer", ["customers_2026-10.jsonl", "customers-2026-10.jsonl.gz", "customers.2026.jsonl"])
def test_the_newer_file_wins_over_the_older(tmp_path, newer):
    folder = write(tmp_path, customers=[customer(), customer("cus_2")])
    body = (json.dumps(customer(name="Renamed")) + "\n").encode()
    (folder / "stripe" / newer).write_bytes(gzip.compress(body) if newer.endswith("gz") else body)
    reading = read_stripe(folder, policy=POLICY, as_of=AS_OF)
    assert bucket_rows(reading, "customers") == {"accepted": 2, "superseded": 1}
    assert reading.tables["customers"].filter(pl.col("customer_id") == "cus_1")["name"].to_list() == ["Renamed"]


def test_files_of_similar_names_are_not_confused(tmp_path):
    reading = read(
        tmp_path, balance_transactions=[], balance=[{"object": "balance", "livemode": True}], invoice_payments=[]
    )
    assert bucket_rows(reading, "balance") == {"accepted": 1}
    assert "invoices" not in {row["object"] for row in reading.buckets.to_dicts()}


def test_the_other_mode_is_excluded_and_children_without_mode_follow_their_charge(tmp_path):
    reading = read(
        tmp_path,
        customers=[customer(), customer("cus_t", livemode=False)],
        charges=[charge(), charge("ch_t", livemode=False)],
        refunds=[refund(), refund("re_t", charge="ch_t")],
    )
    assert bucket_rows(reading, "customers") == {"accepted": 1, "excluded": 1}
    assert bucket_rows(reading, "refunds") == {"accepted": 1, "excluded": 1}
    assert set(reading.excluded["reason"]) == {"other_mode"}


def test_policy_may_ask_for_test_mode(tmp_path):
    reading = read(
        tmp_path, policy=Policy(stripe_mode="test"), customers=[customer(livemode=False)], refunds=[refund(charge=None)]
    )
    assert bucket_rows(reading, "customers") == {"accepted": 1}
    assert bucket_rows(reading, "refunds") == {"accepted": 1}


def test_what_was_created_after_as_of_is_excluded_and_counted(tmp_path):
    late = at("2026-11-01", 0)
    reading = read(
        tmp_path,
        customers=[customer(), customer("cus_2", created=late), customer("cus_3", created=late - 1)],
        invoices=[invoice(), invoice("in_2", created=late, lines=[])],
        invoice_lines=[invoice_line("il_9", invoice="in_2")],
    )
    assert bucket_rows(reading, "customers") == {"accepted": 2, "excluded": 1}
    assert bucket_rows(reading, "invoice_lines") == {"excluded": 1}
    assert set(reading.excluded["reason"]) == {"after_as_of"}


def test_overflow_lines_join_those_inside_and_count_once(tmp_path):
    reading = read(
        tmp_path,
        invoices=[invoice(lines=[invoice_line()])],
        invoice_lines=[invoice_line(invoice="in_1"), invoice_line("il_2", invoice="in_1")],
    )
    assert reading.tables["invoice_lines"]["line_id"].sort().to_list() == ["il_1", "il_2"]
    assert bucket_rows(reading, "invoice_lines") == {"accepted": 1, "duplicate": 1}


def test_a_required_file_or_field_that_is_missing_is_named(tmp_path):
    folder = write(tmp_path)
    (folder / "stripe" / "invoices.jsonl").unlink()
    with pytest.raises(SchemaError, match=r"stripe/invoices\.jsonl"):
        read_stripe(folder, policy=POLICY, as_of=AS_OF)
    with pytest.raises(SchemaError, match="stripe/subscriptions has customer\\."):
        read(tmp_path, subscriptions=[{"id": "sub_1", "status": "active"}, {"id": "sub_2", "status": "active"}])


def test_an_absent_optional_file_is_an_empty_table_which_extract_reports(tmp_path):
    reading = read(tmp_path)
    assert reading.tables["charges"].is_empty()
    assert reading.not_testable.filter(pl.col("subject") == "file").is_empty()


def test_lines_keep_their_numbers_in_a_file_that_is_read_in_many_pieces(tmp_path):
    filling = '"' + "x" * 2_000 + '"'
    lines = [f'{{"id": "evt_{number}", "type": "t", "created": 1, "data": {filling}}}' for number in range(1, 60_001)]
    lines[::1_000] = [""] * 60
    folder = write(tmp_path)
    (folder / "stripe" / "events.jsonl").write_text("\n".join(lines))
    pull = Pull(Snapshot(folder), POLICY, AS_OF, end_of_day(AS_OF, "UTC"))
    read = records_of(pull, "events", EVENTS)
    assert read.height == 60_000 - 60
    assert read["line"].is_sorted()
    assert read.filter(pl.col("id") != pl.format("evt_{}", "line")).is_empty()


def test_a_damaged_file_is_named(tmp_path):
    folder = write(tmp_path)
    (folder / "stripe" / "charges.jsonl.gz").write_bytes(gzip.compress(b'{"id": "ch_1"}\n' * 500)[:-20])
    with pytest.raises(SchemaError, match=r"charges\.jsonl\.gz cannot be read"):
        read_stripe(folder, policy=POLICY, as_of=AS_OF)


MUTATIONS = [
    lambda text, _: text,
    lambda text, _: text[: len(text) // 2],
    lambda text, n: text.replace('"usd"', ['"eur"', '"xxq"', "null"][n % 3], 1),
    lambda text, n: text.replace('"total": 49000', f'"total": {[1, 7.5, "null", -3][n % 4]}', 1),
    lambda text, _: text.replace('"id": "in_', '"id_": "in_', 1),
    lambda text, n: text.replace('"created": ', f'"created": {n % 3}', 1),
    lambda text, _: text.replace('"livemode": true', '"livemode": false', 1),
    lambda text, _: text.replace("cus_1", "cus_2"),
    lambda _, n: ["", "   ", "[]", "{}", "null"][n % 5],
    lambda text, n: text.replace('"amount": 49000', f'"amount": {[2.5, 12, "null"][n % 3]}', 1),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(st.tuples(st.integers(0, 3), st.integers(0, len(MUTATIONS) - 1), st.integers(0, 59)), max_size=12))
def test_rows_and_money_are_conserved_whatever_the_lines_say(tmp_path, plan):
    lines = [
        MUTATIONS[how](json.dumps(invoice(f"in_{number}", lines=[invoice_line(f"il_{number}")])), n)
        for number, how, n in plan
    ]
    readable = json.dumps(invoice("in_good"))
    reading = read(tmp_path, invoices=[readable, *lines])
    placed = reading.buckets.filter(pl.col("object") == "invoices")
    records = [line for line in [readable, *lines] if line.strip()]
    assert placed["rows"].sum() == len(records)
    assert bucket_rows(reading, "invoices").get("accepted", 0) == reading.tables["invoices"].height
    expected = {}
    for line in records:
        amount, currency = money_of(line)
        if amount is not None:
            expected[currency] = expected.get(currency, 0) + amount
    told = {
        row["currency"]: row["amount_minor"]
        for row in placed.group_by("currency").agg(pl.col("amount_minor").sum()).to_dicts()
    }
    assert {key: value for key, value in told.items() if key} == expected


def money_of(line):
    try:
        record = json.loads(line)
    except ValueError:
        return None, None
    if not isinstance(record, dict) or not isinstance(record.get("total"), int):
        return None, None
    return (record["total"], record["currency"].upper()) if record.get("currency") in {"usd", "eur"} else (None, None)


# --- the state on as_of, from a pull days later


def later(tmp_path, subs=None, events=None, **objects):
    made = {} if subs is None else {"subscriptions": [subs]}
    return read(tmp_path, **made, **({} if events is None else {"events": events}), **objects)


NOW = subscription()


@pytest.mark.parametrize(
    ("says", "previous", "expected"),
    [
        # the object as pulled later; what its event of 3 November tells of before; the row of as_of
        ({"status": "past_due"}, {"status": "active"}, {"status": "active"}),
        ({"status": "unpaid"}, {"status": "past_due"}, {"status": "past_due"}),
        (
            {"pause_collection": {"behavior": "void"}},
            {"pause_collection": None},
            {"is_collection_paused": False, "paused_on": None},
        ),
        (
            {"pause_collection": None},
            {"pause_collection": {"behavior": "keep_as_draft", "resumes_at": None}},
            {"is_collection_paused": True},
        ),
        (
            {"cancel_at_period_end": True, "canceled_at": at("2026-11-03")},
            {"cancel_at_period_end": False, "canceled_at": None},
            {"cancel_at_period_end": False, "stops_on": None, "canceled_on": None},
        ),
        (
            {"discounts": [{"id": "di_1", "source": {"coupon": {"id": "TEN", "percent_off": 10}}}]},
            {"discounts": []},
            {"coupon_ids": []},
        ),
        (
            {"discounts": [{"id": "di_1", "source": {"coupon": {"id": "TEN", "percent_off": 10}}}]},
            {"discount": None},  # told by an older version than the object's
            {"coupon_ids": []},
        ),
        ({"metadata": {"salesforce_account_id": "001B"}}, {"metadata": {"salesforce_account_id": None}},
         {"metadata_account_id": None}),
        (
            {"items": listed(item(current_period_start=at("2026-11-01"), current_period_end=at("2026-12-01")))},
            {"current_period_start": at("2026-10-01"), "current_period_end": at("2026-11-01")},
            {"current_period_start_on": dt.date(2026, 10, 1), "current_period_end_on": dt.date(2026, 11, 1)},
        ),
    ],
)  # fmt: skip
def test_an_event_after_as_of_is_undone(tmp_path, says, previous, expected):
    pulled_later = subscription() | says
    told = event("evt_1", "2026-11-03", pulled_later, previous)
    row = only(later(tmp_path, pulled_later, [told]), "subscriptions")
    assert {key: row[key] for key in expected} == expected
    assert not row["changed_after_as_of"]


@pytest.mark.parametrize(
    ("previous", "quantity"),
    [
        ({"items": listed(item(quantity=10))}, 10),
        ({"items": {"data": [item(quantity=10)]}, "quantity": 10}, 10),
        ({"quantity": 10}, 10),  # 2018: at the top of a subscription of one item
    ],
)
def test_seats_added_after_as_of_are_taken_off_again(tmp_path, previous, quantity):
    grown = subscription(items=[item(quantity=25)])
    reading = later(tmp_path, grown, [event("evt_1", "2026-11-03", grown, previous)])
    assert only(reading, "subscription_items")["quantity_e12"] == quantity * 10**12
    assert only(reading, "subscriptions")["current_period_start_on"] == dt.date(2026, 10, 1)


def test_an_item_added_after_as_of_is_left_out_even_without_events(tmp_path):
    grown = subscription(items=[item(), item("si_2", created=at("2026-11-02"))])
    assert only(later(tmp_path, grown), "subscription_items")["item_id"] == "si_1"


def test_several_changes_are_undone_newest_first_whatever_their_order_in_the_file(tmp_path):
    first, second, third = (subscription(items=[item(quantity=n)]) for n in (10, 20, 30))
    events = [
        event("evt_b", "2026-11-03", third, {"items": listed(item(quantity=20))}),
        event("evt_a", "2026-11-03", second, {"items": listed(item(quantity=10))}),
        event("evt_c", "2026-11-05", third | {"status": "past_due"}, {"status": "active"}),
    ]
    del first
    for order in (events, events[::-1]):
        # evt_b and evt_a are of one second: the one whose result the object still shows is undone first
        row = only(later(tmp_path, third | {"status": "past_due"}, order), "subscription_items")
        assert row["quantity_e12"] == 10 * 10**12
    swapped = [events[0] | {"id": "evt_a"}, events[1] | {"id": "evt_b"}, events[2]]
    row = only(later(tmp_path, third | {"status": "past_due"}, swapped), "subscription_items")
    assert row["quantity_e12"] == 10 * 10**12


def test_events_up_to_as_of_are_rows_and_later_ones_are_excluded(tmp_path):
    told = [event("evt_1", "2026-10-31", NOW, {"status": "trialing"}), event("evt_2", "2026-11-01", NOW, {})]
    reading = later(tmp_path, NOW, told)
    assert reading.tables["events"]["event_id"].to_list() == ["evt_1"]
    assert bucket_rows(reading, "events") == {"accepted": 1, "excluded": 1}
    assert json.loads(reading.tables["events"]["previous_attributes"][0]) == {"status": "trialing"}
    assert only(reading, "subscriptions")["status"] == "active"


def test_a_change_without_its_old_value_is_flagged_and_listed(tmp_path):
    reading = later(tmp_path, NOW, [event("evt_1", "2026-11-03", NOW)])
    assert only(reading, "subscriptions")["changed_after_as_of"]
    told = reading.not_testable.filter(pl.col("subject") == "subscription").to_dicts()
    assert [row["id"] for row in told] == ["sub_1"]


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        # what the object's own timestamps tell
        ({"status": "canceled", "canceled_at": at("2026-11-03"), "ended_at": at("2026-11-03")},
         {"status": "active", "ended_on": None, "canceled_on": None, "is_live": True, "stops_on": None}),
        ({"status": "canceled", "canceled_at": at("2026-10-20"), "ended_at": at("2026-11-01", 0), "cancel_at_period_end": True},
         {"status": "active", "ended_on": None, "is_live": True, "stops_on": dt.date(2026, 11, 1)}),
        ({"status": "canceled", "canceled_at": at("2026-10-31"), "ended_at": at("2026-10-31", 23)},
         {"status": "canceled", "ended_on": dt.date(2026, 10, 31), "is_live": False}),
        ({"status": "active", "trial_start": at("2026-10-20"), "trial_end": at("2026-11-03")},
         {"status": "trialing", "is_live": True, "billing_start_on": dt.date(2026, 11, 3)}),
        ({"status": "canceled", "ended_at": at("2026-11-03"), "trial_start": at("2026-10-20"), "trial_end": at("2026-11-03")},
         {"status": "trialing"}),
        ({"status": "active", "cancel_at": at("2026-12-31"), "canceled_at": at("2026-10-05")},
         {"stops_on": dt.date(2026, 12, 31)}),
        ({"status": "active", "cancel_at": at("2026-12-31"), "canceled_at": at("2026-11-05")}, {"stops_on": None}),
        ({"status": "paused", "status_details": {"paused": {"transitioned_at": at("2026-10-15")}}},
         {"status": "paused", "paused_on": dt.date(2026, 10, 15), "is_live": True}),
        ({"status": "paused", "status_details": {"paused": {"transitioned_at": at("2026-11-02")}}},
         {"status": "active", "paused_on": None}),
    ],
)  # fmt: skip
def test_what_lies_after_as_of_has_not_happened(tmp_path, says, expected):
    row = only(later(tmp_path, subscription() | says), "subscriptions")
    assert {key: row[key] for key in expected} == expected


def test_the_end_of_the_day_is_that_of_the_time_zone(tmp_path):
    ended = subscription(status="canceled", ended_at=at("2026-11-01", 3), canceled_at=at("2026-11-01", 3))
    berlin = read(tmp_path, subscriptions=[ended], policy=Policy(timezone="Europe/Berlin"))
    new_york = read(tmp_path, subscriptions=[ended], policy=Policy(timezone="America/New_York"))
    assert only(berlin, "subscriptions")["status"] == "active"
    assert only(new_york, "subscriptions")["ended_on"] == AS_OF


def test_a_pause_is_dated_by_its_event(tmp_path):
    paused = subscription(pause_collection={"behavior": "void"})
    told = event("evt_1", "2026-09-18", paused, {"pause_collection": None})
    assert only(later(tmp_path, paused, [told]), "subscriptions")["paused_on"] == dt.date(2026, 9, 18)


@pytest.mark.parametrize("with_event", [True, False])
def test_unpaid_ends_by_its_event_else_with_the_oldest_unpaid_invoice(tmp_path, with_event):
    unpaid = subscription(status="unpaid")
    open_ = invoice(
        "in_2", status="open", created=at("2026-08-01"), status_transitions={"finalized_at": at("2026-08-01")}
    )
    told = [event("evt_1", "2026-08-16", unpaid, {"status": "past_due"})] if with_event else []
    row = only(later(tmp_path, unpaid, told, invoices=[invoice(), open_]), "subscriptions")
    assert row["ended_on"] == (dt.date(2026, 8, 16) if with_event else dt.date(2026, 8, 1))


def test_an_invoice_paid_later_is_open_and_unpaid(tmp_path):
    paid = invoice(
        "in_2",
        created=at("2026-10-30"),
        status_transitions={"finalized_at": at("2026-10-30"), "paid_at": at("2026-11-04")},
    )
    row = only(read(tmp_path, invoices=[paid]), "invoices")
    assert (row["status"], row["amount_paid_minor"], row["amount_remaining_minor"]) == ("open", 0, 49000)
    assert row["paid_on"] is None


@pytest.mark.parametrize(
    ("moved", "status"),
    [
        ({"finalized_at": at("2026-11-02")}, "draft"),
        ({"finalized_at": at("2026-10-02"), "voided_at": at("2026-11-02")}, "open"),
        ({"finalized_at": at("2026-10-02"), "marked_uncollectible_at": at("2026-10-20"), "paid_at": at("2026-11-02")},
         "uncollectible"),
        ({"finalized_at": at("2026-10-02"), "paid_at": at("2026-10-02")}, "paid"),
    ],
)  # fmt: skip
def test_an_invoice_has_the_status_of_its_last_step_by_as_of(tmp_path, moved, status):
    row = only(read(tmp_path, invoices=[invoice(status_transitions=moved)]), "invoices")
    assert row["status"] == status


def test_a_refund_after_as_of_is_not_yet_refunded(tmp_path):
    reading = read(
        tmp_path,
        charges=[charge(amount_refunded=1500)],
        refunds=[refund(), refund("re_2", amount=500, created=at("2026-11-03"))],
    )
    assert only(reading, "charges")["amount_refunded_minor"] == 1000
    assert only(reading, "refunds")["refund_id"] == "re_1"


def test_a_payout_arrives_on_its_day_and_takes_its_items_with_it(tmp_path):
    payout = {
        "id": "po_1",
        "livemode": True,
        "created": at("2026-10-30"),
        "currency": "usd",
        "amount": 900,
        "status": "paid",
    }
    txn = {"id": "txn_1", "created": at("2026-10-29"), "currency": "usd", "amount": 1000, "fee": 100, "net": 900,
           "status": "available", "available_on": at("2026-11-02", 0), "source": "ch_1", "type": "charge"}  # fmt: skip
    reading = read(
        tmp_path,
        payouts=[payout | {"arrival_date": at("2026-11-02", 0)}, payout | {"id": "po_2", "created": at("2026-11-02")}],
        balance_transactions=[txn, txn | {"id": "txn_2"}],
        payout_balance_transactions=[
            {"payout": "po_1", "balance_transaction": "txn_1"},
            {"payout": "po_2", "balance_transaction": "txn_2"},
        ],
    )
    assert only(reading, "payouts_raw")["status"] == "in_transit"
    rows = reading.tables["balance_transactions"].sort("balance_transaction_id").to_dicts()
    assert [(row["payout_id"], row["status"]) for row in rows] == [("po_1", "pending"), (None, "pending")]


def test_a_customer_deleted_after_as_of_comes_back_with_its_subscriptions(tmp_path):
    gone = event("evt_1", "2026-11-03", customer(), kind="customer.deleted")
    reading = read(tmp_path, customers=[customer("cus_2")], subscriptions=[NOW], events=[gone])
    assert reading.tables["customers"]["customer_id"].sort().to_list() == ["cus_1", "cus_2"]
    assert only(reading, "subscriptions")["customer_id"] == "cus_1"
    assert bucket_rows(reading, "customers") == {"accepted": 1}
    assert reading.notes.select("object", "subject", "records").rows() == [("customers", "restored", 1)]


def test_a_discount_removed_after_as_of_is_put_back_and_a_later_one_left_out(tmp_path):
    removed = {"id": "di_1", "object": "discount", "subscription": "sub_1", "customer": "cus_1",
               "start": at("2026-03-01"), "coupon": {"id": "TEN", "percent_off": 10, "duration": "forever"}}  # fmt: skip
    added = {"id": "di_2", "start": at("2026-11-02"), "coupon": {"id": "NEW", "percent_off": 50, "duration": "forever"}}
    now = subscription(discounts=[added])
    reading = later(tmp_path, now, [event("evt_1", "2026-11-02", removed, kind="customer.discount.deleted")])
    row = only(reading, "discounts")
    assert (row["owner"], row["owner_id"], row["coupon_id"], row["percent_off_e6"]) == (
        "subscription",
        "sub_1",
        "TEN",
        10_000_000,
    )


def test_without_events_items_are_those_invoiced(tmp_path):
    november = invoice("in_2", created=at("2026-11-01"), lines=[])
    grown = subscription(items=[item(quantity=25, price=price("price_new", unit_amount_decimal="9900"))])
    reading = read(tmp_path, subscriptions=[grown], invoices=[invoice(), november], prices=[price()])
    row = only(reading, "subscription_items")
    assert (row["quantity_e12"], row["unit_amount_e12"], row["price_id"]) == (10 * 10**12, 4900 * 10**12, "price_seat")


def test_without_events_a_proration_by_as_of_tells_the_new_quantity(tmp_path):
    details = {"subscription": "sub_1", "subscription_item": "si_1", "proration": True}
    charged = invoice_line(
        "il_2", 5000, quantity=12, period={"start": at("2026-10-20"), "end": at("2026-11-01")},
        parent={"type": "subscription_item_details", "subscription_item_details": details},
    )  # fmt: skip
    november = invoice("in_2", created=at("2026-11-01"), lines=[charged])
    reading = read(tmp_path, subscriptions=[subscription(items=[item(quantity=25)])], invoices=[invoice(), november])
    assert only(reading, "subscription_items")["quantity_e12"] == 12 * 10**12


def test_a_pull_on_the_day_keeps_items_as_they_are(tmp_path):
    grown = subscription(items=[item(quantity=25)])
    reading = read(tmp_path, subscriptions=[grown], invoices=[invoice()])
    assert only(reading, "subscription_items")["quantity_e12"] == 25 * 10**12


def test_the_current_period_steps_back_without_events_and_lines(tmp_path):
    later_period = item(current_period_start=at("2026-12-01"), current_period_end=at("2027-01-01"))
    row = only(read(tmp_path, subscriptions=[subscription(items=[later_period])]), "subscriptions")
    assert (row["current_period_start_on"], row["current_period_end_on"]) == (
        dt.date(2026, 10, 1),
        dt.date(2026, 11, 1),
    )


@pytest.mark.parametrize(
    ("lines", "trial_end", "expected"),
    [
        ([], None, dt.date(2026, 2, 1)),
        ([invoice_line(period={"start": at("2026-03-01"), "end": at("2026-04-01")})], None, dt.date(2026, 3, 1)),
        (
            [invoice_line(amount=0, period={"start": at("2026-02-15"), "end": at("2026-03-01")})],
            None,
            dt.date(2026, 2, 1),
        ),
        ([invoice_line()], at("2026-03-10"), dt.date(2026, 3, 10)),
    ],
)
def test_billing_starts_with_the_trials_end_else_the_first_positive_line_else_the_start(
    tmp_path, lines, trial_end, expected
):
    started = subscription(trial_end=trial_end, trial_start=trial_end and at("2026-02-01"))
    row = only(read(tmp_path, subscriptions=[started], invoices=[invoice(lines=lines)]), "subscriptions")
    assert row["billing_start_on"] == expected


def test_the_latest_invoice_is_one_that_was_there(tmp_path):
    now = subscription(latest_invoice="in_3")
    reading = read(tmp_path, subscriptions=[now], invoices=[invoice(), invoice("in_3", created=at("2026-11-01"))])
    assert only(reading, "subscriptions")["latest_invoice_id"] == "in_1"


def test_a_discount_of_which_only_the_id_is_known_is_not_testable(tmp_path):
    reading = read(tmp_path, subscriptions=[subscription(discounts=["di_1"])])
    assert only(reading, "discounts")["coupon_id"] is None
    assert ("subscription", "sub_1") in reading.not_testable.select("subject", "id").rows()


def test_a_coupon_that_a_discount_only_names_comes_from_its_file(tmp_path):
    coupon = {"id": "TEN", "livemode": True, "created": at("2026-01-01"), "duration": "repeating", "duration_in_months": 3,
              "amount_off": 500, "currency": "eur", "applies_to": {"products": ["prod_2", "prod_1"]}}  # fmt: skip
    named = {"id": "di_1", "start": at("2026-09-15"), "source": {"coupon": "TEN"}}
    row = only(read(tmp_path, subscriptions=[subscription(discounts=[named])], coupons=[coupon]), "discounts")
    assert (row["amount_off_minor"], row["currency"], row["duration"]) == (500, "EUR", "repeating")
    assert row["applies_to_product_ids"] == ["prod_1", "prod_2"]
    assert (row["start_on"], row["end_on"]) == (dt.date(2026, 9, 15), dt.date(2026, 12, 15))
