"""What exports made by hand cannot prove, with the money it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.extract.exports.billed_plans import billed_plans
from recon_kit.extract.exports.raw_lines import fields_of, lines_of
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recon_kit.extract.exports.translation import RawFile

_LIVE = ["active", "past_due", "trialing"]
_UNCOLLECTED = ["void", "draft", "uncollectible"]
_AS_EXPORTED = (
    "An export shows subscriptions as they stood when it was made: what changed after as_of cannot be put back, what "
    "changed before cannot be dated; pauses, tiers and taxes inside prices do not show. The money is what its live "
    "subscriptions bill a period."
)
_NO_LINES = (
    "An export of invoices has no lines: prorations, one-off items, discounts and taxes of each line do not show. The "
    "money is what was invoiced."
)
_NO_CREDIT_NOTES = "Credit notes do not show in exports of invoices and payments. The money is what was paid."
_LAST_REFUND = (
    "An export of payments tells only the sum and the last day of what was refunded of each. The money is that."
)
_NO_HISTORY = (
    "A report shows opportunities as they stood when it was made, without deleted and merged records: what was edited "
    "after as_of cannot be put back. The money is their amounts."
)


def blind_spots(
    files: Sequence[RawFile], sources: pl.DataFrame, totals: pl.DataFrame, coupon_ids: pl.Series, *, mode: str
) -> pl.DataFrame:
    """List what the exports leave untold.

    Args:
        files: raw files made from exports.
        sources: rows of ``sources``.
        totals: rows of ``control_totals``.
        coupon_ids: coupons whose terms are known from another file.
        mode: ``live`` or ``test``, of the policy.

    Returns:
        Rows of ``not_testable`` without ``room``: per live subscription what its export and its latest invoice leave
        open, and per object and currency what no export of its kind tells. Money in ISO minor units.
    """
    plans = billed_plans(lines_of(files, "subscriptions", mode), lines_of(files, "invoices", mode))
    live = plans.filter(pl.col("status").is_in(_LIVE))
    rows = [_of_subscriptions(live, coupon_ids), _totals(files, live, sources, totals, mode)]
    return pl.concat(rows).sort("subject", "id", "reason", "currency")


def _of_subscriptions(live: pl.DataFrame, coupon_ids: pl.Series) -> pl.DataFrame:
    """Ask of each live subscription what could hide behind its row; the first doubt that applies is listed."""
    doubts = _doubts(coupon_ids)
    reason = pl.coalesce(*[pl.when(applies).then(words) for applies, words, _ in doubts])
    exposed = pl.coalesce(*[pl.when(applies).then(amount) for applies, _, amount in doubts])
    return _rows(live.with_columns(reason=reason, exposed_minor=exposed).drop_nulls("reason"), "subscription")


def _doubts(coupon_ids: pl.Series) -> list[tuple[pl.Expr, pl.Expr, pl.Expr]]:
    """List when a row and its latest invoice leave something open, what to say then, and the money it concerns."""
    plan, billed, tax = pl.col("plan_minor"), pl.col("billed_minor"), pl.col("tax_minor")
    is_tried = pl.col("status") == "trialing"
    unknown_coupon = pl.col("coupon").is_not_null() & ~pl.col("coupon").is_in(coupon_ids.implode())
    uncollected = pl.col("invoice_status").is_in(_UNCOLLECTED) & ~is_tried
    return [
        (plan.is_null(), pl.lit(_UNPRICED), billed),
        (unknown_coupon, pl.format(_COUPON, "coupon"), plan),
        (uncollected, pl.format(_PAUSED, "invoice_id", "invoice_status"), plan),
        ((tax > 0) & (pl.col("total_minor") == billed), pl.format(_TAX_INSIDE, "invoice_id"), tax),
        ((billed != plan) & ~is_tried, pl.format(_BILLED_OTHERWISE, "invoice_id"), (billed - plan).abs()),
    ]


_UNPRICED = (
    "Its export states no amount: a tiered or metered price, or several items. The money is what its latest invoice "
    "bills."
)
_COUPON = (
    "Of its coupon {} only the name is known, not what it takes off nor for how long. Export coupons with their terms, "
    "or pull them."
)
_PAUSED = "Its latest invoice {} is {}: collection may be paused, which an export does not say."
_TAX_INSIDE = "Its latest invoice {} has tax inside its total: the price includes tax, and the MRR with it."
_BILLED_OTHERWISE = (
    "Its latest invoice {} bills another amount than its plan: prorations, usage, further items or a change since may "
    "stand behind it."
)


def _totals(
    files: Sequence[RawFile], live: pl.DataFrame, sources: pl.DataFrame, totals: pl.DataFrame, mode: str
) -> pl.DataFrame:
    """Sum per currency what each kind of export leaves open."""
    of_plans = live.select("currency", exposed_minor="plan_minor")
    invoices = lines_of(files, "invoices", mode)
    found = [
        _summed(of_plans, f"{STRIPE}/subscriptions", _AS_EXPORTED),
        _summed(_amounts(invoices, "total"), f"{STRIPE}/invoices", _NO_LINES),
        _summed(_amounts(lines_of(files, "charges", mode), "amount_refunded"), f"{STRIPE}/refunds", _LAST_REFUND),
    ]
    if "credit_notes" not in sources["object"]:
        found.append(_summed(_amounts(invoices, "amount_paid"), f"{STRIPE}/credit_notes", _NO_CREDIT_NOTES))
    reports = [file.name for file in files if file.feed.key == f"{SALESFORCE}/Opportunity"]
    sold = totals.filter(pl.concat_str("source", pl.lit("/"), "file").is_in(reports))
    return pl.concat(
        [
            *found,
            _summed(sold.select("currency", exposed_minor="amount_minor"), f"{SALESFORCE}/Opportunity", _NO_HISTORY),
        ]
    )


def _amounts(lines: pl.Series, field: str) -> pl.DataFrame:
    told = fields_of(lines, {"amount": field, "currency": "currency"}).with_columns(
        pl.col("currency").str.to_uppercase()
    )
    amount = money.stripe_to_iso(money.integer_text(pl.col("amount")), pl.col("currency"))
    return told.select("currency", exposed_minor=amount)


def _summed(amounts: pl.DataFrame, name: str, reason: str) -> pl.DataFrame:
    summed = amounts.drop_nulls().group_by("currency").agg(pl.col("exposed_minor").sum())
    return _rows(
        summed.filter(pl.col("exposed_minor") != 0).with_columns(id=pl.lit(name), reason=pl.lit(reason)), "export"
    )


def _rows(frame: pl.DataFrame, subject: str) -> pl.DataFrame:
    schema = TABLES["not_testable"].empty().drop("room").schema
    named = frame.with_columns(subject=pl.lit(subject))
    return named.select(pl.col(name).cast(kind) for name, kind in schema.items())
