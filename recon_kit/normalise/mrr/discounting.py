"""Which Stripe discounts reduce MRR on a day, and what they leave: items first, then the subscription, in sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar, money, mrr

if TYPE_CHECKING:
    from collections.abc import Iterable

STATE = ["subscription_id", "state"]
ITEM_STATE = ["subscription_id", "state", "item_id"]
_TERMS = [
    "position",
    "discount_id",
    "duration",
    "percent_off_e6",
    "amount_off_minor",
    "off_currency",
    "applies_to_product_ids",
    "start_on",
    "end_on",
]


def attached_discounts(discounts: pl.DataFrame, subscriptions: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Bring each discount to the subscriptions it stands on.

    Returns:
        One row per (discount, subscription): ``subscription_id``, ``item_id`` (null unless an item's), ``owner``, and
        the terms. A customer's discount appears with every subscription of the customer.
    """
    terms = discounts.with_columns(_end_on(discounts)).rename({"currency": "off_currency"})
    on_items = terms.filter(owner="item").join(
        items.select("subscription_id", "item_id").unique("item_id", keep="first", maintain_order=True),
        left_on="owner_id",
        right_on="item_id",
        validate="m:1",
    )
    on_subscriptions = terms.filter(owner="subscription").with_columns(subscription_id="owner_id")
    on_customers = (
        terms.filter(owner="customer")
        .group_by(customer_id="owner_id")
        .agg(pl.struct("owner", *_TERMS).alias("terms"))
        .join(subscriptions.select("subscription_id", "customer_id"), on="customer_id", validate="1:m")
        .explode("terms")
        .unnest("terms")
    )
    columns = ["subscription_id", "item_id", "owner", *_TERMS]
    no_item = pl.lit(None, dtype=pl.String).alias("item_id")
    return pl.concat(
        [
            on_items.with_columns(item_id="owner_id").select(columns),
            on_subscriptions.with_columns(no_item).select(columns),
            on_customers.with_columns(no_item).select(columns),
        ]
    )


def _end_on(discounts: pl.DataFrame) -> pl.Expr:
    """A repeating discount whose end is not stated ends its coupon's months after its start, where those are known."""
    if "duration_months" not in discounts.columns:
        return pl.col("end_on")
    by_months = calendar.add_months(pl.col("start_on"), pl.col("duration_months"))
    return pl.coalesce("end_on", pl.when(pl.col("duration") == "repeating").then(by_months)).alias("end_on")


def counting_discounts(attached: pl.DataFrame, states: pl.DataFrame, durations: Iterable[str]) -> pl.DataFrame:
    """Keep the discounts that reduce MRR in each state, on the state's day.

    Running means start <= day < end. ``forever`` always counts, the others where ``durations`` names them. The
    customer's discounts count only where none of the subscription's own is running, whatever its duration.

    Args:
        attached: what :func:`attached_discounts` returns.
        states: ``subscription_id``, ``state``, ``day``; one row per state.
        durations: policy ``discounts_in_mrr``.

    Returns:
        One row per (state, discount), with ``step``: its turn, from 0, within its item or subscription.
    """
    with_discounts = states.join(attached, on="subscription_id", how="semi")
    wanted = with_discounts.group_by("subscription_id").agg("state", "day")
    placed = attached.join(wanted, on="subscription_id", validate="m:1").explode("state", "day")
    begun = pl.col("start_on").is_null() | (pl.col("start_on") <= pl.col("day"))
    unfinished = pl.col("end_on").is_null() | (pl.col("day") < pl.col("end_on"))
    running = placed.filter(begun & unfinished)
    own_runs = (pl.col("owner") == "subscription").any().over(STATE)
    counts = pl.col("duration").is_in(["forever", *durations]) | pl.col("duration").is_null()
    return (
        running.filter((pl.col("owner") != "customer") | ~own_runs)
        .filter(counts)
        .sort(*STATE, "item_id", "position", "discount_id", nulls_last=True)
        .with_columns(step=pl.int_range(pl.len()).over([*STATE, "item_id"]))
    )


def discounted(items: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    """Take the discounts off, each from what the one before it left, never below zero.

    Percentages come off the items they apply to. An amount off is per invoice: it is normalised to a month by the
    billing interval of the item, or by the shortest interval of the subscription's items it applies to, and shared
    among them in proportion. An amount off in another currency takes nothing off.

    Args:
        items: one row per (subscription, state, item) that counts, with ``gross_e15``, ``product_id``, ``interval``,
            ``interval_count``, ``currency``.
        counting: what :func:`counting_discounts` returns.

    Returns:
        The items with ``after_item_e15`` and ``after_e15``, exact minor units a month; null where unknown.
    """
    left = items.with_columns(left_e15="gross_e15")
    is_item = pl.col("item_id").is_not_null()
    for step in _steps(counting.filter(is_item)):
        left = _take_off_items(left, step)
    left = left.with_columns(after_item_e15="left_e15")
    for step in _steps(counting.filter(~is_item)):
        left = _take_off_subscriptions(left, step)
    return left.rename({"left_e15": "after_e15"})


def _steps(counting: pl.DataFrame) -> list[pl.DataFrame]:
    terms = ["percent_off_e6", "amount_off_minor", "off_currency", "applies_to_product_ids"]
    return [
        counting.filter(step=step).select(*ITEM_STATE, *terms) for step in counting["step"].unique().sort().to_list()
    ]


def _take_off_items(items: pl.DataFrame, step: pl.DataFrame) -> pl.DataFrame:
    touched = items.join(step, on=ITEM_STATE, validate="1:1")
    untouched = items.join(step, on=ITEM_STATE, how="anti")
    monthly = mrr.per_month(_amount_off(), pl.col("interval"), pl.col("interval_count"))
    cut = pl.min_horizontal(monthly, _positive())
    return pl.concat([_reduce(touched.with_columns(cut_e15=cut)).select(items.columns), untouched])


def _take_off_subscriptions(items: pl.DataFrame, step: pl.DataFrame) -> pl.DataFrame:
    touched = items.join(step.drop("item_id"), on=STATE, validate="m:1")
    untouched = items.join(step, on=STATE, how="anti")
    invoices = pl.when(_applies()).then(
        mrr.per_month(money.to_e15(pl.lit(1)), pl.col("interval"), pl.col("interval_count"))
    )
    shared = touched.with_columns(invoices_e15=invoices).with_columns(
        whole_e15=pl.when(_applies()).then(_positive()).sum().over(STATE),
        shortest=pl.col("interval").sort_by("invoices_e15", nulls_last=False).last().over(STATE),
        shortest_count=pl.col("interval_count").sort_by("invoices_e15", nulls_last=False).last().over(STATE),
    )
    cut = pl.min_horizontal(
        mrr.per_month(_amount_off(), pl.col("shortest"), pl.col("shortest_count")), pl.col("whole_e15")
    )
    share = money.share(cut, _positive(), pl.col("whole_e15")).fill_null(money.exact(0))
    return pl.concat([_reduce(shared.with_columns(cut_e15=share)).select(items.columns), untouched])


def _reduce(touched: pl.DataFrame) -> pl.DataFrame:
    by_percent = mrr.less_percent(pl.col("left_e15"), pl.col("percent_off_e6"))
    is_unknown = pl.col("percent_off_e6").is_null() & pl.col("amount_off_minor").is_null()
    return touched.with_columns(
        left_e15=pl.when(~_applies())
        .then("left_e15")
        .when(is_unknown)
        .then(None)
        .when(pl.col("percent_off_e6").is_not_null())
        .then(by_percent)
        .otherwise(pl.col("left_e15") - pl.col("cut_e15"))
    )


def _applies() -> pl.Expr:
    products = pl.col("applies_to_product_ids")
    is_open = products.is_null() | (products.list.len() == 0)
    return is_open | products.list.contains(pl.col("product_id")).fill_null(value=False)


def _amount_off() -> pl.Expr:
    is_foreign = (pl.col("off_currency") != pl.col("currency")).fill_null(value=False)
    amount = pl.when(is_foreign).then(0).otherwise(pl.col("amount_off_minor"))
    return money.to_e15(amount.fill_null(0))


def _positive() -> pl.Expr:
    return pl.max_horizontal(pl.col("left_e15"), money.exact(0))
