"""Units: one account with its linked customers, or one customer that is linked to none."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books

LINKED = "linked"


def unit_of_customers(links: pl.DataFrame) -> pl.DataFrame:
    """Give every customer its unit; a link in review counts as none.

    Returns:
        One row per customer, sorted: ``customer_id``, ``unit_id`` (the account's id, else the customer's own),
        ``link_probability`` (of links that stand, else null).
    """
    is_linked = pl.col("status") == LINKED
    return links.select(
        "customer_id",
        unit_id=pl.when(is_linked).then("account_id").otherwise("customer_id"),
        link_probability=pl.when(is_linked).then("link_probability"),
    ).sort("customer_id")


def subscriptions_by_unit(books: Books) -> pl.DataFrame:
    """Give every subscription the ``unit_id`` of its customer; the rows keep their order."""
    linked = books.subscriptions.join(
        unit_of_customers(books.links), on="customer_id", how="left", validate="m:1", maintain_order="left"
    )
    return linked.with_columns(unit_id=pl.coalesce("unit_id", "customer_id"))


def units(books: Books) -> pl.DataFrame:
    """List the units.

    Returns:
        One row per unit, sorted: ``unit_id``, ``account_id`` (null for an unlinked customer), ``account_name`` (else
        the customer's name), ``customer_ids`` (sorted), ``link_probability`` (the least of its links),
        ``is_churned``,
        ``churned_on``, ``owner_name``.
    """
    by_unit = (
        unit_of_customers(books.links)
        .group_by("unit_id")
        .agg(customer_ids=pl.col("customer_id").sort(), link_probability=pl.col("link_probability").min())
    )
    living = books.accounts.select(
        "account_id", "is_churned", "churned_on", "owner_name", account_name="name", unit_id="account_id"
    )
    customers = books.customers.select(unit_id="customer_id", customer_name=pl.coalesce("name", "email", "customer_id"))
    joined = living.join(by_unit, on="unit_id", how="full", coalesce=True, validate="1:1")
    named = joined.join(customers, on="unit_id", how="left", validate="1:1")
    return named.select(
        "unit_id",
        "account_id",
        account_name=pl.coalesce("account_name", "customer_name", "unit_id"),
        customer_ids=pl.col("customer_ids").fill_null(pl.lit([], dtype=pl.List(pl.String))),
        link_probability="link_probability",
        is_churned=pl.col("is_churned").fill_null(value=False),
        churned_on="churned_on",
        owner_name="owner_name",
    ).sort("unit_id")
