"""Changed items: what a subscription cost a month before and after each event that changed its items.

Each state is the event's own object, or, where it tells no items, the subscription wound back to then; the state before
is that with the event's ``previous_attributes`` put back. Plain JSON, because only events that changed items come here;
their prices are read and valued as those of subscriptions are.
"""

from __future__ import annotations

import contextlib
import json
from collections import defaultdict

import polars as pl

from recon_kit import money
from recon_kit.change_kinds import change_kinds
from recon_kit.normalise.mrr.item_price import price_items
from recon_kit.normalise.stripe.files import texts_of
from recon_kit.normalise.stripe.items import item_rows
from recon_kit.normalise.stripe.prices import Catalogue, tier_rows
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.records import Pull, parse_texts
from recon_kit.normalise.stripe.shapes import SUBSCRIPTION_ITEMS
from recon_kit.normalise.stripe.wind_back import Json, LaterEvent, before, items_of, newest_first

_BEFORE, _AFTER = "before", "after"
_AMOUNTS = {_BEFORE: "gross_before_monthly", _AFTER: "gross_after_monthly"}
_STATES: dict[str, type[pl.DataType]] = {
    "event_id": pl.String,
    "moment": pl.String,
    "key": pl.String,
    "is_trialing": pl.Boolean,
    "text": pl.String,
}


def with_amounts(
    events: pl.DataFrame, subscriptions: pl.DataFrame, patched: pl.DataFrame, catalogue: Catalogue, reader: Reader
) -> pl.DataFrame:
    """Value what events changed.

    Args:
        events: ``earlier`` of the history.
        subscriptions: accepted: ``key``, ``file``, ``line``, ``digest``, ``currency``, ``default_tax_rates``.
        patched: ``file``, ``line``, ``text`` of those that are not as their file says.
        catalogue: prices, products and tax rates.
        reader: the pull.

    Returns:
        The events with ``gross_before_monthly`` and ``gross_after_monthly``: what the licensed items that were in no
        trial of their own cost a month, before discounts, in minor units of the subscription; and ``change_kind``: what
        the event did to them. Null where the event changed no items, or their price cannot be told.
    """
    told = events.filter(
        pl.col("type") == "customer.subscription.updated",
        pl.col("changed").list.contains("items"),
        pl.col("created_at").is_not_null(),
        pl.col("object_id").is_in(subscriptions["key"].implode()),
    )
    states = _states(told, subscriptions, patched, reader.pull)
    priced = _priced(states, told, subscriptions, catalogue, reader)
    valued = _valued(states, priced, usage_counts=reader.pull.policy.usage_counts)
    amounts = [
        valued.filter(moment=moment).select("event_id", money.from_e15(pl.col("gross_e15")).alias(name))
        for moment, name in _AMOUNTS.items()
    ]
    joined = events
    for told_of_event in [*amounts, change_kinds(priced)]:
        joined = joined.join(told_of_event, on="event_id", how="left", validate="1:1", maintain_order="left")
    return joined


def _states(told: pl.DataFrame, subscriptions: pl.DataFrame, patched: pl.DataFrame, pull: Pull) -> pl.DataFrame:
    """Tell the items before and after each event: one row per (event, moment), ``text`` as JSON."""
    by_subscription: dict[str, list[LaterEvent]] = defaultdict(list)
    for row in told.iter_rows(named=True):
        with contextlib.suppress(ValueError, RecursionError):  # numbers of thousands of digits, a thousand levels
            previous, payload = json.loads(row["previous_attributes"]), json.loads(row["payload"] or "{}")
            event = LaterEvent(row["event_id"], int(row["created_at"].timestamp()), previous, payload)
            by_subscription[row["object_id"]].append(event)
    bare = [key for key, events in by_subscription.items() if not all(_items(event.payload) for event in events)]
    present = _present(bare, subscriptions, patched, pull)
    rows = []
    for key, events in sorted(by_subscription.items()):
        state = present.get(key, {})
        for event in newest_first(state, events):
            after = event.payload if _items(event.payload) else state
            state = before(after, event.previous)
            rows += [_row(event, moment, key, said) for moment, said in ((_BEFORE, state), (_AFTER, after))]
    return pl.DataFrame(rows, schema=_STATES, orient="row")


def _row(event: LaterEvent, moment: str, key: str, state: Json) -> tuple[str, str, str, bool, str]:
    return (
        event.event_id,
        moment,
        key,
        state.get("status") == "trialing",
        json.dumps({"items": {"data": _items(state)}}),
    )


def _items(state: Json) -> list[Json]:
    """List the items of a subscription; in 2018 plan and quantity could stand at its top instead."""
    return items_of(state) or [{name: state.get(name) for name in ("id", "plan", "quantity")}] * bool(state.get("plan"))


def _present(keys: list[str], subscriptions: pl.DataFrame, patched: pl.DataFrame, pull: Pull) -> dict[str, Json]:
    """Read subscriptions as they were on as_of."""
    places = subscriptions.filter(pl.col("key").is_in(keys)).select("file", "line", "digest", "key")
    changed = patched.join(places, on=["file", "line"], how="semi")
    unchanged = places.join(changed, on=["file", "line"], how="anti").drop("key")
    texts = pl.concat([changed, texts_of(pull.connection, pull.snapshot, unchanged)])
    named = texts.join(places, on=["file", "line"], how="inner", validate="1:1")
    return {key: json.loads(text) for key, text in named.select("key", "text").iter_rows()}


def _priced(
    states: pl.DataFrame, told: pl.DataFrame, subscriptions: pl.DataFrame, catalogue: Catalogue, reader: Reader
) -> pl.DataFrame:
    """Price the items of each state: one row per item, with ``event_id`` and ``moment``."""
    owners = (
        states.with_row_index("line", offset=1)
        .with_columns(pl.col("line").cast(pl.Int64), file=pl.lit("events"))
        .join(subscriptions.select("key", "currency", "default_tax_rates"), on="key", how="left", validate="m:1")
        .join(told.select("event_id", happened_at="created_at"), on="event_id", how="left", validate="m:1")
        .with_columns(subscription_id=pl.concat_str("event_id", "moment", separator=" "))
    )
    items = parse_texts(reader.pull, states["text"], SUBSCRIPTION_ITEMS).with_columns(
        file=pl.lit("events"), item_id=pl.col("position").cast(pl.String)
    )
    stated = item_rows(items, owners, catalogue, reader).join(
        owners.select(
            "subscription_id", "event_id", "moment", "happened_at", "is_trialing", of_subscription="currency"
        ),
        on="subscription_id",
        how="left",
        validate="m:1",
    )
    listed = [frame.select("price_id", "tiers").sort("price_id", "tiers") for frame in (catalogue.prices, stated)]
    return price_items(stated, tier_rows(reader.pull, pl.concat(listed)))


def _valued(states: pl.DataFrame, priced: pl.DataFrame, *, usage_counts: bool) -> pl.DataFrame:
    """Sum each state: ``event_id``, ``moment``, ``gross_e15`` (null where an item cannot be priced)."""
    summed = priced.group_by("event_id", "moment").agg(gross_e15=_gross(usage_counts=usage_counts))
    whole = states.select("event_id", "moment")
    return whole.join(summed, on=["event_id", "moment"], how="left", validate="1:1")


def _gross(*, usage_counts: bool) -> pl.Expr:
    """Sum the items that are billed for themselves; null where the price of one, or what was used of it, is unknown."""
    is_metered = (pl.col("usage_type") == "metered").fill_null(value=False)
    is_once = pl.col("interval").is_null() & pl.col("unit_amount").is_not_null()
    is_free = (pl.col("trial_end_at") > pl.col("happened_at")).fill_null(value=False) & ~pl.col("is_trialing")
    counts = ~is_metered & ~is_once & ~is_free
    is_foreign = (pl.col("currency") != pl.col("of_subscription")).fill_null(value=False)
    is_unknown = (counts & (is_foreign | pl.col("gross_e15").is_null())) | (is_metered & pl.lit(usage_counts))
    return pl.when(~is_unknown.any()).then(pl.col("gross_e15").filter(counts).sum())
