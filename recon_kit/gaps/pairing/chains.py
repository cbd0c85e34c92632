"""Chains: successive contracts, or subscriptions, of one customer; dates look through them."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.calendar import add_days, days_between

NEVER_EXISTED = ["incomplete", "incomplete_expired"]
"""Subscription statuses that never existed for comparison."""


def last_day_of_service() -> pl.Expr:
    """The inclusive last day of a contract: its end, or the day before another took it over; null when it has none."""
    return pl.min_horizontal("end_on", add_days(pl.col("taken_over_on"), -1))


def contract_chains(contracts: pl.DataFrame, reactivation_days: int) -> pl.DataFrame:
    """Follow won contracts of an account from one to the next.

    One contract follows another when it replaces it as its renewal, or starts at most ``reactivation_days`` after it
    ended. What a renewal continues, no new contract or expansion does; what a new contract continues, no expansion
    does. A contract that names its predecessor, or bills through the same subscription, looks back to no other.
    One-time sales continue nothing.

    Args:
        contracts: won rows of ``contracts`` with ``unit_id`` and ``tied_to`` (list of subscriptions).
        reactivation_days: longest break of service within a chain.

    Returns:
        One row per contract, sorted: ``opportunity_id``, ``chain_start_on`` (service start of its chain),
        ``has_known_start`` (false where the chain begins with a renewal, whose predecessor is not in the data),
        ``chain_end_on`` (last day of the contracts that follow; null when one has no end).
    """
    served = _served(contracts)
    following = _following(served, reactivation_days)
    has_own = pl.col("is_own").any().over("id")
    own = following.filter(pl.col("is_own") | ~has_own)
    first = _earliest(served.select(id="opportunity_id", at="start_on", root="opportunity_id"), own)
    last = _latest(served.select(id="opportunity_id", at=pl.col("last_on")), following)
    kinds = served.select(root="opportunity_id", root_kind="kind")
    return (
        first.join(kinds, on="root", how="left", validate="m:1")
        .join(last, on="id", how="left", validate="1:1", suffix="_last")
        .select(
            opportunity_id="id",
            chain_start_on="at",
            has_known_start=(pl.col("root_kind") != "renewal").fill_null(value=True),
            chain_end_on="at_last",
        )
        .sort("opportunity_id")
    )


def renewed_by(contracts: pl.DataFrame, as_of: dt.date, reactivation_days: int) -> pl.DataFrame:
    """Find the contract that stands in for another by as_of: what took it over, else the one renewal that follows it.

    Args:
        contracts: won rows of ``contracts`` with ``unit_id``.
        as_of: the day of the close; what starts later stands in for nothing yet.
        reactivation_days: longest break of service within a chain.

    Returns:
        One row per contract that has such a one, sorted: ``opportunity_id``, ``later_id``.
    """
    served = _served(contracts)
    facts = served.select(id="opportunity_id", later_kind="kind", later_start_on="start_on")
    takeovers = served.select(before="opportunity_id", taken_over_by="taken_over_by")
    renewals = (
        _following(served, reactivation_days)
        .join(facts, on="id", how="left", validate="m:1")
        .join(takeovers, on="before", how="left", validate="m:1")
        .with_columns(took_over=(pl.col("id") == pl.col("taken_over_by")).fill_null(value=False))
        .filter(pl.col("later_start_on") <= as_of, pl.col("took_over") | (pl.col("later_kind") == "renewal"))
        .filter(pl.col("took_over") | ~pl.col("took_over").any().over("before"))
        .filter(pl.len().over("before") == 1)
    )
    return renewals.select(opportunity_id="before", later_id="id").sort("opportunity_id")


def _served(contracts: pl.DataFrame) -> pl.DataFrame:
    columns = ["opportunity_id", "unit_id", "start_on", "kind", "taken_over_by", "prior_id", "tied_to"]
    is_recurring = pl.col("term_mrr_reporting_minor").fill_null(1) != 0
    return contracts.select(*columns, last_on=last_day_of_service(), is_recurring=is_recurring)


_KINDS = ["renewal", "new", "expansion"]
"""Which contract continues one that ended, first to last."""


def _following(served: pl.DataFrame, reactivation_days: int) -> pl.DataFrame:
    """Edges from a contract (``before``) to those that follow it (``id``), the likeliest only.

    Returns:
        One row per edge, sorted: ``id``, ``before``, ``is_own`` (a prior opportunity that is named, or a subscription
        that both name).
    """
    later = served.select(
        "unit_id",
        id="opportunity_id",
        named_id="prior_id",
        next_on="start_on",
        next_kind="kind",
        next_ties="tied_to",
        is_next_recurring="is_recurring",
    )
    took_over = (pl.col("taken_over_by") == pl.col("id")).fill_null(value=False)
    pause = days_between(add_days(pl.col("last_on"), 1), pl.col("next_on"))
    edges = served.join(later, on="unit_id", how="inner", validate="m:m").filter(
        pl.col("opportunity_id") != pl.col("id"),
        took_over | (pause.is_between(0, reactivation_days) & pl.col("is_recurring") & pl.col("is_next_recurring")),
    )
    is_named = (pl.col("named_id") == pl.col("opportunity_id")).fill_null(value=False)
    is_own = is_named | (pl.col("tied_to").list.set_intersection("next_ties").list.len() > 0)
    kind = pl.col("next_kind").replace_strict(_KINDS, list(range(len(_KINDS))), default=1, return_dtype=pl.Int64)
    rank = pl.when(took_over).then(-1).otherwise(2 * kind - is_own.cast(pl.Int64))
    ranked = edges.with_columns(rank=rank, is_own=is_own, before="opportunity_id")
    likeliest = ranked.filter(pl.col("rank") == pl.col("rank").min().over("before"))
    return likeliest.select("id", "before", "is_own").unique().sort("id", "before")


def subscription_chains(subscriptions: pl.DataFrame, reactivation_days: int) -> pl.DataFrame:
    """Follow re-created subscriptions of a unit back to the first.

    Args:
        subscriptions: rows of ``subscriptions`` with ``unit_id``, those that never existed left out.
        reactivation_days: longest break of service within a chain.

    Returns:
        One row per subscription, sorted: ``subscription_id``, ``chain_billing_start_on``, ``is_predecessor`` (another
        subscription continues it).
    """
    known = subscriptions.select("subscription_id", "unit_id", "start_on", "ended_on", "is_live", at=_billing_start())
    successors = known.select("unit_id", id="subscription_id", next_start_on="start_on")
    ended = known.filter(~pl.col("is_live"), pl.col("ended_on").is_not_null())
    pairs = ended.join(successors, on="unit_id", how="inner", validate="m:m").filter(
        pl.col("subscription_id") != pl.col("id"),
        days_between(pl.col("ended_on"), pl.col("next_start_on")).is_between(0, reactivation_days),
        pl.col("start_on") < pl.col("next_start_on"),
    )
    nearest = pairs.filter(pl.col("next_start_on") == pl.col("next_start_on").min().over("subscription_id"))
    edges = nearest.select("id", before="subscription_id").unique().sort("id", "before")
    first = _earliest(known.select(id="subscription_id", at="at", root="subscription_id"), edges)
    return first.select(
        subscription_id="id",
        chain_billing_start_on="at",
        is_predecessor=pl.col("id").is_in(edges["before"].implode()),
    ).sort("subscription_id")


def _billing_start() -> pl.Expr:
    return pl.coalesce("billing_start_on", "start_on")


def _earliest(own: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Carry the earliest date, and whose it is, along the edges until nothing changes."""
    best = own.sort("id")
    while True:
        before = best.rename({"id": "before"})
        handed_on = edges.join(before, on="before", how="inner", validate="m:1").select(best.columns)
        better = (
            pl.concat([best, handed_on]).sort("id", "at", "root", nulls_last=True).unique("id", keep="first").sort("id")
        )
        if better.equals(best):
            return best
        best = better


def _latest(own: pl.DataFrame, edges: pl.DataFrame) -> pl.DataFrame:
    """Carry the latest date against the edges until nothing changes; no date means no end, which is the latest."""
    best = own.sort("id")
    while True:
        handed_back = (
            edges.join(best, on="id", how="inner", validate="m:1").select("at", id="before").select(best.columns)
        )
        better = (
            pl.concat([best, handed_back])
            .sort("id", "at", descending=[False, True], nulls_last=False)
            .unique("id", keep="first", maintain_order=True)
            .sort("id")
        )
        if better.equals(best):
            return best
        best = better
