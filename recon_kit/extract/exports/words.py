"""Words of the Dashboard as the values Stripe's API gives: statuses, intervals, modes, coupons."""

from __future__ import annotations

import polars as pl

from recon_kit.extract.exports.values import Locale, plain_number, stripe_amount

_STATUSES = {
    "charges": dict.fromkeys(("paid", "refunded", "partially_refunded", "disputed"), "succeeded"),
    "subscriptions": {"cancelled": "canceled", "in_trial": "trialing", "trial": "trialing"},
    "invoices": {"voided": "void", "past_due": "open", "failed": "open"},
}
_INTERVALS = {
    "daily": ("day", 1),
    "weekly": ("week", 1),
    "monthly": ("month", 1),
    **dict.fromkeys(("quarterly", "quarter"), ("month", 3)),
    **dict.fromkeys(("semiannual", "semi-annual", "biannual", "half-yearly"), ("month", 6)),
    **dict.fromkeys(("yearly", "annual", "annually"), ("year", 1)),
}
_EVERY = r"^(?:every )?(\d{1,3})?\s*-?\s*(day|week|month|year)s?$"
_TERMS = (
    r"(?i)^(?:(?P<id>[^()]*?)\s*\()?\s*(?:(?P<percent>\d{1,3}(?:[.,]\d{1,6})?)\s*%|(?P<amount>[^%()]*\d[^%()]*?))\s*off"
    r"\s*,?\s*(?P<length>forever|once|for (?P<months>\d{1,3}) months?|(?:for )?(?P<years>\d{1,2}) years?)\s*\)?$"
)


def status(text: pl.Expr, object_name: str) -> pl.Expr:
    """Write a status as the API does: lower case, and the Dashboard's own words by what they mean."""
    word = text.str.to_lowercase().str.replace_all(r"[\s-]+", "_")
    return word.replace(_STATUSES.get(object_name, {}))


def mode(text: pl.Expr) -> pl.Expr:
    """Write ``Live`` and ``Test`` as ``livemode``."""
    word = text.str.to_lowercase()
    live, test = ("live", "live mode", "true", "1"), ("test", "test mode", "sandbox", "false", "0")
    modes = {**dict.fromkeys(live, "true"), **dict.fromkeys(test, "false")}
    return word.replace_strict(modes, default=None, return_dtype=pl.String)


def interval(text: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Read how often a plan bills: the interval, and how many of them (null where the text does not say)."""
    word = text.str.to_lowercase().str.strip_chars()
    named = {said: unit for said, (unit, _) in _INTERVALS.items()}
    counts = {said: count for said, (_, count) in _INTERVALS.items() if count > 1}
    unit = pl.coalesce(word.str.extract(_EVERY, 2), word.replace_strict(named, default=None, return_dtype=pl.String))
    number = pl.coalesce(word.str.extract(_EVERY, 1), word.replace_strict(counts, default=None).cast(pl.String))
    return unit, number


def coupon_terms(text: pl.Expr, currency: pl.Expr, locale: Locale) -> dict[str, pl.Expr]:
    """Read what a coupon column says of the coupon's terms: ``20OFF (20% off forever)``, ``$10.00 off for 3 months``.

    Returns:
        ``id``, ``percent_off``, ``amount_off``, ``duration``, ``duration_in_months``; all null where the terms are not
        told whole: a coupon of which only the name is known stays a name.
    """
    said = text.str.extract_groups(_TERMS)
    length = said.struct.field("length").str.to_lowercase()
    months = pl.coalesce(
        said.struct.field("months").cast(pl.Int64), said.struct.field("years").cast(pl.Int64) * pl.lit(12)
    )
    percent = said.struct.field("percent").str.replace(",", ".", literal=True)
    off = stripe_amount(said.struct.field("amount").str.strip_chars(), currency, locale)
    is_told = length.is_not_null() & (percent.is_not_null() | off.is_not_null())
    duration = pl.when(length.is_in(["forever", "once"])).then(length).otherwise(pl.lit("repeating"))
    named = said.struct.field("id").str.strip_chars()
    terms = {
        "id": pl.coalesce(pl.when(named != "").then(named), text),
        "percent_off": percent,
        "amount_off": pl.when(percent.is_null()).then(off),
        "duration": duration,
        "duration_in_months": months.cast(pl.String),
    }
    return {name: pl.when(is_told).then(expression) for name, expression in terms.items()}


def percentage(text: pl.Expr, locale: Locale) -> pl.Expr:
    """Write a percentage as a plain number; an integer part is enough, the sign is dropped."""
    return plain_number(text.str.replace(r"\s*%$", ""), locale)
