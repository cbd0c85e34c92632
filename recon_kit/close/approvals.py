"""Approvals: which billing events that are not standard a person approved or declined, and which wait."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from recon_kit import journal, tables
from recon_kit.schemas import TABLES
from recon_kit.tables import Panel

WAITING = "waiting"
_STATUS = {"approve": "approved", "decline": "declined"}


class Approvals(NamedTuple):
    """Rows of ``approvals``, and of ``decisions`` (without ``room``) about events."""

    rows: pl.DataFrame
    decisions: pl.DataFrame


def approvals(events: pl.DataFrame, decisions: pl.DataFrame) -> Approvals:
    """Judge the decisions about events by what the events say in this close.

    Args:
        events: what :func:`recon_kit.close.billing_events.billing_events` returns.
        decisions: what :func:`recon_kit.journal.read_decisions` returns.

    Returns:
        One row per event, with its status; an approval whose event changed has lapsed, and the event waits again.
    """
    about = decisions.filter(pl.col("subject") == "event")
    judged = journal.with_status(about, journal.event_evidence(events), ["event_id"])
    standing = judged.filter(pl.col("status").is_in([journal.APPLIED, journal.LAPSED]))
    is_applied = pl.col("status") == journal.APPLIED
    word = pl.col("decision").replace_strict(_STATUS, default=None, return_dtype=pl.String)
    lapsed = pl.format("Decision {} ({} by {}): {}", "sequence", "decision", "by", "message")
    said = standing.select(
        "event_id",
        decided=pl.when(is_applied).then(word),
        decided_by=pl.when(is_applied).then("by"),
        decided_on=pl.when(is_applied).then(pl.col("at").dt.date()),
        note=pl.when(is_applied)
        .then(pl.format("{} by {}.", word.str.to_titlecase(), journal.told()))
        .otherwise(lapsed),
    )
    joined = events.join(said, on="event_id", how="left", validate="1:1", maintain_order="left")
    rows = joined.with_columns(status=pl.col("decided").fill_null(WAITING)).select(TABLES["approvals"].columns)
    return Approvals(rows, journal.decision_rows(judged))


def approval_sentence(rows: pl.DataFrame) -> Panel:
    """Say how many events wait for an approval."""
    waiting = rows.filter(pl.col("status") == WAITING).height
    if not rows.height:
        return tables.sentence("No billing event needs an approval.", tone="good")
    return tables.sentence(
        "{waiting} for an approval; {decided} decided. Decide in the workbook of recon review export, or with "
        "recon decide event.",
        waiting=tables.count(waiting, "event waits", "events wait"),
        decided=tables.count(rows.height - waiting, "is", "are"),
    )
