"""Answers: what sales recorded after a contract began, and which changes of billing that answers, wholly or in part."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit import calendar, money
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.edits import amount_edits
from recon_kit.gaps.causes.pieces import common_rates, in_reporting
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched

_AGREES_WITHIN = 200
"""One part in so many: 0.5 %."""
_STEP, _ANSWER = "step_no", "answer_no"


def unanswered(
    steps: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, *, as_of: dt.date, tolerance: int
) -> pl.DataFrame:
    """Take off each step what sales recorded about it.

    First an answer of a step's own amount (within the tolerance or 0.5 %) answers it, the nearest in time first. What
    is then left of the pairing's own contracts and edits answers in part, the nearest first, and of one direction only;
    where a pairing has several subscriptions nothing tells whose amount was sold, so only whole answers count.

    Args:
        steps: ``step_no``, ``pairing_id``, ``step``, ``step_on``, ``agreed_on``.
        matched: what pairing gave.
        sides: both sides laid out.
        books: the tables.
        as_of: the day of the close.
        tolerance: in minor units.

    Returns:
        The steps that are not answered, ``step`` being what is left of each.
    """
    asked = steps.select(_STEP, "pairing_id", "step", "step_on", "agreed_on").join(
        matched.pairings.select("pairing_id", "unit_id"), on="pairing_id", how="left", validate="m:1"
    )
    offered = _offered(asked, matched, sides, books, as_of)
    off = (pl.col("answer") - pl.col("step")).abs()
    agrees = (off <= tolerance) | (off * _AGREES_WITHIN <= pl.col("step").abs())
    both = asked.join(offered, on="pairing_id", how="inner", validate="m:m").filter(
        pl.col("answer_on") > pl.col("agreed_on")
    )
    pairs = both.with_columns(off=off, apart=calendar.days_between(pl.col("step_on"), pl.col("answer_on")).abs())
    whole = _nearest(pairs.filter(agrees))
    rest = pairs.join(whole, on=_STEP, how="anti").join(whole, on=_ANSWER, how="anti")
    left = _left(rest.join(_single(matched), on="pairing_id", how="semi").filter("is_own"))
    remaining = steps.join(whole, on=_STEP, how="anti").join(left, on=_STEP, how="left", validate="1:1")
    return (
        remaining.with_columns(step=pl.coalesce("left", "step"))
        .filter(pl.col("left").is_null() | (pl.col("left").abs() > tolerance))
        .drop("left")
    )


def _single(matched: Matched) -> pl.DataFrame:
    billed = matched.members.filter(side=BILLING).group_by("pairing_id").agg(count=pl.len())
    return billed.filter(pl.col("count") == 1)


def _nearest(pairs: pl.DataFrame) -> pl.DataFrame:
    """Give each answer to one step: the nearest two first, then the nearest of those left."""
    open_ones = pairs
    taken = pairs.head(0).select(_STEP, _ANSWER)
    while open_ones.height:
        best = _best(open_ones, ["apart", "off", _STEP, _ANSWER])
        taken = pl.concat([taken, best.select(_STEP, _ANSWER)])
        left = open_ones.join(best, on=_STEP, how="anti")
        open_ones = left.join(best, on=_ANSWER, how="anti")
    return taken


def _left(pairs: pl.DataFrame) -> pl.DataFrame:
    """Let answers take off steps of their direction what they can, the nearest two first: ``step_no``, ``left``."""
    columns = [_STEP, _ANSWER, "apart", "step", "answer"]
    open_ones = pairs.filter(pl.col("step").sign() == pl.col("answer").sign()).select(columns)
    left = open_ones.head(0).select(_STEP, left="step")
    while open_ones.height:
        best = _best(open_ones, ["apart", _STEP, _ANSWER]).with_columns(
            used=pl.min_horizontal(pl.col("step").abs(), pl.col("answer").abs()) * pl.col("step").sign()
        )
        left = pl.concat([left, best.select(_STEP, left=pl.col("step") - pl.col("used"))])
        for side, amount in ((_STEP, "step"), (_ANSWER, "answer")):
            used = best.select(side, "used")
            open_ones = (
                open_ones.join(used, on=side, how="left", validate="m:1")
                .with_columns(pl.col(amount) - pl.col("used").fill_null(0))
                .drop("used")
            )
        open_ones = open_ones.filter(pl.col("step") != 0, pl.col("answer") != 0)
    return left.unique(_STEP, keep="last", maintain_order=True)


def _best(pairs: pl.DataFrame, order: list[str]) -> pl.DataFrame:
    """Pick the pairs that are the nearest of both their step and their answer."""
    ordered = pairs.sort(order).with_row_index("rank")
    is_best = [pl.col("rank") == pl.col("rank").min().over(side) for side in (_STEP, _ANSWER)]
    return ordered.filter(*is_best)


def _offered(asked: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, as_of: dt.date) -> pl.DataFrame:
    """List what sales recorded about each pairing.

    Returns:
        One row per (pairing, record): ``pairing_id``, ``answer`` (reporting minor units a month), ``answer_on``,
        ``is_own`` (of a contract of the pairing), ``answer_no``. What is compared with other subscriptions is left out.
    """
    units = asked.select("pairing_id", "unit_id").unique()
    contracts = sides.contracts.join(units, on="unit_id", how="semi")
    ramped = _ramps(contracts, books, as_of)
    grown = ramped.group_by("opportunity_id").agg(grown=pl.col("answer").sum())
    sold = (
        contracts.join(grown, on="opportunity_id", how="left", validate="1:1")
        .with_columns(answer=pl.col("term_mrr") - pl.col("grown").fill_null(0))
        .select("opportunity_id", "answer", answer_on=pl.max_horizontal("start_on", "close_on"))
    )
    recorded = pl.concat([sold, ramped, _edits(contracts, sides, books)]).join(
        contracts.select("opportunity_id", "unit_id"), on="opportunity_id", how="left", validate="m:1"
    )
    homes = matched.members.filter(side=CRM).select(opportunity_id="record_id", home_id="pairing_id")
    offered = (
        units.join(recorded, on="unit_id", how="inner", validate="m:m")
        .join(homes, on="opportunity_id", how="left", validate="m:1")
        .with_columns(is_own=(pl.col("home_id") == pl.col("pairing_id")).fill_null(value=False))
        .filter(pl.col("is_own") | pl.col("home_id").is_null(), pl.col("answer") != 0)
    )
    ordered = offered.sort("pairing_id", "answer_on", "answer", "opportunity_id").with_row_index(_ANSWER)
    return ordered.select("pairing_id", "answer", "answer_on", "is_own", _ANSWER)


def _ramps(contracts: pl.DataFrame, books: Books, as_of: dt.date) -> pl.DataFrame:
    """What lines of a contract that begin, or end, later than it add to its month: ``answer`` by day."""
    terms = contracts.select("opportunity_id", sold_on="start_on", last_on="end_on")
    lines = (
        books.contract_lines.filter(pl.col("kind") == "recurring")
        .join(terms, on="opportunity_id", how="inner", validate="m:1")
        .join(common_rates(books), on="currency", how="left", validate="m:1")
        .with_columns(from_on=pl.coalesce("start_on", "sold_on"), until_on=pl.coalesce("end_on", "last_on"))
        .with_columns(until_on=calendar.add_days(pl.col("until_on"), 1))
    )
    numerator, denominator = calendar.term_length(pl.col("from_on"), pl.col("until_on"))
    month = money.mul_div(money.to_e15(pl.col("total_price_minor")), denominator, numerator)
    monthly = lines.filter(pl.col("until_on") > pl.col("from_on")).with_columns(monthly=in_reporting(month))
    begin = monthly.select("opportunity_id", "sold_on", answer="monthly", answer_on="from_on")
    end = monthly.select("opportunity_id", "sold_on", answer=-pl.col("monthly"), answer_on="until_on")
    later = pl.concat([begin, end]).filter(pl.col("answer_on").is_between(pl.col("sold_on"), as_of, closed="right"))
    return later.group_by("opportunity_id", "answer_on").agg(pl.col("answer").sum()).select(_RECORDED)


_RECORDED = ["opportunity_id", "answer", "answer_on"]


def _edits(contracts: pl.DataFrame, sides: BothSides, books: Books) -> pl.DataFrame:
    """Edits of the amount of won opportunities, as the monthly difference they made."""
    edited = amount_edits(sides, books).join(
        contracts.select("opportunity_id", "amount_minor", "term_mrr"),
        on="opportunity_id",
        how="inner",
        validate="m:1",
    )
    monthly = money.mul_div(money.to_e15(pl.col("delta")), pl.col("term_mrr"), pl.col("amount_minor"))
    return edited.filter(pl.col("amount_minor") != 0).select(
        "opportunity_id", answer=money.round_half_up(monthly), answer_on="edited_on"
    )
