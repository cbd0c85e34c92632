"""Worked MRR cases as drawn tables. Each row is one subscription or contract valued on 31 October 2026.

Stripe prices are written as Stripe sends them, in its smallest unit; amounts off, contract amounts and MRR are not.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import polars as pl
import pytest

from recon_kit import money
from recon_kit.normalise.mrr.valuation import expose
from recon_kit.policy import build_policy
from recon_kit.schemas import TABLES
from tests.mrr_records import AS_OF, ONE, common_rates, table, value_billing, value_selling

SUBSCRIPTIONS = """
| case                                   | items                                             | discounts                                    | subscription                | MRR       | committed |
|----------------------------------------|---------------------------------------------------|----------------------------------------------|-----------------------------|-----------|-----------|
| 1,200 a year                           | 1 x 120000/year                                   |                                              |                             | 100.00    | 100.00    |
| Stripe's own example                   | 50 x 60000/year; 100 x 10000/month                |                                              |                             | 12,500.00 | 12,500.00 |
| half a cent, 1,001 times               | 1001 x 0.5/month                                  |                                              |                             | 5.01      | 5.01      |
| a tie goes away from zero              | 1 x 0.5/month                                     |                                              |                             | 0.01      | 0.01      |
| just below a tie                       | 1 x 0.499999/month                                |                                              |                             | 0.00      | 0.00      |
| items are summed before rounding       | 1 x 0.4/month; 1 x 0.4/month                      |                                              |                             | 0.01      | 0.01      |
| three twelfths of a cent               | 1 x 18/year                                       |                                              |                             | 0.02      | 0.02      |
| quarterly                              | 1 x 30000/3 month                                 |                                              |                             | 100.00    | 100.00    |
| every two years                        | 1 x 240000/2 year                                 |                                              |                             | 100.00    | 100.00    |
| weekly: 52/12                          | 1 x 1200/week                                     |                                              |                             | 52.00     | 52.00     |
| every second week                      | 1 x 1200/2 week                                   |                                              |                             | 26.00     | 26.00     |
| daily: 365/12                          | 1 x 1200/day                                      |                                              |                             | 365.00    | 365.00    |
| quantity nought                        | 0 x 1200/month                                    |                                              |                             | 0.00      | 0.00      |
| a fraction of a unit                   | 2.5 x 1000/month                                  |                                              |                             | 25.00     | 25.00     |
| packages of 10, begun ones billed      | 21 x 1000/month packages of 10 up                 |                                              |                             | 30.00     | 30.00     |
| packages of 10, full ones billed       | 29 x 1000/month packages of 10 down               |                                              |                             | 20.00     | 20.00     |
| packages of 10, exactly two            | 20 x 1000/month packages of 10 up                 |                                              |                             | 20.00     | 20.00     |
| graduated, 10 at 10.00, then 8 + 5     | 15 x graduated/month                              |                                              |                             | 145.00    | 145.00    |
| graduated, at the boundary             | 10 x graduated/month                              |                                              |                             | 100.00    | 100.00    |
| graduated, one beyond                  | 11 x graduated/month                              |                                              |                             | 113.00    | 113.00    |
| volume, in the second tier             | 15 x volume/month                                 |                                              |                             | 125.00    | 125.00    |
| volume, at the boundary                | 10 x volume/month                                 |                                              |                             | 100.00    | 100.00    |
| volume, a year                         | 15 x volume/year                                  |                                              |                             | 10.42     | 10.42     |
| graduated, nothing used                | 0 x graduated/month                               |                                              |                             | 0.00      | 0.00      |
| metered prices are no MRR              | 1 x 1000/month; 7 x 500/month metered             |                                              |                             | 10.00     | 10.00     |
| one-time prices are no MRR             | 1 x 1000/month; 1 x 99900/once                    |                                              |                             | 10.00     | 10.00     |
| an item in its own trial               | 1 x 1000/month; 1 x 500/month trial to 2026-11-01 |                                              |                             | 10.00     | 15.00     |
| an item whose trial ended on as_of     | 1 x 1000/month; 1 x 500/month trial to 2026-10-31 |                                              |                             | 15.00     | 15.00     |
| past due still counts                  | 1 x 1000/month                                    |                                              | past_due                    | 10.00     | 10.00     |
| trialing                               | 1 x 1000/month                                    |                                              | trialing to 2026-11-14      | 0.00      | 10.00     |
| paused                                 | 1 x 1000/month                                    |                                              | paused                      | 0.00      | 10.00     |
| collection paused                      | 1 x 1000/month                                    |                                              | active collection paused    | 0.00      | 10.00     |
| unpaid                                 | 1 x 1000/month                                    |                                              | unpaid                      | 0.00      | 0.00      |
| canceled                               | 1 x 1000/month                                    |                                              | canceled                    | 0.00      | 0.00      |
| incomplete                             | 1 x 1000/month                                    |                                              | incomplete                  | 0.00      | 0.00      |
| yen have no decimals                   | 1 x 100000/year                                   |                                              | active JPY                  | 8,333     | 8,333     |
| dinars have three                      | 1 x 100000/year                                   |                                              | active KWD                  | 8.333     | 8.333     |
| krónur: Stripe sends two, ISO has none | 1 x 1200000/year                                  |                                              | active ISK                  | 1,000     | 1,000     |
| krónur round once, not per step        | 3 x 50/month                                      |                                              | active ISK                  | 2         | 2         |
| ariary: Stripe sends none, ISO has two | 1 x 1200/year                                     |                                              | active MGA                  | 100.00    | 100.00    |
| 20 % for ever                          | 1 x 10000/month                                   | 20% forever                                  |                             | 80.00     | 80.00     |
| stacked coupons apply in turn          | 1 x 10000/month                                   | 20% forever; 10% forever                     |                             | 72.00     | 72.00     |
| percent, then amount                   | 1 x 10000/month                                   | 20% forever; 5.00 forever                    |                             | 75.00     | 75.00     |
| amount, then percent                   | 1 x 10000/month                                   | 5.00 forever; 20% forever                    |                             | 76.00     | 76.00     |
| amount off each yearly invoice         | 1 x 120000/year                                   | 60.00 forever                                |                             | 95.00     | 95.00     |
| amount off each quarterly invoice      | 1 x 30000/3 month                                 | 30.00 forever                                |                             | 90.00     | 90.00     |
| amount off an item, by its interval    | 1 x 120000/year; 1 x 10000/month                  | item 1: 60.00 forever                        |                             | 195.00    | 195.00    |
| amount off, mixed intervals: shortest  | 1 x 120000/year; 1 x 10000/month                  | 60.00 forever                                |                             | 140.00    | 140.00    |
| never below zero                       | 1 x 1000/month                                    | 60.00 forever                                |                             | 0.00      | 0.00      |
| an item never below zero               | 1 x 1000/month; 1 x 2000/month                    | item 1: 60.00 forever                        |                             | 20.00     | 20.00     |
| item first, then subscription          | 1 x 10000/month; 1 x 10000/month                  | item 2: 50% forever; 10% forever             |                             | 135.00    | 135.00    |
| the customer's where there is no own   | 1 x 10000/month                                   | customer: 10% forever                        |                             | 90.00     | 90.00     |
| the customer's beside an item's        | 1 x 10000/month                                   | item 1: 20% forever; customer: 10% forever   |                             | 72.00     | 72.00     |
| the subscription's wins                | 1 x 10000/month                                   | 25% forever; customer: 10% forever           |                             | 75.00     | 75.00     |
| the subscription's own has ended       | 1 x 10000/month                                   | 25% repeating 2026-08-01 to 2026-10-01; customer: 10% forever |            | 90.00     | 90.00     |
| repeating, runs                        | 1 x 10000/month                                   | 25% repeating 2026-08-31 to 2026-11-30       |                             | 75.00     | 75.00     |
| repeating, ends the day after as_of    | 1 x 10000/month                                   | 25% repeating 2026-08-01 to 2026-11-01       |                             | 75.00     | 75.00     |
| repeating, ended on as_of              | 1 x 10000/month                                   | 25% repeating 2026-07-31 to 2026-10-31       |                             | 100.00    | 100.00    |
| repeating, begins on as_of             | 1 x 10000/month                                   | 25% repeating 2026-10-31 to 2027-01-31       |                             | 75.00     | 75.00     |
| repeating, not begun                   | 1 x 10000/month                                   | 25% repeating 2026-11-01 to 2027-02-01       |                             | 100.00    | 100.00    |
| repeating, end by its months: ended    | 1 x 10000/month                                   | 25% repeating 2026-07-31 months 3            |                             | 100.00    | 100.00    |
| repeating, end by its months: runs     | 1 x 10000/month                                   | 25% repeating 2026-08-01 months 3            |                             | 75.00     | 75.00     |
| once never                             | 1 x 10000/month                                   | 25% once                                     |                             | 100.00    | 100.00    |
| over before the trial is               | 1 x 10000/month                                   | 25% repeating 2026-10-01 to 2026-11-05       | trialing to 2026-11-14      | 0.00      | 100.00    |
| over after the trial is                | 1 x 10000/month                                   | 25% repeating 2026-10-01 to 2027-01-01       | trialing to 2026-11-14      | 0.00      | 75.00     |
| only for product 2                     | 1 x 10000/month; 1 x 5000/month                   | 20% forever on prod_2                        |                             | 140.00    | 140.00    |
| amount off, only for product 2         | 1 x 10000/month; 1 x 5000/month                   | 60.00 forever on prod_2                      |                             | 100.00    | 100.00    |
| amount off, for a product not there    | 1 x 10000/month                                   | 60.00 forever on prod_9                      |                             | 100.00    | 100.00    |
| amount off in another currency         | 1 x 10000/month                                   | 60.00 EUR forever                            |                             | 100.00    | 100.00    |
| 20 % tax inside the price              | 1 x 12000/month inclusive 20%                     |                                              |                             | 100.00    | 100.00    |
| 19 % tax inside the price              | 1 x 10000/month inclusive 19%                     |                                              |                             | 84.03     | 84.03     |
| the discount, then the tax             | 1 x 12000/month inclusive 20%                     | 12.00 forever                                |                             | 90.00     | 90.00     |
| tax in one item of two                 | 1 x 12000/month inclusive 20%; 1 x 10000/month    |                                              |                             | 200.00    | 200.00    |
| an amount off is shared in proportion  | 1 x 12000/month inclusive 20%; 1 x 4000/month     | 40.00 forever                                |                             | 105.00    | 105.00    |
"""

CONTRACTS = """
| case                                      | contract                                                                   | lines                                                                                      | MRR        | in term    |
|-------------------------------------------|----------------------------------------------------------------------------|--------------------------------------------------------------------------------------------|------------|------------|
| 10 months of platform, month 10           | 120000 total 2026-01-01 to 2026-10-31                                      | 20000 one_time; 100000                                                                     | 10,000.00  | 10,000.00  |
| the same, month 11                        | 120000 total 2025-12-01 to 2026-09-30                                      | 20000 one_time; 100000                                                                     | 0.00       | 10,000.00  |
| month 11, the contract itself runs on     | 120000 total 2025-12-01 to 2026-11-30                                      | 20000 one_time; 100000 2025-12-01 to 2026-09-30                                            | 0.00       | 0.00       |
| 1,200 a year                              | 1200 annual 2026-01-01 to 2026-12-31                                       |                                                                                            | 100.00     | 100.00     |
| monthly                                   | 1200 monthly 2026-01-01 to 2026-12-31                                      |                                                                                            | 1,200.00   | 1,200.00   |
| a total over its term                     | 1200 total term 10 2026-01-01 to 2026-10-31                                |                                                                                            | 120.00     | 120.00     |
| a total without a term, by its dates      | 1200 total 2026-01-01 to 2026-10-31                                        |                                                                                            | 120.00     | 120.00     |
| thirds round once                         | 100 total term 3 2026-09-01 to 2026-11-30                                  |                                                                                            | 33.33      | 33.33      |
| two thirds round up                       | 200 total term 3 2026-09-01 to 2026-11-30                                  |                                                                                            | 66.67      | 66.67      |
| a tie goes away from zero                 | 0.01 total term 2 2026-09-01 to 2026-12-31                                 |                                                                                            | 0.01       | 0.01       |
| a negative tie too                        | -0.01 total term 2 2026-09-01 to 2026-12-31                                |                                                                                            | -0.01      | -0.01      |
| yen                                       | 100000 JPY total term 12 2026-01-01 to 2026-12-31                          |                                                                                            | 8,333      | 8,333      |
| dinars                                    | 100 KWD total term 12 2026-01-01 to 2026-12-31                             |                                                                                            | 8.333      | 8.333      |
| evergreen                                 | 500 monthly 2024-05-17 to open                                             |                                                                                            | 500.00     | 500.00     |
| evergreen with a line                     | 500 monthly 2024-05-17 to open                                             | 500                                                                                        | 500.00     | 500.00     |
| starts on as_of                           | 100 monthly 2026-10-31 to 2027-10-30                                       |                                                                                            | 100.00     | 100.00     |
| starts the day after                      | 100 monthly 2026-11-01 to 2027-10-31                                       |                                                                                            | 0.00       | 100.00     |
| ends on as_of                             | 100 monthly 2025-11-01 to 2026-10-31                                       |                                                                                            | 100.00     | 100.00     |
| ended the day before                      | 100 monthly 2025-10-31 to 2026-10-30                                       |                                                                                            | 0.00       | 100.00     |
| not won                                   | 100 monthly 2026-01-01 to 2026-12-31 lost                                  |                                                                                            | 0.00       | 100.00     |
| 31 October and a month is 29 November     | 100 total 2026-01-31 to 2027-01-30                                         | 1300 2026-09-30 to 2026-10-29; 700 2026-10-30 to 2027-01-29; 100 2026-10-31 to 2026-11-29  | 333.33     | 333.33     |
| a line of a month and a half, by its days | 100 total 2026-01-01 to 2026-12-31                                         | 1500 2026-10-01 to 2026-11-15                                                              | 1,000.00   | 1,000.00   |
| a ramp, its second year                   | 36000 total 2025-07-01 to 2028-06-30                                       | 6000 2025-07-01 to 2026-06-30; 12000 2026-07-01 to 2027-06-30; 18000 2027-07-01 to 2028-06-30 | 1,000.00 | 1,000.00  |
| a ramp before its start: the first step   | 36000 total 2026-12-01 to 2028-11-30                                       | 12000 2026-12-01 to 2027-11-30; 24000 2027-12-01 to 2028-11-30                             | 0.00       | 1,000.00   |
| usage lines are no MRR                    | 1800 total 2026-01-01 to 2026-12-31                                        | 1200; 600 usage                                                                            | 100.00     | 100.00     |
| only one-time lines                       | 5000 total 2026-01-01 to 2026-12-31                                        | 5000 one_time                                                                              | 0.00       | 0.00       |
| a negative line                           | 1000 total 2026-01-01 to 2026-12-31                                        | 1200; -200                                                                                 | 83.33      | 83.33      |
| conditional discount, its last day        | 960 annual 2026-01-01 to 2026-12-31 discount 20% to 2026-10-31             |                                                                                            | 80.00      | 80.00      |
| conditional discount, the day after       | 960 annual 2026-01-01 to 2026-12-31 discount 20% to 2026-10-30             |                                                                                            | 100.00     | 100.00     |
| a discount without an end changes nothing | 960 annual 2026-01-01 to 2026-12-31 discount 20%                           |                                                                                            | 80.00      | 80.00      |
| 12.5 % until yesterday, by lines          | 1050 total 2026-01-01 to 2026-12-31 discount 12.5% to 2026-10-30           | 1050                                                                                       | 100.00     | 100.00     |
| the discount ends after the term          | 960 annual 2025-01-01 to 2025-12-31 discount 20% to 2026-01-31             |                                                                                            | 0.00       | 80.00      |
"""

GRADUATED = [
    {"price_id": "price_1", "position": 0, "up_to": 10, "unit_amount_e12": 1000 * ONE},
    {"price_id": "price_1", "position": 1, "unit_amount_e12": 800 * ONE, "flat_amount_e12": 500 * ONE},
]
DAY = r"\d{4}-\d{2}-\d{2}"


def rows_of(drawn):
    lines = [line.strip().strip("|") for line in drawn.strip().splitlines()]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0]) for row in cells[2:]]


def e12(text):
    return int(Decimal(text) * ONE)


def item_of(text):
    what = re.fullmatch(
        r"(?P<quantity>[\d.]+) x (?P<price>[\w.]+)/(?P<count>\d+ )?(?P<interval>\w+)"
        r"( packages of (?P<package>\d+) (?P<round>\w+))?(?P<metered> metered)?"
        rf"( trial to (?P<trial>{DAY}))?( inclusive (?P<tax>\d+)%)?",
        text,
    )
    assert what, f"cannot read item {text!r}"
    item = {"quantity_e12": e12(what["quantity"]), "interval_count": int(what["count"] or 1)}
    item["interval"] = None if what["interval"] == "once" else what["interval"]
    if what["price"] in ("graduated", "volume"):
        item |= {"billing_scheme": "tiered", "tiers_mode": what["price"]}
    else:
        item["unit_amount_e12"] = e12(what["price"])
    if what["package"]:
        item |= {"transform_divide_by": int(what["package"]), "transform_round": what["round"]}
    if what["metered"]:
        item["usage_type"] = "metered"
    if what["trial"]:
        item["trial_end_on"] = dt.date.fromisoformat(what["trial"])
    if what["tax"]:
        item |= {"tax_behavior": "inclusive", "tax_rate_e6": int(what["tax"]) * 10**6}
    return item


def discount_of(text, position):
    what = re.fullmatch(
        r"((?P<owner>customer|item (?P<item>\d+)): )?((?P<percent>[\d.]+)%|(?P<amount>[\d.]+))"
        rf"( (?P<currency>[A-Z]{{3}}))? (?P<duration>\w+)( (?P<start>{DAY}))?( to (?P<end>{DAY}))?"
        r"( months (?P<months>\d+))?( on (?P<product>\w+))?",
        text,
    )
    assert what, f"cannot read discount {text!r}"
    owner, owner_id = "subscription", "sub_1"
    if what["owner"]:
        owner, owner_id = ("customer", "cus_1") if what["owner"] == "customer" else ("item", f"si_{what['item']}")
    return {
        "owner": owner,
        "owner_id": owner_id,
        "position": position,
        "discount_id": f"di_{position}",
        "duration": what["duration"],
        "percent_off_e6": int(Decimal(what["percent"]) * 10**6) if what["percent"] else None,
        "amount_off_minor": int(Decimal(what["amount"]) * 100) if what["amount"] else None,
        "currency": (what["currency"] or "USD") if what["amount"] else None,
        "start_on": dt.date.fromisoformat(what["start"]) if what["start"] else None,
        "end_on": dt.date.fromisoformat(what["end"]) if what["end"] else None,
        "duration_months": int(what["months"]) if what["months"] else None,
        "applies_to_product_ids": [what["product"]] if what["product"] else [],
    }


def subscription_of(text):
    what = re.fullmatch(
        rf"(?P<status>[a-z_]+)?( to (?P<trial>{DAY}))?(?P<paused> collection paused)?( ?(?P<currency>[A-Z]{{3}}))?",
        text,
    )
    assert what, f"cannot read subscription {text!r}"
    return {
        "status": what["status"] or "active",
        "trial_end_on": dt.date.fromisoformat(what["trial"]) if what["trial"] else None,
        "is_collection_paused": bool(what["paused"]),
        "currency": what["currency"] or "USD",
    }


def value_drawn_subscription(items, discounts, subscription, **more):
    record = subscription_of(subscription)
    priced = [item_of(item) | {"currency": record["currency"]} for item in items.split("; ")]
    cuts = [discount_of(text, n) for n, text in enumerate(discounts.split("; ")) if text]
    return value_billing(priced, subscription=record, tiers=GRADUATED, discounts=cuts, **more)


def written(minor, currency="USD"):
    shown = pl.select(money.format_minor(pl.lit(minor, dtype=pl.Int64), pl.lit(currency)))
    return shown.item()


@pytest.mark.parametrize(("items", "discounts", "subscription", "mrr", "committed"), rows_of(SUBSCRIPTIONS))
def test_subscription(items, discounts, subscription, mrr, committed):
    row = value_drawn_subscription(items, discounts, subscription).rows.row(0, named=True)
    shown = [written(row[name], row["currency"]) for name in ("mrr_minor", "committed_mrr_minor")]
    assert shown == [mrr, committed]
    assert row["is_comparable"]


def contract_of(text):
    what = re.fullmatch(
        r"(?P<amount>-?[\d.]+)( (?P<currency>[A-Z]{3}))? (?P<basis>\w+)( term (?P<term>\d+))? "
        rf"(?P<start>{DAY}) to (?P<end>{DAY}|open)(?P<lost> lost)?"
        rf"( discount (?P<percent>[\d.]+)%( to (?P<until>{DAY}))?)?",
        text,
    )
    assert what, f"cannot read contract {text!r}"
    currency = what["currency"] or "USD"
    return {
        "amount_minor": int(Decimal(what["amount"]).scaleb(money.exponent_of(currency))),
        "currency": currency,
        "amount_basis": what["basis"],
        "term_months": int(what["term"]) if what["term"] else None,
        "start_on": dt.date.fromisoformat(what["start"]),
        "end_on": None if what["end"] == "open" else dt.date.fromisoformat(what["end"]),
        "is_won": not what["lost"],
        "discount_pct_e6": int(Decimal(what["percent"]) * 10**6) if what["percent"] else None,
        "discount_end_on": dt.date.fromisoformat(what["until"]) if what["until"] else None,
    }


def line_of(text):
    what = re.fullmatch(rf"(?P<total>-?\d+)( (?P<kind>one_time|usage))?( (?P<start>{DAY}) to (?P<end>{DAY}))?", text)
    assert what, f"cannot read line {text!r}"
    return {
        "total_price_minor": int(what["total"]) * 100,
        "kind": what["kind"] or "recurring",
        "start_on": dt.date.fromisoformat(what["start"]) if what["start"] else None,
        "end_on": dt.date.fromisoformat(what["end"]) if what["end"] else None,
    }


@pytest.mark.parametrize(("contract", "lines", "mrr", "term_mrr"), rows_of(CONTRACTS))
def test_contract(contract, lines, mrr, term_mrr):
    drawn = [line_of(line) for line in lines.split("; ") if line]
    row = value_selling([contract_of(contract)], drawn).rows.row(0, named=True)
    shown = [written(row[name], row["currency"]) for name in ("mrr_minor", "term_mrr_minor")]
    assert shown == [mrr, term_mrr]
    assert row["is_comparable"]


POLICIES = """
| case                                     | policy                          | items                                     | discounts                              | subscription             | MRR    |
|------------------------------------------|---------------------------------|-------------------------------------------|----------------------------------------|--------------------------|--------|
| once counts when the policy says so      | discounts_in_mrr: once          | 1 x 10000/month                           | 25% once                               |                          | 75.00  |
| repeating left out, as Stripe's page has | discounts_in_mrr: forever       | 1 x 10000/month                           | 25% repeating 2026-08-01 to 2027-01-01 |                          | 100.00 |
| forever always counts                    | discounts_in_mrr: once          | 1 x 10000/month                           | 25% forever                            |                          | 75.00  |
| paused collection counts                 | paused_collection_counts        | 1 x 10000/month                           |                                        | active collection paused | 100.00 |
| metered prices count                     | usage_counts                    | 1 x 10000/month; 7 x 500/month metered    |                                        |                          | 135.00 |
"""


@pytest.mark.parametrize(("policy", "items", "discounts", "subscription", "mrr"), rows_of(POLICIES))
def test_policy_of_subscriptions(policy, items, discounts, subscription, mrr):
    key, _, value = policy.partition(": ")
    chosen = build_policy({key: [value] if value else True})
    row = value_drawn_subscription(items, discounts, subscription, policy=chosen).rows.row(0, named=True)
    assert written(row["mrr_minor"]) == mrr


INVOICE_TAX = """
| case                                        | lines: period end, amount, tax, taxable        | MRR    |
|---------------------------------------------|------------------------------------------------|--------|
| tax of the latest ordinary line             | 2026-09-30 12000 1000 11000; 2026-10-31 12000 2000 10000 | 100.00 |
| an odd amount: the ratio of integers        | 2026-10-31 999 160 839                         | 100.78 |
| a proration is no evidence                  | 2026-09-30 12000 2000 10000; 2026-10-31 600 50 550 proration | 100.00 |
| a line without tax: nothing to take out     | 2026-10-31 12000 0 0                           | 120.00 |
| no line and no rate: stated with its tax    |                                                | 120.00 |
"""


def tax_line(text, number):
    end, amount, tax, taxable, *rest = text.split()
    return {
        "line_id": f"il_{number}",
        "item_id": "si_1",
        "subscription_id": "sub_1",
        "period_end_on": dt.date.fromisoformat(end),
        "amount_minor": int(amount),
        "tax_minor": int(tax),
        "tax_inclusive_minor": int(tax),
        "taxable_minor": int(taxable),
        "is_proration": rest == ["proration"],
    }


@pytest.mark.parametrize(("lines", "mrr"), rows_of(INVOICE_TAX))
@pytest.mark.parametrize("names_item", [True, False])
def test_inclusive_tax_from_the_invoice(lines, mrr, names_item):
    drawn = [tax_line(text, n) for n, text in enumerate(lines.split("; ")) if text]
    if not names_item:
        drawn = [{**line, "item_id": None, "price_id": "price_1"} for line in drawn]
    valued = value_billing([item_of("1 x 12000/month") | {"tax_behavior": "inclusive"}], lines=drawn)
    assert written(valued.rows["mrr_minor"].item()) == mrr
    assert valued.not_testable.height == (0 if lines else 1)


def test_usage_counts_by_the_latest_ordinary_line_where_the_item_has_no_quantity():
    metered = item_of("1 x 500/month metered") | {"quantity_e12": None}
    line = {"line_id": "il_1", "item_id": "si_1", "period_end_on": AS_OF, "amount_minor": 3500, "quantity_e12": 7 * ONE}
    valued = value_billing([metered], lines=[line], policy=build_policy({"usage_counts": True}))
    assert valued.rows["mrr_minor"].to_list() == [3500]


def test_without_tiers_a_subscription_is_not_testable_and_its_money_exposed():
    line = {"line_id": "il_1", "item_id": "si_1", "period_end_on": AS_OF, "amount_minor": 14500}
    items = [item_of("15 x graduated/month"), item_of("1 x 1000/month")]
    valued = value_billing(items, lines=[line])
    row, doubt = valued.rows.row(0, named=True), valued.not_testable.row(0, named=True)
    assert (row["is_comparable"], row["mrr_minor"], row["committed_mrr_reporting_minor"]) == (False, None, None)
    assert (doubt["subject"], doubt["id"], doubt["exposed_minor"]) == ("subscription", "sub_1", 15500)
    assert "price_1 are not in the prices file" in doubt["reason"]
    assert valued.worksheet["net_monthly"].to_list() == [None]


NOT_TESTABLE = """
| case                                     | item                    | change                        | reason holds            |
|------------------------------------------|-------------------------|-------------------------------|-------------------------|
| no quantity                              | 1 x 1000/month          | quantity_e12 = None           | states no quantity      |
| no price                                 | 1 x 1000/month          | unit_amount_e12 = None        | states no unit amount   |
| an interval nobody knows                 | 1 x 1000/fortnight      |                               | interval fortnight      |
| a mode nobody knows                      | 5 x graduated/month     | tiers_mode = package          | tier mode is unknown    |
| another currency than the subscription's | 1 x 1000/month          | currency = EUR                | is in EUR               |
| beyond any amount meant                  | 99999999 x 99999999/day |                               | too large               |
"""


@pytest.mark.parametrize(("item", "change", "reason"), rows_of(NOT_TESTABLE))
def test_what_cannot_be_told_is_listed_and_left_out(item, change, reason):
    record = item_of(item)
    if change:
        name, _, value = change.partition(" = ")
        record[name] = None if value == "None" else value
    tiers = [{"price_id": "price_1", "position": 0, "unit_amount_e12": ONE}]
    for status, known in (("active", False), ("canceled", True)):
        valued = value_billing([record], tiers=tiers, subscription={"status": status})
        assert valued.rows["is_comparable"].to_list() == [known]
        assert valued.rows["mrr_minor"].to_list() == [0 if known else None]
        assert [reason in text for text in valued.not_testable["reason"]] == ([] if known else [True])


def test_tiers_that_end_below_the_quantity_are_not_testable():
    tiers = [{"price_id": "price_1", "position": 0, "up_to": 10, "unit_amount_e12": ONE}]
    within = value_billing([item_of("10 x graduated/month")], tiers=tiers)
    beyond = value_billing([item_of("11 x graduated/month")], tiers=tiers)
    assert within.rows["mrr_minor"].to_list() == [10]
    assert beyond.rows["mrr_minor"].to_list() == [None]


def test_a_coupon_that_the_coupons_file_lacks_is_not_testable():
    discount = discount_of("20% forever", 0) | {"percent_off_e6": None}
    valued = value_billing([item_of("1 x 1000/month")], discounts=[discount])
    assert valued.rows["mrr_minor"].to_list() == [None]
    assert "di_0 is not in the coupons file" in valued.not_testable["reason"].item()


def test_an_amount_off_in_another_currency_is_listed():
    valued = value_drawn_subscription("1 x 10000/month", "60.00 EUR forever", "")
    assert "another currency" in valued.not_testable["reason"].item()


def test_a_live_subscription_without_items_is_not_testable():
    valued = value_billing([])
    assert valued.rows["is_comparable"].to_list() == [False]
    assert "no items" in valued.not_testable["reason"].item()


CONTRACT_FAULTS = """
| case                            | contract                                                       | change                 | reason holds        |
|---------------------------------|----------------------------------------------------------------|------------------------|---------------------|
| no amount                       | 1 monthly 2026-01-01 to 2026-12-31                             | amount_minor = None    | no amount           |
| a total over no months          | 1 total 2026-01-01 to 2026-12-31                               | term_months = 0        | over how many       |
| a total without an end          | 1 total 2026-01-01 to open                                     |                        | over how many       |
| 100 % off, ended                | 0 monthly 2026-01-01 to 2026-12-31 discount 100% to 2026-10-30 |                        | 100 % discount      |
"""


@pytest.mark.parametrize(("contract", "change", "reason"), rows_of(CONTRACT_FAULTS))
def test_contracts_that_cannot_be_valued(contract, change, reason):
    record = contract_of(contract)
    if change:
        name, _, value = change.partition(" = ")
        record[name] = None if value == "None" else int(value)
    valued = value_selling([record])
    row, doubt = valued.rows.row(0, named=True), valued.not_testable.row(0, named=True)
    assert (row["is_comparable"], row["mrr_minor"], row["term_mrr_minor"]) == (False, None, None)
    assert (doubt["subject"], doubt["id"]) == ("opportunity", "006A")
    assert reason in doubt["reason"]


def test_a_total_whose_term_is_only_near_a_whole_number_is_spread_by_its_dates():
    record = contract_of("1500 total term 2 2026-10-01 to 2026-11-15") | {"term_is_whole": False}
    assert value_selling([record]).rows["mrr_minor"].to_list() == [100_000]


def test_a_contract_with_lines_in_quarantine_is_left_out():
    record = contract_of("1200 annual 2026-01-01 to 2026-12-31") | {"has_faulty_lines": True}
    for lines in ([], [line_of("600")]):
        valued = value_selling([record], lines)
        assert valued.rows.select("is_comparable", "mrr_minor").rows() == [(False, None)]
        assert valued.worksheet["reason"].to_list() == ["Some of its line items are in quarantine."]


def test_a_recurring_line_without_total_makes_its_contract_unknown():
    valued = value_selling([contract_of("1 total 2026-01-01 to 2026-12-31")], [{"total_price_minor": None}])
    assert valued.rows["mrr_minor"].to_list() == [None]
    assert valued.worksheet_parts["reason"].to_list() == ["states no total price"]


REPORTING = """
| case                                   | reporting | items            | subscription | own    | reporting MRR |
|----------------------------------------|-----------|------------------|--------------|--------|---------------|
| yen to dollars                         | USD       | 1 x 10000/month  | active JPY   | 10,000 | 66.23         |
| dollars to yen                         | JPY       | 1 x 10000/month  |              | 100.00 | 15,100        |
| dinars to dollars                      | USD       | 1 x 10000/month  | active KWD   | 10.000 | 32.57         |
| from the exact value, not the rounded  | JPY       | 1 x 0.4/month    |              | 0.00   | 1             |
| euro                                   | EUR       | 1 x 10000/month  |              | 100.00 | 91.95         |
| no rate: own currency only             | USD       | 1 x 10000/month  | active CHF   | 100.00 |               |
| nothing is nothing in any currency     | USD       | 1 x 0/month      | active CHF   | 0.00   | 0.00          |
"""


@pytest.mark.parametrize(("reporting", "items", "subscription", "own", "expected"), rows_of(REPORTING))
def test_reporting_currency(reporting, items, subscription, own, expected):
    valued = value_drawn_subscription(items, "", subscription, rates=common_rates(reporting))
    row = valued.rows.row(0, named=True)
    assert written(row["mrr_minor"], row["currency"]) == own
    converted = row["mrr_reporting_minor"]
    assert ("" if converted is None else written(converted, reporting)) == expected
    assert row["is_comparable"]
    assert valued.not_testable.height == (0 if expected else 1)


def test_the_worksheet_can_be_re_performed():
    valued = value_drawn_subscription(
        "1 x 12000/month inclusive 20%; 2 x 6000/month", "item 2: 50% forever; 10% forever", ""
    )
    sheet = valued.worksheet.row(0, named=True)
    steps = [sheet[f"{step}_monthly"] for step in ("gross", "item_discount", "discount", "tax", "net")]
    assert steps == [24000, 6000, 1800, 1800, 14400]
    assert steps[0] - sum(steps[1:4]) == steps[4]
    assert (sheet["counts"], sheet["reason"], sheet["mrr_minor"]) == (True, None, 14400)
    parts = valued.worksheet_parts.sort("part_id")
    assert parts["net_monthly"].to_list() == [9000, 5400]
    assert sum(parts["net_monthly"]) == sheet["net_monthly"]


def test_the_worksheet_of_a_trial_shows_what_it_will_bill_and_why_it_does_not_yet():
    sheet = value_drawn_subscription("1 x 12000/month", "", "trialing to 2026-11-14").worksheet.row(0, named=True)
    assert (sheet["net_monthly"], sheet["mrr_minor"], sheet["reason"]) == (12000, 0, "in trial until 2026-11-14")


def test_the_worksheets_are_what_their_tables_promise():
    billing = value_drawn_subscription("15 x graduated/month", "5.00 forever", "")
    selling = value_selling([contract_of("1200 annual 2026-01-01 to 2026-12-31")], [])
    for valued in (billing, selling):
        assert TABLES["mrr_worksheet"].conform(valued.worksheet).height == 1
        TABLES["mrr_worksheet_parts"].conform(valued.worksheet_parts)
    TABLES["subscriptions"].conform(billing.rows)
    TABLES["contracts"].conform(selling.rows)


def test_empty_tables_stay_empty():
    valued = value_selling([])
    assert valued.rows.is_empty()
    assert table("contracts", []).height == 0


def test_what_a_reader_listed_is_shown_with_its_money():
    valued = value_drawn_subscription("1 x 12000/month", "", "trialing to 2026-11-14 EUR")
    listed = pl.DataFrame(
        {
            "subject": ["subscription", "file"],
            "id": ["sub_1", "sub_1"],
            "reason": ["It changed.", "It is absent."],
            "exposed_minor": [None, None],
            "currency": [None, None],
        },
        schema=TABLES["not_testable"].empty().drop("room").schema,
    )
    shown = expose(listed, valued.rows, subject="subscription", key="subscription_id", exposed="committed_mrr_minor")
    assert shown.select("exposed_minor", "currency").rows() == [(12000, "EUR"), (None, None)]
    assert shown.columns == listed.columns
