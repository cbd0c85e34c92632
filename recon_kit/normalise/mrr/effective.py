"""Which contracts are in force on as_of: won, inside their term, not taken over, the account not churned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.policy import Policy

RENEWAL = "renewal"
_DEEPEST_AMENDMENT = 32
_TAKEOVER = ["opportunity_id", "taken_over_on", "taken_over_by"]


def mark_effective(
    contracts: pl.DataFrame,
    accounts: pl.DataFrame,
    *,
    as_of: dt.date,
    policy: Policy,
    subscriptions: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Mark the contracts that are in force on as_of.

    A renewal takes over on its start date from the contracts of its account that started earlier, are still running
    then, and end no later than it does; not from those tied by id to another subscription than its own. With policy
    ``amendments: restate`` an amendment takes over from what it amends; otherwise it adds to it.

    Args:
        contracts: ``contracts``, won or not.
        accounts: ``accounts``, for churn.
        as_of: the day of the close.
        policy: ``amendments``.
        subscriptions: when given, their ``metadata_opportunity_id`` ties contracts to subscriptions as well.

    Returns:
        The contracts with ``taken_over_on`` and ``taken_over_by`` (the earliest takeover, also one still to come; null
        where there is none) and ``is_effective``.
    """
    won = (
        contracts.filter("is_won")
        .select(_USED)
        .join(_ties(contracts, subscriptions), on="opportunity_id", validate="1:1")
    )
    takeovers = _renewal_takeovers(won)
    if policy.amendments == "restate":
        takeovers = pl.concat([takeovers, _restatements(won)])
    first = takeovers.sort(_TAKEOVER[1:]).unique("opportunity_id", keep="first", maintain_order=True)
    churn = accounts.select("account_id", "is_churned", "churned_on")
    marked = contracts.join(first, on="opportunity_id", how="left", validate="1:1").join(
        churn, on="account_id", how="left", validate="m:1"
    )
    return marked.with_columns(is_effective=_in_force(as_of)).select(*contracts.columns, *_TAKEOVER[1:], "is_effective")


_USED = ["opportunity_id", "account_id", "kind", "start_on", "end_on", "amends_id", "prior_id"]


def _in_force(as_of: dt.date) -> pl.Expr:
    has_begun = (pl.col("start_on") <= as_of).fill_null(value=False)
    has_ended = (pl.col("end_on") < as_of).fill_null(value=False)
    is_replaced = (pl.col("taken_over_on") <= as_of).fill_null(value=False)
    churned_by_then = pl.col("is_churned").fill_null(value=False) & (pl.col("churned_on") <= as_of).fill_null(
        value=True
    )
    return pl.col("is_won") & has_begun & ~has_ended & ~is_replaced & ~churned_by_then


def _ties(contracts: pl.DataFrame, subscriptions: pl.DataFrame | None) -> pl.DataFrame:
    """List the subscriptions each contract is tied to by id, in either direction.

    Returns:
        One row per opportunity: ``tied_to`` (list, empty where there is no tie).
    """
    tie = ["opportunity_id", "subscription_id"]
    ties = contracts.select("opportunity_id", subscription_id="stripe_subscription_id")
    if subscriptions is not None:
        named = subscriptions.select(opportunity_id="metadata_opportunity_id", subscription_id="subscription_id")
        ties = pl.concat([ties, named.filter(pl.col("opportunity_id").is_not_null())])
    tied = (
        ties.filter(pl.col("subscription_id").is_not_null())
        .unique(tie)
        .group_by("opportunity_id")
        .agg(tied_to="subscription_id")
    )
    everyone = contracts.select("opportunity_id").join(tied, on="opportunity_id", how="left", validate="1:1")
    return everyone.with_columns(pl.col("tied_to").fill_null([]))


def _renewal_takeovers(won: pl.DataFrame) -> pl.DataFrame:
    renewals = won.filter(kind=RENEWAL).select(
        "account_id",
        taken_over_by="opportunity_id",
        taken_over_on="start_on",
        renewal_end_on="end_on",
        renewal_tied_to="tied_to",
        predecessor_id=pl.coalesce("prior_id", "amends_id"),
    )
    pairs = won.join(renewals, on="account_id", validate="m:m").filter(
        pl.col("opportunity_id") != pl.col("taken_over_by")
    )
    names_it = (pl.col("predecessor_id") == pl.col("opportunity_id")).fill_null(value=False)
    is_same_day = pl.col("start_on") == pl.col("taken_over_on")
    is_earlier = (pl.col("start_on") < pl.col("taken_over_on")) | (is_same_day & names_it)
    still_runs = pl.col("end_on").is_null() | (pl.col("taken_over_on") <= pl.col("end_on"))
    outlasts = pl.col("renewal_end_on").is_null() | (pl.col("end_on") <= pl.col("renewal_end_on")).fill_null(
        value=False
    )
    shared = pl.col("tied_to").list.set_intersection("renewal_tied_to").list.len()
    both_tied = (pl.col("tied_to").list.len() > 0) & (pl.col("renewal_tied_to").list.len() > 0)
    return pairs.filter(is_earlier & still_runs & outlasts & ~(both_tied & (shared == 0))).select(_TAKEOVER)


def _restatements(won: pl.DataFrame) -> pl.DataFrame:
    """Let each amendment replace the contract at the root, and the earlier amendments of that root."""
    rooted = _with_root(won)
    amendments = rooted.filter(pl.col("root_id") != pl.col("opportunity_id")).select(
        "root_id", taken_over_by="opportunity_id", taken_over_on="start_on"
    )
    pairs = rooted.join(amendments, on="root_id", validate="m:m").filter(
        pl.col("opportunity_id") != pl.col("taken_over_by")
    )
    is_root = pl.col("opportunity_id") == pl.col("root_id")
    is_same_day = pl.col("start_on") == pl.col("taken_over_on")
    is_earlier = (pl.col("start_on") < pl.col("taken_over_on")) | (
        is_same_day & (is_root | (pl.col("opportunity_id") < pl.col("taken_over_by")))
    )
    return pairs.filter(is_root | is_earlier).select(_TAKEOVER)


def _with_root(won: pl.DataFrame) -> pl.DataFrame:
    """Follow what amends what to the contract that amends nothing; those that form a ring stand alone."""
    amended = pl.when(pl.col("kind") != RENEWAL).then(pl.coalesce("amends_id", "prior_id"))
    parents = won.select("opportunity_id", parent_id=amended)
    known = parents.join(won.select(parent_id="opportunity_id"), on="parent_id", how="semi")
    rooted = won.with_columns(root_id="opportunity_id")
    for _ in range(_DEEPEST_AMENDMENT):
        stepped = _with_parent_of_root(rooted, known)
        if stepped["parent_id"].is_null().all():
            break
        rooted = stepped.with_columns(root_id=pl.coalesce("parent_id", "root_id")).drop("parent_id")
    is_ring = pl.col("parent_id").is_not_null()
    ended = _with_parent_of_root(rooted, known)
    return ended.with_columns(root_id=pl.when(is_ring).then("opportunity_id").otherwise("root_id")).drop("parent_id")


def _with_parent_of_root(rooted: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    return rooted.join(known, left_on="root_id", right_on="opportunity_id", how="left", validate="m:1")
