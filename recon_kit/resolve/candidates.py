"""Candidates: every pair of customer and account that some evidence connects, with its probability."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.company_names import named_core
from recon_kit.resolve.decided import CONFIRM, REJECT, pairs_decided
from recon_kit.resolve.domains import address, host_of_address, host_of_website, with_domain
from recon_kit.resolve.survivors import survivors
from recon_kit.salesforce_id import long_id
from recon_kit.schemas import TABLES

DECISION, ID, EMAIL, DOMAIN, NAME = "decision", "id", "e-mail", "domain", "name"

EMAIL_PROBABILITY = 0.98
"""Probability that a customer belongs to the only account that carries its e-mail address.

Assumed, not measured; the calibrated model replaces it.
"""

DOMAIN_PROBABILITY = 0.96
"""Probability that a customer belongs to the only account that carries its company domain.

Assumed, not measured; the calibrated model replaces it.
"""

NAME_PROBABILITY = 0.60
"""Probability that a customer belongs to the only account of its name: enough for a person to look, not to link.

Assumed, not measured; the calibrated model replaces it.
"""

_STRENGTH = {DECISION: 1.0, ID: 1.0, EMAIL: EMAIL_PROBABILITY, DOMAIN: DOMAIN_PROBABILITY, NAME: NAME_PROBABILITY}
_PAIR = ["customer_id", "account_id"]


def propose_candidates(
    accounts: pl.DataFrame, customers: pl.DataFrame, claims: pl.DataFrame, decided: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Pair customers with accounts by decision, explicit id, e-mail address, company domain and company name.

    A pair that a person rejected is not proposed; what it would have taken goes to the next best.

    The strongest kind of evidence a customer has speaks first; what probability it leaves goes to the next kind.
    Accounts that the same evidence names share its probability, so that over one customer it sums to at most 1.

    Args:
        accounts: rows of ``accounts``; what a merged account carries counts for its survivor.
        customers: rows of ``customers``.
        claims: what :func:`recon_kit.resolve.explicit_claims` returns.
        decided: what :func:`recon_kit.resolve.decided_links` returns.

    Returns:
        One row per (customer_id, account_id), sorted: columns of ``candidates`` with working columns ``kind``
        (decision, id, e-mail, domain, name), ``value`` (what is shared), ``sharing`` (accounts that the same evidence
        names).
    """
    by_decision, rejected = _decided_pairs(decided, CONFIRM), _decided_pairs(decided, REJECT)
    by_id = _named_by_id(claims)
    certain = pl.concat([by_decision, by_id]).select(_PAIR).unique()
    living = _living(accounts)
    by_email = _sharing(_addresses_of_customers(customers), _addresses_of_accounts(living), "address")
    by_domain = _sharing(_domains_of_customers(customers), _domains(living, customers, certain), "domain")
    by_name = _sharing(named_core(customers, "customer_id"), named_core(living, "account_id"), "core_name")
    kinds = [
        frame.select(*_PAIR, "value", kind=pl.lit(kind))
        for kind, frame in (
            (DECISION, by_decision),
            (ID, by_id),
            (EMAIL, by_email),
            (DOMAIN, by_domain),
            (NAME, by_name),
        )
    ]
    return _share_probability(pl.concat(kinds).join(rejected, on=_PAIR, how="anti"))


def _decided_pairs(decided: pl.DataFrame | None, decision: str) -> pl.DataFrame:
    """Pairs that a person confirmed or rejected, with who, when and why as ``value``."""
    if decided is None:
        return pl.DataFrame(schema={"customer_id": pl.String, "account_id": pl.String, "value": pl.String})
    return pairs_decided(decided, decision).rename({"told": "value"})


def _named_by_id(claims: pl.DataFrame) -> pl.DataFrame:
    """Pairs that explicit ids name, with who names whom as ``value``."""
    said = pl.col("subject").replace_strict(_NAMED_BY, return_dtype=pl.String)
    return claims.filter(pl.col("fault").is_null()).group_by(_PAIR).agg(value=said.unique().sort().str.join(" and "))


_NAMED_BY = {
    "account": "the account carries this customer's id",
    "customer": "this customer's metadata names the account or its opportunity",
    "subscription": "a subscription's metadata names the account or its opportunity",
    "opportunity": "an opportunity of the account carries a subscription's id",
}


def _living(accounts: pl.DataFrame) -> pl.DataFrame:
    """Accounts and what merged ones left them, under the survivor's id."""
    known = accounts.with_columns(account_key=long_id(pl.col("account_id"))).join(
        survivors(accounts), on="account_key", how="inner", suffix="_now", validate="1:1"
    )
    columns = ["name", "website", "billing_email", "contact_emails"]
    living = known.filter(pl.col("survivor_id_now").is_not_null())
    return living.select(pl.col("survivor_id_now").alias("account_id"), *columns)


def _addresses_of_accounts(living: pl.DataFrame) -> pl.DataFrame:
    written = pl.concat(
        [
            living.select("account_id", email="billing_email"),
            living.select("account_id", email="contact_emails").explode("email", empty_as_null=True),
        ]
    )
    return written.select("account_id", address=address(pl.col("email"))).drop_nulls().unique()


def _addresses_of_customers(customers: pl.DataFrame) -> pl.DataFrame:
    return customers.select("customer_id", address=address(pl.col("email"))).drop_nulls()


def _domains_of_customers(customers: pl.DataFrame) -> pl.DataFrame:
    hosts = customers.select("customer_id", host=host_of_address(pl.col("email")))
    return with_domain(hosts).select("customer_id", "domain")


def _domains(living: pl.DataFrame, customers: pl.DataFrame, certain: pl.DataFrame) -> pl.DataFrame:
    """Which accounts carry a domain: by web site, by e-mail, or because a customer of theirs writes from it."""
    theirs = certain.join(_domains_of_customers(customers), on="customer_id", how="inner", validate="m:1")
    hosts = pl.concat(
        [
            living.select("account_id", host=host_of_website(pl.col("website"))),
            _addresses_of_accounts(living).select("account_id", host=host_of_address(pl.col("address"))),
        ]
    )
    own = with_domain(hosts).select("account_id", "domain")
    return pl.concat([own, theirs.select("account_id", "domain")]).unique()


def _sharing(customers: pl.DataFrame, accounts: pl.DataFrame, key: str) -> pl.DataFrame:
    """Pairs of customer and account that have an address or a domain in common."""
    return customers.join(accounts, on=key, how="inner", validate="m:m").with_columns(value=pl.col(key))


def _share_probability(pairs: pl.DataFrame) -> pl.DataFrame:
    order = pl.col("kind").replace_strict(list(_STRENGTH), list(range(len(_STRENGTH))), return_dtype=pl.Int64)
    strongest = (
        pairs.with_columns(order=order)
        .sort(*_PAIR, "order")
        .group_by(_PAIR, maintain_order=True)
        .agg(
            evidence=pl.format("{}: {}", "kind", "value").str.join("; "), kind=pl.first("kind"), value=pl.first("value")
        )
    )
    shared = strongest.with_columns(sharing=pl.len().over("customer_id", "kind").cast(pl.Int64))
    strength = pl.col("kind").replace_strict(list(_STRENGTH), list(_STRENGTH.values()), return_dtype=pl.Float64)
    probability = strength * _left_by_stronger() / pl.col("sharing")
    kept = shared.with_columns(
        match_weight=pl.lit(None, dtype=pl.Float64),
        match_probability=pl.lit(None, dtype=pl.Float64),
        link_probability=probability,
    ).filter(pl.col("link_probability") > 0)
    return kept.select(*TABLES["candidates"].columns, "kind", "value", "sharing").sort(_PAIR)


def _left_by_stronger() -> pl.Expr:
    """Probability that a customer's stronger kinds of evidence leave to the kind of this row."""
    is_certain = pl.col("kind").is_in([DECISION, ID])
    strongest = (
        pl.when((pl.col("kind") == DECISION).any().over("customer_id")).then(pl.lit(DECISION)).otherwise(pl.lit(ID))
    )
    has_certain = is_certain.any().over("customer_id")
    has_email = (pl.col("kind") == EMAIL).any().over("customer_id")
    has_domain = (pl.col("kind") == DOMAIN).any().over("customer_id")
    after_email = pl.when(has_email & pl.col("kind").is_in([DOMAIN, NAME])).then(1.0 - EMAIL_PROBABILITY).otherwise(1.0)
    after_domain = pl.when(has_domain & (pl.col("kind") == NAME)).then(1.0 - DOMAIN_PROBABILITY).otherwise(1.0)
    return pl.when(has_certain & (pl.col("kind") != strongest)).then(0.0).otherwise(after_email * after_domain)
