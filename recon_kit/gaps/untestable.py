"""Untestable: conclusions about gaps that the data cannot support, with the money they concern."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.families.given_back import paid_out
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.explicit_pairs import contradicting_ids
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.schemas import TABLES


def not_testable(sides: BothSides, matched: Matched, books: Books) -> pl.DataFrame:
    """List what could not be compared.

    Returns:
        One row per conclusion that cannot be drawn: columns of ``not_testable`` without ``room``. What has no exchange
        rate is listed where it is valued.
    """
    own = [
        (sides.contracts, "opportunity", "opportunity_id", "crm"),
        (sides.subscriptions, "subscription", "subscription_id", "billing"),
    ]
    beside = [
        _rows(
            frame.filter(~pl.col("is_foreign")).join(
                matched.unknown.filter(side=side).select(pl.col("record_id").alias(key)), on=key, how="semi"
            ),
            subject,
            key,
            "not compared: this record, or one tied to it by id, has an MRR that cannot be computed",
        )
        for frame, subject, key, side in own
    ]
    return pl.concat([*beside, *_untested(sides, books)]).unique().sort("subject", "id", "reason")


def _untested(sides: BothSides, books: Books) -> list[pl.DataFrame]:
    """What is compared, but for one conclusion."""
    renewals = sides.contracts.filter(~pl.col("has_known_start"), pl.col("is_effective"))
    crossing = contradicting_ids(sides.contracts, sides.subscriptions).join(
        sides.subscriptions.select("subscription_id", "currency", "mrr_minor"),
        on="subscription_id",
        how="left",
        validate="m:1",
    )
    start = "start not tested: a renewal whose predecessor is not in the data"
    refund = "not tested: its charge is not in the files, so nothing tells which subscription it gives back"
    explicit = "explicit id not followed: it names an opportunity of another account than the link"
    return [
        _rows(renewals, "opportunity", "opportunity_id", start),
        _rows(_loose_refunds(books), "refund", "refund_id", refund),
        _rows(crossing, "subscription", "subscription_id", explicit),
    ]


def _loose_refunds(books: Books) -> pl.DataFrame:
    """Refunds that went through and whose charge is not in the files, with what they gave back."""
    lost = paid_out(books).join(books.charges.select("charge_id"), on="charge_id", how="anti")
    return lost.select("refund_id", "currency", mrr_minor="amount_minor")


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
