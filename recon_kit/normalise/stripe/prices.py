"""Prices, their tiers, coupons, and what only names or rates other objects: products and tax rates."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit import mrr
from recon_kit.normalise.stripe.buckets import Placed
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.records import Pull, parse_texts
from recon_kit.normalise.stripe.rules import an_id, known_currency, possible_moment, whole_amount
from recon_kit.normalise.stripe.shapes import COUPONS, PRICES, PRODUCTS, TAX_RATES, TIERS
from recon_kit.normalise.stripe.values import currency_code, decimal, exact_e12, whole
from recon_kit.quarantine import Rule

PRICE_TEXT = (
    "product_id",
    "nickname",
    "interval",
    "usage_type",
    "billing_scheme",
    "tiers_mode",
    "transform_round",
    "tax_behavior",
)
"""Attributes of a price that are text as they stand."""
PRICE = (
    "product",
    *PRICE_TEXT,
    "unit_amount",
    "unit_amount_e12",
    "interval_count",
    "transform_divide_by",
    "currency",
    "tiers",
)
"""Everything a price says about an item, from ``price_columns``."""


@dataclass(frozen=True)
class Catalogue:
    """What can be sold.

    Attributes:
        placed: where the records went, by object.
        prices: rows of ``prices``, with ``tiers`` as JSON and ``unit_amount_e12``.
        coupons: rows of ``coupons``, with ``percent_off_e6``.
        products: ``product_id``, ``product`` (its name).
        tax_rates: ``tax_rate_id``, ``percentage``, ``inclusive`` as text.
    """

    placed: dict[str, Placed]
    prices: pl.DataFrame
    coupons: pl.DataFrame
    products: pl.DataFrame
    tax_rates: pl.DataFrame


def read_catalogue(reader: Reader) -> Catalogue:
    """Read prices, coupons, products and tax rates; each may be absent."""
    placed: dict[str, Placed] = {}
    for name, shape, kind in (("products", PRODUCTS, "product"), ("tax_rates", TAX_RATES, "tax_rate")):
        records = reader.read(name, shape, object_type=kind)
        placed[name] = reader.place(records, name, [an_id()])
    products = placed["products"].accepted.select(product_id="key", product="name")
    placed["prices"] = _place_prices(reader)
    placed["coupons"] = _place_coupons(reader)
    return Catalogue(
        placed=placed,
        prices=price_columns(placed["prices"].accepted.rename({"key": "price_id"}), products),
        coupons=coupon_columns(placed["coupons"].accepted.rename({"key": "coupon_id"})),
        products=products,
        tax_rates=placed["tax_rates"].accepted.select("percentage", "inclusive", tax_rate_id="key"),
    )


def _place_prices(reader: Reader) -> Placed:
    records = reader.read("prices", PRICES, object_type="price")
    rules = [
        an_id(),
        known_currency(),
        plain_decimal("unit_amount"),
        possible_moment("created", "created"),
    ]
    return reader.place(records, "prices", rules)


def _place_coupons(reader: Reader) -> Placed:
    records = reader.read("coupons", COUPONS, object_type="coupon")
    rules = [
        an_id(),
        whole_amount("amount_off", "amount_off", "amount_off_minor"),
        possible_moment("created", "created"),
        Rule(
            name="percentage_not_exact",
            field="percent_off",
            value=pl.col("percent_off"),
            fails=pl.col("percent_off").is_not_null() & mrr.percent_text(pl.col("percent_off")).is_null(),
            reason="percent_off is no percentage between 0 and 100 with at most six decimals. Pull the coupon again.",
        ),
    ]
    return reader.place(records, "coupons", rules)


def plain_decimal(column: str) -> Rule:
    """Require a plain decimal."""
    return Rule(
        name="number_not_exact",
        field=column,
        value=pl.col(column),
        fails=pl.col(column).is_not_null() & exact_e12(column).is_null(),
        reason=f"{column} is not a plain decimal with at most twelve decimals. Pull the object again.",
    )


def price_columns(rows: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Type the attributes of prices, wherever they stand, and name their product."""
    named = rows.join(products, on="product_id", how="left", validate="m:1")
    return named.with_columns(
        unit_amount_e12=exact_e12("unit_amount"),
        unit_amount=decimal("unit_amount"),
        interval_count=whole("interval_count"),
        transform_divide_by=whole("transform_divide_by"),
        currency=currency_code(),
    )


def tier_rows(pull: Pull, priced: pl.DataFrame) -> pl.DataFrame:
    """List the tiers of prices.

    Args:
        pull: the reading.
        priced: ``price_id``, ``tiers`` (JSON array); the first of a price counts.

    Returns:
        One row per (price, tier): the columns of ``price_tiers`` and ``unit_amount_e12``, ``flat_amount_e12``.
    """
    tiered = (
        priced.drop_nulls(["price_id", "tiers"])
        .filter(pl.col("tiers") != "[]")
        .unique("price_id", keep="first", maintain_order=True)
    )
    texts = pl.Series('{"tiers": ' + tiered["tiers"] + "}") if tiered.height else pl.Series([], dtype=pl.String)
    parsed = parse_texts(pull, texts, TIERS)
    numbered = tiered.select("price_id").with_columns(line=pl.int_range(1, tiered.height + 1, dtype=pl.Int64))
    return parsed.join(numbered, on="line", validate="m:1").select(
        "price_id",
        "position",
        up_to=whole("up_to"),
        unit_amount=decimal("unit_amount"),
        flat_amount=decimal("flat_amount"),
        unit_amount_e12=exact_e12("unit_amount"),
        flat_amount_e12=exact_e12("flat_amount"),
    )


def coupon_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Type the attributes of coupons, wherever they stand: columns of ``coupons`` and ``percent_off_e6``."""
    percent = mrr.percent_text(pl.col("percent_off"))
    return rows.select(
        "coupon_id",
        "name",
        "duration",
        "amount_off_minor",
        "currency",
        duration_months=whole("duration_months"),
        percent_off=percent / 10**mrr.PCT_PLACES,
        percent_off_e6=percent,
        applies_to_product_ids=pl.col("applies_to").fill_null([]).list.sort(),
    )
