"""The review queue: pairs that a person decides, as the page shows them and the workbook hands them out."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.links import REVIEW
from recon_kit.salesforce_id import long_id

CANDIDATES = 4
"""Accounts that are shown for a customer at most."""
QUEUE = {
    "customer_name": pl.String(),
    "account_name": pl.String(),
    "salesforce_says": pl.String(),
    "stripe_says": pl.String(),
    "difference": pl.String(),
    "cause": pl.String(),
    "suggested_correction": pl.String(),
    "since": pl.Date(),
    "impact_minor": pl.Int64(),
    "currency": pl.String(),
    "link_probability": pl.Float64(),
    "customer_id": pl.String(),
    "account_id": pl.String(),
    "proposed_id": pl.String(),
    "method": pl.String(),
    "is_deleted": pl.Boolean(),
}
_COMPARED = {"name": "name", "email": "e-mail", "phone": "phone", "city": "city", "country": "country"}


def review_queue(
    links: pl.DataFrame,
    candidates: pl.DataFrame,
    customers: pl.DataFrame,
    accounts: pl.DataFrame,
    subscriptions: pl.DataFrame,
    *,
    currency: str,
) -> pl.DataFrame:
    """List the pairs to decide of customers in review, the most MRR at stake first.

    Args:
        links: rows of ``links``.
        candidates: rows of ``candidates``.
        customers: rows of ``customers``.
        accounts: rows of ``accounts``; pairs with an account that is not among them are left out.
        subscriptions: rows of ``subscriptions``.
        currency: the reporting currency.

    Returns:
        One row per customer in review and account it may belong to, the one that its link names first, at most
        ``CANDIDATES``: the columns of ``QUEUE``. ``*_says`` are the facts of each side, one a line; ``difference``
        names what both say differently; ``since`` is the day the customer came to Stripe, ``impact_minor`` its MRR.
    """
    billed = subscriptions.group_by("customer_id").agg(impact_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
    rows = (
        _pairs(links.filter(pl.col("status") == REVIEW), candidates)
        .join(_of_customers(customers), on="customer_id", how="inner", validate="m:1")
        .join(_of_accounts(accounts), on="account_key", how="inner", validate="m:1")
        .join(billed, on="customer_id", how="left", validate="m:1")
        .with_columns(
            pl.col("impact_minor").fill_null(0),
            currency=pl.lit(currency),
            difference=_differences(),
            suggested_correction=_correction(),
        )
    )
    order = ["impact_minor", "customer_id", "rank", "account_id"]
    return rows.sort(order, descending=[True, False, False, False]).select(list(QUEUE))


def _pairs(review: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """The likeliest accounts of each customer, the one that its link names first."""
    told = ("customer_id", "method", "reason")
    named = review.select(*told, "account_id", "link_probability", proposed_id="account_id")
    runner = {"account_id": "runner_up_account_id", "link_probability": "runner_up_probability"}
    runners = review.select(*told, **runner, proposed_id="account_id")
    others = candidates.select("customer_id", "account_id", "link_probability", speaks="evidence").join(
        review.select(*told, proposed_id="account_id"), on="customer_id", how="inner", validate="m:1"
    )
    every = pl.concat([others, named, runners], how="diagonal").filter(pl.col("account_id").is_not_null())
    once = every.with_columns(account_key=long_id(pl.col("account_id"))).unique(
        ["customer_id", "account_key"], keep="first", maintain_order=True
    )
    is_other = (pl.col("account_id") != pl.col("proposed_id")).fill_null(value=True)
    order = ["customer_id", is_other, "link_probability", "account_id"]
    ranked = once.sort(order, descending=[False, False, True, False], nulls_last=True)
    counted = ranked.with_columns(rank=pl.int_range(1, pl.len() + 1).over("customer_id"), is_other=is_other)
    speaks = pl.format("What speaks: {}.", pl.col("speaks").str.strip_chars_end("."))
    other = pl.concat_str(pl.lit("Another candidate of this customer."), speaks, separator=" ", ignore_nulls=True)
    cause = pl.when("is_other").then(other).otherwise("reason")
    return counted.filter(pl.col("rank") <= CANDIDATES).with_columns(cause=cause)


def _of_customers(customers: pl.DataFrame) -> pl.DataFrame:
    said = pl.concat_str(
        "name", "email", "phone", _place(), pl.format("names account {}", "metadata_account_id"),
        pl.format("names opportunity {}", "metadata_opportunity_id"), separator="\n", ignore_nulls=True,
    )  # fmt: skip
    facts = {f"customer_{name}": pl.col(name) for name in _COMPARED}
    return customers.select("customer_id", stripe_says=said, since="created_on", **facts)


def _of_accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    said = pl.concat_str(
        "name", "billing_email", "website", "phone", _place(), pl.format("names customer {}", "stripe_customer_id"),
        separator="\n", ignore_nulls=True,
    )  # fmt: skip
    own = accounts.with_columns(email=pl.coalesce("billing_email", pl.col("contact_emails").list.first()))
    facts = {f"account_{name}": pl.col(name) for name in _COMPARED}
    return own.select("is_deleted", account_key=long_id(pl.col("account_id")), salesforce_says=said, **facts)


def _place() -> pl.Expr:
    return pl.concat_str("postal_code", "city", "country", separator=" ", ignore_nulls=True).replace("", None)


def _differences() -> pl.Expr:
    """Name what both records say, and say differently."""
    parts = [
        pl.when(_folded(f"customer_{name}") != _folded(f"account_{name}")).then(pl.lit(word))
        for name, word in _COMPARED.items()
    ]
    listed = pl.concat_str(*parts, separator=", ", ignore_nulls=True)
    return pl.when(listed == "").then(pl.lit("nothing that both say")).otherwise(listed)


def _folded(name: str) -> pl.Expr:
    return pl.col(name).str.strip_chars().str.to_lowercase()


def _correction() -> pl.Expr:
    said = pl.format(
        "Confirm if they are one: then write {} into the customer's Stripe metadata as salesforce_account_id. Reject "
        "if they are not.",
        "account_id",
    )
    gone = pl.lit("The account is deleted, or was merged into another: it cannot be confirmed.")
    return pl.when("is_deleted").then(gone).otherwise(said)
