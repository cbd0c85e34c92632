"""Discounts: what one system takes off a price and the other does not, and since when."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.calendar import add_days
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import DISCOUNT, amount_text, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import CRM, Matched

_PERCENT = r"(\d{1,2}(?:\.\d{1,4})?)\s*(?:%|percent|per cent)"
_WORDS = "discount(?:ed)?|rebate|reduction|reduced|rabatt|remise|nachlass|descuento|sconto"
TOLD_DISCOUNT = (
    rf"(?i)\b{_PERCENT}\s*(?:off\b|less\b|{_WORDS})",
    rf"(?i)\b(?:{_WORDS}|less)\s*(?:of|by|de|von|:|=)?\s*{_PERCENT}",
)
"""How notes and lines tell a discount: "20 % off", "discount of 20 %", "less 20%", "20 % Rabatt"."""

_AGREES_WITHIN = 200
"""One part in so many: 0.5 %."""


def agreed_discounts(
    open_pairings: pl.DataFrame, matched: Matched, sides: BothSides, books: Books, *, as_of: pl.Expr
) -> pl.DataFrame:
    """Find the percentage off that contracts of a pairing mention: in the field, else in the note, else in their lines.

    Lines tell it by their words, else by their prices: recurring lines whose total is less than price, or list price,
    times quantity.

    Returns:
        One row per pairing with a discount: ``pairing_id``, ``worth`` (of what runs: contract MRR x p / (100 - p),
        reporting minor units; 0 when all ended), ``percent`` (millionths of a per cent, the largest that runs),
        ``opportunity_ids_off``, ``agreed_until_on`` (the last day of the latest that has ended).
    """
    members = matched.members.filter(side=CRM).select("pairing_id", opportunity_id="record_id")
    own = (
        members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi")
        .join(
            sides.contracts.select("opportunity_id", "mrr", "discount_pct", "discount_end_on", "note"),
            on="opportunity_id",
            how="left",
            validate="1:1",
        )
        .join(_told_by_lines(books), on="opportunity_id", how="left", validate="1:1")
    )
    texts = [pl.col(name).str.extract(pattern, 1) for name in ("note", "lines") for pattern in TOLD_DISCOUNT]
    in_note = mrr.percent_text(pl.coalesce(texts))
    in_field = (pl.col("discount_pct") * 10**mrr.PCT_PLACES).round().cast(pl.Int64)
    runs = (pl.col("discount_end_on") >= as_of).fill_null(value=True)
    off = own.with_columns(
        percent=pl.coalesce(pl.when(in_field > 0).then(in_field), in_note, "in_prices"), runs=runs
    ).filter(pl.col("percent") > 0, pl.col("percent") < mrr.WHOLE)
    worth = money.mul_div(money.to_e15(pl.col("mrr")), pl.col("percent"), mrr.WHOLE - pl.col("percent"))
    return (
        off.with_columns(worth=money.round_half_up(worth))
        .group_by("pairing_id")
        .agg(
            pl.col("worth").filter("runs").sum(),
            pl.col("percent").filter("runs").max(),
            opportunity_ids_off=pl.col("opportunity_id").filter("runs").sort(),
            agreed_until_on=pl.col("discount_end_on").filter(~pl.col("runs")).max(),
        )
    )


def _told_by_lines(books: Books) -> pl.DataFrame:
    """What contract lines say of a discount: ``lines`` (their names) and ``in_prices`` (millionths of a per cent)."""
    recurring = pl.col("kind") == "recurring"
    quantity = (pl.col("quantity") * 10**mrr.PCT_PLACES).round().cast(pl.Int128)
    listed = pl.col("ssp_minor").cast(pl.Int128) * 10**mrr.PCT_PLACES
    full = pl.max_horizontal(pl.col("unit_price_minor").cast(pl.Int128) * quantity, listed).filter(recurring)
    net = (pl.col("total_price_minor").cast(pl.Int128) * 10**mrr.PCT_PLACES).filter(recurring)
    lines = books.contract_lines.sort("opportunity_id", "line_id").group_by("opportunity_id", maintain_order=True)
    summed = lines.agg(
        lines=pl.col("product").str.join("; "),
        full=pl.when(full.null_count() == 0).then(full.sum()),
        net=pl.when(net.null_count() == 0).then(net.sum()),
    )
    off = (mrr.WHOLE * (pl.col("full") - pl.col("net")) + pl.col("full") // 2) // pl.col("full")
    is_off = (pl.col("net") > 0) & (pl.col("full") > pl.col("net"))
    return summed.select("opportunity_id", "lines", in_prices=pl.when(is_off).then(off).cast(pl.Int64))


def coupon_pieces(agreed: pl.DataFrame, coupons: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Find coupons beside contracts without a discount; each counts with its whole present monthly amount.

    They part the systems from the day the coupon began, or the day after the contract's own discount ended.

    Args:
        agreed: what :func:`agreed_discounts` returns.
        coupons: what :func:`recon_kit.gaps.causes.coupons.granted_coupons` returns.
        currency: the reporting currency.
    """
    lacking = coupons.join(agreed, on="pairing_id", how="left", validate="1:1").filter(
        pl.col("worth").fill_null(0) == 0, pl.col("granted") > 0
    )
    return pieces(
        lacking,
        DISCOUNT,
        amount=pl.col("granted"),
        evidence=pl.col("coupon_ids_on"),
        since_on=pl.max_horizontal("granted_from_on", add_days(pl.col("agreed_until_on"), 1)),
        sentence=pl.format(
            "Stripe takes {} a month off by a coupon that the contract does not mention.",
            amount_text(pl.col("granted"), currency),
        ),
    )


def promise_pieces(
    rest: pl.DataFrame, agreed: pl.DataFrame, coupons: pl.DataFrame, *, tolerance: int, currency: str
) -> pl.DataFrame:
    """Find discounts of contracts that Stripe does not grant, or not in that amount.

    Many prices in Stripe are net already, so a discount without a coupon counts only where it fits into what Stripe
    bills too much when everything else is taken off.

    Args:
        rest: ``pairing_id`` and ``rest``, what the other pieces leave.
        agreed: what :func:`agreed_discounts` returns.
        coupons: what :func:`recon_kit.gaps.causes.coupons.granted_coupons` returns.
        tolerance: in minor units.
        currency: the reporting currency.
    """
    both = (
        agreed.filter(pl.col("worth") > 0)
        .join(coupons, on="pairing_id", how="inner", validate="1:1")
        .join(rest, on="pairing_id", how="inner", validate="1:1")
    )
    fits = -pl.col("rest") >= pl.col("worth") - 1
    whole = pl.when(fits).then(-pl.col("worth"))
    amount = pl.when(pl.col("granted") == 0).then(whole).otherwise(_beyond_the_promise(tolerance))
    size = amount_text(pl.col("off").abs(), currency)
    percent = (pl.col("percent") / 10**mrr.PCT_PLACES).cast(pl.String).str.strip_suffix(".0")
    absent = pl.format("The contract grants {} % off, worth {} a month, which Stripe does not.", percent, size)
    lacks = pl.format("The contract grants {} % off; the coupon in Stripe is {} a month short of it.", percent, size)
    exceeds = pl.format("The contract grants {} % off; a coupon takes {} a month off beside it.", percent, size)
    return pieces(
        both.with_columns(off=amount).filter(pl.col("off") != 0),
        DISCOUNT,
        amount=pl.col("off"),
        evidence=pl.col("opportunity_ids_off").list.concat("coupon_ids_on"),
        since_on=pl.when(pl.col("granted") > 0).then("granted_from_on").otherwise("lapsed_on"),
        sentence=pl.when(pl.col("granted") == 0).then(absent).when(pl.col("off") < 0).then(lacks).otherwise(exceeds),
    )


def _beyond_the_promise(tolerance: int) -> pl.Expr:
    """What a coupon beside a promised discount explains.

    What explains the rest to the tolerance is true: nothing, the coupon, or what it is larger by. Else a coupon of the
    contract's own per cent, or of what its discount is worth, is the one that was promised. Any other the contract
    lacks, with its whole amount; and Stripe lacks the promise, where that fits into what is then billed too much.
    """
    rest, granted, worth = pl.col("rest"), pl.col("granted"), pl.col("worth")
    is_agreed = pl.col("percents_on").list.contains(pl.col("percent")) | (
        (granted - worth).abs() * _AGREES_WITHIN <= worth
    )
    fits = granted - rest >= worth - 1
    return (
        pl.when(rest.abs() <= tolerance)
        .then(0)
        .when((rest - granted).abs() <= tolerance)
        .then(granted)
        .when((rest - granted + worth).abs() <= tolerance)
        .then(granted - worth)
        .when(is_agreed)
        .then(0)
        .when(fits)
        .then(granted - worth)
        .otherwise(granted)
    )
