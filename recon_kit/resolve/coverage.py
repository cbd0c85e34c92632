"""Coverage: how much of the MRR the links reach, and what stays unmatched on either side."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from recon_kit import tables
from recon_kit.resolve.links import LINKED, REVIEW, UNLINKED
from recon_kit.tables import KeyFigure, Panel


def key_figures(links: pl.DataFrame, subscriptions: pl.DataFrame, currency: str) -> Panel:
    """Show how many customers are linked, in review and not linked, and the MRR of each.

    Subscriptions without a rate are left out.

    Args:
        links: rows of ``links``.
        subscriptions: rows of ``subscriptions``.
        currency: the reporting currency.
    """
    billed = links.join(_mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1")
    shown = ((LINKED, "Linked"), (REVIEW, "In review"), (UNLINKED, "Not linked"))
    return tables.figures(
        [_figure(name, billed.filter(pl.col("status") == one), billed, currency) for one, name in shown]
    )


def _figure(name: str, part: pl.DataFrame, whole: pl.DataFrame, currency: str) -> KeyFigure:
    mrr, total = int(part["mrr_minor"].sum()), int(whole["mrr_minor"].sum())
    share = f", {100 * Decimal(mrr) / total:.1f} % of Stripe MRR" if total > 0 else ""
    note = f"of {tables.count(whole.height, 'customer')}; {tables.money(mrr, currency)} a month{share}"
    return KeyFigure(name, f"{part.height:,}", note)


def coverage_by_method(links: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Count customers and Stripe MRR by how they were linked.

    Returns:
        One row per (status, method), sorted: ``how`` (both in words), ``customers``, ``mrr_minor`` and
        ``annualised_minor`` (reporting currency; subscriptions without a rate are left out).

    Conserves:
        sum(customers) == customers; sum(mrr_minor) == Stripe MRR.
    """
    billed = links.join(_mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1")
    return (
        billed.group_by("status", "method")
        .agg(customers=pl.len().cast(pl.Int64), mrr_minor=pl.col("mrr_minor").fill_null(0).sum())
        .with_columns(annualised_minor=12 * pl.col("mrr_minor"), how=_HOW)
        .sort("status", "method")
    )


_BY = pl.col("method").replace_strict({"model": "the model"}, default=pl.col("method"), return_dtype=pl.String)
_HOW = pl.when(pl.col("method") == "none").then("status").otherwise(pl.format("{}, by {}", "status", _BY))


def coverage_by_evidence(links: pl.DataFrame, candidates: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Count linked customers and their Stripe MRR by the strongest evidence of their link.

    Args:
        links: rows of ``links``.
        candidates: rows of ``candidates``.
        subscriptions: rows of ``subscriptions``.

    Returns:
        One row per kind of evidence, strongest first: ``evidence`` (:data:`KINDS`), ``customers``, ``mrr_minor``
        (reporting currency).

    Conserves:
        sum(customers) == linked customers.
    """
    said = candidates.select("customer_id", "account_id", said="evidence")
    linked = links.filter(pl.col("status") == LINKED).join(
        said, on=["customer_id", "account_id"], how="left", validate="1:1"
    )
    billed = linked.with_columns(evidence=_kind()).join(
        _mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1"
    )
    counted = billed.group_by("evidence").agg(
        customers=pl.len().cast(pl.Int64), mrr_minor=pl.col("mrr_minor").fill_null(0).sum()
    )
    return counted.sort(pl.col("evidence").cast(pl.Enum(KINDS)))


KINDS = ("decision", "id", "e-mail", "domain", "name", "model")
"""What a link rests on most; ``model`` is evidence none of which would do alone: a similar name, a number, a place."""

_SAID = {"e-mail": r"\bthe same e-mail address", "domain": r"\bthe same web domain", "name": r"\bthe same name"}
"""What the evidence of a candidate says, by the kind it makes the link of; the first that it says counts."""


def _kind() -> pl.Expr:
    said = pl.col("said").fill_null("")
    kinds = [pl.when(said.str.contains(pattern)).then(pl.lit(kind)) for kind, pattern in _SAID.items()]
    settled = pl.when(pl.col("method").is_in(["decision", "id"])).then("method")
    return pl.coalesce(settled, *kinds, pl.lit("model"))


def unmatched_customers(links: pl.DataFrame, customers: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """List the customers for which no account is likely enough, largest MRR first; those in review are not among them.

    Returns:
        One row per customer: ``name``, ``email``, ``country``, ``city``, ``mrr_minor`` (reporting currency),
        ``reason``, ``customer_id``.
    """
    return (
        links.filter(pl.col("status") == UNLINKED)
        .join(
            customers.select("customer_id", "name", "email", "country", "city"),
            on="customer_id",
            how="left",
            validate="1:1",
        )
        .join(_mrr_by_customer(subscriptions), on="customer_id", how="left", validate="1:1")
        .with_columns(pl.col("mrr_minor").fill_null(0))
        .select("name", "email", "country", "city", "mrr_minor", "reason", "customer_id")
        .sort(["mrr_minor", "customer_id"], descending=[True, False])
    )


def unmatched_accounts(
    links: pl.DataFrame, accounts: pl.DataFrame, contracts: pl.DataFrame, *, currency: str
) -> pl.DataFrame:
    """List the accounts with won contracts to which no customer is linked, largest MRR first.

    Args:
        links: rows of ``links``.
        accounts: rows of ``accounts``.
        contracts: rows of ``contracts``.
        currency: the reporting currency.

    Returns:
        One row per account: ``name``, ``in_review`` (customers that may be its own), ``contracts``, ``mrr_minor`` (in
        force on as_of), ``contract_value_minor`` (of all won contracts over their terms), ``account_id``; amounts in
        the reporting currency.
    """
    by_status = {status: links.filter(pl.col("status") == status) for status in (LINKED, REVIEW)}
    waiting = by_status[REVIEW].group_by("account_id").agg(in_review=pl.len().cast(pl.Int64))
    sold = (
        contracts.filter("is_won")
        .group_by("account_id")
        .agg(
            contracts=pl.len().cast(pl.Int64),
            mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum(),
            contract_value_minor=_contract_value(currency).fill_null(0).sum(),
        )
    )
    return (
        accounts.filter(~pl.col("is_deleted"))
        .select("account_id", "name")
        .join(sold, on="account_id", how="inner", validate="1:1")
        .join(by_status[LINKED].select("account_id").unique(), on="account_id", how="anti")
        .join(waiting, on="account_id", how="left", validate="1:1")
        .select(
            "name", pl.col("in_review").fill_null(0), "contracts", "mrr_minor", "contract_value_minor", "account_id"
        )
        .sort(["mrr_minor", "contract_value_minor", "account_id"], descending=[True, True, False])
    )


def _contract_value(currency: str) -> pl.Expr:
    """Value a contract over its term: the amount where it is one of the term and currency, else months of MRR."""
    is_told = (pl.col("amount_basis") == "total") & (pl.col("currency") == currency)
    months = pl.col("term_mrr_reporting_minor") * pl.col("term_months")
    return pl.when(is_told).then(pl.coalesce("amount_minor", months)).otherwise(months)


def _mrr_by_customer(subscriptions: pl.DataFrame) -> pl.DataFrame:
    return subscriptions.group_by("customer_id").agg(mrr_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
