"""Parse what Stripe writes as text: epoch seconds, whole amounts, decimals, yes and no; strictly, or null."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar, money

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recon_kit.normalise.stripe.paths import Shape

E12 = 12
_LAST_SECOND = 7_258_118_400
"""1 January 2200: a later instant is milliseconds or a typing error."""


def typed(rows: pl.DataFrame, shape: Shape) -> pl.DataFrame:
    """Parse the amounts and instants of a shape as soon as they are read.

    Args:
        rows: the fields of the shape as text.
        shape: names them.

    Returns:
        The rows with ``<name>_minor`` of every amount, ``<stem>_at`` of every ``<stem>_seconds``, and ``currency`` in
        the ISO form. Of the texts only those stay that could not be parsed, so that rules can show them.
    """
    coded = rows.with_columns(currency_code()) if "currency" in shape.names else rows
    read = coded.with_columns(*amounts(coded, shape.amounts), *moments(*shape.moments))
    return read.with_columns(pl.when(pl.col(value).is_null()).then(text).alias(text) for text, value in _typed(shape))


def _typed(shape: Shape) -> list[tuple[str, str]]:
    """Pairs of a text's column and that of its value."""
    return [(name, f"{name}_minor") for name in shape.amounts] + [
        (f"{stem}_seconds", f"{stem}_at") for stem in shape.moments
    ]


def typed_schema(shape: Shape) -> dict[str, pl.DataType]:
    """Name the columns that ``typed`` gives, with their types."""
    texts: dict[str, pl.DataType] = {
        name: pl.List(pl.String()) if name in shape.lists else pl.String() for name in shape.names
    }
    return (
        texts
        | {f"{name}_minor": pl.Int64() for name in shape.amounts}
        | {f"{stem}_at": pl.Datetime("us", "UTC") for stem in shape.moments}
    )


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
    wanted = list(names)
    if not wanted:
        return []
    codes = pl.LazyFrame({"currency": frame["currency"].unique()})
    table = money.exponents().filter(pl.col("exponent") != pl.col("stripe_exponent"))
    differs = codes.filter(pl.col("currency").is_in(table["currency"].to_list())).collect().height > 0
    return [_amount(name, differs=differs).alias(f"{name}_minor") for name in wanted]


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
