"""Accounts and contacts: who the customers are, who was merged into whom, who has left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import calendar
from recon_kit.asof import is_after
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.records import (
    Settled,
    exclude,
    map_records,
    settle,
    settle_repeats,
    system_columns,
    system_rules,
    unreadable,
)
from recon_kit.quarantine import Rule

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Sources
    from recon_kit.policy import Policy

_MERGE_ROUNDS = 40
"""Doublings of the merge chain: enough for a chain of 2**40 merges, so what still moves is a circle."""

_TEXTS = [
    "name",
    "website",
    "phone",
    "country",
    "postal_code",
    "city",
    "type",
    "vat_number",
    "stripe_customer_id",
    "billing_email",
    "status",
    "owner_id",
    "owner_name",
    "owner_email",
]


def read_accounts(
    raw: RawRecords, sources: Sources, *, policy: Policy, cutoff: dt.datetime, still_named: pl.Series
) -> Settled:
    """Read the accounts, deleted and merged ones included.

    Args:
        raw: the object as read.
        sources: the field map's present columns.
        policy: gives the time zone.
        cutoff: the end of as_of.
        still_named: the accounts (as ``match_id``) that opportunities name. A merge after as_of is wound back where
            they still name the loser; where they were moved to the survivor it stands.

    Returns:
        One accepted row per account: the columns of ``accounts`` except contacts and churn, and ``match_id``,
        ``churned_text``, ``churned_on_given``, ``modified_at``.
    """
    records = map_records(raw, sources)
    for step in system_columns(policy.timezone, cutoff):
        records = records.with_columns(**step)
    records = records.with_columns(
        churned_on_given=read.day(pl.col("churned_on_text")),
        amount_minor=pl.lit(None, dtype=pl.Int64),
        currency=pl.lit(None, dtype=pl.String),
    )
    marked = exclude(settle_repeats(records), cutoff, keep_deleted=True)
    settled = settle(raw, marked, [*system_rules(sources), *_rules(sources)])
    accounts = _with_survivors(_merges(settled.accepted, still_named, cutoff))
    return Settled(_columns(accounts, cutoff), settled.left_out, settled.quarantine, settled.excluded, settled.buckets)


def _rules(sources: Sources) -> list[Rule]:
    reason = "The date cannot be read. Write it as 2026-10-31."
    return unreadable("churned_on", pl.col("churned_on_given"), sources, rule="unreadable_date", reason=reason)


def _merges(accounts: pl.DataFrame, still_named: pl.Series, cutoff: dt.datetime) -> pl.DataFrame:
    """Find which accounts were merged away, and into which.

    Adds ``master`` (a ``match_id``) and ``merged_late`` (the merge came after as_of and stands), corrects
    ``is_deleted``.
    """
    flag = read.boolean(pl.col("is_deleted_text")).fill_null(value=True)
    is_loser = pl.col("merged_into_text").is_not_null() & flag
    is_late = is_loser & is_after(pl.coalesce("stamped_at", "modified_at"), cutoff)
    is_wound_back = is_late & pl.col("match_id").is_in(still_named.implode())
    return accounts.with_columns(
        master=pl.when(is_loser & ~is_wound_back).then(read.match_key(pl.col("merged_into_text"))),
        merged_late=is_late & ~is_wound_back,
    ).with_columns(is_deleted=pl.col("is_deleted") | pl.col("master").is_not_null())


def _with_survivors(accounts: pl.DataFrame) -> pl.DataFrame:
    """Follow merges to the account that stands; null for a deleted account that leads to none, also in a circle."""
    losers = accounts.filter(pl.col("master").is_not_null()).select("match_id", end="master")
    for _ in range(_MERGE_ROUNDS):
        further = losers.select(end="match_id", next="end")
        ahead = losers.join(further, on="end", how="left", validate="m:1", maintain_order="left")
        ahead = ahead.select("match_id", end=pl.coalesce("next", "end"))
        if ahead.equals(losers):
            break
        losers = ahead
    standing = accounts.filter(~pl.col("is_deleted")).select(end="match_id", survivor_id="id")
    return (
        accounts.join(losers, on="match_id", how="left", validate="1:1")
        .with_columns(pl.coalesce("end", "match_id"))
        .join(standing, on="end", how="left", validate="m:1")
        .drop("end")
    )


def _columns(accounts: pl.DataFrame, cutoff: dt.datetime) -> pl.DataFrame:
    changed = is_after(pl.col("modified_at"), cutoff) | pl.col("merged_late")
    named = accounts.select(other="match_id", other_id="id")
    for key, ours in (("parent_id", read.match_key(pl.col("parent_id_text"))), ("merged_into", pl.col("master"))):
        accounts = (
            accounts.with_columns(other=ours)
            .join(named.rename({"other_id": key}), on="other", how="left", validate="m:1")
            .with_columns(pl.coalesce(key, pl.when(pl.col("other").is_not_null()).then(f"{key}_text")))
            .drop("other")
        )
    texts = [pl.col(f"{key}_text").alias(key) for key in _TEXTS]
    return accounts.with_columns(*texts, account_id="id", changed_after_as_of=changed)


def read_contacts(
    raw: RawRecords, sources: Sources, accounts: Settled, *, policy: Policy, cutoff: dt.datetime
) -> Settled:
    """Read the contacts.

    Returns:
        One accepted row per contact: ``contact_id``, ``account_id`` (the survivor's; null without account), ``email``.
    """
    records = map_records(raw, sources, parent="account_id")
    for step in system_columns(policy.timezone, cutoff):
        records = records.with_columns(**step)
    known = accounts.accepted.select(parent="match_id", account_id=pl.coalesce("survivor_id", "account_id"))
    left_out = accounts.left_out.select(parent="match_id", parent_exclusion="exclusion")
    records = (
        records.with_columns(
            parent=read.match_key(pl.col("account_id_text")),
            amount_minor=pl.lit(None, dtype=pl.Int64),
            currency=pl.lit(None, dtype=pl.String),
        )
        .join(known, on="parent", how="left", validate="m:1")
        .join(left_out, on="parent", how="left", validate="m:1")
    )
    dangling = Rule(
        "dangling_reference",
        (sources["account_id"] or ["AccountId"])[0],
        pl.col("account_id_text"),
        pl.col("parent").is_not_null() & pl.col("account_id").is_null(),
        "The account it names is not among the accounts read. Export the account too, or correct the id.",
    )
    marked = exclude(settle_repeats(records), cutoff)
    settled = settle(raw, marked, [*system_rules(sources), dangling])
    accepted = settled.accepted.select("match_id", "account_id", contact_id="id", email="email_text")
    return Settled(accepted, settled.left_out, settled.quarantine, settled.excluded, settled.buckets)


def with_contact_emails(accounts: pl.DataFrame, contacts: pl.DataFrame) -> pl.DataFrame:
    """Add ``contact_emails``: the sorted, distinct addresses of the account's contacts; empty where there are none."""
    emails = (
        contacts.filter(pl.col("account_id").is_not_null(), pl.col("email").is_not_null())
        .group_by("account_id")
        .agg(contact_emails=pl.col("email").unique().sort())
    )
    joined = accounts.join(emails, on="account_id", how="left", validate="1:1")
    return joined.with_columns(pl.col("contact_emails").fill_null(pl.lit([], dtype=pl.List(pl.String))))


def with_churn(accounts: pl.DataFrame, contracts: pl.DataFrame, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Add whether and when each account left, as known on as_of.

    The status decides, the type only where there is no status. Without a date: the end of the last won contract if
    past, else the day of the last modification, else as_of itself. What lies after as_of has not happened.

    Args:
        accounts: with ``status``, ``churned_on_given``, ``churned_on_source``, ``modified_at``, ``survivor_id``.
        contracts: with ``account_id``, ``is_won``, ``end_on``.
        as_of: the day looked at.
        policy: gives ``churned_values`` and the time zone.

    Returns:
        The accounts with ``is_churned``, ``churned_on``, ``churned_on_source`` (a column, or what stood in for it), and
        the working column ``status_says_churned``.
    """
    won = (
        contracts.filter("is_won")
        .group_by("account_id")
        .agg(last_end=pl.when(pl.col("end_on").null_count() == 0).then(pl.col("end_on").max()))
    )
    joined = accounts.join(won, on="account_id", how="left", validate="1:1")
    past_end = pl.when(pl.col("last_end") <= as_of).then(pl.col("last_end"))
    modified_on = calendar.in_timezone(pl.col("modified_at"), policy.timezone)
    churned_on = pl.coalesce("churned_on_given", past_end, modified_on, pl.lit(as_of))
    source = (
        pl.when(pl.col("churned_on_given").is_not_null())
        .then("churned_on_source")
        .when(past_end.is_not_null())
        .then(pl.lit("end of the last won contract"))
        .when(modified_on.is_not_null())
        .then(pl.lit("LastModifiedDate"))
        .otherwise(pl.lit("as_of"))
    )
    said = read.is_one_of(pl.col("status"), policy.churned_values).fill_null(value=False)
    churned = said & (churned_on <= as_of)
    return joined.with_columns(
        status_says_churned=said,
        is_churned=churned,
        churned_on=pl.when(churned).then(churned_on),
        churned_on_source=pl.when(churned).then(source),
    ).drop("last_end")
