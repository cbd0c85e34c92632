"""Pending: gaps that a link in review may settle, because one customer may stand on both sides."""

from __future__ import annotations

import polars as pl

_REVIEW = "review"
_ORPHAN = "orphaned_revenue"
ONE_SIDED = (_ORPHAN, "missing_subscription", "phantom_revenue")
"""Families in which one system seems to know a customer that the other does not."""


def is_pending(links: pl.DataFrame) -> pl.Expr:
    """Whether a gap waits for a person to decide about a link, whatever the probability of that link.

    Args:
        links: rows of ``links``; those of status ``review`` are undecided.

    Returns:
        A condition on rows of ``gaps``: an orphan whose customer is in review, or a missing subscription or phantom of
        an account that a customer in review may belong to. Never null.
    """
    review = links.filter(pl.col("status") == _REVIEW)
    by_customer = pl.col("customer_ids").list.first().is_in(review["customer_id"].implode())
    by_account = pl.col("account_id").is_in(review["account_id"].drop_nulls().implode())
    asked = pl.when(pl.col("family") == _ORPHAN).then(by_customer).otherwise(by_account)
    return pl.col("family").is_in(list(ONE_SIDED)) & asked.fill_null(value=False)
