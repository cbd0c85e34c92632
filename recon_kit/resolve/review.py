"""Review: links with the names of both sides, and the one pair a page takes apart."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from recon_kit import tables
from recon_kit.policy import SettingsError
from recon_kit.resolve.links import LINKED
from recon_kit.salesforce_id import long_id
from recon_kit.tables import Panel


class Pair(NamedTuple):
    """A customer and an account; null where there is no pair to show."""

    customer_id: str | None
    account_id: str | None


def links_with_names(links: pl.DataFrame, accounts: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return rows of ``links`` with ``customer_name`` and ``account_name``."""
    of_accounts = accounts.select("account_id", account_name="name")
    of_customers = customers.select("customer_id", customer_name="name")
    named = links.join(of_customers, on="customer_id", how="left", validate="1:1", maintain_order="left")
    return named.join(of_accounts, on="account_id", how="left", validate="m:1", maintain_order="left")


LABELS = {
    "name": "Name",
    "customer_name": "Customer",
    "account_name": "Account",
    "customer_id": "Customer's id",
    "account_id": "Account's id",
    "mrr_minor": "MRR",
    "impact_minor": "MRR",
    "salesforce_says": "Salesforce says",
    "stripe_says": "Stripe says",
    "difference": "They differ in",
    "since": "Came to Stripe",
    "link_probability": "Probability",
    "runner_up_probability": "Its probability",
    "runner_up_account_id": "Runner-up's id",
    "contract_value_minor": "Contract value",
    "in_review": "Customers in review",
    "other_name": "The other",
    "other_mrr_minor": "Its MRR",
    "other_account_id": "The other's id",
    "twice_minor": "Stands twice",
    "same_as": "Same as",
}
"""Headings of the page."""


def pair_to_show(pair: str | None, queue: pl.DataFrame, links: pl.DataFrame) -> Pair:
    """Choose the pair whose weight a page takes apart.

    Args:
        pair: ``customer,account`` by their ids; none: the first of the queue, else the linked pair of which the model
            is least sure.
        queue: what :func:`recon_kit.resolve.review_queue` returns.
        links: rows of ``links``.

    Raises:
        SettingsError: the pair is not two ids with a comma between them.
    """
    if pair is not None:
        return _pair_given(pair)
    weakest = links.filter(pl.col("status") == LINKED, pl.col("method") == "model").sort(
        "link_probability", "customer_id"
    )
    first = pl.concat([part.select("customer_id", "account_id") for part in (queue, weakest)]).head(1)
    return Pair(*first.row(0)) if first.height else Pair(None, None)


def _pair_given(pair: str) -> Pair:
    ids = [part.strip() for part in pair.split(",")]
    if len(ids) != len(Pair._fields) or not all(ids):
        message = (
            f"The parameter pair is {pair!r}; give a customer's id and an account's id with a comma between them, "
            "such as cus_9s6XKzkNRiz8i3,001Qy000001aB2cIAE."
        )
        raise SettingsError(message)
    return Pair(ids[0], pl.select(long_id(pl.lit(ids[1]))).item())


def pair_sentence(
    pair: Pair, candidates: pl.DataFrame, links: pl.DataFrame, accounts: pl.DataFrame, customers: pl.DataFrame
) -> Panel:
    """Say what the model gives a pair, alone and among its customer's other candidates.

    Args:
        pair: what :func:`pair_to_show` returns.
        candidates: rows of ``candidates``.
        links: rows of ``links``.
        accounts: rows of ``accounts``, for their names.
        customers: rows of ``customers``, for their names.
    """
    found = candidates.filter(
        pl.col("customer_id").eq_missing(pl.lit(pair.customer_id, dtype=pl.String)),
        pl.col("account_id").eq_missing(pl.lit(pair.account_id, dtype=pl.String)),
    )
    if pair.customer_id is None:
        return tables.sentence("The model chose no pair, so there is none to take apart.")
    if found.is_empty():
        return tables.sentence(
            "{customer} and {account} are no candidate pair: they share none of the keys below, their weight is under "
            "the floor, a person rejected the pair, or an id is mistyped.",
            customer=pair.customer_id,
            account=str(pair.account_id),
        )
    status = links.filter(pl.col("customer_id") == pair.customer_id)["status"].first()
    return tables.sentence(
        "{payer} ({customer}) and {name} ({account}): probability {probability}; the customer is {status}. "
        "What speaks: {said}.",
        customer=pair.customer_id,
        account=str(pair.account_id),
        payer=_name_of(customers, "customer_id", pair.customer_id),
        name=_name_of(accounts, "account_id", pair.account_id),
        probability=f"{found['link_probability'].item():.3f}",
        status=_IN_WORDS.get(str(status), "not of this close"),
        said=found["evidence"].item() or "nothing",
    )


def _name_of(records: pl.DataFrame, key: str, record_id: str | None) -> str:
    names = records.filter(pl.col(key) == record_id)["name"].drop_nulls()
    return str(names.first()) if names.len() else "no name"


_IN_WORDS = {"linked": "linked", "review": "in review", "unlinked": "not linked"}
