"""The queue of links: customers in review with the accounts they may belong to, one row a pair."""

from __future__ import annotations

from typing import Any

import polars as pl

from recon_kit import journal
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.decide import AFTER_LINK
from recon_kit.commands.review.headings import of_links
from recon_kit.commands.review.queue import Ground, Queue, grounds_by_id, tables_of, with_open_columns
from recon_kit.salesforce_id import long_id
from recon_kit.workbook import Sheet

SHEET = "Links"
CANDIDATES = 4
"""Accounts that are shown for a customer at most."""
_COMPARED = {"name": "name", "email": "e-mail", "phone": "phone", "city": "city", "country": "country"}


def links_queue(close: CloseFolder, currency: str) -> Queue:
    """Lay out the pairs to decide of customers in review, the most MRR at stake first."""
    links, candidates, customers, accounts, subscriptions = tables_of(
        close, "links", "candidates", "customers", "accounts", "subscriptions"
    )
    pairs = _pairs(links.filter(pl.col("status") == "review"), candidates)
    evidence = journal.link_evidence(pairs, customers, accounts)
    mrr = subscriptions.group_by("customer_id").agg(impact_minor=pl.col("mrr_reporting_minor").fill_null(0).sum())
    rows = (
        pairs.join(evidence.drop("account_id"), on=["customer_id", "account_key"], how="inner", validate="1:1")
        .join(_of_customers(customers), on="customer_id", how="left", validate="m:1")
        .join(_of_accounts(accounts), on="account_key", how="left", validate="m:1")
        .join(mrr, on="customer_id", how="left", validate="m:1")
        .with_columns(
            pl.col("impact_minor").fill_null(0),
            id=pl.concat_str("customer_id", "account_id", separator=" "),
            currency=pl.lit(currency),
            difference=_differences(),
            suggested_correction=_correction(),
        )
        .sort(["impact_minor", "customer_id", "rank", "account_id"], descending=[True, False, False, False])
    )
    return Queue("link", Sheet(SHEET, of_links(journal.ALLOWED["link"]), with_open_columns(rows)), _grounds(rows))


def _pairs(review: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """The likeliest accounts of each customer, the one that its link names first."""
    told = ("customer_id", "method", "reason")
    named = review.select(*told, "account_id", "link_probability", proposed="account_id")
    runner = {"account_id": "runner_up_account_id", "link_probability": "runner_up_probability"}
    runners = review.select(*told, **runner, proposed="account_id")
    others = candidates.select("customer_id", "account_id", "link_probability", speaks="evidence").join(
        review.select(*told, proposed="account_id"), on="customer_id", how="inner", validate="m:1"
    )
    every = pl.concat([others, named, runners], how="diagonal").filter(pl.col("account_id").is_not_null())
    once = every.with_columns(account_key=long_id(pl.col("account_id"))).unique(
        ["customer_id", "account_key"], keep="first", maintain_order=True
    )
    is_other = (pl.col("account_id") != pl.col("proposed")).fill_null(value=True)
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
    return own.select(account_key=long_id(pl.col("account_id")), salesforce_says=said, **facts)


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


def _grounds(rows: pl.DataFrame) -> dict[str, Ground]:
    return grounds_by_id(rows, _ground)


def _ground(row: dict[str, Any]) -> Ground:
    gone = "the account is deleted, or was merged into another: confirm that one"
    before = {"status": "review", "account_id": row["proposed"], "method": row["method"]}
    after = {
        decision: {"status": status, "account_id": row["account_id"], "method": "decision"}
        for decision, status in AFTER_LINK.items()
    }
    return Ground(
        journal.LinkSubject(customer_id=row["customer_id"], account_id=row["account_id"]),
        before,
        after,
        row["evidence"],
        row["evidence_fields"],
        {"confirm": gone} if row["is_deleted"] else {},
    )
