"""MRR against a second implementation in fractions, written from the definition alone, and against itself reordered."""

from __future__ import annotations

import calendar as days_of
import datetime as dt
from fractions import Fraction
from math import ceil, floor

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from recon_kit.normalise.mrr.contract_mrr import value_contracts
from recon_kit.normalise.mrr.subscription_mrr import value_subscriptions
from recon_kit.policy import build_policy
from tests.mrr_records import AS_OF, ONE, common_rates, table

PER_MONTH = {"day": Fraction(365, 12), "week": Fraction(52, 12), "month": Fraction(1), "year": Fraction(1, 12)}
TO_ISO = {"ISK": Fraction(1, 100)}
TO_USD = {  # minor units of the currency to cents, at the quotes of common_rates
    "USD": Fraction(1),
    "JPY": Fraction(10875, 1642100) * 100,
    "KWD": Fraction(10875, 3339) / 10,
    "ISK": Fraction(10875, 1493000) * 100,
}
NEAR = st.dates(AS_OF - dt.timedelta(days=400), AS_OF + dt.timedelta(days=400))
many = settings(max_examples=200)


def half_up(value):
    return floor(abs(value) + Fraction(1, 2)) * (1 if value > 0 else -1)


# --- Stripe ----------------------------------------------------------------------------------------------------------

LADDER = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5000), st.integers(0, 3000)), min_size=1, max_size=4)
ITEM = st.fixed_dictionaries(
    {
        "quantity": st.integers(0, 120) | st.integers(0, 400).map(lambda n: Fraction(n, 8)),
        "unit": st.integers(0, 10**6) | st.integers(0, 10**9).map(lambda n: Fraction(n, 10**6)),
        "interval": st.sampled_from(sorted(PER_MONTH)),
        "count": st.integers(1, 6),
        "scheme": st.sampled_from(["unit", "unit", "packages", "graduated", "volume"]),
        "ladder": LADDER,
        "package": st.integers(1, 12),
        "round": st.sampled_from(["up", "down"]),
        "metered": st.booleans(),
        "trial_end": st.none() | NEAR,
        "tax": st.none() | st.integers(0, 30),
        "product": st.sampled_from(["prod_a", "prod_b"]),
    }
)
DISCOUNT = st.fixed_dictionaries(
    {
        "owner": st.sampled_from(["customer", "subscription", "subscription", "item"]),
        "item": st.integers(0, 2),
        "percent": st.none() | st.integers(0, 100 * 8).map(lambda n: Fraction(n, 8)),
        "amount": st.integers(1, 20_000),
        "duration": st.sampled_from(["forever", "repeating", "once"]),
        "start": st.none() | NEAR,
        "end": st.none() | NEAR,
        "only": st.none() | st.sampled_from(["prod_a", "prod_b"]),
    }
)
SUBSCRIPTION = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["active", "active", "past_due", "trialing", "paused", "canceled", "unpaid"]),
        "currency": st.sampled_from(sorted(TO_USD)),
        "collection_paused": st.booleans(),
        "trial_end": st.none() | NEAR,
        "items": st.lists(ITEM, min_size=1, max_size=3),
        "discounts": st.lists(DISCOUNT, max_size=4),
    }
)


def price(item):
    quantity, unit = Fraction(item["quantity"]), Fraction(item["unit"])
    if item["scheme"] == "packages":
        to_whole = ceil if item["round"] == "up" else floor
        return to_whole(quantity / item["package"]) * unit
    if item["scheme"] == "unit":
        return quantity * unit
    total, below = Fraction(0), 0
    for n, (width, each, flat) in enumerate(item["ladder"]):
        is_last = n == len(item["ladder"]) - 1
        above = None if is_last else below + width
        if quantity > below:
            fits = above is None or quantity <= above
            if item["scheme"] == "graduated":
                total += (quantity if fits else above) * each - below * each + flat
            elif fits:
                total += quantity * each + flat
        below = above
    return total


def runs(discount, day):
    return (discount["start"] is None or discount["start"] <= day) and (
        discount["end"] is None or day < discount["end"]
    )


def net_of(record, day, in_trial_too):
    """Return the exact monthly net of the items that count on a day."""
    held = {}
    for n, item in enumerate(record["items"]):
        waits = item["trial_end"] is not None and item["trial_end"] > AS_OF
        if not item["metered"] and (in_trial_too or not waits):
            factor = PER_MONTH[item["interval"]] / item["count"]
            held[n] = price(item) * TO_ISO.get(record["currency"], 1) * factor
    factors = {n: PER_MONTH[item["interval"]] / item["count"] for n, item in enumerate(record["items"])}
    alive = [discount for discount in record["discounts"] if runs(discount, day)]
    counted = [discount for discount in alive if discount["duration"] != "once"]
    for discount in counted:
        n = discount["item"]
        if discount["owner"] == "item" and n in held and applies(discount, record["items"][n]):
            held[n] = take_off(discount, held[n], factors[n])
    own = any(discount["owner"] == "subscription" for discount in alive)
    for discount in counted:
        if discount["owner"] == ("subscription" if own else "customer"):
            chosen = [n for n in held if applies(discount, record["items"][n])]
            whole = sum(held[n] for n in chosen)
            if whole > 0:
                left = take_off(discount, whole, max(factors[n] for n in chosen))
                held |= {n: held[n] * left / whole for n in chosen}
    return sum(amount / (1 + Fraction(record["items"][n]["tax"] or 0) / 100) for n, amount in held.items())


def applies(discount, item):
    return discount["only"] in (None, item["product"])


def take_off(discount, amount, factor):
    if discount["percent"] is not None:
        return amount * (1 - discount["percent"] / 100)
    return max(amount - discount["amount"] * factor, Fraction(0))


def expected_subscription(record):
    counts = record["status"] in ("active", "past_due") and not record["collection_paused"]
    now = net_of(record, AS_OF, in_trial_too=False)
    ends = [item["trial_end"] for item in record["items"] if item["trial_end"] and item["trial_end"] > AS_OF]
    if record["status"] == "trialing" and record["trial_end"]:
        ends.append(record["trial_end"])
    later = net_of(record, max([AS_OF, *ends]), in_trial_too=True)
    live = record["status"] in ("active", "past_due", "trialing", "paused")
    rate = TO_USD[record["currency"]]
    return (
        half_up(now) if counts else 0,
        half_up(now * rate) if counts else 0,
        half_up(later) if live else 0,
        half_up(later * rate) if live else 0,
    )


def e12(value):
    scaled = Fraction(value) * ONE
    assert scaled.denominator == 1
    return int(scaled)


def item_row(name, n, record, item):
    tiered = item["scheme"] in ("graduated", "volume")
    return {
        "subscription_id": name,
        "item_id": f"{name}_si_{n}",
        "price_id": f"{name}_price_{n}",
        "product_id": item["product"],
        "currency": record["currency"],
        "interval": item["interval"],
        "interval_count": item["count"],
        "quantity_e12": e12(item["quantity"]),
        "unit_amount_e12": None if tiered else e12(item["unit"]),
        "billing_scheme": "tiered" if tiered else "per_unit",
        "tiers_mode": item["scheme"] if tiered else None,
        "transform_divide_by": item["package"] if item["scheme"] == "packages" else None,
        "transform_round": item["round"] if item["scheme"] == "packages" else None,
        "usage_type": "metered" if item["metered"] else "licensed",
        "trial_end_on": item["trial_end"],
        "tax_behavior": None if item["tax"] is None else "inclusive",
        "tax_rate_e6": None if item["tax"] is None else item["tax"] * 10**6,
    }


def tier_rows(name, n, item):
    bounds, top = [], 0
    for width, _, _ in item["ladder"]:
        top += width
        bounds.append(top)
    bounds[-1] = None
    return [
        {
            "price_id": f"{name}_price_{n}",
            "position": position,
            "up_to": bound,
            "unit_amount_e12": each * ONE,
            "flat_amount_e12": flat * ONE,
        }
        for position, (bound, (_, each, flat)) in enumerate(zip(bounds, item["ladder"], strict=True))
    ]


def discount_row(name, position, record, discount):
    owners = {"customer": f"cus_{name}", "subscription": name, "item": f"{name}_si_{discount['item']}"}
    percent = discount["percent"]
    return {
        "owner": discount["owner"],
        "owner_id": owners[discount["owner"]],
        "position": position,
        "discount_id": f"di_{position}",
        "duration": discount["duration"],
        "percent_off_e6": None if percent is None else int(percent * 10**6),
        "amount_off_minor": None if percent is not None else discount["amount"],
        "currency": record["currency"],
        "start_on": discount["start"],
        "end_on": discount["end"],
        "applies_to_product_ids": [discount["only"]] if discount["only"] else [],
    }


def subscription_row(name, record):
    return {
        "subscription_id": name,
        "customer_id": f"cus_{name}",
        "status": record["status"],
        "is_live": record["status"] in ("active", "past_due", "trialing", "paused"),
        "is_collection_paused": record["collection_paused"],
        "currency": record["currency"],
        "trial_end_on": record["trial_end"],
    }


def billing_frames(records):
    named = {f"sub_{n}": record for n, record in enumerate(records)}
    items = [(name, n, record, item) for name, record in named.items() for n, item in enumerate(record["items"])]
    cuts = [(name, n, record, cut) for name, record in named.items() for n, cut in enumerate(record["discounts"])]
    return {
        "subscriptions": table("subscriptions", [subscription_row(*pair) for pair in named.items()]),
        "items": table("subscription_items", [item_row(*row) for row in items]),
        "price_tiers": table("price_tiers", [tier for name, n, _, item in items for tier in tier_rows(name, n, item)]),
        "discounts": table("discounts", [discount_row(*row) for row in cuts]),
        "invoice_lines": table("invoice_lines", []),
    }


def value_billing(frames):
    return value_subscriptions(**frames, as_of=AS_OF, policy=build_policy({}), rates=common_rates())


MRR = ["mrr_minor", "mrr_reporting_minor", "committed_mrr_minor", "committed_mrr_reporting_minor"]


@many
@given(st.lists(SUBSCRIPTION, min_size=1, max_size=4))
def test_subscriptions_agree_with_fractions(records):
    valued = value_billing(billing_frames(records))
    assert valued.rows.select(MRR).rows() == [expected_subscription(record) for record in records]
    assert valued.rows["is_comparable"].all()


@settings(max_examples=50)
@given(st.lists(SUBSCRIPTION, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(records, order):
    frames = billing_frames(records)
    mixed = {name: shuffled(frame, order) for name, frame in frames.items()}
    one, other = value_billing(frames), value_billing(mixed)
    assert one.rows.sort("subscription_id").equals(other.rows.sort("subscription_id"))
    assert one.worksheet.sort("record_id").equals(other.worksheet.sort("record_id"))
    parts = ["record_id", "part_id"]
    assert one.worksheet_parts.sort(parts).equals(other.worksheet_parts.sort(parts))


def shuffled(frame, order):
    places = list(range(frame.height))
    order.shuffle(places)
    return frame[places] if places else frame


@settings(max_examples=50)
@given(st.lists(SUBSCRIPTION, min_size=1, max_size=4))
def test_the_worksheet_adds_up(records):
    valued = value_billing(billing_frames(records))
    sheet = valued.worksheet
    steps = sheet.select(
        pl.col("gross_monthly") - pl.col("item_discount_monthly") - pl.col("discount_monthly") - pl.col("tax_monthly")
    )
    assert (steps.to_series() == sheet["net_monthly"]).all()
    counted = valued.worksheet_parts.filter("counts").group_by("record_id").agg(pl.col("net_monthly").sum())
    both = sheet.join(counted, on="record_id", how="left", validate="1:1").fill_null(0)
    assert (both["net_monthly"] == both["net_monthly_right"]).all()


# --- Salesforce ------------------------------------------------------------------------------------------------------

LINE = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["recurring", "recurring", "one_time", "usage"]),
        "total": st.integers(-(10**6), 10**9),
        "dates": st.none() | st.tuples(NEAR, st.integers(0, 800)),
        "months": st.none() | st.integers(1, 40),
    }
)
CONTRACT = st.fixed_dictionaries(
    {
        "amount": st.integers(-(10**6), 10**9),
        "basis": st.sampled_from(["monthly", "annual", "total"]),
        "currency": st.sampled_from(sorted(TO_USD)),
        "start": NEAR,
        "term": st.integers(1, 40),
        "lines": st.lists(LINE, max_size=4),
        "discount": st.none() | st.tuples(st.integers(0, 99), NEAR),
        "effective": st.booleans(),
    }
)


def month_later(day, months):
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, days_of.monthrange(year, month + 1)[1]))


def months_of(start, end):
    """Return whole months where adding months reaches the end, else each day over the days of its month."""
    for months in range(1, 60):
        if month_later(start, months) == end:
            return Fraction(months)
    dates = map(dt.date.fromordinal, range(start.toordinal(), end.toordinal()))
    return sum((Fraction(1, days_of.monthrange(day.year, day.month)[1]) for day in dates), Fraction(0))


def line_dates(record, line):
    """Return the half-open period of a line."""
    if line["dates"] is None:
        return record["start"], month_later(record["start"], record["term"])
    start, days = line["dates"]
    if line["months"]:
        return start, month_later(start, line["months"])
    return start, start + dt.timedelta(days=days + 1)


def expected_contract(record):
    end = month_later(record["start"], record["term"])
    day = max(record["start"], min(AS_OF, end - dt.timedelta(days=1)))
    if record["lines"]:
        value = Fraction(0)
        for line in record["lines"]:
            first, after = line_dates(record, line)
            if line["kind"] == "recurring" and first <= day < after:
                value += line["total"] / months_of(first, after)
    else:
        value = record["amount"] / Fraction({"monthly": 1, "annual": 12, "total": record["term"]}[record["basis"]])
    if record["discount"] and day > record["discount"][1]:
        value /= 1 - Fraction(record["discount"][0], 100)
    in_term = half_up(value), half_up(value * TO_USD[record["currency"]])
    return (*(in_term if record["effective"] else (0, 0)), *in_term)


def selling_frames(records):
    contracts, lines = [], []
    for n, record in enumerate(records):
        percent, until = record["discount"] or (None, None)
        contracts.append(
            {
                "opportunity_id": f"006{n}",
                "amount_minor": record["amount"],
                "amount_basis": record["basis"],
                "currency": record["currency"],
                "start_on": record["start"],
                "end_on": month_later(record["start"], record["term"]) - dt.timedelta(days=1),
                "term_months": record["term"],
                "discount_pct_e6": None if percent is None else percent * 10**6,
                "discount_end_on": until,
            }
        )
        for m, line in enumerate(record["lines"]):
            first, after = line_dates(record, line)
            own = line["dates"] is not None
            lines.append(
                {
                    "line_id": f"00k{n}_{m}",
                    "opportunity_id": f"006{n}",
                    "kind": line["kind"],
                    "total_price_minor": line["total"],
                    "currency": record["currency"],
                    "start_on": first if own else None,
                    "end_on": after - dt.timedelta(days=1) if own else None,
                }
            )
    marked = table("contracts", contracts).with_columns(
        is_effective=pl.Series([record["effective"] for record in records], dtype=pl.Boolean),
        taken_over_on=pl.lit(None, dtype=pl.Date),
        taken_over_by=pl.lit(None, dtype=pl.String),
    )
    return marked, table("contract_lines", lines)


@many
@given(st.lists(CONTRACT, min_size=1, max_size=4))
def test_contracts_agree_with_fractions(records):
    rows = value_contracts(*selling_frames(records), as_of=AS_OF, rates=common_rates()).rows
    got = rows.select("mrr_minor", "mrr_reporting_minor", "term_mrr_minor", "term_mrr_reporting_minor").rows()
    assert got == [expected_contract(record) for record in records]


@settings(max_examples=50)
@given(st.lists(CONTRACT, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_order_of_contracts_and_lines_changes_nothing(records, order):
    contracts, lines = selling_frames(records)
    one = value_contracts(contracts, lines, as_of=AS_OF, rates=common_rates())
    other = value_contracts(shuffled(contracts, order), shuffled(lines, order), as_of=AS_OF, rates=common_rates())
    assert one.rows.sort("opportunity_id").equals(other.rows.sort("opportunity_id"))
    assert one.worksheet.sort("record_id").equals(other.worksheet.sort("record_id"))
