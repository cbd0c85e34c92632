"""Explicit ids: what one system says it is called in the other, and which of these ids prove nothing."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.decided import CONFIRM, REJECT, pairs_decided
from recon_kit.resolve.survivors import survivors
from recon_kit.salesforce_id import long_id
from recon_kit.schemas import TABLES

_MESSAGES = {
    "dangling": "{} {} names {}, which is not among the records: correct or clear the id.",
    "deleted": "{} {} names {}, an account that was deleted without a survivor: correct or clear the id.",
    "ambiguous": "{} {} names {}, as a record of another account also does: keep the id on one of them.",
    "contradicting": "{} {} names {}, while another id names a different account for this customer: correct one.",
    "contradicted": "{} {} names {}, which a person's decision about the customer contradicts: correct the id.",
}
"""What to say of each fault: subject, its id, what it points to."""


def explicit_claims(
    accounts: pl.DataFrame,
    contracts: pl.DataFrame,
    customers: pl.DataFrame,
    subscriptions: pl.DataFrame,
    decided: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Collect every explicit id that connects a customer with an account.

    Args:
        accounts: rows of ``accounts``; merged ids resolve to their survivor.
        contracts: rows of ``contracts``, won or not.
        customers: rows of ``customers``.
        subscriptions: rows of ``subscriptions``.
        decided: what :func:`recon_kit.resolve.decided_links` returns; a decision wins over an id.

    Returns:
        One row per claim, sorted: ``subject`` (account, customer, subscription, opportunity), ``id``, ``points_to``,
        ``customer_id`` and ``account_id`` (null where they cannot be told), ``fault`` (null where the claim is
        evidence; else dangling, deleted, ambiguous, contradicted by a decision, or contradicting another id).
    """
    claims = pl.concat(
        [
            _claims_of_accounts(accounts, customers),
            _claims_naming_accounts(customers, "customer", "customer_id"),
            _claims_naming_accounts(subscriptions, "subscription", "subscription_id"),
            _claims_naming_opportunities(customers, contracts, "customer", "customer_id"),
            _claims_naming_opportunities(subscriptions, contracts, "subscription", "subscription_id"),
            _claims_of_opportunities(contracts, subscriptions),
        ]
    )
    resolved = claims.join(survivors(accounts), on="account_key", how="left", validate="m:1")
    return _judge(_with_decisions(resolved, decided))


def _with_decisions(claims: pl.DataFrame, decided: pl.DataFrame | None) -> pl.DataFrame:
    """Mark the claims that a decision contradicts: their pair is rejected, or another account is confirmed."""
    if decided is None or decided.is_empty():
        return claims.with_columns(is_contradicted=pl.lit(value=False))
    rejected = pairs_decided(decided, REJECT).select(
        "customer_id", survivor_id="account_id", is_rejected=pl.lit(value=True)
    )
    confirmed = pairs_decided(decided, CONFIRM).select("customer_id", confirmed_id="account_id")
    joined = claims.join(rejected, on=["customer_id", "survivor_id"], how="left", validate="m:1").join(
        confirmed, on="customer_id", how="left", validate="m:1"
    )
    is_other = (pl.col("confirmed_id") != pl.col("survivor_id")).fill_null(value=False)
    return joined.with_columns(is_contradicted=pl.col("is_rejected").fill_null(value=False) | is_other)


def _claims_of_accounts(accounts: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    named = accounts.filter(pl.col("stripe_customer_id").is_not_null()).with_columns(
        points_to=pl.col("stripe_customer_id").str.strip_chars()
    )
    found = customers.select("customer_id", points_to="customer_id")
    joined = named.join(found, on="points_to", how="left", validate="m:1")
    return _claims(joined, "account", "account_id", long_id(pl.col("account_id")))


def _claims_naming_accounts(records: pl.DataFrame, subject: str, key: str) -> pl.DataFrame:
    named = records.filter(pl.col("metadata_account_id").is_not_null()).with_columns(points_to="metadata_account_id")
    return _claims(named, subject, key, long_id(pl.col("points_to")))


def _claims_naming_opportunities(
    records: pl.DataFrame, contracts: pl.DataFrame, subject: str, key: str
) -> pl.DataFrame:
    named = records.filter(pl.col("metadata_opportunity_id").is_not_null()).select(
        key, *({"customer_id"} - {key}), points_to="metadata_opportunity_id"
    )
    owners = contracts.select(opportunity=long_id(pl.col("opportunity_id")), owner_id="account_id")
    joined = named.with_columns(opportunity=long_id(pl.col("points_to"))).join(
        owners, on="opportunity", how="left", validate="m:1"
    )
    return _claims(joined, subject, key, long_id(pl.col("owner_id")))


def _claims_of_opportunities(contracts: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    named = contracts.filter(pl.col("stripe_subscription_id").is_not_null()).select(
        "opportunity_id", "account_id", points_to=pl.col("stripe_subscription_id").str.strip_chars()
    )
    found = subscriptions.select("customer_id", points_to="subscription_id")
    joined = named.join(found, on="points_to", how="left", validate="m:1")
    return _claims(joined, "opportunity", "opportunity_id", long_id(pl.col("account_id")))


def _claims(named: pl.DataFrame, subject: str, key: str, account_key: pl.Expr) -> pl.DataFrame:
    return named.select(
        subject=pl.lit(subject),
        id=pl.col(key),
        points_to=pl.col("points_to"),
        customer_id=pl.col("customer_id"),
        account_key=account_key,
    )


def _judge(claims: pl.DataFrame) -> pl.DataFrame:
    """Tell which claims are evidence; a claim that proves nothing does not count against another."""
    owners = pl.col("survivor_id").n_unique().over("subject", "points_to")
    points_at_stripe = pl.col("subject").is_in(["account", "opportunity"])
    own = (
        pl.when(pl.col("customer_id").is_null() | pl.col("is_known").is_null())
        .then(pl.lit("dangling"))
        .when(pl.col("survivor_id").is_null())
        .then(pl.lit("deleted"))
        .when(points_at_stripe & (owners > 1))
        .then(pl.lit("ambiguous"))
        .when("is_contradicted")
        .then(pl.lit("contradicted"))
    )
    judged = claims.with_columns(fault=own)
    evidence = pl.when(pl.col("fault").is_null()).then("survivor_id")
    contradicts = pl.col("fault").is_null() & (evidence.drop_nulls().n_unique().over("customer_id") > 1)
    return judged.select(
        "subject",
        "id",
        "points_to",
        "customer_id",
        account_id="survivor_id",
        fault=pl.when(contradicts).then(pl.lit("contradicting")).otherwise("fault"),
    ).sort("subject", "id", "points_to")


def link_faults(claims: pl.DataFrame) -> pl.DataFrame:
    """List the explicit ids that are evidence of nothing.

    Args:
        claims: what :func:`explicit_claims` returns.

    Returns:
        One row per faulty id, columns of ``link_faults``.
    """
    subject = pl.col("subject").str.to_titlecase()
    message = pl.coalesce(
        pl.when(pl.col("fault") == fault).then(pl.format(text, subject, "id", "points_to"))
        for fault, text in _MESSAGES.items()
    )
    faulty = claims.filter(pl.col("fault").is_not_null()).with_columns(message=message)
    return faulty.select(TABLES["link_faults"].columns).unique().sort(TABLES["link_faults"].columns)
