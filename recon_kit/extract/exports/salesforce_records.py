"""Rows of a Salesforce report as records of its raw files: API names, ISO dates, plain amounts, one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.extract.exports import values, words
from recon_kit.extract.exports.kinds import Kind, kind_of
from recon_kit.schemas.raw import SALESFORCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.extract.exports.column_map import Feed
    from recon_kit.extract.exports.values import Locale

CURRENCY = "CurrencyIsoCode"
_KNOWN = "#currency"


def salesforce_lines(
    records: pl.DataFrame,
    feed: Feed,
    locale: Locale,
    *,
    overrides: Mapping[str, Mapping[str, list[str]]],
    reporting_currency: str,
) -> tuple[str, pl.DataFrame]:
    """Write the records that a report gives of one object.

    Args:
        records: ``#line`` and the columns of the report, text.
        feed: the object and its columns.
        locale: how the report writes its values.
        overrides: the params' field map, which says what custom fields hold.
        reporting_currency: of amounts that name no currency, in a report without a column of it.

    Returns:
        (the header line; ``line``, ``text``: one row per record, on the line where it began). Rows that give none of
        the object are left out. A value that cannot be translated stands as it was.
    """
    cells = records.select(
        pl.col("#line"), **{field: values.cell(pl.col(column)) for field, column in feed.columns.items()}
    ).filter(pl.any_horizontal(pl.col(list(feed.columns)).is_not_null()))
    kinds = {field: kind_of(SALESFORCE, feed.object_name, field, overrides) for field in feed.columns}
    priced = [field for field, kind in kinds.items() if kind == Kind.MONEY]
    stated = [pl.col(field).str.to_uppercase() for field, kind in kinds.items() if kind == Kind.CURRENCY]
    named = [values.currency_in(pl.col(field)) for field in priced]
    found = pl.coalesce(*stated, *named, pl.lit(None, dtype=pl.String))
    known = cells.with_columns(found.fill_null(reporting_currency).alias(_KNOWN), found.alias(CURRENCY + "#"))
    columns = {field: _value(field, kind, locale) for field, kind in kinds.items()}
    if priced and not stated and known[CURRENCY + "#"].null_count() < known.height:
        columns[CURRENCY] = pl.col(CURRENCY + "#")
    written = known.select(pl.col("#line"), **columns)
    texts = pl.concat_str([_quoted(pl.col(field)) for field in columns], separator=",")
    header = ",".join(f'"{field}"' for field in columns)
    return header, written.select(line="#line", text=texts)


def _value(field: str, kind: Kind, locale: Locale) -> pl.Expr:
    text = pl.col(field)
    filled = values.value(text)
    translated = {
        Kind.MONEY: lambda: values.salesforce_amount(filled, pl.col(_KNOWN), locale),
        Kind.NUMBER: lambda: values.plain_number(filled, locale),
        Kind.PERCENT: lambda: words.percentage(filled, locale),
        Kind.DAY: lambda: values.day(filled, locale),
        Kind.MOMENT: lambda: _moment(filled, locale),
        Kind.FLAG: lambda: values.flag(filled),
        Kind.CURRENCY: filled.str.to_uppercase,
    }
    return pl.coalesce(translated[kind](), filled) if kind in translated else text


def _moment(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Write an instant as the Bulk API does, and a date alone as a date."""
    is_date = ~text.str.contains(r"\d[:.]\d\d")
    instant = values.moment(text, locale).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+0000")
    return pl.when(text.str.contains(":")).then(instant).otherwise(pl.when(is_date).then(values.day(text, locale)))


def _quoted(text: pl.Expr) -> pl.Expr:
    flat = text.fill_null("").str.replace_all(r"\s*[\r\n]+\s*", " ").str.replace_all('"', '""', literal=True)
    return pl.lit('"') + flat + pl.lit('"')
