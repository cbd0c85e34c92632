"""Coverage: how much of the MRR the links reach, and what stays unmatched on either side."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.links import LINKED


def coverage_by_method(links: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Count customers and Stripe MRR by how they were linked.

    Returns:
        One row per (status, method), sorted: ``customers``, ``mrr_minor`` and ``annualised_minor`` (reporting currency;
        subscriptions without a rate are left out).

    Conserves:
        sum(customers) == customers; sum(mrr_minor) == Stripe MRR.
    """
    billed = links.join(_mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1")
    return (
        billed.group_by("status", "method")
        .agg(customers=pl.len().cast(pl.Int64), mrr_minor=pl.col("mrr_minor").fill_null(0).sum())
        .with_columns(annualised_minor=12 * pl.col("mrr_minor"))
        .sort("status", "method")
    )


def coverage_by_evidence(links: pl.DataFrame, candidates: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Count linked customers and their Stripe MRR by the strongest evidence of their link.

    Args:
        links: rows of ``links``.
        candidates: rows of ``candidates``.
        subscriptions: rows of ``subscriptions``.

    Returns:
        One row per kind of evidence, strongest first: ``evidence`` (decision, id, e-mail, domain, or name, number or
        place), ``customers``, ``mrr_minor`` (reporting currency).

    Conserves:
        sum(customers) == linked customers.
    """
    linked = links.filter(pl.col("status") == LINKED).join(
        candidates.select("customer_id", "account_id", said="evidence"),
        on=["customer_id", "account_id"],
        how="left",
        validate="1:1",
    )
    said = pl.col("said").fill_null("")
    kind = (
        pl.when(pl.col("method").is_in(["decision", "id"]))
        .then("method")
        .when(said.str.contains("the same e-mail address", literal=True))
        .then(pl.lit("e-mail"))
        .when(said.str.contains("the same web domain", literal=True))
        .then(pl.lit("domain"))
        .otherwise(pl.lit("name, number or place"))
    )
    order = pl.Enum(["decision", "id", "e-mail", "domain", "name, number or place"])
    billed = linked.with_columns(evidence=kind).join(
        _mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1"
    )
    counted = billed.group_by("evidence").agg(
        customers=pl.len().cast(pl.Int64), mrr_minor=pl.col("mrr_minor").fill_null(0).sum()
    )
    return counted.sort(pl.col("evidence").cast(order))


def unmatched_customers(links: pl.DataFrame, customers: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """List the customers that are not linked, largest MRR first.

    Returns:
        One row per customer: ``customer_id``, ``name``, ``email``, ``status``, ``likely_account_id``,
        ``link_probability``, ``mrr_minor`` (reporting currency), ``reason``.
    """
    return (
        links.filter(pl.col("status") != LINKED)
        .join(customers.select("customer_id", "name", "email"), on="customer_id", how="left", validate="1:1")
        .join(_mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1")
        .with_columns(pl.col("mrr_minor").fill_null(0))
        .rename({"account_id": "likely_account_id"})
        .select(
            "customer_id", "name", "email", "status", "likely_account_id", "link_probability", "mrr_minor", "reason"
        )
        .sort(["mrr_minor", "customer_id"], descending=[True, False])
    )


def unmatched_accounts(links: pl.DataFrame, accounts: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """List the accounts with won contracts to which no customer is linked, largest MRR first.

    Returns:
        One row per account: ``account_id``, ``name``, ``contracts``, ``mrr_minor`` (in force on as_of) and
        ``term_mrr_minor`` (of all its won contracts), in the reporting currency.
    """
    linked = links.filter(pl.col("status") == LINKED).select("account_id").unique()
    sold = (
        contracts.filter("is_won")
        .group_by("account_id")
        .agg(
            contracts=pl.len().cast(pl.Int64),
            mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum(),
            term_mrr_minor=pl.col("term_mrr_reporting_minor").fill_null(0).sum(),
        )
    )
    return (
        accounts.filter(~pl.col("is_deleted"))
        .select("account_id", "name")
        .join(sold, on="account_id", how="inner", validate="1:1")
        .join(linked, on="account_id", how="anti")
        .sort(["mrr_minor", "account_id"], descending=[True, False])
    )


def _mrr_by_customer(subscriptions: pl.DataFrame) -> pl.DataFrame:
    return subscriptions.group_by("customer_id").agg(mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
