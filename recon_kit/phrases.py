"""Phrases: the parts that sentences about gaps are made of: names, days, shares, amounts in a record's own currency.

A template holds ``{words}``; each is filled from the column ``<word>_text``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import polars as pl
from babel.numbers import get_currency_symbol

from recon_kit import money

_LISTED = 3
"""Most names in one sentence; what is beyond is counted."""


def said(templates: Mapping[str, str], case: pl.Expr) -> pl.Expr:
    """Fill, row by row, the template that the case names; null for a case without one."""
    sentences = [pl.when(case == name).then(filled(template)) for name, template in templates.items()]
    return pl.coalesce(sentences).str.strip_chars()


def filled(template: str) -> pl.Expr:
    """Fill one template from the columns of its words; null where a word is."""
    words = re.findall(r"\{(\w+)\}", template)
    return pl.format(re.sub(r"\{\w+\}", "{}", template), *(pl.col(f"{word}_text") for word in words))


def listed(names: pl.Expr, noun: str) -> pl.Expr:
    """Write a list of names as words: one, ``a and b``, ``a, b and c``, ``a, b, c and 2 more deals``; null for none."""
    number = names.list.len().cast(pl.Int64)
    some = pl.format("{} and {}", names.list.head(number - 1).list.join(", "), names.list.last())
    many = pl.format(f"{{}} and {{}} more {noun}", names.list.head(_LISTED).list.join(", "), number - _LISTED)
    return (
        pl.when(number == 1).then(names.list.first()).when(number.is_between(2, _LISTED)).then(some)
        .when(number > _LISTED).then(many)
    )  # fmt: skip


def one_line(text: pl.Expr) -> pl.Expr:
    """Take line breaks, tabs and control characters out of a text that a system gave, so that it stays one line."""
    return text.str.replace_all(r"[\s\p{C}]+", " ").str.strip_chars()


def long_day(day: pl.Expr) -> pl.Expr:
    """Write a date as ``3 March 2026``."""
    return day.dt.to_string("%-d %B %Y")


def amount(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Write an amount with the symbol of its currency: ``$3,200.00``, ``€90.00``, ``CHF 90.00``."""
    symbol = currency.replace(list(_symbols()), list(_symbols().values()))
    apart = pl.when(symbol.str.contains(r"[A-Za-z]$")).then(pl.lit(" ")).otherwise(pl.lit(""))
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, symbol, apart, money.format_minor(minor.abs(), currency))


@cache
def _symbols() -> dict[str, str]:
    return {code: get_currency_symbol(code, locale="en_US") for code in money.exponents()["currency"]}


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Write what per cent one whole number is of another, to two decimals at most: ``12.5 %``; null of nothing."""
    hundredths = (part.abs() * 10_000 + whole // 2) // whole
    pct = pl.format("{}.{}", hundredths // 100, (hundredths % 100).cast(pl.String).str.zfill(2))
    return pl.when(whole > 0).then(pl.format("{} %", pct.str.replace(r"\.?0+$", "")))


def own_mrr(gaps: pl.DataFrame, records: pl.DataFrame, noun: str, side: str) -> pl.DataFrame:
    """What a side's records are worth in their own currency, where that is one, another, and the same money.

    Args:
        gaps: ``gap_id``, ``currency``, the amount ``side`` (minor units of it) and ``<noun>_ids``.
        records: ``<noun>_id``, ``currency``, ``mrr_minor``, ``mrr_reporting_minor``.
        noun: ``opportunity`` or ``subscription``.
        side: name of the amount, such as ``crm``.

    Returns:
        One row per gap with such records: ``own_<side>`` (minor units of ``<side>_currency``; null where the gap's
        currency tells all), ``<side>_currency`` (null where the records have several).
    """
    key = f"{noun}_id"
    listed_ids = gaps.select("gap_id", pl.col("currency").alias("told_in"), side, pl.col(f"{key}s").alias(key))
    facts = records.select(key, "currency", "mrr_minor", "mrr_reporting_minor")
    summed = (
        listed_ids.explode(key, empty_as_null=False)
        .join(facts, on=key, how="left", validate="m:1")
        .group_by("gap_id")
        .agg(
            pl.col("told_in", "currency", side).first(),
            own=pl.col("mrr_minor").sum(),
            same=pl.col("mrr_reporting_minor").sum(),
            currencies=pl.col("currency").n_unique(),
        )
    )
    is_told = (pl.col("currencies") == 1) & (pl.col("currency") != pl.col("told_in")) & (pl.col("same") == pl.col(side))
    return summed.select(
        "gap_id",
        pl.when(is_told).then("own").alias(f"own_{side}"),
        pl.when(pl.col("currencies") == 1).then("currency").alias(f"{side}_currency"),
    )


def own_difference() -> pl.Expr:
    """The difference in the one currency that both sides share; a side without records counts as nothing."""
    no_crm, no_billing = pl.col("opportunity_ids").list.len() == 0, pl.col("subscription_ids").list.len() == 0
    crm = pl.when(no_crm).then(0).otherwise("own_crm")
    billing = pl.when(no_billing).then(0).otherwise("own_billing")
    is_shared = no_crm | no_billing | (pl.col("crm_currency") == pl.col("billing_currency"))
    return pl.when(is_shared).then(crm - billing).alias("own_difference")
