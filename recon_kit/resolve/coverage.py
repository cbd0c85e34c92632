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
