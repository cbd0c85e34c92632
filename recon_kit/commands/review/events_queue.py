"""The queue of events: those that wait for an approval, the newest first."""

from __future__ import annotations

from typing import Any

import polars as pl

from recon_kit import journal, tables
from recon_kit.artifacts import CloseFolder
from recon_kit.commands.decide import AFTER_EVENT
from recon_kit.commands.review.headings import of_events
from recon_kit.commands.review.queue import Ground, Queue, grounds_by_id, tables_of, with_open_columns
from recon_kit.schemas import TABLES
from recon_kit.workbook import Sheet

SHEET = "Approvals"
_CORRECTION = "Approve it if it was agreed; decline it if not, and have it taken back in the system it was made in."


def events_queue(close: CloseFolder) -> Queue:
    """Lay out the billing events of a close that wait for an approval, newest first; none in a close without any."""
    events = next(tables_of(close, "approvals")) if close.has_table("approvals") else TABLES["approvals"].empty()
    waiting = events.filter(pl.col("status") == "waiting")
    evidence = journal.event_evidence(waiting)
    rows = with_open_columns(waiting.join(evidence, on="event_id", how="left", validate="1:1")).with_columns(
        id="event_id",
        cause="kind",
        explanation=pl.concat_str("terms", "note", separator=" ", ignore_nulls=True),
        salesforce_says=pl.when(_is_amendment()).then("terms"),
        stripe_says=pl.when(~_is_amendment()).then("terms"),
        suggested_correction=pl.lit(_CORRECTION),
        since="on",
        impact_minor=pl.col("difference_minor").abs(),
        touches=pl.concat_list("subscription_ids", "invoice_ids", "opportunity_ids").list.join("\n"),
    )
    shown = tables.in_words(rows).sort(["since", "id"], descending=[True, False])
    return Queue("event", Sheet(SHEET, of_events(journal.ALLOWED["event"]), shown), grounds_by_id(rows, _ground))


def _is_amendment() -> pl.Expr:
    return pl.col("kind") == "amendment"


def _ground(row: dict[str, Any]) -> Ground:
    after = {decision: {"status": status} for decision, status in AFTER_EVENT.items()}
    subject = journal.EventSubject(event_id=row["event_id"])
    return Ground(subject, {"status": row["status"]}, after, row["evidence"], row["evidence_fields"], {})
