"""Changes: what Stripe added to or took from a subscription that no opportunity or amount edit answers."""

from __future__ import annotations

import polars as pl

from recon_kit.calendar import days_between
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.billed_steps import billed_steps
from recon_kit.gaps.causes.pieces import CONTRACTION, EXPANSION, amount_text, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched

_AGREES_WITHIN = 200
"""One part in so many: 0.5 %."""


def change_pieces(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, *, tolerance: int, currency: str
) -> pl.DataFrame:
    """Find changes of subscriptions after their contract's date that Salesforce does not know.

    Returns:
        At most two pieces per pairing: expansions (negative) and contractions (positive).
    """
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    wanted = members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi")
    dates = _contract_dates(open_pairings, matched, sides)
    steps = (
        billed_steps(books, only=wanted.select("subscription_id"))
        .join(wanted, on="subscription_id", how="inner", validate="m:1")
        .join(dates, on="pairing_id", how="left", validate="m:1")
        .filter(pl.col("step_on") > pl.col("agreed_on"))
        .with_row_index("step_no")
    )
    unanswered = steps.join(_answered(steps, sides, matched, books, tolerance), on="step_no", how="anti")
    kind = pl.when(pl.col("step") > 0).then(pl.lit(EXPANSION)).otherwise(pl.lit(CONTRACTION))
    summed = (
        unanswered.with_columns(kind=kind)
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


def _answered(steps: pl.DataFrame, sides: BothSides, matched: Matched, books: Books, tolerance: int) -> pl.DataFrame:
    """Steps that a later opportunity of the unit, or an edit of a contract's amount, answers with its own amount.

    Each answers one step, the nearest in time: two seats added and one sold leaves one.
    """
    units = matched.pairings.select("pairing_id", "unit_id")
    asked = steps.select("step_no", "pairing_id", "step", "step_on", "agreed_on").join(
        units, on="pairing_id", how="left", validate="m:1"
    )
    later = sides.contracts.select("unit_id", answer="term_mrr", answer_on=pl.max_horizontal("start_on", "close_on"))
    answers = (
        pl.concat([later, _edits(sides, books)]).sort("unit_id", "answer_on", "answer").with_row_index("answer_no")
    )
    off = (pl.col("answer") - pl.col("step")).abs()
    agrees = (off <= tolerance) | (off * _AGREES_WITHIN <= pl.col("step").abs())
    both = asked.join(answers, on="unit_id", how="inner", validate="m:m").filter(
        pl.col("answer_on") > pl.col("agreed_on"), agrees
    )
    return _nearest(both.with_columns(apart=days_between(pl.col("step_on"), pl.col("answer_on")).abs()))


def _nearest(both: pl.DataFrame) -> pl.DataFrame:
    """Give each answer to one step: the nearest two first, then the nearest of those left."""
    order = ["apart", "off", "step_no", "answer_no"]
    open_ones = both.with_columns(off=(pl.col("answer") - pl.col("step")).abs())
    taken = open_ones.head(0).select("step_no")
    while open_ones.height:
        ordered = open_ones.sort(order).with_row_index("rank")
        is_best = [pl.col("rank") == pl.col("rank").min().over(side) for side in ("step_no", "answer_no")]
        best = ordered.filter(*is_best)
        taken = pl.concat([taken, best.select("step_no")])
        left = open_ones.join(best, on="step_no", how="anti")
        open_ones = left.join(best, on="answer_no", how="anti")
    return taken


def _edits(sides: BothSides, books: Books) -> pl.DataFrame:
    """Edits of the amount of won opportunities, as the monthly difference they made."""
    edited = amount_edits(sides, books).join(
        sides.contracts.select("opportunity_id", "unit_id", "amount_minor", "term_mrr"),
        on="opportunity_id",
        how="inner",
        validate="m:1",
    )
    share = pl.col("delta").cast(pl.Int128) * pl.col("term_mrr") // pl.col("amount_minor")
    return edited.filter(pl.col("amount_minor") != 0).select(
        "unit_id", answer=share.cast(pl.Int64), answer_on="edited_on"
    )


def amount_edits(sides: BothSides, books: Books) -> pl.DataFrame:
    """List edits of opportunity amounts after the close date.

    Returns:
        One row per edit, sorted: ``opportunity_id``, ``edited_on`` (UTC date), ``delta`` (own minor units).
    """
    ordered = books.opportunity_history.sort("opportunity_id", "changed_at", "history_id")
    before = pl.col("amount_minor").shift(1).over("opportunity_id")
    edits = ordered.with_columns(delta=pl.col("amount_minor") - before, edited_on=pl.col("changed_at").dt.date())
    won = sides.contracts.select("opportunity_id", won_on="close_on")
    return (
        edits.filter(pl.col("delta") != 0)
        .join(won, on="opportunity_id", how="inner", validate="m:1")
        .filter(pl.col("edited_on") > pl.col("won_on"))
        .select("opportunity_id", "edited_on", "delta")
        .sort("opportunity_id", "edited_on", "delta")
    )
