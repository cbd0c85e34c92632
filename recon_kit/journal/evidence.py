"""Evidence: what a decision rests on, as one text whose SHA-256 stands in its line; when it changes, it lapses.

The text has one line a field, in the order below: ``name=length:value``, the length in bytes of UTF-8, or ``name=-``
where there is no value. Values are those of the close's tables, unaltered; dates are ISO dates, money is minor units of
the record's own currency. Lists are joined by commas.

Of a link: from ``customers`` name, email, phone, country, postal_code, city, vat_number, metadata_account_id,
metadata_opportunity_id; from ``accounts`` name, website, phone, country, postal_code, city, vat_number, billing_email,
stripe_customer_id, is_deleted, merged_into, and of its contacts only whether one has the customer's e-mail address, and
whether one has its domain. MRR, status, owner and further contacts are no evidence of who is who.

Of a gap: family; cause (a hand-off that lags is one that was missed: only days lie between); account_id; customer_ids;
diverged_on; each contract with its currency, MRR (of its term and now), start and end; each subscription with its
currency, MRR (committed and now), start of billing, stop and end; for refunds and credits, which. Age, state, impact
and exchange rates grow or drift by themselves and are no evidence.

Of a billing event: kind; day; currency; its terms in words; but for a discount, its original and new value.
"""

from __future__ import annotations

import hashlib

import polars as pl

from recon_kit.salesforce_id import long_id

FIELD_DIGITS = 12
"""Digits of a field's SHA-256 that a line of the journal keeps, to tell which field changed."""

_OF_CUSTOMER = ("name", "email", "phone", "country", "postal_code", "city", "vat_number")
_IDS_OF_CUSTOMER = ("metadata_account_id", "metadata_opportunity_id")
_OF_ACCOUNT = ("name", "website", "phone", "country", "postal_code", "city", "vat_number", "billing_email")
_IDS_OF_ACCOUNT = ("stripe_customer_id", "is_deleted", "merged_into")


def link_evidence(pairs: pl.DataFrame, customers: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Digest what a link between a customer and an account rests on.

    Args:
        pairs: ``customer_id`` and ``account_id`` (15 or 18 characters).
        customers: rows of ``customers``.
        accounts: rows of ``accounts``.

    Returns:
        One row per pair whose records both exist, sorted: ``customer_id``, ``account_id`` (as the table has it),
        ``account_key`` (18 characters), ``is_deleted``, ``evidence``, ``evidence_fields`` (list of ``field=digits``).
    """
    wanted = pairs.select("customer_id", account_key=long_id(pl.col("account_id"))).unique()
    of_customer = customers.select("customer_id", pl.exclude("customer_id").name.prefix("customer."))
    of_account = accounts.select(
        "account_id", pl.exclude("account_id").name.prefix("account."), account_key=long_id(pl.col("account_id"))
    )
    both = wanted.join(of_customer, on="customer_id", how="inner", validate="m:1").join(
        of_account, on="account_key", how="inner", validate="m:1"
    )
    fields = {f"customer.{name}": pl.col(f"customer.{name}") for name in (*_OF_CUSTOMER, *_IDS_OF_CUSTOMER)}
    fields |= {
        f"account.{name}": pl.col(f"account.{name}").cast(pl.String) for name in (*_OF_ACCOUNT, *_IDS_OF_ACCOUNT)
    }
    return (
        _with_digests(both, fields | _shared_with_contacts())
        .select(
            "customer_id", "account_id", "account_key", "evidence", "evidence_fields", is_deleted="account.is_deleted"
        )
        .sort("customer_id", "account_key")
    )


def _shared_with_contacts() -> dict[str, pl.Expr]:
    """Whether a contact of the account has the customer's address, or its domain."""
    address = pl.col("customer.email").str.strip_chars().str.to_lowercase()
    theirs = pl.col("account.contact_emails").list.eval(pl.element().str.strip_chars().str.to_lowercase())
    domains = theirs.list.eval(pl.element().str.extract(r"@([^@]+)$", 1))
    domain = address.str.extract(r"@([^@]+)$", 1)
    return {
        "contact.has_address": (address.is_not_null() & theirs.list.contains(address)).cast(pl.String),
        "contact.has_domain": (domain.is_not_null() & domains.list.contains(domain)).cast(pl.String),
    }


def gap_evidence(gaps: pl.DataFrame, contracts: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Digest what a gap says.

    Args:
        gaps: rows of ``gaps``.
        contracts: rows of ``contracts``.
        subscriptions: rows of ``subscriptions``.

    Returns:
        One row per gap, sorted: ``gap_id``, ``evidence``, ``evidence_fields`` (list of ``field=digits``).
    """
    sold = _members(gaps, contracts, "opportunity_ids", "opportunity_id", _OF_CONTRACT)
    billed = _members(gaps, subscriptions, "subscription_ids", "subscription_id", _OF_SUBSCRIPTION)
    joined = gaps.join(sold, on="gap_id", how="left", validate="1:1").join(
        billed, on="gap_id", how="left", validate="1:1"
    )
    members = pl.concat_list("opportunity_ids", "subscription_ids", "customer_ids")
    returned = pl.when(pl.col("cause") == "refund_or_credit").then(pl.col("evidence").list.set_difference(members))
    fields = {
        "family": pl.col("family"),
        "cause": pl.col("cause").replace("timing_lag", "handoff_missed"),
        "account": pl.col("account_id"),
        "customers": pl.col("customer_ids").list.sort().list.join(","),
        "since": pl.col("diverged_on").cast(pl.String),
        "contracts": pl.col("opportunity_ids:told"),
        "subscriptions": pl.col("subscription_ids:told"),
        "refunds and credits": returned.list.sort().list.join(","),
    }
    return _with_digests(joined, fields).select("gap_id", "evidence", "evidence_fields").sort("gap_id")


def event_evidence(events: pl.DataFrame) -> pl.DataFrame:
    """Digest what a billing event says.

    Args:
        events: rows of ``approvals``, or those columns of them that no decision adds.

    Returns:
        One row per event, sorted: ``event_id``, ``evidence``, ``evidence_fields`` (list of ``field=digits``).
    """
    is_fixed = pl.col("kind") != "manual_discount"  # the MRR it lowers grows with the subscription
    fields = {name: pl.col(name).cast(pl.String) for name in ("kind", "on", "currency", "terms")}
    fields |= {name: pl.when(is_fixed).then(pl.col(f"{name}_minor").cast(pl.String)) for name in ("original", "new")}
    return _with_digests(events, fields).select("event_id", "evidence", "evidence_fields").sort("event_id")


_OF_CONTRACT = ("currency", "term_mrr_minor", "mrr_minor", "start_on", "end_on")
_OF_SUBSCRIPTION = ("currency", "committed_mrr_minor", "mrr_minor", "billing_start_on", "stops_on", "ended_on")


def _members(gaps: pl.DataFrame, records: pl.DataFrame, ids: str, key: str, told: tuple[str, ...]) -> pl.DataFrame:
    """Tell of each member of a gap its key and facts, members in order of their keys."""
    text = pl.concat_str(key, *(pl.col(name).cast(pl.String).fill_null("-") for name in told), separator=" ")
    listed = gaps.select("gap_id", pl.col(ids).alias(key)).explode(key, empty_as_null=False)
    known = listed.join(records.select(key, *told), on=key, how="left", validate="m:1")
    return known.group_by("gap_id").agg(text.sort_by(key).str.join(",").alias(f"{ids}:told"))


def _with_digests(records: pl.DataFrame, fields: dict[str, pl.Expr]) -> pl.DataFrame:
    """Add ``evidence``, the digest of all fields, and ``evidence_fields``, some digits of each."""
    texts = records.with_columns(_field_text(value).alias(f"text:{name}") for name, value in fields.items())
    whole = pl.concat_str(pl.format("{}={}\n", pl.lit(name), pl.col(f"text:{name}")) for name in fields)
    parts = pl.concat_list(
        pl.format("{}={}", pl.lit(name), _sha256(pl.col(f"text:{name}")).str.head(FIELD_DIGITS)) for name in fields
    )
    return texts.with_columns(evidence=_sha256(whole), evidence_fields=parts)


def _field_text(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_null()).then(pl.lit("-")).otherwise(pl.format("{}:{}", value.str.len_bytes(), value))


def _sha256(texts: pl.Expr) -> pl.Expr:
    def digests(series: pl.Series) -> pl.Series:
        found = [hashlib.sha256(text.encode()).hexdigest() for text in series]
        return pl.Series(series.name, found, dtype=pl.String)

    return texts.map_batches(digests, return_dtype=pl.String, is_elementwise=True)
