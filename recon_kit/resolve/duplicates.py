"""Duplicates: accounts and opportunities that are probably one and the same, so that none doubles MRR unseen."""

from __future__ import annotations

import polars as pl

from recon_kit import tables
from recon_kit.tables import Panel

_CROWD = 30
"""Accounts of one name and value up to which each is held against each; above, each against the first."""

_SHARED = {"domain": "web domain", "registration": "registration number", "postal_code": "postal code"}
_PAIR = ["account_id", "other_account_id"]


def duplicate_accounts(account_keys: pl.DataFrame, accounts: pl.DataFrame, contracts: pl.DataFrame) -> pl.DataFrame:
    """List pairs of accounts with exactly one core name and a web domain, registration number or postal code in common.

    A parent and its subsidiary are two accounts, and so are two with different registration numbers: neither is listed.
    Of more than 30 accounts alike, each is listed beside the first only.

    Args:
        account_keys: rows of ``account_keys``, which leave out merged and deleted accounts.
        accounts: rows of ``accounts``.
        contracts: rows of ``contracts``.

    Returns:
        One row per pair, largest MRR that may stand twice first: ``account_id``, ``name``, ``mrr_minor``,
        ``other_account_id``, ``other_name``, ``other_mrr_minor`` (in force on as_of, reporting currency), ``in_common``
        (in words), ``twice_minor`` (the smaller MRR).
    """
    values = _values(account_keys)
    pairs = pl.concat([_each_with_each(values), _each_with_first(values)])
    words = pl.col("kind").unique().replace_strict(_SHARED).sort().str.join(", ")
    found = pairs.group_by(_PAIR).agg(in_common=pl.format("name, {}", words))
    known = accounts.join(_mrr_by_account(contracts), on="account_id", how="left", validate="1:1").select(
        "account_id", "name", "parent_id", pl.col("mrr_minor").fill_null(0)
    )
    known = known.join(_numbers(account_keys), on="account_id", how="left", validate="1:1")
    other = known.rename({column: f"other_{column}" for column in known.columns})
    both = found.join(known, on="account_id", how="left", validate="m:1").join(
        other, on="other_account_id", how="left", validate="m:1"
    )
    told = both.filter(~_are_two()).with_columns(twice_minor=pl.min_horizontal("mrr_minor", "other_mrr_minor"))
    return told.select(
        *("account_id", "name", "mrr_minor", "other_account_id", "other_name", "other_mrr_minor"),
        *("in_common", "twice_minor"),
    ).sort(["twice_minor", *_PAIR], descending=[True, False, False])


def duplicate_opportunities(contracts: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """List won opportunities of one account with the same name, amount, start and close day.

    Args:
        contracts: rows of ``contracts``; those without a name, an amount or a close day are left out.
        accounts: rows of ``accounts``, for their names.

    Returns:
        One row per opportunity, alike ones together: ``account_name``, ``name``, ``opportunity_id``, ``same_as`` (the
        first of those alike; null for itself), ``amount_minor``, ``currency``, ``start_on``, ``close_on``,
        ``mrr_minor`` (in force on as_of, reporting currency), ``twice_minor`` (what all but the first carry of it).
    """
    alike = ["account_id", "name", "amount_minor", "currency", "start_on", "close_on"]
    whole = contracts.filter("is_won", pl.col("amount_minor") > 0).drop_nulls(["account_id", "name", "close_on"])
    mrr = pl.col("mrr_reporting_minor").fill_null(0)
    ordered = whole.sort(-mrr, "opportunity_id").with_columns(
        first=pl.first("opportunity_id").over(alike), copies=pl.len().over(alike)
    )
    repeats = pl.col("first") != pl.col("opportunity_id")
    told = ordered.filter(pl.col("copies") > 1).with_columns(
        same_as=pl.when(repeats).then("first"), mrr_minor=mrr, twice_minor=pl.when(repeats).then(mrr).otherwise(0)
    )
    named = told.join(accounts.select("account_id", account_name="name"), on="account_id", how="left", validate="m:1")
    columns = ["account_name", "name", "opportunity_id", "same_as", "amount_minor", "currency", "start_on", "close_on"]
    return named.sort("account_id", "first", repeats, "opportunity_id").select(*columns, "mrr_minor", "twice_minor")


def twice_counted(accounts: pl.DataFrame, opportunities: pl.DataFrame, currency: str) -> Panel:
    """Say how much Salesforce MRR may be counted twice; an account with several likenesses counts once.

    Args:
        accounts: what :func:`duplicate_accounts` returns.
        opportunities: what :func:`duplicate_opportunities` returns.
        currency: the reporting currency.
    """
    if accounts.is_empty() and opportunities.is_empty():
        return tables.sentence("No two accounts, and no two won opportunities, look like one and the same.")
    is_other = pl.col("other_mrr_minor") <= pl.col("mrr_minor")
    lesser = pl.when(is_other).then("other_account_id").otherwise("account_id")
    by_accounts = accounts.group_by(lesser.alias("lesser")).agg(pl.max("twice_minor"))["twice_minor"].sum()
    return tables.sentence(
        "{accounts} and {copies} look like one and the same. If they are, {by_accounts} of Salesforce MRR stands twice "
        "by accounts and {by_copies} by opportunities; nothing is taken off by itself.",
        accounts=tables.count(accounts.height, "pair of accounts", "pairs of accounts"),
        copies=tables.count(opportunities["same_as"].count(), "repeated opportunity", "repeated opportunities"),
        by_accounts=tables.money(int(by_accounts), currency),
        by_copies=tables.money(int(opportunities["twice_minor"].sum()), currency),
    )


def _values(account_keys: pl.DataFrame) -> pl.DataFrame:
    """List what accounts may have in common: one row per account, kind and value, with how many carry it."""
    named = account_keys.drop_nulls("name_core")
    carried = {
        "domain": pl.col("domains"),
        "registration": pl.concat_list(_REGISTRATION),
        "postal_code": pl.concat_list(pl.format("{} {}", pl.col("country").fill_null(""), "postal_code")),
    }
    rows = [
        named.select("account_id", "name_core", kind=pl.lit(kind), value=value).explode("value", empty_as_null=False)
        for kind, value in carried.items()
    ]
    alike = ["name_core", "kind", "value"]
    values = pl.concat(rows).drop_nulls("value").unique()
    counted = values.with_columns(carriers=pl.len().over(alike), first=pl.min("account_id").over(alike))
    return counted.filter(pl.col("carriers") > 1)


_REGISTRATION = pl.coalesce("tax_id", "tax_number")


def _each_with_each(values: pl.DataFrame) -> pl.DataFrame:
    few = values.filter(pl.col("carriers") <= _CROWD)
    joined = few.join(few, on=["name_core", "kind", "value"], how="inner", suffix="_other", validate="m:m")
    pairs = joined.filter(pl.col("account_id") < pl.col("account_id_other"))
    return pairs.select("account_id", "kind", other_account_id="account_id_other")


def _each_with_first(values: pl.DataFrame) -> pl.DataFrame:
    crowd = values.filter(pl.col("carriers") > _CROWD, pl.col("account_id") != pl.col("first"))
    return crowd.select(pl.col("first").alias("account_id"), "kind", other_account_id="account_id")


def _numbers(account_keys: pl.DataFrame) -> pl.DataFrame:
    return account_keys.select("account_id", registration=_REGISTRATION)


def _are_two() -> pl.Expr:
    """Tell whether a pair is a parent and its subsidiary, or carries two registration numbers."""
    is_parent = pl.col("parent_id").eq_missing(pl.col("other_account_id"))
    is_child = pl.col("other_parent_id").eq_missing(pl.col("account_id"))
    differs = (pl.col("registration") != pl.col("other_registration")).fill_null(value=False)
    return is_parent | is_child | differs


def _mrr_by_account(contracts: pl.DataFrame) -> pl.DataFrame:
    return (
        contracts.filter("is_won")
        .group_by("account_id")
        .agg(mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
    )
