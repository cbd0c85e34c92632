"""Rows of a Dashboard export as Stripe objects, one JSON line on the line where the row stood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.extract.exports import values, words
from recon_kit.extract.exports.json_lines import literal_or_text, object_value, text_value
from recon_kit.extract.exports.kinds import GIVES, Kind, kind_of
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from recon_kit.extract.exports.column_map import Feed
    from recon_kit.extract.exports.values import Locale

_TYPES = {"invoices": "invoice", "coupons": "coupon", "prices": "price", "products": "product"}
_ITEM = "plan."
_CURRENCY = "#currency"


def stripe_lines(records: pl.DataFrame, feed: Feed, locale: Locale) -> tuple[pl.DataFrame, int]:
    """Write the objects that a Dashboard export gives.

    Args:
        records: ``#line`` and the columns of the export, text.
        feed: the object and its columns.
        locale: how the export writes its values.

    Returns:
        (``line``, ``text``: one row per object, on its first row's line; the number of rows that give one). Rows of one
        subscription that differ in their plan only are its items; rows that give none of the object are left out.
    """
    cells = _cells(records, feed, locale)
    fragments = _fragments(cells, feed, locale)
    if feed.object_name == "subscriptions":
        return _with_items(fragments), cells.height
    fields = [name for name in fragments.columns if not name.startswith("#")]
    return _written(fragments, fields, feed.object_name), cells.height


def _cells(records: pl.DataFrame, feed: Feed, locale: Locale) -> pl.DataFrame:
    cells = records.select(
        pl.col("#line"), **{field: values.cell(pl.col(column)) for field, column in feed.columns.items()}
    )
    given = GIVES.get(feed.key)
    if given is None:
        return cells.filter(pl.any_horizontal(pl.col(list(feed.columns)).is_not_null()))
    number = values.plain_number(values.value(pl.col(given)), locale)
    return cells.filter(pl.col(given).is_not_null() & ~number.str.contains(r"^-?0*\.?0*$").fill_null(value=False))


def _fragments(cells: pl.DataFrame, feed: Feed, locale: Locale) -> pl.DataFrame:
    """Write each field as a JSON value; the interval's own number gives way to a column of it."""
    money_fields = [field for field in feed.columns if kind_of(STRIPE, feed.object_name, field, {}) in _MONEY]
    told = [pl.col("currency").str.to_uppercase()] if "currency" in feed.columns else []
    named = [values.currency_in(pl.col(field)) for field in money_fields]
    known = cells.with_columns(pl.coalesce(*told, *named, pl.lit(None, dtype=pl.String)).alias(_CURRENCY))
    written: dict[str, pl.Expr] = {}
    for field in feed.columns:
        written |= _values(field, feed.object_name, locale)
    if "currency" not in written and money_fields:
        written["currency"] = text_value(pl.col(_CURRENCY).str.to_lowercase())
    if "plan.interval_count" in feed.columns and "plan.interval" in feed.columns:
        _, implied = words.interval(pl.col("plan.interval"))
        stated = values.plain_number(values.value(pl.col("plan.interval_count")), locale)
        written["plan.interval_count"] = pl.coalesce(
            literal_or_text(_whole(stated), pl.col("plan.interval_count")), implied, pl.lit("1")
        )
    return known.select("#line", **written)


_MONEY = (Kind.MONEY, Kind.UNIT_PRICE)


def _values(field: str, object_name: str, locale: Locale) -> dict[str, pl.Expr]:
    """Write one field; an interval and a coupon may say more than one thing."""
    kind = kind_of(STRIPE, object_name, field, {})
    text, currency = pl.col(field), pl.col(_CURRENCY)
    if kind == Kind.INTERVAL:
        unit, count = words.interval(text)
        parent = field.removesuffix("interval")
        return {
            field: text_value(pl.coalesce(unit, text, pl.lit("not stated"))),
            f"{parent}interval_count": count.fill_null("1"),
        }
    if kind == Kind.COUPON:
        return _coupon(field, text, currency, locale)
    filled = values.value(text)
    literals = {
        Kind.MONEY: lambda: values.stripe_amount(filled, currency, locale),
        Kind.UNIT_PRICE: lambda: values.stripe_price(filled, currency, locale),
        Kind.NUMBER: lambda: values.plain_number(filled, locale),
        Kind.PERCENT: lambda: words.percentage(filled, locale),
        Kind.MOMENT: lambda: values.epoch_seconds(filled, locale),
        Kind.FLAG: lambda: values.flag(filled),
        Kind.MODE: lambda: words.mode(filled),
    }
    if kind in literals:
        return {field: literal_or_text(literals[kind](), filled)}
    if kind == Kind.CURRENCY:
        return {field: text_value(filled.str.to_lowercase())}
    return {field: text_value(words.status(filled, object_name) if kind == Kind.STATUS else text)}


def _whole(number: pl.Expr) -> pl.Expr:
    return pl.when(number.str.contains(r"^\d+$")).then(number)


def _coupon(field: str, text: pl.Expr, currency: pl.Expr, locale: Locale) -> dict[str, pl.Expr]:
    """Write a coupon with its terms where the column tells them, else its name."""
    terms = words.coupon_terms(text, currency, locale)
    off_currency = pl.when(terms["amount_off"].is_not_null()).then(currency.str.to_lowercase())
    members = [
        pl.lit('"id":') + text_value(terms["id"]),
        pl.lit('"percent_off":') + terms["percent_off"],
        pl.lit('"amount_off":') + terms["amount_off"],
        pl.lit('"currency":') + text_value(off_currency),
        pl.lit('"duration":') + text_value(terms["duration"]),
        pl.lit('"duration_in_months":') + terms["duration_in_months"],
    ]
    body = pl.lit("{") + pl.concat_str(members, separator=",", ignore_nulls=True) + pl.lit("}")
    return {field: pl.when(terms["duration"].is_not_null()).then(body).otherwise(text_value(text))}


def _with_items(fragments: pl.DataFrame) -> pl.DataFrame:
    """Write subscriptions: one row in the shape of 2018, several rows of different plans as items of one."""
    fields = [name for name in fragments.columns if not name.startswith("#")]
    of_item = [name for name in fields if name.startswith(_ITEM) or name == "quantity"]
    own = [name for name in fields if name not in of_item]
    if "plan.id" not in fields or "id" not in fields:
        return _written(fragments, fields, "subscriptions")
    several = (
        (pl.len().over("id") > 1)
        & (pl.struct(own).n_unique().over("id") == 1)
        & (pl.col("plan.id").n_unique().over("id") == pl.len().over("id"))
        & (pl.col("plan.id").null_count().over("id") == 0)
        & pl.col("id").is_not_null()
    )
    alone = _written(fragments.filter(~several), fields, "subscriptions")
    together = fragments.filter(several)
    return pl.concat([alone, _joined(together, own, of_item)]) if together.height else alone


def _joined(rows: pl.DataFrame, own: list[str], of_item: list[str]) -> pl.DataFrame:
    name = pl.concat_str(pl.col("id").str.head(-1), pl.lit(":"), pl.col("plan.id").str.slice(1))
    item = object_value({"id": "#item_id", **{field: field for field in of_item}})
    listed = rows.with_columns(name.alias("#item_id")).select("#line", *own, item.alias("#item"))
    joined = (
        listed.sort("id", "#item")
        .group_by("id", maintain_order=True)
        .agg(
            pl.col("#line").min(),
            *(pl.col(field).first() for field in own if field != "id"),
            (pl.lit("[") + pl.col("#item").str.join(",") + pl.lit("]")).alias("items.data"),
        )
    )
    return _written(joined, [*own, "items.data"], "subscriptions")


def _written(rows: pl.DataFrame, fields: list[str], object_name: str) -> pl.DataFrame:
    kind = _TYPES.get(object_name, object_name.removesuffix("s"))
    typed = rows.with_columns(pl.lit(f'"{kind}"').alias("#object"))
    order = {"id": "id", "object": "#object", **{field: field for field in fields if field != "id"}}
    shown = {path: column for path, column in order.items() if column in typed.columns}
    return typed.select(line="#line", text=object_value(shown)).sort("line")
