"""The queue of gaps: open ones, the largest impact first."""

from __future__ import annotations

from typing import Any

import polars as pl

from recon_kit import journal, tables
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.decide import AFTER_GAP
from recon_kit.commands.review.headings import of_gaps
from recon_kit.commands.review.queue import Ground, Queue, grounds_by_id, tables_of, with_open_columns
from recon_kit.workbook import Sheet

SHEET = "Gaps"


def gaps_queue(close: CloseFolder) -> Queue:
    """Lay out the open gaps of a close, largest impact first."""
    gaps, contracts, subscriptions = tables_of(close, "gaps", "contracts", "subscriptions")
    waiting = gaps.filter(pl.col("state") == "open").drop("evidence")
    evidence = journal.gap_evidence(gaps.join(waiting, on="gap_id", how="semi"), contracts, subscriptions)
    rows = with_open_columns(waiting.join(evidence, on="gap_id", how="left", validate="1:1")).with_columns(
        id="gap_id",
        since="diverged_on",
        records=pl.concat_list("opportunity_ids", "subscription_ids", "customer_ids").list.join("\n"),
    )
    shown = tables.in_words(rows).sort(["impact_minor", "gap_id"], descending=[True, False])
    sheet = Sheet(SHEET, of_gaps(journal.ALLOWED["gap"]), shown)
    return Queue("gap", sheet, grounds_by_id(rows, _ground))


def _ground(row: dict[str, Any]) -> Ground:
    after = {decision: {"state": state} for decision, state in AFTER_GAP.items()}
    subject = journal.GapSubject(gap_id=row["gap_id"])
    return Ground(subject, {"state": row["state"]}, after, row["evidence"], row["evidence_fields"], {})
