"""Taxes: differences that are the tax one system holds and the other does not."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.billed_levels import ordinary_lines
from recon_kit.gaps.causes.pieces import TAX, amount_text, common_rates, in_reporting, pieces
from recon_kit.gaps.pairing.matched import BILLING, Matched


def tax_by_pairing(open_pairings: pl.DataFrame, matched: Matched, books: Books) -> pl.DataFrame:
    """Sum the monthly tax on the latest ordinary invoice of each subscription of a pairing.

    Returns:
        One row per pairing with tax: ``pairing_id``, ``tax`` (reporting minor units), ``invoice_ids``.
    """
    members = matched.members.filter(side=BILLING).select("pairing_id", subscription_id="record_id")
    billed = members.join(open_pairings.select("pairing_id"), on="pairing_id", how="semi")
    lines = ordinary_lines(books, only=billed.select("subscription_id"))
    latest = lines.filter(pl.col("period_start_on") == pl.col("period_start_on").max().over("subscription_id"))
    by_subscription = latest.group_by("subscription_id").agg(
        pl.col("tax_e15").sum(), invoice_ids=pl.col("invoice_id").unique().sort()
    )
    currencies = books.subscriptions.select("subscription_id", "currency")
    return (
        billed.join(by_subscription, on="subscription_id", how="inner", validate="1:1")
        .join(currencies, on="subscription_id", how="left", validate="1:1")
        .join(common_rates(books), on="currency", how="left", validate="m:1")
        .with_columns(tax=in_reporting(pl.col("tax_e15")))
        .group_by("pairing_id")
        .agg(pl.col("tax").sum(), pl.col("invoice_ids").explode(empty_as_null=False).sort())
        .filter(pl.col("tax") > 0)
    )


def tax_pieces(rest: pl.DataFrame, taxes: pl.DataFrame, *, tolerance: int, currency: str) -> pl.DataFrame:
    """Explain a rest by tax where it equals the tax on the subscription's invoices.

    Args:
        rest: ``pairing_id`` and ``rest``, what the other pieces leave.
        taxes: what :func:`tax_by_pairing` returns.
        tolerance: in minor units.
        currency: the reporting currency.
    """
    equal = rest.join(taxes, on="pairing_id", how="inner", validate="1:1").filter(
        (pl.col("rest").abs() - pl.col("tax")).abs() <= tolerance
    )
    return pieces(
        equal,
        TAX,
        amount=pl.col("tax") * pl.col("rest").sign(),
        evidence=pl.col("invoice_ids"),
        sentence=pl.format(
            "One system holds the tax and the other does not: Stripe's invoices carry {} of tax a month.",
            amount_text(pl.col("tax"), currency),
        ),
    )
