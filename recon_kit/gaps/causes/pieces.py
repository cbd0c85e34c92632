"""Pieces: parts of an amount difference, each with its evidence and its date, before they are made to sum."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr
from recon_kit.gaps.books import Books
from recon_kit.gaps.families.seeds import NO_IDS

BASIS, CURRENCY, TAX, DISCOUNT = "amount_basis", "currency", "tax", "discount"
EXPANSION, CONTRACTION, TRIAL, PAUSED = "expansion", "contraction", "trial", "paused"
CANCELLATION, ROUNDING, UNEXPLAINED = "cancellation", "rounding", "unexplained"
ORDER = [
    BASIS,
    CURRENCY,
    TAX,
    DISCOUNT,
    EXPANSION,
    CONTRACTION,
    TRIAL,
    PAUSED,
    CANCELLATION,
    ROUNDING,
    UNEXPLAINED,
]
"""The components in the order they are taken, which also decides between equal ones."""

PIECE: dict[str, pl.DataType] = {
    "pairing_id": pl.String(),
    "component": pl.String(),
    "amount": pl.Int64(),
    "evidence": pl.List(pl.String()),
    "sentence": pl.String(),
    "since_on": pl.Date(),
}


def pieces(found: pl.DataFrame, component: str | pl.Expr, **columns: pl.Expr) -> pl.DataFrame:
    """Lay pieces out; an amount of 0 is no piece."""
    name = pl.lit(component) if isinstance(component, str) else component
    given = {"pairing_id": pl.col("pairing_id"), "component": name, "evidence": NO_IDS} | columns
    missing = pl.lit(None)
    laid_out = found.select(given.get(column, missing).cast(kind).alias(column) for column, kind in PIECE.items())
    return laid_out.filter(pl.col("amount") != 0)


def common_rates(books: Books) -> pl.DataFrame:
    """Return the common rates as whole numbers: ``currency``, ``rate_numerator``, ``rate_denominator``."""
    return books.common_rates.select(
        "currency", pl.col("rate_numerator").cast(money.EXACT), pl.col("rate_denominator").cast(money.EXACT)
    )


def exact_of(decimal: pl.Expr) -> pl.Expr:
    """Turn a worksheet's decimal (minor units, 15 places) into the exact fixed point."""
    return decimal.cast(pl.String).str.replace(".", "", literal=True).cast(money.EXACT)


def in_reporting(exact: pl.Expr) -> pl.Expr:
    """Convert exact own minor units at the joined common rate and round once."""
    return money.round_half_up(mrr.convert(exact, pl.col("rate_numerator"), pl.col("rate_denominator")))


def amount_text(amount: pl.Expr, currency: str) -> pl.Expr:
    """Write an amount of the reporting currency for a sentence: ``1,200.00 USD``."""
    return money.with_code(amount, pl.lit(currency))
