"""Own currency: what no exchange rate converts is compared among itself, in the currency it was sold and billed in."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.gaps.pairing.chains import NEVER_EXISTED
from recon_kit.gaps.pairing.units import subscriptions_by_unit

_OF_CONTRACTS = {"mrr_minor": "mrr_reporting_minor", "term_mrr_minor": "term_mrr_reporting_minor"}
_OF_SUBSCRIPTIONS = {"mrr_minor": "mrr_reporting_minor", "committed_mrr_minor": "committed_mrr_reporting_minor"}


def is_unrated(books: Books) -> pl.Expr:
    """Whether a record's currency has no common rate in these books; one without a currency counts as rated."""
    rated = books.common_rates["currency"].implode()
    return ~pl.col("currency").is_in(rated).fill_null(value=True)


def unrated_currencies(books: Books) -> list[str]:
    """List the currencies of won contracts and of subscriptions that no common rate converts, sorted."""
    sold = books.contracts.filter("is_won").select("currency")
    both = pl.concat([sold, books.subscriptions.select("currency")])
    return both.filter(is_unrated(books)).get_column("currency").unique().sort().to_list()


def crossing_units(books: Books) -> list[str]:
    """List the units whose two sides hold different currencies of which one cannot be converted, sorted.

    A dinar contract may be what a dollar subscription bills, and no rate says whether it is. Where both sides hold the
    same currencies, or only one side holds any, each currency is compared for itself.
    """
    own = pl.when(is_unrated(books)).then("currency").otherwise(pl.lit(""))
    sold = books.contracts.filter(
        pl.col("is_won"), pl.col("is_effective"), pl.col("is_billed_in_stripe"), pl.col("mrr_minor") != 0
    ).select(own.alias("own"), unit_id="account_id", is_sold=pl.lit(value=True))
    billed = (
        subscriptions_by_unit(books)
        .filter(pl.col("is_live"), ~pl.col("status").is_in(NEVER_EXISTED), pl.col("committed_mrr_minor") != 0)
        .select(own.alias("own"), "unit_id", is_sold=pl.lit(value=False))
    )
    by_unit = (
        pl.concat([sold, billed])
        .group_by("unit_id")
        .agg(
            sold_in=pl.col("own").filter("is_sold").unique().sort(),
            billed_in=pl.col("own").filter(~pl.col("is_sold")).unique().sort(),
        )
    )
    both = pl.min_horizontal(pl.col("sold_in").list.len(), pl.col("billed_in").list.len()) > 0
    return by_unit.filter(both, pl.col("sold_in") != pl.col("billed_in"))["unit_id"].sort().to_list()


def books_in(books: Books, currency: str) -> Books:
    """Make the books of one currency without a rate: as if it were the reporting currency, and no other had a rate.

    Args:
        books: all of them.
        currency: one of :func:`unrated_currencies`.

    Returns:
        The books with the contracts and subscriptions of the units that hold that currency, whose reporting amounts
        are those of their own currency, missing (0 where they are 0) for every other.
    """
    subscriptions = subscriptions_by_unit(books)
    sold = books.contracts.filter("is_won", currency=currency).select(unit_id="account_id")
    concerned = pl.concat([sold, subscriptions.filter(currency=currency).select("unit_id")]).unique()
    rate = books.common_rates.clear(1).with_columns(
        pl.lit(currency).alias("currency"),
        *(pl.lit(1).cast(books.common_rates.schema[name]).alias(name) for name in _RATIO),
    )
    return replace(
        books,
        contracts=books.contracts.join(
            concerned.rename({"unit_id": "account_id"}), on="account_id", how="semi"
        ).with_columns(_as_reported(currency, _OF_CONTRACTS)),
        subscriptions=subscriptions.join(concerned, on="unit_id", how="semi")
        .select(books.subscriptions.columns)
        .with_columns(_as_reported(currency, _OF_SUBSCRIPTIONS)),
        common_rates=rate,
    )


_RATIO = ("rate_numerator", "rate_denominator")


def _as_reported(currency: str, amounts: dict[str, str]) -> list[pl.Expr]:
    is_known = (pl.col("currency") == currency).fill_null(value=False)
    return [
        pl.when(is_known | (pl.col(own) == 0)).then(pl.col(own)).alias(reporting) for own, reporting in amounts.items()
    ]
