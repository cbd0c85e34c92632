"""MRR of Stripe subscriptions: what bills on as_of, and what a live subscription bills when its trial or pause is over.

Reference:
    Stripe, "Billing analytics glossary", MRR; where its pages disagree the policy decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.normalise.mrr.billed_lines import latest_lines, without_inclusive_tax
from recon_kit.normalise.mrr.discounting import STATE, attached_discounts, counting_discounts, discounted
from recon_kit.normalise.mrr.item_price import price_items
from recon_kit.normalise.mrr.subscription_doubts import subscription_doubts
from recon_kit.normalise.mrr.valuation import Valuation, in_reporting_currency, with_common_rate
from recon_kit.normalise.mrr.worksheet import subscription_parts, subscription_worksheet

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.policy import Policy

BILLING = ["active", "past_due"]
"""The statuses that count; unpaid, paused, trialing, incomplete and canceled subscriptions bill nothing."""
NOW, COMMITTED = "now", "committed"


def value_subscriptions(
    subscriptions: pl.DataFrame,
    items: pl.DataFrame,
    price_tiers: pl.DataFrame,
    discounts: pl.DataFrame,
    invoice_lines: pl.DataFrame,
    *,
    as_of: dt.date,
    policy: Policy,
    rates: pl.DataFrame,
) -> Valuation:
    """Value each subscription on as_of and when its trial or pause is over.

    Args:
        subscriptions: ``subscriptions`` without the MRR columns.
        items: ``subscription_items`` with ``quantity_e12``, ``unit_amount_e12`` and ``tax_rate_e6``.
        price_tiers: ``price_tiers`` with ``unit_amount_e12`` and ``flat_amount_e12``.
        discounts: ``discounts`` with ``percent_off_e6``; ``duration_months`` is used where it is there.
        invoice_lines: ``invoice_lines`` with ``quantity_e12``.
        as_of: the day of the close.
        policy: ``discounts_in_mrr``, ``usage_counts``, ``paused_collection_counts``.
        rates: what :func:`recon_kit.fx.common_rates` returns.

    Returns:
        The subscriptions with ``is_comparable``, ``mrr_minor``, ``committed_mrr_minor`` and their reporting twins; each
        rounded half-up once from the exact value, null where a live subscription's MRR cannot be told.
    """
    billed = latest_lines(invoice_lines, items)
    priced = _priced_items(subscriptions, items, price_tiers, billed, as_of=as_of, usage_counts=policy.usage_counts)
    states = billing_states(subscriptions, items, as_of=as_of)
    attached = attached_discounts(discounts, subscriptions, items)
    counting = counting_discounts(attached, states, policy.discounts_in_mrr)
    charged = _charged_items(priced, states, counting)
    has_items = pl.col("subscription_id").is_in(items["subscription_id"].implode())
    totals = _totals(charged, states).with_columns(is_known=pl.col("is_known") & has_items)
    valued = _valued(subscriptions, totals, pauses_count=policy.paused_collection_counts)
    rows = _in_minor_units(with_common_rate(valued, rates))
    shown = charged.join(rows.select("subscription_id", state="shown_state"), on=STATE, how="semi")
    return Valuation(
        rows=rows.select(*subscriptions.columns, *MRR_COLUMNS),
        worksheet=subscription_worksheet(rows),
        worksheet_parts=subscription_parts(priced, shown),
        not_testable=subscription_doubts(rows, charged, counting),
    )


MRR_COLUMNS = [
    "is_comparable",
    "mrr_minor",
    "mrr_reporting_minor",
    "committed_mrr_minor",
    "committed_mrr_reporting_minor",
]


def billing_states(subscriptions: pl.DataFrame, items: pl.DataFrame, *, as_of: dt.date) -> pl.DataFrame:
    """List the states a subscription is valued in, with the day whose discounts count.

    Returns:
        One row per (subscription_id, state): ``now`` on as_of for all; ``committed`` on the last day any of its trials
        ends, where a live subscription or one of its items is in trial.
    """
    now = subscriptions.select("subscription_id", state=pl.lit(NOW), day=pl.lit(as_of))
    item_trials = (
        items.filter(pl.col("trial_end_on") > as_of).group_by("subscription_id").agg(pl.col("trial_end_on").max())
    )
    is_trialing = pl.col("status") == "trialing"
    in_trial = (
        subscriptions.filter("is_live")
        .select("subscription_id", "status", subscription_trial_end_on="trial_end_on")
        .join(item_trials, on="subscription_id", how="left", validate="1:1")
        .filter(is_trialing | pl.col("trial_end_on").is_not_null())
        .with_columns(subscription_trial_end_on=pl.when(is_trialing).then("subscription_trial_end_on"))
    )
    last_end = pl.max_horizontal(pl.lit(as_of), "subscription_trial_end_on", "trial_end_on")
    return pl.concat([now, in_trial.select("subscription_id", state=pl.lit(COMMITTED), day=last_end)])


def _priced_items(
    subscriptions: pl.DataFrame,
    items: pl.DataFrame,
    price_tiers: pl.DataFrame,
    billed: pl.DataFrame,
    *,
    as_of: dt.date,
    usage_counts: bool,
) -> pl.DataFrame:
    """Price the items; ``reason`` says why one is no MRR, ``is_in_trial`` why it is none yet."""
    is_metered = (pl.col("usage_type") == "metered").fill_null(value=False)
    usage = pl.coalesce("quantity_e12", "line_quantity_e12", money.exact(0))
    known = subscriptions.select("subscription_id", subscription_currency="currency")
    with_usage = (
        items.join(billed, on=["subscription_id", "item_id"], how="left", validate="1:1")
        .join(known, on="subscription_id", validate="m:1")
        .with_columns(
            quantity_e12=pl.when(is_metered).then(usage).otherwise("quantity_e12"),
            is_in_trial=(pl.col("trial_end_on") > as_of).fill_null(value=False),
            reason=pl.when(pl.col("interval").is_null())
            .then(pl.lit("one-time price"))
            .when(is_metered & pl.lit(not usage_counts))
            .then(pl.lit("metered price")),
        )
    )
    is_foreign = pl.col("currency") != pl.col("subscription_currency")
    foreign = pl.format("Item {} is in {}, its subscription in {}.", "item_id", "currency", "subscription_currency")
    return price_items(with_usage, price_tiers).with_columns(
        gross_e15=pl.when(~is_foreign).then("gross_e15"),
        fault=pl.when(is_foreign).then(foreign).otherwise("fault"),
    )


def _charged_items(priced: pl.DataFrame, states: pl.DataFrame, counting: pl.DataFrame) -> pl.DataFrame:
    """Take discounts and inclusive tax off the items that count, once per state.

    Returns:
        One row per (subscription_id, state, item_id) that counts: ``gross_e15``, ``after_item_e15``, ``after_e15``,
        ``net_e15``.
    """
    recurring = priced.filter(pl.col("reason").is_null())
    now = recurring.filter(~pl.col("is_in_trial")).with_columns(state=pl.lit(NOW))
    committed = recurring.join(states.filter(state=COMMITTED), on="subscription_id", how="semi")
    both = pl.concat([now, committed.with_columns(state=pl.lit(COMMITTED))])
    return discounted(both, counting).with_columns(net_e15=without_inclusive_tax(pl.col("after_e15")))


def _totals(charged: pl.DataFrame, states: pl.DataFrame) -> pl.DataFrame:
    """Sum the items that count.

    Returns:
        One row per (subscription_id, state): ``parts``, the exact sums ``gross_e15``, ``after_item_e15``,
        ``after_e15``, ``net_e15``, and ``is_known``; a state without items sums to 0.
    """
    amounts = ["gross_e15", "after_item_e15", "after_e15", "net_e15"]
    summed = charged.group_by(STATE).agg(
        pl.len().cast(pl.Int64).alias("parts"),
        *(pl.col(name).sum() for name in amounts),
        pl.col("net_e15").is_not_null().all().alias("is_known"),
        pl.col("interval").unique().sort().str.join(", ").alias("interval"),
    )
    return states.join(summed, on=STATE, how="left", validate="1:1").with_columns(
        pl.col("parts").fill_null(0),
        pl.col("is_known").fill_null(value=True),
        *(pl.col(name).fill_null(money.exact(0)) for name in amounts),
    )


def _valued(subscriptions: pl.DataFrame, totals: pl.DataFrame, *, pauses_count: bool) -> pl.DataFrame:
    """Put both states beside each subscription; ``counts`` tells whether it bills on as_of."""
    now = totals.filter(state=NOW).drop("state", "day")
    committed = totals.filter(state=COMMITTED).drop("state", "day")
    bills = pl.col("status").is_in(BILLING)
    collects = ~pl.col("is_collection_paused") | pl.lit(pauses_count)
    return (
        subscriptions.join(now, on="subscription_id", how="left", validate="1:1")
        .join(committed, on="subscription_id", how="left", validate="1:1", suffix="_committed")
        .with_columns(
            counts=bills & collects,
            is_comparable=~pl.col("is_live")
            | (pl.col("is_known") & pl.col("is_known_committed").fill_null(value=True)),
            committed_e15=pl.coalesce("net_e15_committed", "net_e15"),
            shown_state=pl.when(pl.col("parts_committed").is_not_null() & ~(bills & collects))
            .then(pl.lit(COMMITTED))
            .otherwise(pl.lit(NOW)),
        )
    )


def _in_minor_units(valued: pl.DataFrame) -> pl.DataFrame:
    now, committed = pl.col("net_e15"), pl.col("committed_e15")
    return valued.with_columns(
        mrr_minor=_where("counts", money.round_half_up(now)),
        mrr_reporting_minor=_where("counts", in_reporting_currency(now)),
        committed_mrr_minor=_where("is_live", money.round_half_up(committed)),
        committed_mrr_reporting_minor=_where("is_live", in_reporting_currency(committed)),
    )


def _where(flag: str, amount: pl.Expr) -> pl.Expr:
    """Give the amount where the flag is set, 0 elsewhere, null where it cannot be told."""
    return pl.when("is_comparable").then(pl.when(flag).then(amount).otherwise(0))
