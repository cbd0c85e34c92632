"""What the latest ordinary invoice line of a subscription item tells: tax inside the price, usage, amount."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr

_ITEM = ["subscription_id", "item_id"]


def latest_lines(invoice_lines: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame:
    """Find each item's latest invoice line that is no proration.

    A line that names no item belongs to the first item of its subscription with the line's price.

    Returns:
        One row per (subscription_id, item_id) that has such a line: ``line_quantity_e12``, ``line_amount_minor``,
        ``line_tax_minor`` (the tax inside the amount), ``line_taxable_minor``.
    """
    ordinary = invoice_lines.filter(~pl.col("is_proration").fill_null(value=False))
    by_item = ordinary.filter(pl.col("item_id").is_not_null()).drop("subscription_id")
    owners = items.select("subscription_id", "item_id").unique("item_id", keep="first", maintain_order=True)
    prices = (
        items.filter(pl.col("price_id").is_not_null()).sort(_ITEM).unique(["subscription_id", "price_id"], keep="first")
    )
    by_price = ordinary.filter(pl.col("item_id").is_null(), pl.col("kind").fill_null("") != "invoiceitem").drop(
        "item_id"
    )
    columns = [*_ITEM, "line_id", "period_start_on", "period_end_on", *_FACTS]
    found = pl.concat(
        [
            by_item.join(owners, on="item_id", validate="m:1").select(columns),
            by_price.join(prices.select(*_ITEM, "price_id"), on=["subscription_id", "price_id"], validate="m:1").select(
                columns
            ),
        ]
    )
    latest = found.sort("period_end_on", "period_start_on", "line_id", nulls_last=False).unique(
        _ITEM, keep="last", maintain_order=True
    )
    return latest.select(
        *_ITEM,
        line_quantity_e12="quantity_e12",
        line_amount_minor="amount_minor",
        line_tax_minor=_tax_inside(),
        line_taxable_minor="taxable_minor",
    )


_FACTS = ["quantity_e12", "amount_minor", "tax_minor", "tax_inclusive_minor", "taxable_minor"]


def _tax_inside() -> pl.Expr:
    inside = pl.col("tax_inclusive_minor")
    return pl.when(inside.fill_null(0) != 0).then(inside).otherwise(pl.coalesce("tax_minor", inside))


def without_inclusive_tax(amount_e15: pl.Expr) -> pl.Expr:
    """Take the tax out of an item's amount where its price includes tax.

    The rate is the item's known percentage, else tax / taxable amount of its latest ordinary line, else none.
    """
    from_line = (pl.col("line_taxable_minor") > 0) & (pl.col("line_tax_minor") > 0)
    taxable, tax = pl.col("line_taxable_minor"), pl.col("line_tax_minor")
    by_line = money.mul_div(amount_e15, taxable, money.exact(taxable) + money.exact(tax))
    return (
        pl.when(~includes_tax())
        .then(amount_e15)
        .when(pl.col("tax_rate_e6").is_not_null())
        .then(mrr.without_tax(amount_e15, pl.col("tax_rate_e6")))
        .when(from_line)
        .then(by_line)
        .otherwise(amount_e15)
    )


def includes_tax() -> pl.Expr:
    """Tell whether an item's price includes tax."""
    return (pl.col("tax_behavior") == "inclusive").fill_null(value=False)


def tax_is_unknown() -> pl.Expr:
    """Tell whether an item's price includes a tax whose rate neither a tax rate nor an invoice line tells."""
    return includes_tax() & pl.col("tax_rate_e6").is_null() & pl.col("line_amount_minor").is_null()
