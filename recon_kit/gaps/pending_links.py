"""Pending links: a gap that may only be a link not yet decided says so before it proposes a correction."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.books import Books
from recon_kit.pending import is_pending


def with_pending_links(gaps: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Put the decision about a link in review before the correction of the gaps that it may settle.

    Args:
        gaps: rows of ``gaps``.
        books: links, customers and accounts.

    Returns:
        The same rows. Where a customer in review may belong to the gap's account, or the gap's customer is in review,
        ``suggested_correction`` begins with the decision and ``link_probability`` is that of the link in review.
    """
    asked = _questions(books)
    of_accounts = asked.sort("customer_id").unique("account_id", keep="first", maintain_order=True)
    joined = (
        gaps.with_columns(customer_id=pl.col("customer_ids").list.first())
        .join(
            asked.select("customer_id", by_customer="question", p_customer="probability"),
            on="customer_id",
            how="left",
            validate="m:1",
        )
        .join(
            of_accounts.select("account_id", by_account="question", p_account="probability"),
            on="account_id",
            how="left",
            validate="m:1",
        )
    )
    is_orphan = pl.col("family") == "orphaned_revenue"
    question = pl.when(is_orphan).then("by_customer").otherwise("by_account")
    is_asked = is_pending(books.links) & question.is_not_null()
    said = pl.format("{} If not: {}", question, "suggested_correction")
    probability = pl.when(is_orphan).then("p_customer").otherwise("p_account")
    return joined.with_columns(
        suggested_correction=pl.when(is_asked).then(said).otherwise("suggested_correction"),
        link_probability=pl.when(is_asked).then(probability).otherwise("link_probability"),
    ).select(gaps.columns)


def _questions(books: Books) -> pl.DataFrame:
    review = books.links.filter(pl.col("status") == "review").select(
        "customer_id", "account_id", probability="link_probability"
    )
    named = review.join(
        books.customers.select("customer_id", customer="name"), on="customer_id", how="left", validate="1:1"
    ).join(books.accounts.select("account_id", account="name"), on="account_id", how="left", validate="m:1")
    question = pl.format(
        "Decide whether Stripe customer {} ({}) is Salesforce account {}: the link is in review. If so, write {} into "
        "the customer's Stripe metadata as salesforce_account_id; the next run pairs them.",
        pl.col("customer").fill_null("without a name"),
        "customer_id",
        pl.col("account").fill_null(pl.col("account_id")),
        "account_id",
    )
    return named.select("customer_id", "account_id", "probability", question=question)
