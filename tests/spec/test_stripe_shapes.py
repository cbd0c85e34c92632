"""Where each API version keeps a fact: one row a candidate path, and the value the canonical table must show."""

import datetime as dt
import json

import pytest

from tests.stripe_records import (
    at,
    charge,
    customer,
    invoice,
    invoice_line,
    item,
    listed,
    only,
    price,
    read,
    subscription,
)

OCTOBER = dt.date(2026, 10, 1)
NOVEMBER = dt.date(2026, 11, 1)


def without(record, *keys):
    return {key: value for key, value in record.items() if key not in keys}


def bare_item(**more):
    return without(item(), "current_period_start", "current_period_end") | more


PLAN = {
    "id": "gold",
    "object": "plan",
    "amount": 2000,
    "currency": "usd",
    "interval": "year",
    "interval_count": 2,
    "product": "prod_g",
    "usage_type": "licensed",
    "billing_scheme": "per_unit",
}

SUBSCRIPTION_PATHS = [
    # version, what the object says, column, value
    ("basil", {}, "current_period_start_on", OCTOBER),
    ("basil", {}, "current_period_end_on", NOVEMBER),
    (
        "2024",
        {
            "items": listed(bare_item()),
            "current_period_start": at("2026-10-01"),
            "current_period_end": at("2026-11-01"),
        },
        "current_period_end_on",
        NOVEMBER,
    ),
    ("null beside", {"current_period_start": None, "current_period_end": None}, "current_period_start_on", OCTOBER),
    ("2019", {"collection_method": None, "billing": "send_invoice"}, "collection_method", "send_invoice"),
    ("2018", {"start_date": None, "start": at("2026-02-03")}, "start_on", dt.date(2026, 2, 3)),
    ("2018", {"currency": None}, "currency", "USD"),
    ("expanded", {"customer": {"id": "cus_1", "object": "customer"}}, "customer_id", "cus_1"),
    ("expanded", {"latest_invoice": {"id": "in_1", "object": "invoice"}}, "latest_invoice_id", "in_1"),
    (
        "any",
        {"cancellation_details": {"reason": "cancellation_requested"}, "canceled_at": at("2026-10-02")},
        "cancellation_reason",
        "cancellation_requested",
    ),
    ("any", {"metadata": {"salesforce_account_id": "001A"}}, "metadata_account_id", "001A"),
    ("any", {"metadata": {"salesforce_opportunity_id": "006A"}}, "metadata_opportunity_id", "006A"),
    ("any", {"pause_collection": {"behavior": "void"}}, "is_collection_paused", True),
    ("2023", {"discount": {"id": "di_1", "coupon": {"id": "TEN"}, "start": at("2026-02-01")}}, "coupon_ids", ["TEN"]),
    (
        "2025",
        {"discounts": [{"id": "di_1", "coupon": {"id": "TEN"}, "start": at("2026-02-01")}]},
        "coupon_ids",
        ["TEN"],
    ),
    ("clover", {"discounts": [{"id": "di_1", "source": {"coupon": {"id": "TEN"}}}]}, "coupon_ids", ["TEN"]),
    ("clover, id only", {"discounts": [{"id": "di_1", "source": {"coupon": "TEN"}}]}, "coupon_ids", ["TEN"]),
    ("2024, both", {"discounts": ["di_1"], "discount": {"id": "di_1", "coupon": {"id": "TEN"}}}, "coupon_ids", ["TEN"]),
]

ITEM_PATHS = [
    ("basil", {}, "price_id", "price_seat"),
    ("2018", {"price": None, "plan": PLAN}, "price_id", "gold"),
    ("2018", {"price": None, "plan": PLAN}, "interval", "year"),
    ("2018", {"price": None, "plan": PLAN}, "interval_count", 2),
    ("2018", {"price": None, "plan": PLAN}, "unit_amount_e12", 2000 * 10**12),
    ("2018", {"price": None, "plan": PLAN}, "product_id", "prod_g"),
    ("decimal", {"price": price(unit_amount=None, unit_amount_decimal="0.5")}, "unit_amount_e12", 5 * 10**11),
    ("integer", {"price": price(unit_amount_decimal=None)}, "unit_amount_e12", 4900 * 10**12),
    ("expanded", {"price": price(product={"id": "prod_1", "name": "Seats"})}, "product_id", "prod_1"),
    (
        "metered",
        {"price": price(recurring={"interval": "month", "interval_count": 1, "usage_type": "metered"})},
        "usage_type",
        "metered",
    ),
    ("transform", {"price": price(transform_quantity={"divide_by": 5, "round": "up"})}, "transform_divide_by", 5),
    (
        "2018",
        {"price": None, "plan": PLAN | {"transform_usage": {"divide_by": 5, "round": "up"}}},
        "transform_round",
        "up",
    ),
    ("endive", {"current_trial": {"end_date": at("2026-12-01")}}, "trial_end_on", dt.date(2026, 12, 1)),
    (
        "any",
        {"tax_rates": [{"id": "txr_1", "percentage": 19.0}, {"id": "txr_2", "percentage": 1.5}]},
        "tax_rate_e6",
        20_500_000,
    ),
    (
        "any",
        {
            "tax_rates": [{"id": "txr_1", "percentage": 19.0, "inclusive": True}],
            "price": price(tax_behavior="unspecified"),
        },
        "tax_behavior",
        "inclusive",
    ),
    ("2025", {"discounts": [{"id": "di_1", "coupon": {"id": "TEN"}}]}, "coupon_ids", ["TEN"]),
]

INVOICE_PATHS = [
    ("basil", {}, "subscription_id", "sub_1"),
    ("2024", {"parent": None, "subscription": "sub_2"}, "subscription_id", "sub_2"),
    ("null beside", {"subscription": None}, "subscription_id", "sub_1"),
    ("expanded", {"parent": None, "subscription": {"id": "sub_3"}}, "subscription_id", "sub_3"),
    ("basil", {"total_taxes": [{"amount": 300}, {"amount": 12}]}, "tax_minor", 312),
    ("2024", {"total_taxes": None, "tax": 300}, "tax_minor", 300),
    ("2022", {"total_taxes": None, "total_tax_amounts": [{"amount": 300, "inclusive": True}]}, "tax_minor", 300),
    ("no tax", {}, "tax_minor", 0),
    (
        "basil",
        {"parent": {"subscription_details": {"metadata": {"salesforce_opportunity_id": "006A"}}}},
        "metadata_opportunity_id",
        "006A",
    ),
    (
        "2024",
        {"subscription_details": {"metadata": {"salesforce_opportunity_id": "006A"}}},
        "metadata_opportunity_id",
        "006A",
    ),
    ("any", {"metadata": {"salesforce_opportunity_id": "006B"}}, "metadata_opportunity_id", "006B"),
    ("2018", {"created": None, "date": at("2026-10-02")}, "created_on", dt.date(2026, 10, 2)),
    ("2018", {"status": None, "status_transitions": None, "paid": True}, "status", "paid"),
    ("2018", {"status": None, "status_transitions": None, "paid": False, "forgiven": True}, "status", "uncollectible"),
    ("2018", {"status": None, "status_transitions": None, "paid": False, "number": None}, "status", "draft"),
]

LINE_PATHS = [
    ("basil", {}, "item_id", "si_1"),
    ("2024", {"parent": None, "subscription_item": "si_9", "type": "subscription"}, "item_id", "si_9"),
    ("2024", {"parent": None, "subscription": "sub_9", "type": "invoiceitem"}, "subscription_id", "sub_9"),
    (
        "basil",
        {
            "subscription": None,
            "parent": {
                "type": "invoice_item_details",
                "invoice_item_details": {"subscription": "sub_9", "proration": True},
            },
        },
        "subscription_id",
        "sub_9",
    ),
    (
        "basil",
        {"parent": {"type": "invoice_item_details", "invoice_item_details": {"proration": True}}},
        "is_proration",
        True,
    ),
    ("2024", {"parent": None, "proration": True}, "is_proration", True),
    ("basil", {"parent": {"type": "invoice_item_details", "invoice_item_details": {}}}, "kind", "invoiceitem"),
    ("2024", {"parent": None, "type": "invoiceitem"}, "kind", "invoiceitem"),
    ("2024", {"parent": None, "type": "subscription", "subscription": None}, "subscription_id", "sub_1"),
    ("basil", {}, "price_id", "price_seat"),
    ("expanded", {"pricing": {"price_details": {"price": price()}}}, "price_id", "price_seat"),
    ("2024", {"pricing": None, "price": price("price_old")}, "price_id", "price_old"),
    ("2018", {"pricing": None, "plan": PLAN}, "price_id", "gold"),
    ("2018", {"pricing": None, "plan": PLAN}, "unit_amount_e12", 2000 * 10**12),
    ("dahlia", {"quantity": 1, "quantity_decimal": "1.25"}, "quantity_e12", 125 * 10**10),
    ("basil", {"taxes": [{"amount": 190, "tax_behavior": "exclusive", "taxable_amount": 1000}]}, "tax_minor", 190),
    (
        "basil",
        {"taxes": [{"amount": 190, "tax_behavior": "inclusive", "taxable_amount": 1000}]},
        "tax_inclusive_minor",
        190,
    ),
    (
        "2024",
        {"taxes": None, "tax_amounts": [{"amount": 190, "inclusive": True, "taxable_amount": 1000}]},
        "tax_inclusive_minor",
        190,
    ),
    (
        "2024",
        {"taxes": None, "tax_amounts": [{"amount": 190, "inclusive": False, "taxable_amount": 1000}]},
        "taxable_minor",
        1000,
    ),
    ("any", {"discount_amounts": [{"amount": 100}, {"amount": 11}]}, "discount_minor", 111),
]


CUSTOMER_PATHS = [
    ("any", {}, "name", "Alder Works"),
    ("clover", {"name": None, "business_name": "Alder GmbH"}, "name", "Alder GmbH"),
    ("clover", {"name": None, "individual_name": "A. Alder"}, "name", "A. Alder"),
    ("any", {"address": {"country": "DE", "postal_code": "10115", "city": "Berlin"}}, "postal_code", "10115"),
    ("shipping", {"shipping": {"address": {"country": "DE"}}}, "country", "DE"),
    ("any", {"tax_ids": {"data": [{"value": "DE123456789"}]}}, "vat_number", "DE123456789"),
    ("2018", {"business_vat_id": "DE123456789"}, "vat_number", "DE123456789"),
    ("any", {"metadata": {"salesforce_account_id": "001A"}}, "metadata_account_id", "001A"),
    ("clover", {"discount": {"id": "di_1", "source": {"coupon": "TEN"}}}, "coupon_id", "TEN"),
]


def shown(rows):
    names = [f"{row[2]}-{row[0]}-{number}" for number, row in enumerate(rows)]
    drawn = [(number, column, value) for number, (_, _, column, value) in enumerate(rows)]
    return pytest.mark.parametrize(("number", "column", "value"), drawn, ids=names)


def numbered(rows, make):
    return [make(number, says) for number, (_, says, _, _) in enumerate(rows)]


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Every row above as an object of its own, read at once: one file mixes all shapes."""
    lines = numbered(LINE_PATHS, lambda n, says: invoice(f"in_line_{n}", lines=[invoice_line(f"il_row_{n}") | says]))
    items = numbered(ITEM_PATHS, lambda n, says: subscription(f"sub_item_{n}", items=[item(f"si_row_{n}") | says]))
    reading = read(
        tmp_path_factory.mktemp("shapes"),
        customers=[customer(), *numbered(CUSTOMER_PATHS, lambda n, says: customer(f"cus_row_{n}") | says)],
        subscriptions=[*numbered(SUBSCRIPTION_PATHS, lambda n, says: subscription(f"sub_row_{n}") | says), *items],
        invoices=[invoice(), *numbered(INVOICE_PATHS, lambda n, says: invoice(f"in_row_{n}") | says), *lines],
    )
    assert reading.quarantine.is_empty(), reading.quarantine.select("key", "field", "value", "rule").rows()
    return reading.tables


def of(table, key, value):
    rows = table.filter(table[key] == value).to_dicts()
    assert len(rows) == 1, rows
    return rows[0]


@shown(SUBSCRIPTION_PATHS)
def test_subscription(tables, number, column, value):
    assert of(tables["subscriptions"], "subscription_id", f"sub_row_{number}")[column] == value


@shown(ITEM_PATHS)
def test_item(tables, number, column, value):
    assert of(tables["subscription_items"], "item_id", f"si_row_{number}")[column] == value


@shown(INVOICE_PATHS)
def test_invoice(tables, number, column, value):
    assert of(tables["invoices"], "invoice_id", f"in_row_{number}")[column] == value


@shown(LINE_PATHS)
def test_invoice_line(tables, number, column, value):
    row = of(tables["invoice_lines"], "line_id", f"il_row_{number}")
    assert row[column] == value


@shown(CUSTOMER_PATHS)
def test_customer(tables, number, column, value):
    assert of(tables["customers"], "customer_id", f"cus_row_{number}")[column] == value


@pytest.mark.parametrize(
    ("version", "says", "files", "value"),
    [
        ("2024", {"invoice": "in_9"}, {}, "in_9"),
        ("expanded", {"invoice": {"id": "in_9"}}, {}, "in_9"),
        (
            "basil",
            {},
            {
                "invoice_payments": [
                    {
                        "id": "ip_1",
                        "invoice": "in_9",
                        "livemode": True,
                        "currency": "usd",
                        "payment": {"type": "payment_intent", "payment_intent": "pi_1"},
                    }
                ]
            },
            "in_9",
        ),
        (
            "basil",
            {},
            {
                "invoice_payments": [
                    {
                        "id": "ip_1",
                        "invoice": "in_9",
                        "livemode": True,
                        "currency": "usd",
                        "payment": {"type": "charge", "charge": "ch_1"},
                    }
                ]
            },
            "in_9",
        ),
        (
            "2024",
            {},
            {"payment_intents": [{"id": "pi_1", "livemode": True, "currency": "usd", "amount": 1, "invoice": "in_9"}]},
            "in_9",
        ),
        ("2024", {}, {"invoices": [invoice("in_9", payment_intent="pi_1")]}, "in_9"),
        (
            "basil",
            {},
            {"invoices": [invoice("in_9", payments=listed({"payment": {"payment_intent": "pi_1"}}))]},
            "in_9",
        ),
        ("nothing", {}, {}, None),
    ],
)
def test_charge_finds_its_invoice(tmp_path, version, says, files, value):
    reading = read(tmp_path, charges=[charge() | says], **files)
    assert only(reading, "charges")["invoice_id"] == value


def test_a_subscription_of_2018_without_items_is_its_own_item(tmp_path):
    old = without(subscription(), "items") | {"plan": PLAN, "quantity": 3}
    row = only(read(tmp_path, subscriptions=[old]), "subscription_items")
    assert (row["item_id"], row["price_id"], row["quantity_e12"]) == ("sub_1", "gold", 3 * 10**12)


@pytest.mark.parametrize(
    ("tiers", "expected"),
    [
        (
            [
                {"up_to": 10, "unit_amount": 1000, "unit_amount_decimal": "1000", "flat_amount": None},
                {"up_to": None, "unit_amount_decimal": "800.5", "flat_amount": 500},
            ],
            [(1, 10, 1000, None), (2, None, 800.5, 500)],
        ),
        ([{"up_to": "inf", "amount": 700}], [(1, None, 700, None)]),
    ],
)
def test_tiers_of_a_price(tmp_path, tiers, expected):
    reading = read(tmp_path, prices=[price(billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)])
    rows = reading.tables["price_tiers"].sort("position").rows(named=True)
    told = [(row["position"], row["up_to"], row["unit_amount_e12"], row["flat_amount_e12"]) for row in rows]
    exact = [
        (place, limit, unit and int(unit * 10**12), flat and flat * 10**12) for place, limit, unit, flat in expected
    ]
    assert told == exact


def test_tiers_that_stand_only_inside_an_item_are_known(tmp_path):
    tiered = price(tiers=[{"up_to": None, "unit_amount": 5}], billing_scheme="tiered")
    reading = read(tmp_path, subscriptions=[subscription(items=[item(price=tiered)])])
    assert only(reading, "price_tiers")["price_id"] == "price_seat"


def test_a_price_file_completes_an_item_that_only_names_its_price(tmp_path):
    named = item(price={"id": "price_seat"})
    row = only(read(tmp_path, subscriptions=[subscription(items=[named])], prices=[price()]), "subscription_items")
    assert (row["interval"], row["unit_amount_e12"]) == ("month", 4900 * 10**12)


@pytest.mark.parametrize(
    ("currency", "amount", "expected"),
    [("usd", 1050, 1050), ("jpy", 1050, 1050), ("kwd", 1050, 1050), ("isk", 105000, 1050), ("mga", 1050, 105000)],
)
def test_amounts_take_the_exponent_of_iso(tmp_path, currency, amount, expected):
    row = only(read(tmp_path, charges=[charge(currency=currency, amount=amount, amount_refunded=0)]), "charges")
    assert (row["currency"], row["amount_minor"]) == (currency.upper(), expected)


def test_key_order_and_spaces_do_not_matter(tmp_path):
    turned = json.dumps(dict(reversed(subscription().items())), indent=None, separators=(" , ", " : "))
    one = read(tmp_path / "a", subscriptions=[turned]).tables
    other = read(tmp_path / "b", subscriptions=[subscription()]).tables
    assert one["subscription_items"].equals(other["subscription_items"])
