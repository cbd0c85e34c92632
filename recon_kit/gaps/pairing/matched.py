"""Matched: pairings with what is needed to judge them, and what stayed alone."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.gaps.pairing.both_sides import COMPARED, OWN_CURRENCY, UNKNOWN, BothSides
from recon_kit.gaps.pairing.pairing import pair_records
from recon_kit.gaps.pairing.pairing_search import Limits
from recon_kit.policy import Policy

CRM, BILLING = "crm", "billing"


@dataclass(frozen=True)
class Matched:
    """What pairing gave.

    Attributes:
        pairings: one row per pairing, see :func:`match`.
        members: one row per paired contract and subscription: ``pairing_id``, ``side``, ``record_id``.
        contracts: compared contracts that stayed alone, one row per ``node_id``.
        subscriptions: live subscriptions that stayed alone.
        unknown: records that cannot be compared: ``side``, ``record_id``, ``unit_id``.
    """

    pairings: pl.DataFrame
    members: pl.DataFrame
    contracts: pl.DataFrame
    subscriptions: pl.DataFrame
    unknown: pl.DataFrame


def match(sides: BothSides, *, policy: Policy) -> Matched:
    """Pair contracts in force with live subscriptions and sum up each pairing."""
    records, edges, unknown = _comparable(sides)
    limits = Limits(
        tolerance=policy.minor(policy.rounding_tolerance),
        pair_pct=round(policy.pair_tolerance_pct * 10**6),
        date_days=policy.date_tolerance_days,
    )
    paired = pair_records(records, edges, limits)
    members = _members(paired, sides)
    alone = records.join(paired, on=["side", "record_id"], how="anti")
    return Matched(
        pairings=_pairings(members, sides),
        members=members,
        contracts=_alone_contracts(alone, sides),
        subscriptions=sides.subscriptions.join(
            alone.filter(side=BILLING).select(subscription_id="record_id", is_unit_comparable="is_unit_comparable"),
            on="subscription_id",
            how="inner",
            validate="1:1",
        ),
        unknown=unknown,
    )


def _comparable(sides: BothSides) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Records to pair, the ids between them, and those that an id ties to a record that cannot be compared."""
    crm = (
        sides.contracts.filter(pl.col("node_id").is_not_null())
        .group_by(record_id="node_id", unit_id="unit_id")
        .agg(amount=pl.col("mrr").sum(), start_on=pl.col("chain_start_on").min())
    )
    billing = sides.subscriptions.filter(role=COMPARED).select(
        "unit_id", record_id="subscription_id", amount="committed", start_on="chain_billing_start_on"
    )
    both = pl.concat(
        [
            frame.select(pl.lit(side).alias("side"), "record_id", "unit_id", "amount", "start_on")
            for side, frame in ((CRM, crm), (BILLING, billing))
        ]
    )
    doubtful = _in_role(UNKNOWN, sides)
    tied = _tied_to(pl.concat([doubtful, _in_role(OWN_CURRENCY, sides)]), sides)
    is_doubtful = pl.col("unit_id").is_in(doubtful["unit_id"].implode())
    records = both.join(tied, on=["side", "record_id"], how="anti").with_columns(is_unit_comparable=~is_doubtful)
    unknown = pl.concat([doubtful, both.join(tied, on=["side", "record_id"], how="semi").select(doubtful.columns)])
    return records, _edges(sides, records), unknown.unique().sort("side", "record_id")


def _in_role(role: str, sides: BothSides) -> pl.DataFrame:
    both = ((sides.contracts, CRM, "opportunity_id"), (sides.subscriptions, BILLING, "subscription_id"))
    return pl.concat(
        [
            frame.filter(role=role).select(pl.lit(side).alias("side"), pl.col(key).alias("record_id"), "unit_id")
            for frame, side, key in both
        ]
    )


def _tied_to(doubtful: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Records that only name, or are named by, one that is not compared here."""
    named = sides.named.select("opportunity_id", "subscription_id").unique()
    crm = named.join(
        doubtful.filter(side=BILLING).select(subscription_id="record_id"), on="subscription_id", how="semi"
    ).select(side=pl.lit(CRM), record_id="opportunity_id")
    billing = named.join(
        doubtful.filter(side=CRM).select(opportunity_id="record_id"), on="opportunity_id", how="semi"
    ).select(side=pl.lit(BILLING), record_id="subscription_id")
    return pl.concat([crm, billing]).unique()


def _edges(sides: BothSides, records: pl.DataFrame) -> pl.DataFrame:
    nodes = sides.contracts.select("opportunity_id", contract="node_id").drop_nulls()
    present = records.select("side", "record_id")
    return (
        sides.named.join(nodes, on="opportunity_id", how="inner", validate="m:1")
        .select("contract", subscription="subscription_id")
        .unique()
        .join(present.filter(side=CRM).select(contract="record_id"), on="contract", how="semi")
        .join(present.filter(side=BILLING).select(subscription="record_id"), on="subscription", how="semi")
        .sort("contract", "subscription")
    )


def _members(paired: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Put the amendments compared with a contract beside it."""
    nodes = sides.contracts.select(record_id="node_id", opportunity_id="opportunity_id").drop_nulls()
    crm = paired.filter(side=CRM).join(nodes, on="record_id", how="left", validate="1:m")
    columns = ["pairing_id", "pairing_rule", "unit_id", "side"]
    return pl.concat(
        [
            crm.select(*columns, record_id="opportunity_id"),
            paired.filter(side=BILLING).select(*columns, "record_id"),
        ]
    ).sort("pairing_id", "side", "record_id")


def _pairings(members: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Sum up each pairing.

    Returns:
        One row per pairing, sorted: ``pairing_id``, ``unit_id``, ``pairing_rule``, ``opportunity_ids``,
        ``subscription_ids``, ``crm``, ``billing``, ``committed``, ``difference`` (all reporting minor units), dates
        of both sides, ``is_trialing`` (a subscription as a whole), ``is_in_trial`` (or an item).
    """
    crm, billing = _sold(members, sides), _billed(members, sides)
    joined = crm.join(billing, on="pairing_id", how="left", validate="1:1")
    return joined.with_columns(difference=pl.col("crm") - pl.col("billing")).sort("pairing_id")


def _sold(members: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Sum up the contracts of each pairing; service starts with the chain that began first."""
    contracts = sides.contracts.drop("unit_id").rename({"opportunity_id": "record_id"})
    sold = members.filter(side=CRM).join(contracts, on="record_id", how="left", validate="1:1")
    ordered = sold.sort("pairing_id", "chain_start_on", "record_id", nulls_last=True)
    return ordered.group_by("pairing_id", maintain_order=True).agg(
        pl.first("unit_id", "pairing_rule"),
        opportunity_ids=pl.col("record_id").sort(),
        crm=pl.col("mrr").sum(),
        sold_from=pl.col("start_on").min(),
        crm_start_on=pl.col("chain_start_on").first(),
        has_known_start=pl.col("has_known_start").first(),
        crm_end_on=pl.when(pl.col("end_on").null_count() == 0).then(pl.col("end_on").max()),
        crm_chain_end_on=pl.when(pl.col("chain_end_on").null_count() == 0).then(pl.col("chain_end_on").max()),
    )


def _billed(members: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    """Sum up the subscriptions of each pairing; it has a known end only when each of them has one."""
    subscriptions = sides.subscriptions.drop("unit_id").rename({"subscription_id": "record_id"})
    billed = members.filter(side=BILLING).join(subscriptions, on="record_id", how="left", validate="1:1")
    return billed.group_by("pairing_id").agg(
        subscription_ids=pl.col("record_id").sort(),
        billing=pl.col("mrr").sum(),
        committed=pl.col("committed").sum(),
        billed_from=pl.col("starts_on").min(),
        billing_start_on=pl.col("chain_billing_start_on").min(),
        stops_on=pl.when(pl.col("stops_on").null_count() == 0).then(pl.col("stops_on").max()),
        is_trialing=(pl.col("status") == "trialing").any(),
        is_in_trial=((pl.col("status") == "trialing") | _has_items_in_trial()).any(),
    )


def _has_items_in_trial() -> pl.Expr:
    """Whether a subscription bills, but less than it will: an item has a trial of its own."""
    bills = pl.col("status").is_in(["active", "past_due"]) & ~pl.col("is_collection_paused")
    return bills & (pl.col("mrr") < pl.col("committed"))


def _alone_contracts(alone: pl.DataFrame, sides: BothSides) -> pl.DataFrame:
    nodes = alone.filter(side=CRM).select(node_id="record_id", is_unit_comparable="is_unit_comparable")
    members = (
        sides.contracts.filter(pl.col("node_id").is_not_null())
        .group_by("node_id")
        .agg(opportunity_ids=pl.col("opportunity_id").sort(), crm=pl.col("mrr").sum())
    )
    bases = sides.contracts.select("opportunity_id", "unit_id", "start_on", "end_on", "last_on", "close_on")
    return (
        nodes.join(members, on="node_id", how="left", validate="1:1")
        .join(bases, left_on="node_id", right_on="opportunity_id", how="left", validate="1:1")
        .sort("node_id")
    )
