"""Stated: contracts that say the same value on another basis or in another currency."""

from __future__ import annotations

import polars as pl

from recon_kit import fx, money
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import BASIS, CURRENCY, amount_text, common_rates, in_reporting, pieces
from recon_kit.gaps.pairing.both_sides import BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched

_AGREES_WITHIN = 200
"""One part in so many: 0.5 %."""


def basis_pieces(open_pairings: pl.DataFrame, sides: BothSides, books: Books, currency: str) -> pl.DataFrame:
    """Find contracts whose amount, read as monthly, annual or for the term, agrees with what is billed within 0.5 %.

    Returns:
        One piece per pairing of a single contract without lines: stated less agreeing.
    """
    single = open_pairings.filter(pl.col("opportunity_ids").list.len() == 1).with_columns(
        opportunity_id=pl.col("opportunity_ids").list.first()
    )
    stated = sides.contracts.filter(~pl.col("has_lines"), pl.col("amount_minor") > 0).select(
        "opportunity_id", "amount_minor", "amount_basis", "term_months", "currency"
    )
    readings = pl.DataFrame({"reading": ["monthly", "annual", "total"], "rank": [0, 1, 2]})
    months = (
        pl.when(pl.col("reading") == "monthly")
        .then(1)
        .when(pl.col("reading") == "annual")
        .then(12)
        .otherwise("term_months")
    )
    read = (
        single.join(stated, on="opportunity_id", how="inner", validate="1:1")
        .join(common_rates(books), on="currency", how="left", validate="m:1")
        .join(readings, how="cross")
        .with_columns(months=months)
        .filter(pl.col("reading") != pl.col("amount_basis"), pl.col("months") > 0)
        .with_columns(agreeing=in_reporting(money.mul_div(money.to_e15(pl.col("amount_minor")), 1, pl.col("months"))))
    )
    agrees = (pl.col("agreeing") - pl.col("committed")).abs() * _AGREES_WITHIN <= pl.col("committed")
    best = read.filter(agrees).sort("pairing_id", "rank").unique("pairing_id", keep="first", maintain_order=True)
    return pieces(
        best,
        BASIS,
        amount=pl.col("crm") - pl.col("agreeing"),
        evidence=pl.col("opportunity_ids"),
        sentence=pl.format(
            "The amount is read as {}; read as {} it is {} a month, what Stripe bills.",
            "amount_basis",
            "reading",
            amount_text(pl.col("agreeing"), currency),
        ),
    )


def currency_pieces(
    open_pairings: pl.DataFrame,
    matched: Matched,
    sides: BothSides,
    books: Books,
    *,
    rates: pl.DataFrame | None,
    currency: str,
) -> pl.DataFrame:
    """Find what the exchange rate did since the close date to contracts billed in another currency.

    The contract today, less the contract at the rate of its close date in the subscription's currency, at the common
    rate.

    Returns:
        One piece per pairing whose subscriptions bill in one currency other than a contract's.
    """
    if rates is None:
        return pieces(open_pairings.head(0), CURRENCY, amount=pl.lit(0))
    sold = _sold_abroad(open_pairings, matched, sides)
    then = _at_close_date(sold, rates).join(
        common_rates(books).rename({"currency": "billed_currency"}), on="billed_currency", how="left", validate="m:1"
    )
    valued = then.with_columns(
        base=in_reporting(money.mul_div(money.to_e15(pl.col("mrr_minor")), pl.col("to_billed"), pl.col("from_sold")))
    ).filter(pl.col("base").is_not_null())
    summed = valued.group_by("pairing_id").agg(
        pl.col("mrr").sum(),
        pl.col("base").sum(),
        evidence=pl.col("opportunity_id").sort(),
        closed_on=pl.col("close_on").min(),
        sold_in=pl.col("currency").first(),
        billed_in=pl.col("billed_currency").first(),
    )
    return pieces(
        summed,
        CURRENCY,
        amount=pl.col("mrr") - pl.col("base"),
        evidence=pl.col("evidence"),
        sentence=pl.format(
            "Sold in {}, billed in {}: at the rate of {} the contract is {} a month today.",
            "sold_in",
            "billed_in",
            pl.col("closed_on").dt.to_string("%-d %B %Y"),
            amount_text(pl.col("base"), currency),
        ),
    )


def _sold_abroad(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides) -> pl.DataFrame:
    """Contracts whose currency is not the one their pairing is billed in."""
    billed = _billed_currency(open_pairings, matched, sides)
    members = matched.members.filter(side=CRM).select("pairing_id", opportunity_id="record_id")
    contracts = sides.contracts.select("opportunity_id", "currency", "close_on", "mrr_minor", "mrr")
    return (
        members.join(billed, on="pairing_id", how="inner", validate="m:1")
        .join(contracts, on="opportunity_id", how="left", validate="1:1")
        .filter(pl.col("currency") != pl.col("billed_currency"), pl.col("close_on").is_not_null())
    )


def _billed_currency(open_pairings: pl.DataFrame, matched: Matched, sides: BothSides) -> pl.DataFrame:
    """The one currency a pairing's subscriptions bill in; pairings with several are left out."""
    billed = (
        matched.members.filter(side=BILLING)
        .join(open_pairings.select("pairing_id"), on="pairing_id", how="semi")
        .join(
            sides.subscriptions.select(record_id="subscription_id", billed_currency="currency"),
            on="record_id",
            how="left",
            validate="1:1",
        )
    )
    currencies = billed.group_by("pairing_id").agg(
        pl.col("billed_currency").first(), count=pl.col("billed_currency").n_unique()
    )
    return currencies.filter(pl.col("count") == 1).drop("count")


def _at_close_date(sold: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """Add the ratio that turned the contract's minor units into the billed currency's on its close date."""
    for name in ("currency", "billed_currency"):
        wanted = sold.drop("currency").with_columns(currency=pl.col(name)) if name != "currency" else sold
        found = fx.rates_on(rates.lazy(), wanted.lazy(), "close_on").collect()
        rate = found.select("opportunity_id", pl.col("per_euro_e8").alias(f"{name}_per_euro"))
        sold = sold.join(rate, on="opportunity_id", how="left", validate="1:1")
    step = money.power_of_ten(money.exponent(pl.col("billed_currency")))
    own_step = money.power_of_ten(money.exponent(pl.col("currency")))
    return sold.with_columns(
        to_billed=pl.col("billed_currency_per_euro") * step, from_sold=pl.col("currency_per_euro") * own_step
    )
