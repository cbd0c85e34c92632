"""Baselines: what a careful person would do with a join, so that the model has something to beat."""

from __future__ import annotations

import polars as pl

from recon_kit.resolve.evaluation.name_search import ALIKE_FROM, most_alike
from recon_kit.resolve.evaluation.ratios import Ratio, measured_ratios

_PAIR = ["customer_id", "account_id"]

EXACT_ID, EMAIL, DOMAIN, NAME = "exact id", "e-mail", "unique domain", "unique name"
DOMAIN_THEN_NAME = "domain, then name"
FUZZY_NAME = f"fuzzy name, {ALIKE_FROM} of 100 or more"


def baseline_links(account_keys: pl.DataFrame, customer_keys: pl.DataFrame, claims: pl.DataFrame) -> pl.DataFrame:
    """Link customers by one kind of evidence each, where it names one account only.

    Args:
        account_keys: rows of ``account_keys``.
        customer_keys: rows of ``customer_keys``.
        claims: what :func:`recon_kit.resolve.explicit_claims` returns.

    Returns:
        One row per (method, customer_id) that is linked, sorted: ``account_id``. A name is unique when one account only
        has it in full, or else without its legal form. The fuzzy name takes the best, of equals the first in order.
    """
    by_domain, by_name = _shared(account_keys, customer_keys, "domains"), _by_name(account_keys, customer_keys)
    found = {
        EXACT_ID: _unambiguous(claims.filter(pl.col("fault").is_null()).select(_PAIR).drop_nulls()),
        EMAIL: _shared(account_keys, customer_keys, "emails"),
        DOMAIN: by_domain,
        NAME: by_name,
        DOMAIN_THEN_NAME: _first_of(by_domain, by_name),
        FUZZY_NAME: _by_fuzzy_name(account_keys, customer_keys),
    }
    return pl.concat(pairs.select(pl.lit(method).alias("method"), *_PAIR) for method, pairs in found.items()).sort(
        "method", *_PAIR
    )


def _shared(account_keys: pl.DataFrame, customer_keys: pl.DataFrame, column: str) -> pl.DataFrame:
    """Pair customers with the only account that carries one of their values."""
    ours, theirs = (
        keys.select(key, value=column).explode("value", empty_as_null=False).drop_nulls().unique()
        for keys, key in ((account_keys, "account_id"), (customer_keys, "customer_id"))
    )
    return _through(ours, theirs)


def _same(account_keys: pl.DataFrame, customer_keys: pl.DataFrame, column: str) -> pl.DataFrame:
    ours, theirs = (
        keys.select(key, value=column).drop_nulls().unique()
        for keys, key in ((account_keys, "account_id"), (customer_keys, "customer_id"))
    )
    return _through(ours, theirs)


def _through(ours: pl.DataFrame, theirs: pl.DataFrame) -> pl.DataFrame:
    """Pair customers with accounts through values that one account only carries."""
    own = ours.filter(pl.len().over("value") == 1)
    return _unambiguous(theirs.join(own, on="value", how="inner", validate="m:1").select(_PAIR))


def _unambiguous(pairs: pl.DataFrame) -> pl.DataFrame:
    distinct = pairs.unique()
    return distinct.filter(pl.len().over("customer_id") == 1).sort("customer_id")


def _by_name(account_keys: pl.DataFrame, customer_keys: pl.DataFrame) -> pl.DataFrame:
    return _first_of(*(_same(account_keys, customer_keys, column) for column in ("name_full", "name_core")))


def _first_of(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([first, second.join(first, on="customer_id", how="anti")]).sort("customer_id")


def _by_fuzzy_name(account_keys: pl.DataFrame, customer_keys: pl.DataFrame) -> pl.DataFrame:
    found = most_alike(customer_keys["name_core"], account_keys["name_core"])
    first = account_keys.drop_nulls("name_core").group_by(alike="name_core").agg(pl.col("account_id").min())
    named = customer_keys.select("customer_id", name="name_core").drop_nulls()
    return (
        named.join(found, on="name", how="inner", validate="m:1")
        .join(first, on="alike", how="inner", validate="m:1")
        .select(_PAIR)
    )


def baseline_measures(links: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Measure the baselines against the truth.

    Args:
        links: what :func:`baseline_links` returns, for the customers of the truth.
        truth: ``customer_id``, ``account_id`` (null: none), once a customer.

    Returns:
        One row per (method, measure of precision, recall, f1), in the methods' order: columns as of
        :func:`recon_kit.resolve.evaluation.measures`.
    """
    methods = (EXACT_ID, EMAIL, DOMAIN, NAME, DOMAIN_THEN_NAME, FUZZY_NAME)
    measured = [_measured(links.filter(pl.col("method") == method), truth, method) for method in methods]
    return pl.concat(measured)


_RATIOS = (
    Ratio("precision", ("is_right",), ("is_linked",)),
    Ratio("recall", ("is_right",), ("is_true",)),
    Ratio("f1", ("is_right", "is_right"), ("is_linked", "is_true"), is_proportion=False),
)


def _measured(links: pl.DataFrame, truth: pl.DataFrame, method: str) -> pl.DataFrame:
    found = links.select("customer_id", linked_id="account_id")
    judged = truth.join(found, on="customer_id", how="left", validate="1:1").select(
        is_linked=pl.col("linked_id").is_not_null(),
        is_true=pl.col("account_id").is_not_null(),
        is_right=(pl.col("linked_id") == pl.col("account_id")).fill_null(value=False),
    )
    return measured_ratios(judged.cast(pl.Float64), _RATIOS).select(pl.lit(method).alias("method"), pl.all())
