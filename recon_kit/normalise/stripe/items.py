"""Subscription items as they stood on as_of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money, mrr
from recon_kit.asof import is_after
from recon_kit.normalise.stripe.files import texts_of
from recon_kit.normalise.stripe.prices import PRICE, PRICE_TEXT, Catalogue, price_columns
from recon_kit.normalise.stripe.records import Pull, parse_texts
from recon_kit.normalise.stripe.rules import faulty_inside
from recon_kit.normalise.stripe.shapes import TAX_RATES, TOP_LEVEL_PLAN
from recon_kit.normalise.stripe.values import currency_code, day, decimal, exact_e12, yes

if TYPE_CHECKING:
    from recon_kit.normalise.stripe.reader import Reader

FAULTY_ITEM = faulty_inside(
    "faulty_item",
    "items.data",
    ("faulty_item", "unlisted"),
    "An item of the subscription has a quantity, price, currency or time that cannot be read. Pull it again.",
)


def complete_items(
    reader: Reader, subscriptions: pl.DataFrame, listed: pl.DataFrame, patched: pl.DataFrame
) -> pl.DataFrame:
    """Make a subscription without items its own item: in 2018 plan and quantity could stand at the top.

    Returns:
        One row per item: ``file``, ``line`` of the subscription, ``position``, fields as text, ``created_at``,
        ``trial_end_at``.
    """
    bare = subscriptions.filter(pl.col("bucket").is_null(), pl.col("plan").is_not_null()).join(
        listed, on=["file", "line"], how="anti"
    )
    if bare.is_empty():
        return listed
    return pl.concat([listed, _top_level(reader.pull, bare, patched).select(listed.columns)])


def _top_level(pull: Pull, bare: pl.DataFrame, patched: pl.DataFrame) -> pl.DataFrame:
    keys = bare.select("file", "line", "digest", item_id="key")
    replaced = patched.join(keys, on=["file", "line"], how="semi")
    unchanged = keys.join(replaced, on=["file", "line"], how="anti")
    texts = pl.concat([replaced, texts_of(pull.connection, pull.snapshot, unchanged)])
    wrapped = parse_texts(pull, texts["text"], TOP_LEVEL_PLAN).sort("line").drop("line", "digest", "is_object")
    placed = pl.concat([texts.drop("text"), wrapped], how="horizontal").join(
        keys.drop("digest"), on=["file", "line"], validate="1:1"
    )
    empty, never = pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    none = pl.lit(None, dtype=pl.List(pl.String))
    return placed.with_columns(
        position=pl.lit(1, dtype=pl.Int64),
        created_seconds=empty,
        trial_end_seconds=empty,
        created_at=never,
        trial_end_at=never,
        discounts=none,
        tax_rates=none,
    )


def faults_by_subscription(items: pl.DataFrame) -> pl.DataFrame:
    """Return one row per subscription with a faulty item: ``file``, ``line``, ``faulty_item`` (its first fault)."""
    unread = [
        pl.when(pl.col(name).is_not_null() & exact_e12(name).is_null()).then(pl.format("{}: {}", pl.lit(name), name))
        for name in ("quantity", "unit_amount")
    ]
    foreign = pl.when(pl.col("currency").is_not_null() & ~money.is_currency(currency_code())).then(
        pl.format("currency: {}", "currency")
    )
    nameless = pl.when(pl.col("item_id").is_null()).then(pl.lit("id: none"))
    faulty = items.select("file", "line", "position", faulty_item=pl.coalesce(nameless, *unread, foreign))
    return (
        faulty.drop_nulls("faulty_item")
        .sort("position")
        .unique(["file", "line"], keep="first")
        .select("file", "line", "faulty_item")
    )


def item_rows(items: pl.DataFrame, subscriptions: pl.DataFrame, catalogue: Catalogue, reader: Reader) -> pl.DataFrame:
    """Return one row per item of accepted subscriptions: the columns of ``subscription_items`` but ``coupon_ids``.

    Items created after as_of are left out. ``quantity_e12`` and ``unit_amount_e12`` are exact (Stripe's smallest unit),
    ``tax_rate_e6`` sums the tax rates of the item, else of the subscription. What an item does not say about its price,
    ``prices`` does.

    Args:
        items: from ``complete_items``, with whatever columns it has.
        subscriptions: accepted: ``file``, ``line``, ``subscription_id``, ``currency``, ``default_tax_rates``.
        catalogue: prices, products and tax rates.
        reader: cutoff and time zone.
    """
    owned = items.join(
        subscriptions.select("file", "line", "subscription_id", "default_tax_rates", of_subscription="currency"),
        on=["file", "line"],
        validate="m:1",
    ).filter(~is_after(pl.col("created_at"), reader.pull.cutoff))
    priced = _complete(price_columns(owned, catalogue.products), catalogue.prices)
    taxed = _with_tax(reader.pull, priced, catalogue.tax_rates)
    licensed = pl.col("usage_type").fill_null("licensed") != "metered"
    counted = pl.when(licensed).then(pl.col("quantity").fill_null("1")).otherwise("quantity")
    return (
        taxed.with_columns(quantity=counted)
        .select(
            "file",
            "line",
            "item_id",
            "subscription_id",
            "price_id",
            "product",
            *PRICE_TEXT,
            "unit_amount",
            "unit_amount_e12",
            "interval_count",
            "transform_divide_by",
            "tiers",
            "tax_rate_e6",
            "discounts",
            "trial_end_at",
            quantity=decimal("quantity"),
            quantity_e12=exact_e12("quantity"),
            currency=pl.coalesce("currency", "of_subscription"),
            tax_rate_pct=pl.col("tax_rate_e6") / 10**mrr.PCT_PLACES,
            trial_end_on=day("trial_end_at", reader.pull.timezone),
        )
        .with_columns(tax_behavior=taxed["tax_behavior_known"])
    )


def _complete(items: pl.DataFrame, prices: pl.DataFrame) -> pl.DataFrame:
    known = prices.select("price_id", *(pl.col(name).alias(f"{name}_of_price") for name in PRICE))
    joined = items.join(known, on="price_id", how="left", validate="m:1")
    return joined.with_columns(pl.coalesce(name, f"{name}_of_price").alias(name) for name in PRICE)


def _with_tax(pull: Pull, items: pl.DataFrame, tax_rates: pl.DataFrame) -> pl.DataFrame:
    """Add ``tax_rate_e6`` and ``tax_behavior_known``: a price of unspecified behaviour follows its tax rates."""
    own = pl.when(pl.col("tax_rates").list.len() > 0).then("tax_rates").otherwise("default_tax_rates")
    numbered = items.with_row_index("item_no")
    stated = (
        numbered.select("item_no", text=own).drop_nulls("text").filter(pl.col("text").list.len() > 0).explode("text")
    )
    parsed = parse_texts(pull, stated["text"], TAX_RATES).sort("line")
    rates = pl.concat([stated, parsed.select("id", "percentage", "inclusive")], how="horizontal").with_columns(
        tax_rate_id=pl.coalesce("id", "text")
    )
    named = tax_rates.select("tax_rate_id", percentage_known="percentage", inclusive_known="inclusive")
    full = rates.join(named, on="tax_rate_id", how="left", validate="m:1").with_columns(
        rate=mrr.percent_text(pl.coalesce("percentage", "percentage_known")),
        inclusive=pl.coalesce("inclusive", "inclusive_known"),
    )
    summed = full.group_by("item_no").agg(
        tax_rate_e6=pl.when(pl.col("rate").null_count() == 0).then(pl.col("rate").sum()),
        inclusive_e6=pl.col("rate").filter(yes("inclusive")).sum(),
        any_inclusive=yes("inclusive").any(),
    )
    joined = numbered.join(summed, on="item_no", how="left", validate="1:1")
    silent = pl.col("tax_behavior").is_null() | (pl.col("tax_behavior") == "unspecified")
    follows = silent & pl.col("any_inclusive").fill_null(value=False)
    return joined.with_columns(
        tax_behavior_known=pl.when(follows).then(pl.lit("inclusive")).otherwise("tax_behavior"),
        tax_rate_e6=pl.when(follows).then("inclusive_e6").otherwise("tax_rate_e6"),
    ).drop("item_no")
