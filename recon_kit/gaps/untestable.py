"""Untestable: conclusions about gaps that the data cannot support, with the money they concern."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.explicit_pairs import contradicting_ids
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.schemas import TABLES


def not_testable(sides: BothSides, matched: Matched) -> pl.DataFrame:
    """List what could not be compared.

    Returns:
        One row per conclusion that cannot be drawn: columns of ``not_testable`` without ``room``.
    """
    own = [
        (sides.contracts, "opportunity", "opportunity_id", "crm"),
        (sides.subscriptions, "subscription", "subscription_id", "billing"),
    ]
    beside = [
        _rows(
            frame.join(matched.unknown.filter(side=side).select(pl.col("record_id").alias(key)), on=key, how="semi"),
            subject,
            key,
            "not compared: this record, or one tied to it by id, has an MRR that cannot be computed",
        )
        for frame, subject, key, side in own
    ]
    renewals = sides.contracts.filter(~pl.col("has_known_start"), pl.col("is_effective"))
    crossing = contradicting_ids(sides.contracts, sides.subscriptions).join(
        sides.subscriptions.select("subscription_id", "currency", "mrr_minor"),
        on="subscription_id",
        how="left",
        validate="m:1",
    )
    return (
        pl.concat(
            [
                *beside,
                _rows(
                    renewals,
                    "opportunity",
                    "opportunity_id",
                    "start not tested: a renewal whose predecessor is not in the data",
                ),
                _rows(
                    crossing,
                    "subscription",
                    "subscription_id",
                    "explicit id not followed: it names an opportunity of another account than the link",
                ),
            ]
        )
        .unique()
        .sort("subject", "id", "reason")
    )


def _rows(records: pl.DataFrame, subject: str, key: str, reason: str) -> pl.DataFrame:
    schema = TABLES["not_testable"].empty().drop("room").schema
    columns = {
        "subject": pl.lit(subject),
        "id": pl.col(key),
        "reason": pl.lit(reason),
        "exposed_minor": pl.col("mrr_minor"),
        "currency": pl.col("currency"),
    }
    return records.select(columns[name].cast(kind).alias(name) for name, kind in schema.items())
