"""Changes: what Stripe added to or took from a subscription that no opportunity or amount edit answers."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.answers import unanswered
from recon_kit.gaps.causes.billed_steps import billed_steps
from recon_kit.gaps.causes.pieces import CONTRACTION, EXPANSION, amount_text, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched


def change_pieces(
    open_pairings: pl.DataFrame,
    matched: Matched,
    sides: BothSides,
    books: Books,
    *,
    as_of: dt.date,
    tolerance: int,
    currency: str,
) -> pl.DataFrame:
    """Find changes of subscriptions after their contract's date that Salesforce does not know.

    Returns:
        At most two pieces per pairing: expansions (negative) and contractions (positive).
    """
    steps = _steps_since_agreed(open_pairings, matched, sides, books)
    lonely = unanswered(steps, matched, sides, books, as_of=as_of, tolerance=tolerance)
    kind = pl.when(pl.col("step") > 0).then(pl.lit(EXPANSION)).otherwise(pl.lit(CONTRACTION))
    summed = (
        lonely.with_columns(kind=kind)
        .sort("pairing_id", "step_on")
        .group_by("pairing_id", "kind", maintain_order=True)
        .agg(
            pl.col("step").sum(),
            since_on=pl.col("step_on").min(),
            evidence=pl.col("event_ids").explode(empty_as_null=False).unique().sort(),
            subscription_ids=pl.col("subscription_id").unique().sort(),
        )
    )
    verb = pl.when(pl.col("step") > 0).then(pl.lit("more")).otherwise(pl.lit("less"))
    return pieces(
        summed,
        pl.col("kind"),
        amount=-pl.col("step"),
        evidence=pl.col("subscription_ids").list.concat("evidence"),
        since_on=pl.col("since_on"),
        sentence=pl.format(
            "Since {} Stripe bills {} {} a month, which no won opportunity or amount edit answers.",
            pl.col("since_on").dt.to_string("%-d %B %Y"),
            amount_text(pl.col("step").abs(), currency),
            verb,
        ),
    )


def _steps_since_agreed(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books) -> pl.DataFrame:
    """The steps of each pairing's subscriptions after its first contract: columns of ``billed_steps`` and both keys."""
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    wanted = members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi")
    return (
        billed_steps(books, only=wanted.select("subscription_id"))
        .join(wanted, on="subscription_id", how="inner", validate="m:1")
        .join(_contract_dates(open_pairings, matched, sides), on="pairing_id", how="left", validate="m:1")
        .filter(pl.col("step_on") > pl.col("agreed_on"))
        .with_row_index("step_no")
    )


def _contract_dates(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides) -> pl.DataFrame:
    """The day a pairing's first contract was agreed and in force: what Stripe did before is part of it."""
    members = matched.members.filter(side=CRM).select("pairing_id", opportunity_id="record_id")
    own = members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi").join(
        sides.contracts.select("opportunity_id", agreed_on=pl.max_horizontal("start_on", "close_on")),
        on="opportunity_id",
        how="left",
        validate="1:1",
    )
    return own.group_by("pairing_id").agg(pl.col("agreed_on").min())
