"""Explicit pairs: contracts and subscriptions that name one another, joined into components."""

from __future__ import annotations

import polars as pl

from recon_kit.salesforce_id import long_id


def named_pairs(contracts: pl.DataFrame, subscriptions: pl.DataFrame, renewals: pl.DataFrame) -> pl.DataFrame:
    """Find contracts and subscriptions of one unit that name one another, in either direction.

    An id of another unit contradicts the link and is not followed. An id of a contract that was renewed names the
    renewal.

    Args:
        contracts: won rows of ``contracts`` with ``unit_id``.
        subscriptions: rows of ``subscriptions`` with ``unit_id``.
        renewals: what :func:`recon_kit.gaps.pairing.chains.renewed_by` returns.

    Returns:
        One row per (opportunity_id, subscription_id), sorted, with ``named_opportunity_id`` (as the id itself says).
    """
    sold = contracts.select(
        "unit_id", "opportunity_id", subscription_id=pl.col("stripe_subscription_id").str.strip_chars()
    )
    billed = subscriptions.select("unit_id", "subscription_id", named=long_id(pl.col("metadata_opportunity_id")))
    by_contract = sold.drop_nulls().join(
        billed.drop("named"), on=["unit_id", "subscription_id"], how="inner", validate="m:1"
    )
    ids = sold.select("unit_id", "opportunity_id", named=long_id(pl.col("opportunity_id")))
    by_subscription = billed.drop_nulls().join(ids, on=["unit_id", "named"], how="inner", validate="m:1")
    columns = ["opportunity_id", "subscription_id"]
    named = pl.concat([by_contract.select(columns), by_subscription.select(columns)]).unique()
    return (
        named.rename({"opportunity_id": "named_opportunity_id"})
        .join(_in_force(contracts, renewals), on="named_opportunity_id", how="inner", validate="m:1")
        .sort("opportunity_id", "subscription_id", "named_opportunity_id")
    )


def tied_subscriptions(contracts: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """List the subscriptions that each contract names, or that name it.

    Returns:
        One row per contract, sorted: ``opportunity_id``, ``tied_to`` (list, empty where there is none).
    """
    ids = contracts.select("opportunity_id", named=long_id(pl.col("opportunity_id")))
    by_contract = contracts.select("opportunity_id", tied_to=pl.col("stripe_subscription_id").str.strip_chars())
    by_subscription = subscriptions.select(
        tied_to="subscription_id", named=long_id(pl.col("metadata_opportunity_id"))
    ).join(ids, on="named", how="inner", validate="m:1")
    ties = pl.concat([by_contract, by_subscription.select("opportunity_id", "tied_to")])
    return ties.group_by("opportunity_id").agg(pl.col("tied_to").drop_nulls().unique().sort()).sort("opportunity_id")


def contradicting_ids(books_contracts: pl.DataFrame, books_subscriptions: pl.DataFrame) -> pl.DataFrame:
    """List explicit ids between a contract and a subscription of different units: reported, not followed.

    Returns:
        One row per (opportunity_id, subscription_id), sorted.
    """
    sold = books_contracts.select(
        "opportunity_id", "unit_id", subscription_id=pl.col("stripe_subscription_id").str.strip_chars()
    )
    billed = books_subscriptions.select(
        "subscription_id", named=long_id(pl.col("metadata_opportunity_id")), billed_unit_id="unit_id"
    )
    by_contract = sold.drop_nulls().join(billed.drop("named"), on="subscription_id", how="inner", validate="m:1")
    ids = sold.select("opportunity_id", "unit_id", named=long_id(pl.col("opportunity_id")))
    by_subscription = billed.drop_nulls("named").join(ids, on="named", how="inner", validate="m:1")
    columns = ["opportunity_id", "subscription_id"]
    crossing = [
        found.filter(pl.col("unit_id") != pl.col("billed_unit_id")).select(columns)
        for found in (by_contract, by_subscription)
    ]
    return pl.concat(crossing).unique().sort(columns)


def _in_force(contracts: pl.DataFrame, renewals: pl.DataFrame) -> pl.DataFrame:
    """Follow each contract through those that stand in for it."""
    found = contracts.select(named_opportunity_id="opportunity_id", opportunity_id="opportunity_id")
    for _ in range(contracts.height):
        moved = found.join(renewals, on="opportunity_id", how="left", validate="m:1")
        if moved["later_id"].null_count() == moved.height:
            break
        found = moved.select("named_opportunity_id", opportunity_id=pl.coalesce("later_id", "opportunity_id"))
    return found


def components(edges: pl.DataFrame) -> pl.DataFrame:
    """Join records that name one another, directly or through others.

    Args:
        edges: ``contract`` and ``subscription``.

    Returns:
        One row per record, sorted: ``side`` (crm, billing), ``record_id``, ``component`` (its smallest contract).
    """
    labels = edges.select("contract", component="contract").unique()
    while True:
        by_subscription = (
            edges.join(labels, on="contract", how="inner", validate="m:1")
            .group_by("subscription")
            .agg(pl.col("component").min())
        )
        spread = (
            edges.join(by_subscription, on="subscription", how="inner", validate="m:1")
            .group_by("contract")
            .agg(pl.col("component").min())
        )
        if spread.sort("contract").equals(labels.sort("contract")):
            break
        labels = spread
    crm = labels.select(side=pl.lit("crm"), record_id="contract", component="component")
    billing = by_subscription.select(side=pl.lit("billing"), record_id="subscription", component="component")
    return pl.concat([crm, billing]).sort("side", "record_id")
