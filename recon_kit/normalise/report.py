"""What the page ``02_normalise`` shows: where records went, MRR by currency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.schemas.raw import BUCKETS

if TYPE_CHECKING:
    from collections.abc import Mapping


WORKSHEET_STEPS = (
    "raw_minor",
    "term_months",
    "interval",
    "gross_monthly",
    "item_discount_monthly",
    "discount_monthly",
    "tax_monthly",
    "rate_on",
    "rate",
)
"""The steps of the worksheet that a row opens, in their order."""


def where_records_went(buckets: pl.DataFrame) -> pl.DataFrame:
    """Count records by object and bucket.

    Returns:
        One row per (source, object), sorted: ``read`` and one column a bucket; ``read`` is their sum.
    """
    counted = buckets.group_by("source", "object", "bucket").agg(pl.col("rows").sum())
    columns = [pl.col("rows").filter(pl.col("bucket") == bucket).sum().alias(bucket) for bucket in BUCKETS]
    return (
        counted.group_by("source", "object").agg(pl.col("rows").sum().alias("read"), *columns).sort("source", "object")
    )


def mrr_by_currency(tables: Mapping[str, pl.DataFrame], reporting_currency: str) -> pl.DataFrame:
    """Sum the MRR of both sides by currency.

    Returns:
        One row per currency, sorted: number and MRR of effective contracts and of billing subscriptions, in the
        currency itself and in the reporting currency.
    """
    crm = _sum(tables["contracts"].filter("is_effective"), "contracts", "crm_mrr")
    billing = _sum(tables["subscriptions"].filter(pl.col("mrr_minor") > 0), "subscriptions", "billing_mrr")
    both = crm.join(billing, on="currency", how="full", coalesce=True, validate="1:1").sort("currency")
    return both.with_columns(pl.exclude("currency").fill_null(0), reporting_currency=pl.lit(reporting_currency))


def _sum(records: pl.DataFrame, number: str, amount: str) -> pl.DataFrame:
    return records.group_by("currency").agg(
        pl.len().cast(pl.Int64).alias(number),
        pl.col("mrr_minor").sum().alias(f"{amount}_minor"),
        pl.col("mrr_reporting_minor").sum().alias(f"{amount}_reporting_minor"),
    )


def gate_by_rule(gate: pl.DataFrame) -> pl.DataFrame:
    """Count what closed-won opportunities lack.

    Returns:
        One row per rule, most first: ``rule``, ``field``, ``opportunities``, and the first three ids.
    """
    return (
        gate.sort("opportunity_id")
        .group_by("rule", "field")
        .agg(opportunities=pl.len().cast(pl.Int64), first_ids=pl.col("opportunity_id").head(3).str.join(", "))
        .sort(["opportunities", "rule"], descending=[True, False])
    )


def rates_in_use(tables: Mapping[str, pl.DataFrame], rates: pl.DataFrame) -> pl.DataFrame:
    """Pick the common rates of the currencies that contracts and subscriptions have.

    Returns:
        One row per currency, sorted: ``currency``, ``rate_on``, ``rate`` (units per euro); null without a rate.
    """
    currencies = pl.concat([tables["contracts"]["currency"], tables["subscriptions"]["currency"]])
    wanted = pl.DataFrame({"currency": currencies.unique().sort()})
    return wanted.join(rates.select("currency", "rate_on", "rate"), on="currency", how="left", validate="1:1")
