"""Decomposition: the difference of every amount gap as components that sum to it, to the cent."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.changes import change_pieces
from recon_kit.gaps.causes.coupons import granted_coupons
from recon_kit.gaps.causes.discounts import agreed_discounts, coupon_pieces, promise_pieces
from recon_kit.gaps.causes.ended_parts import cancellation_pieces
from recon_kit.gaps.causes.pieces import ORDER, PIECE, ROUNDING, UNEXPLAINED, amount_text, pieces
from recon_kit.gaps.causes.stated import basis_pieces, currency_pieces
from recon_kit.gaps.causes.taxes import tax_by_pairing, tax_pieces
from recon_kit.gaps.causes.waiting import vain_trials, waiting_pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import Matched
from recon_kit.policy import Policy


def decompose(
    open_pairings: pl.DataFrame,
    matched: Matched,
    sides: BothSides,
    books: Books,
    ended: pl.DataFrame,
    *,
    as_of: dt.date,
    policy: Policy,
    rates: pl.DataFrame | None,
) -> pl.DataFrame:
    """Split the difference of each pairing that differs.

    Args:
        open_pairings: pairings whose difference exceeds the tolerance.
        matched: what pairing gave.
        sides: both sides laid out.
        books: the tables.
        ended: what :func:`recon_kit.gaps.causes.ended_parts.ended_parts` returns.
        as_of: the day of the close.
        policy: tolerance and reporting currency.
        rates: history of exchange rates (:func:`recon_kit.fx.read_rates`); without it no currency component can be
        told.

    Returns:
        One row per (pairing_id, component), sorted in the order of components: columns of ``PIECE``.

    Conserves:
        sum(amount) == difference, per pairing.
    """
    currency, tolerance = policy.reporting_currency, policy.minor(policy.rounding_tolerance)
    agreed = agreed_discounts(open_pairings, matched, sides, books, as_of=pl.lit(as_of))
    coupons = granted_coupons(open_pairings, matched, sides, books)
    found = pl.concat(
        [
            basis_pieces(open_pairings, sides, books, currency),
            currency_pieces(open_pairings, matched, sides, books, rates=rates, currency=currency),
            coupon_pieces(agreed, coupons, currency),
            change_pieces(open_pairings, matched, sides, books, as_of=as_of, tolerance=tolerance, currency=currency),
            waiting_pieces(open_pairings, matched, sides, books, currency),
            cancellation_pieces(ended, currency),
        ]
    )
    vain = vain_trials(found, _rest(open_pairings, found), matched, tolerance=tolerance)
    found = found.join(vain, on=["pairing_id", "component"], how="anti")
    promises = promise_pieces(_rest(open_pairings, found), agreed, coupons, tolerance=tolerance, currency=currency)
    found = pl.concat([found, promises])
    taxes = tax_by_pairing(open_pairings, matched, books)
    taxed = tax_pieces(_rest(open_pairings, found), taxes, tolerance=tolerance, currency=currency)
    return _completed(open_pairings, pl.concat([found, taxed]), tolerance=tolerance, currency=currency)


def rank() -> pl.Expr:
    """The place of a component in the order they are taken."""
    return pl.col("component").replace_strict(ORDER, list(range(len(ORDER))), return_dtype=pl.Int64)


def _rest(open_pairings: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """What the pieces leave of each difference, and how many they are."""
    summed = found.group_by("pairing_id").agg(explained=pl.col("amount").sum(), count=pl.len().cast(pl.Int64))
    return (
        open_pairings.select("pairing_id", "difference")
        .join(summed, on="pairing_id", how="left", validate="1:1")
        .select(
            "pairing_id",
            rest=pl.col("difference") - pl.col("explained").fill_null(0),
            count=pl.col("count").fill_null(0),
        )
    )


def _completed(open_pairings: pl.DataFrame, found: pl.DataFrame, *, tolerance: int, currency: str) -> pl.DataFrame:
    """Make the pieces sum: a rest of a minor unit per piece goes to the last of them, a larger one is its own line."""
    rest = _rest(open_pairings, found)
    is_last = pl.col("rank") == pl.col("rank").max().over("pairing_id")
    is_crumb = (pl.col("rest").abs() <= pl.col("count")).fill_null(value=False)
    joined = found.with_columns(rank=rank()).join(rest, on="pairing_id", how="left", validate="m:1")
    crumb = pl.when(is_last & is_crumb).then("rest").otherwise(0)
    told, true = (amount_text(amount.abs(), currency) for amount in (pl.col("amount"), pl.col("amount") + crumb))
    kept = joined.with_columns(
        amount=pl.col("amount") + crumb, sentence=pl.col("sentence").str.split(told).list.join(true)
    )
    left_over = rest.filter(pl.col("rest") != 0, pl.col("rest").abs() > pl.col("count"))
    small = left_over.filter(pl.col("rest").abs() <= tolerance)
    large = left_over.filter(pl.col("rest").abs() > tolerance)
    text = amount_text(pl.col("rest"), currency)
    lines = [
        kept.select(list(PIECE)),
        pieces(small, ROUNDING, amount=pl.col("rest"), sentence=pl.format("{} a month is rounding.", text)),
        pieces(
            large,
            UNEXPLAINED,
            amount=pl.col("rest"),
            sentence=pl.format("{} a month has no explanation in the data.", text),
        ),
    ]
    return pl.concat(lines).filter(pl.col("amount") != 0).sort("pairing_id", rank())
