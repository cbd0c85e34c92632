"""The queue of links: customers in review with the accounts they may belong to, one row a pair."""

from __future__ import annotations

from typing import Any

import polars as pl

from recon_kit import journal
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.decide import AFTER_LINK
from recon_kit.commands.review.headings import of_links
from recon_kit.commands.review.queue import Ground, Queue, grounds_by_id, tables_of, with_open_columns
from recon_kit.resolve import review_queue
from recon_kit.salesforce_id import long_id
from recon_kit.workbook import Sheet

SHEET = "Links"


def links_queue(close: CloseFolder, currency: str) -> Queue:
    """Lay out the pairs to decide of customers in review, the most MRR at stake first, as page 3 lists them."""
    links, candidates, customers, accounts, subscriptions = tables_of(
        close, "links", "candidates", "customers", "accounts", "subscriptions"
    )
    pairs = review_queue(links, candidates, customers, accounts, subscriptions, currency=currency).with_columns(
        id=pl.concat_str("customer_id", "account_id", separator=" "), account_key=long_id(pl.col("account_id"))
    )
    evidence = journal.link_evidence(pairs, customers, accounts).drop("account_id", "is_deleted")
    rows = pairs.join(evidence, on=["customer_id", "account_key"], how="inner", validate="1:1", maintain_order="left")
    return Queue("link", Sheet(SHEET, of_links(journal.ALLOWED["link"]), with_open_columns(rows)), _grounds(rows))


def _grounds(rows: pl.DataFrame) -> dict[str, Ground]:
    return grounds_by_id(rows, _ground)


def _ground(row: dict[str, Any]) -> Ground:
    gone = "the account is deleted, or was merged into another: confirm that one"
    before = {"status": "review", "account_id": row["proposed_id"], "method": row["method"]}
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
