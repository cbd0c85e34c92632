"""Parse what Stripe writes as text: epoch seconds, whole amounts, decimals, yes and no; strictly, or null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar, money

if TYPE_CHECKING:
    from collections.abc import Iterable

E12 = 12
_LAST_SECOND = 7_258_118_400
"""1 January 2200: a later instant is milliseconds or a typing error."""


def whole(name: str) -> pl.Expr:
    """Parse a whole number; null for ``7.5``, ``1e3`` and anything else."""
    return money.integer_text(pl.col(name))


def moments(*stems: str) -> list[pl.Expr]:
    """Parse ``<stem>_seconds`` into ``<stem>_at``; null where it is no instant between 1970 and 2200."""
    return [_moment(f"{stem}_seconds").alias(f"{stem}_at") for stem in stems]


def _moment(name: str) -> pl.Expr:
    seconds = whole(name)
    return calendar.instant(pl.when(seconds.is_between(1, _LAST_SECOND)).then(seconds))


def currency_code(name: str = "currency") -> pl.Expr:
    """Write Stripe's lower-case currency in the ISO form."""
    return pl.col(name).str.to_uppercase()


def amounts(frame: pl.DataFrame, names: Iterable[str]) -> list[pl.Expr]:
    """Parse whole amounts in Stripe's unit into ``<name>_minor``, ISO minor units of ``currency``.

    Null where the amount is no whole number, the currency is unknown, or the currency has no such unit (cents of ISK).
    """
    codes = pl.LazyFrame({"currency": frame["currency"].unique()})
    table = money.exponents().filter(pl.col("exponent") != pl.col("stripe_exponent"))
    differs = codes.filter(pl.col("currency").is_in(table["currency"].to_list())).collect().height > 0
    return [_amount(name, differs=differs).alias(f"{name}_minor") for name in names]


def _amount(name: str, *, differs: bool) -> pl.Expr:
    value = whole(name)
    if differs:
        return money.stripe_to_iso(value, pl.col("currency"))
    usable = (value.abs() <= money.MAX_MINOR) & money.is_currency(pl.col("currency"))
    return pl.when(usable).then(value)


def exact_e12(name: str) -> pl.Expr:
    """Parse a decimal into integers of its 12th decimal (Int128)."""
    return money.decimal_to_e(pl.col(name), E12)


def decimal(name: str) -> pl.Expr:
    """Show a parsed decimal as ``Decimal(38, 12)``; null where it is no plain decimal."""
    return pl.when(exact_e12(name).is_not_null()).then(pl.col(name)).cast(pl.Decimal(38, E12), strict=False)


def yes(name: str) -> pl.Expr:
    """Tell whether a flag is set; a missing flag is not."""
    return (pl.col(name) == "true").fill_null(value=False)


def day(name: str, timezone: str) -> pl.Expr:
    """Turn a UTC instant into the calendar date of the policy's time zone."""
    return calendar.in_timezone(pl.col(name), timezone)


def unparsed(text: str, parsed: str) -> pl.Expr:
    """Tell whether a text is there and its parsed value is not."""
    return pl.col(text).is_not_null() & pl.col(parsed).is_null()
