"""The monthly price of a Stripe subscription item before discounts: per unit, in packages, or by tiers."""

from __future__ import annotations

import polars as pl

from recon_kit import money, mrr

ITEM = ["subscription_id", "item_id"]
INTERVALS = ["day", "week", "month", "year"]
_ONE = 10**12
"""One unit of the quantities and prices carried with twelve decimals (``_e12``)."""
_E12_TO_E15 = 10**3


def price_items(items: pl.DataFrame, price_tiers: pl.DataFrame) -> pl.DataFrame:
    """Price each item and normalise it to a month.

    Args:
        items: ``subscription_items`` with ``quantity_e12`` and ``unit_amount_e12``.
        price_tiers: ``price_tiers`` with ``unit_amount_e12`` and ``flat_amount_e12``.

    Returns:
        The items with ``gross_e15`` (exact minor units a month; null where it cannot be told) and ``fault`` (why).
    """
    tiered = _tiered_prices(items.filter(_is_tiered()), price_tiers)
    priced = items.join(tiered, on=ITEM, how="left", validate="1:1").with_columns(
        _price_e15=pl.when(_is_tiered())
        .then("_tiered_e15")
        .otherwise(_amount(pl.col("unit_amount_e12"), billed_quantity()))
    )
    own = money.stripe_to_iso_e15(pl.col("_price_e15"), pl.col("currency"))
    known = pl.col("interval").is_in(INTERVALS) & (pl.col("interval_count") > 0)
    monthly = mrr.per_month(own, pl.col("interval"), pl.col("interval_count"))
    return (
        priced.with_columns(gross_e15=pl.when(known).then(monthly))
        .with_columns(fault=_fault())
        .drop("_price_e15", "_tiered_e15", "_has_tiers")
    )


def billed_quantity() -> pl.Expr:
    """Count the units that are billed: whole packages where the price transforms the quantity, rounded as it says."""
    quantity, package = pl.col("quantity_e12"), money.exact(pl.col("transform_divide_by")) * money.exact(_ONE)
    full = quantity // package
    begun = (quantity + package - money.exact(1)) // package
    packages = pl.when(pl.col("transform_round") == "up").then(begun).otherwise(full) * money.exact(_ONE)
    return pl.when(pl.col("transform_divide_by") > 0).then(packages).otherwise(quantity)


def _amount(unit_e12: pl.Expr, quantity_e12: pl.Expr) -> pl.Expr:
    """Multiply price and quantity into exact Stripe units; null where the result is beyond any amount accepted."""
    units, price = quantity_e12.abs() // money.exact(_ONE) + 1, unit_e12.abs() // money.exact(_ONE) + 1
    is_small = price <= money.exact(money.MAX_MINOR) // units
    product = money.mul_div(unit_e12, quantity_e12, _ONE * _ONE // money.SCALE)
    return pl.when(is_small).then(product)


def _is_tiered() -> pl.Expr:
    return (pl.col("billing_scheme") == "tiered").fill_null(value=False)


def _tiered_prices(items: pl.DataFrame, price_tiers: pl.DataFrame) -> pl.DataFrame:
    """Price tiered items.

    Returns:
        One row per tiered item: its key, ``_tiered_e15`` (exact Stripe units per billing interval; null where quantity,
        mode or tiers are missing), ``_has_tiers``.
    """
    ladders = price_tiers.sort("price_id", "position").group_by("price_id").agg(_rungs())
    reached = (
        items.select(*ITEM, "price_id", "quantity_e12", "tiers_mode")
        .join(ladders, on="price_id", how="left", validate="m:1")
        .explode("upper_e12", "lower_e12", "unit_e12", "flat_e12", "is_rung")
        .with_columns(_tier_price())
    )
    quantity, upper = pl.col("quantity_e12"), pl.col("upper_e12")
    return reached.group_by(ITEM).agg(
        _tiered_e15=pl.when(
            (pl.col("is_rung") & (upper.is_null() | (upper >= quantity))).any()
            & pl.col("tiers_mode").is_in(["volume", "graduated"]).all()
            & pl.col("tier_e15").is_not_null().all()
        ).then(pl.col("tier_e15").sum()),
        _has_tiers=pl.col("is_rung").any(),
    )


def _rungs() -> list[pl.Expr]:
    upper = money.exact(pl.col("up_to")) * money.exact(_ONE)
    return [
        upper.alias("upper_e12"),
        upper.shift(1).fill_null(money.exact(0)).alias("lower_e12"),
        pl.col("unit_amount_e12").fill_null(money.exact(0)).alias("unit_e12"),
        pl.col("flat_amount_e12").fill_null(money.exact(0)).alias("flat_e12"),
        pl.col("price_id").is_not_null().alias("is_rung"),
    ]


def _tier_price() -> pl.Expr:
    """Charge the units of one tier (graduated), or all in the tier they fall into (volume), and its flat amount."""
    quantity, upper, lower = pl.col("quantity_e12"), pl.col("upper_e12"), pl.col("lower_e12")
    is_reached = quantity > lower
    is_last = upper.is_null() | (quantity <= upper)
    within = pl.when(is_last).then(quantity).otherwise(upper) - lower
    units = pl.when(pl.col("tiers_mode") == "volume").then(quantity).otherwise(within)
    is_charged = is_reached & (is_last | (pl.col("tiers_mode") == "graduated"))
    price = _amount(pl.col("unit_e12"), units) + pl.col("flat_e12") * money.exact(_E12_TO_E15)
    return pl.when(is_charged).then(price).when(pl.col("is_rung")).then(money.exact(0)).alias("tier_e15")


def _fault() -> pl.Expr:
    price = pl.col("price_id").fill_null("of the item")
    return (
        pl.when(pl.col("gross_e15").is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(~pl.col("interval").is_in(INTERVALS) | (pl.col("interval_count") <= 0))
        .then(pl.format("Price {} has the unknown billing interval {}.", price, pl.col("interval")))
        .when(pl.col("quantity_e12").is_null())
        .then(pl.format("Item {} states no quantity.", "item_id"))
        .when(_is_tiered() & pl.col("_has_tiers").fill_null(value=False))
        .then(pl.format("The tiers of price {} do not cover the item's quantity, or its tier mode is unknown.", price))
        .when(_is_tiered())
        .then(pl.format("The tiers of price {} are not in the prices file: list prices with expand=data.tiers.", price))
        .when(pl.col("unit_amount_e12").is_null())
        .then(pl.format("Price {} states no unit amount.", price))
        .otherwise(pl.format("The amount of price {} is too large to be meant, or not in whole {}.", price, "currency"))
    )
