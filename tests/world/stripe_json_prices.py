"""Stripe's JSON for products, prices, coupons and tax rates, in the shape of 2024 (old) or of late 2026 (new)."""

from fractions import Fraction
from typing import Any, Literal

from .dates import half_up
from .pricing import Price, Product, Tier
from .stripe_objects import Coupon, TaxRate

Shape = Literal["old", "new"]
Json = dict[str, Any]
VERSIONS: dict[Shape, str] = {"old": "2024-06-20", "new": "2026-10-28.endive"}


def decimal(value: Fraction) -> str:
    """Exact decimal text of a fraction with a power of ten below."""
    scaled = half_up(value * 10**12)
    text = f"{scaled // 10**12}.{scaled % 10**12:012d}".rstrip("0").rstrip(".")
    return text or "0"


def percent(value: Fraction) -> int | float:
    """Percentage as JSON shows it; percentages are not money."""
    return int(value) if value.denominator == 1 else float(value)


def product_json(product: Product, created: int) -> Json:
    """A product."""
    return {
        "id": product.id,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "livemode": True,
        "metadata": {"sku": product.code},
        "name": product.name,
        "tax_code": "txcd_10103001",
        "type": "service",
        "unit_label": product.unit_label,
        "updated": created,
        "url": None,
    }


def price_json(price: Price, created: int, shape: Shape, *, livemode: bool = True, with_tiers: bool = False) -> Json:
    """A price; tiers only where the API expands them."""
    recurring: Json | None = None
    if price.interval:
        recurring = {
            "interval": price.interval,
            "interval_count": price.interval_count,
            "meter": None,
            "trial_period_days": None,
            "usage_type": price.usage_type,
        }
        if shape == "old":
            recurring["aggregate_usage"] = "sum" if price.usage_type == "metered" else None
    amount, text = _unit(price.unit) if not price.tiers else (None, None)
    found: Json = {
        "id": price.id,
        "object": "price",
        "active": True,
        "billing_scheme": "tiered" if price.tiers else "per_unit",
        "created": created,
        "currency": price.currency.lower(),
        "livemode": livemode,
        "lookup_key": None,
        "metadata": {},
        "nickname": price.nickname,
        "product": price.product.id,
        "recurring": recurring,
        "tax_behavior": price.tax_behavior,
        "tiers_mode": price.tiers_mode,
        "transform_quantity": {"divide_by": price.divide_by, "round": "up"} if price.divide_by else None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": amount,
        "unit_amount_decimal": text,
    }
    if with_tiers and price.tiers:
        found["tiers"] = [_tier_json(tier) for tier in price.tiers]
    return found


def _tier_json(tier: Tier) -> Json:
    """One tier of a price."""
    amount, text = _unit(tier.unit)
    return {
        "flat_amount": tier.flat or None,
        "flat_amount_decimal": str(tier.flat) if tier.flat else None,
        "unit_amount": amount,
        "unit_amount_decimal": text,
        "up_to": tier.up_to,
    }


def _unit(value: Fraction) -> tuple[int | None, str]:
    """Unit amount as an integer, none when it is not one, and as decimal text."""
    return (int(value) if value.denominator == 1 else None), decimal(value)


def plan_json(price: Price, created: int, *, livemode: bool) -> Json:
    """The legacy plan that still accompanies a price on subscription items."""
    amount, text = _unit(price.unit) if not price.tiers else (None, None)
    return {
        "id": price.id,
        "object": "plan",
        "active": True,
        "amount": amount,
        "amount_decimal": text,
        "billing_scheme": "tiered" if price.tiers else "per_unit",
        "created": created,
        "currency": price.currency.lower(),
        "interval": price.interval,
        "interval_count": price.interval_count,
        "livemode": livemode,
        "metadata": {},
        "nickname": price.nickname,
        "product": price.product.id,
        "tiers_mode": price.tiers_mode,
        "usage_type": price.usage_type,
    }


def coupon_json(coupon: Coupon) -> Json:
    """A coupon."""
    return {
        "id": coupon.id,
        "object": "coupon",
        "amount_off": coupon.amount_off,
        "created": coupon.created,
        "currency": coupon.currency.lower() if coupon.currency else None,
        "duration": coupon.duration,
        "duration_in_months": coupon.duration_in_months,
        "livemode": True,
        "max_redemptions": None,
        "metadata": {},
        "name": coupon.name,
        "percent_off": None if coupon.percent_off is None else percent(coupon.percent_off),
        "redeem_by": None,
        "times_redeemed": 1,
        "valid": True,
    }


def tax_rate_json(rate: TaxRate, *, livemode: bool = True) -> Json:
    """A tax rate."""
    return {
        "id": rate.id,
        "object": "tax_rate",
        "active": True,
        "country": rate.country,
        "created": rate.created,
        "description": None,
        "display_name": rate.name,
        "effective_percentage": None,
        "inclusive": rate.is_inclusive,
        "jurisdiction": rate.country,
        "livemode": livemode,
        "metadata": {},
        "percentage": percent(rate.percentage),
        "state": None,
        "tax_type": {"JP": "jct"}.get(rate.country, "vat"),
    }
