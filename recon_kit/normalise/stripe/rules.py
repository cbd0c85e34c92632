"""Rules a Stripe record must pass; each names the field, the fault and what to do."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.normalise.stripe.values import unparsed
from recon_kit.quarantine import Rule

_NONE = pl.lit(None, dtype=pl.String)


def missing(field: str, *columns: str) -> Rule:
    """Require a value: in one of the columns, where a text and what it was parsed to stand apart."""
    return Rule(
        name=f"missing_{field.replace('.', '_')}",
        field=field,
        value=_NONE,
        fails=pl.all_horizontal(pl.col(column).is_null() for column in columns),
        reason=f"The record has no {field}. Pull the object again, or complete it in Stripe.",
    )


def an_id(column: str = "key") -> Rule:
    """Require an id: neither absent nor empty, no list, no object."""
    text = pl.col(column)
    return Rule(
        name="missing_id",
        field="id",
        value=text,
        fails=text.is_null() | (text.str.strip_chars() == "") | text.str.contains(r"^\s*[\[{]"),
        reason="The record has no id that could be its own. Pull the object again.",
    )


def readable_flag(field: str) -> Rule:
    """Require a flag to be true or false, where it is told."""
    return Rule(
        name=f"unreadable_{field}",
        field=field,
        value=pl.col(field),
        fails=pl.col(field).is_not_null() & ~pl.col(field).is_in(["true", "false"]),
        reason=f"{field} is neither true nor false. Pull the object again.",
    )


def whole_amount(field: str, text: str, parsed: str) -> Rule:
    """Require an amount to be a whole number of the currency's smallest unit."""
    return Rule(
        name="money_not_integer",
        field=field,
        value=pl.col(text),
        fails=unparsed(text, parsed) & money.is_currency(pl.col("currency")).fill_null(value=False),
        reason=f"{field} is not a whole number of the currency's smallest unit. Pull the object again.",
    )


def known_currency(field: str = "currency") -> Rule:
    """Require an ISO 4217 currency."""
    return Rule(
        name="unknown_currency",
        field=field,
        value=pl.col("currency"),
        fails=~money.is_currency(pl.col("currency")).fill_null(value=False),
        reason=f"{field} is not an ISO 4217 code. Correct the record at its source and pull it again.",
    )


def possible_moment(field: str, stem: str) -> Rule:
    """Require a timestamp in whole seconds between 1970 and 2200."""
    return Rule(
        name="impossible_timestamp",
        field=field,
        value=pl.col(f"{stem}_seconds"),
        fails=unparsed(f"{stem}_seconds", f"{stem}_at"),
        reason=f"{field} is not a time in whole seconds between 1970 and 2200. Pull the object again.",
    )


def one_of(field: str, column: str, values: list[str]) -> Rule:
    """Require a value Stripe documents."""
    return Rule(
        name=f"unknown_{field}",
        field=field,
        value=pl.col(column),
        fails=~pl.col(column).is_in(values),
        reason=f"{field} is none of {', '.join(values)}. Correct the record, or report the new value.",
    )


def points_to(field: str, column: str, known: pl.Series, target: str) -> Rule:
    """Require a reference to an accepted record; an empty reference passes."""
    return Rule(
        name="dangling_reference",
        field=field,
        value=pl.col(column),
        fails=pl.col(column).is_not_null() & ~pl.col(column).is_in(known.implode()),
        reason=f"{field} names a {target} that is not among the usable ones. Pull them again, or see their quarantine.",
    )


def faulty_inside(name: str, field: str, columns: tuple[str, ...], reason: str) -> Rule:
    """Require that a list inside the record is one and no element of it faulty; ``columns`` hold faults, else null."""
    return Rule(
        name=name,
        field=field,
        value=pl.coalesce(columns),
        fails=pl.any_horizontal(pl.col(column).is_not_null() for column in columns),
        reason=reason,
    )
