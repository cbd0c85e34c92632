"""Subscriptions of an export beside their latest invoice: what the plan says, and what was billed."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.extract.exports.raw_lines import fields_of

_E12 = 12
_OWN = {"id": "id", "status": "status", "currency": "currency", "coupon": "discount.coupon"}
_PLAN = {"amount": "plan.amount", "quantity": "quantity"}
_INVOICE = {
    "id": "subscription",
    "invoice_id": "id",
    "invoice_status": "status",
    "invoice_currency": "currency",
    "created": "created",
    "billed": "subtotal",
    "total": "total",
    "tax": "tax",
}


def billed_plans(subscriptions: pl.Series, invoices: pl.Series) -> pl.DataFrame:
    """Put subscriptions beside their latest invoice.

    Args:
        subscriptions: JSON lines made from an export, of one mode.
        invoices: JSON lines made from an export.

    Returns:
        One row per subscription: ``id``, ``status``, ``currency``, ``coupon`` (a name; null where its
        terms are told), ``plan_minor`` (what its items cost a period; null where one has no amount), ``invoice_id``,
        ``invoice_status``, ``billed_minor`` (before discounts and exclusive taxes), ``total_minor``, ``tax_minor``.
    """
    own = fields_of(subscriptions, _OWN).with_columns(pl.col("currency").str.to_uppercase(), line=subscriptions)
    named = own.with_columns(coupon=pl.when(~pl.col("coupon").str.starts_with("{")).then("coupon"))
    priced = named.join(_plans(named), on="id", how="left", validate="1:1")
    return priced.join(_latest(invoices), on="id", how="left", validate="1:1").drop("line")


def _plans(subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Multiply price and quantity of each item, in Stripe's units, and sum them: ``id``, ``plan_minor``."""
    listed = subscriptions.select("id", "currency", "line").with_columns(
        items=pl.col("line").str.json_path_match("$.items.data").str.json_decode(pl.List(pl.Struct(_ITEM)))
    )
    several = (
        listed.drop_nulls("items").explode("items").unnest("items").unnest("plan").select("id", "currency", *_PLAN)
    )
    alone = listed.filter(pl.col("items").is_null())
    single = pl.concat([alone.select("id", "currency"), fields_of(alone["line"], _PLAN)], how="horizontal")
    both = pl.concat([single, several]).with_columns(
        price=money.decimal_to_e(pl.col("amount"), _E12),
        count=money.decimal_to_e(pl.col("quantity").fill_null("1"), 0),
    )
    summed = both.group_by("id", "currency").agg(
        pl.when((pl.col("price").is_not_null() & pl.col("count").is_not_null()).all())
        .then((pl.col("price") * pl.col("count")).sum())
        .alias("whole")
    )
    in_units = pl.when(pl.col("whole") % 10**_E12 == 0).then(pl.col("whole") // 10**_E12).cast(pl.Int64, strict=False)
    return summed.select("id", plan_minor=money.stripe_to_iso(in_units, pl.col("currency")))


_ITEM: dict[str, pl.DataType | type[pl.DataType]] = {"quantity": pl.String, "plan": pl.Struct({"amount": pl.String})}


def _latest(invoices: pl.Series) -> pl.DataFrame:
    told = fields_of(invoices, _INVOICE).drop_nulls("id").with_columns(pl.col("invoice_currency").str.to_uppercase())
    amounts = {
        f"{name}_minor": money.stripe_to_iso(money.integer_text(pl.col(name)), pl.col("invoice_currency"))
        for name in ("billed", "total", "tax")
    }
    newest_last = told.with_columns(money.integer_text(pl.col("created")), **amounts).sort("created", "invoice_id")
    latest = newest_last.unique("id", keep="last", maintain_order=True)
    return latest.select("id", "invoice_id", "invoice_status", *amounts)
