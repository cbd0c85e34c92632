"""Amounts on charts: exact as words, approximate only as lengths of bars."""

from __future__ import annotations

import polars as pl

from recon_kit import money as exact_money

_MINUS = "−"


def currency_of(frame: pl.DataFrame, amount: str, currency: str) -> str:
    """Find the one currency a chart is drawn in.

    Args:
        frame: what is drawn.
        amount: the amount column.
        currency: a column of the frame, or a currency code.

    Raises:
        ValueError: when amounts stand in several currencies, or in none that is known.
    """
    if currency not in frame.columns:
        codes = [currency]
    else:
        codes = frame.filter(pl.col(amount).is_not_null())[currency].unique().sort().to_list()
    unknown = [code for code in codes if code not in set(exact_money.exponents()["currency"])]
    if unknown or len(codes) > 1:
        message = f"A chart of {amount} needs one known currency, not {', '.join(map(str, codes))}."
        raise ValueError(message)
    return str(codes[0]) if codes else "XXX"


def length(minor: pl.Expr, currency: str) -> pl.Expr:
    """Turn minor units into the length of a bar, in major units. Only drawing may use it: it is a float."""
    return minor.cast(pl.Float64) / pl.lit(10.0 ** exact_money.exponent_of(currency))


def words(minor: pl.Expr, currency: str, *, signed: bool = False) -> pl.Expr:
    """Write amounts exactly, with a true minus and, for changes, a plus."""
    plain = exact_money.format_minor(minor.cast(pl.Int64), pl.lit(currency)).str.replace("-", _MINUS, literal=True)
    if not signed:
        return plain
    return pl.concat_str(pl.when(minor > 0).then(pl.lit("+")).otherwise(pl.lit("")), plain)


def spoken(minor: int, currency: str, *, signed: bool = False) -> str:
    """Write one amount with its currency, for a description."""
    text = pl.select(words(pl.lit(minor, dtype=pl.Int64), currency, signed=signed)).item()
    return f"{text} {currency}"
