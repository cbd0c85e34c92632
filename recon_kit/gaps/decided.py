"""Decided: what people decided about gaps, on today's evidence, and the state and note it gives them."""

from __future__ import annotations

import polars as pl

from recon_kit import journal
from recon_kit.gaps.books import Books

STATES = {"accept": "accepted", "reject": "rejected", "resolved": "resolved"}
"""The state that a decision gives an open gap; ``needs_info`` leaves it open."""

_WORDS = {
    "accept": "Accepted by",
    "reject": "Rejected by",
    "resolved": "Declared resolved by",
    "needs_info": "More information asked for by",
}


def decided_gaps(decisions: pl.DataFrame, gaps: pl.DataFrame, books: Books) -> pl.DataFrame:
    """Judge the decisions about gaps by what the gaps say in this close.

    Args:
        decisions: what :func:`recon_kit.journal.read_decisions` returns.
        gaps: rows of ``gaps``.
        books: contracts and subscriptions.

    Returns:
        One row per decision about a gap, by ``sequence``: its columns, ``status`` and ``message``. The subject of a gap
        that cleared, or whose records are others now, is unknown.
    """
    about = decisions.filter(pl.col("subject") == "gap")
    named = gaps.join(about.select("gap_id").unique(), on="gap_id", how="semi")
    current = journal.gap_evidence(named, books.contracts, books.subscriptions)
    judged = journal.with_status(about, current, ["gap_id"]).join(
        gaps.select("gap_id", "state"), on="gap_id", how="left", validate="m:1"
    )
    is_applied = pl.col("status") == journal.APPLIED
    message = (
        pl.when(pl.col("status") == journal.UNKNOWN)
        .then(pl.lit("No gap of this close has this id: it cleared, or its records are others now."))
        .when(is_applied & (pl.col("decision") == "needs_info"))
        .then(pl.lit("Applied as a note: the gap stays as it is until it is decided."))
        .when(is_applied & (pl.col("state") != "open"))
        .then(pl.format("Noted; it takes effect when the gap is open: its state is still {}.", "state"))
        .otherwise("message")
    )
    return judged.with_columns(message=message).drop("state").sort("sequence")


def with_decisions(gaps: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Give open gaps the state that was decided, and say in the explanation of each what was decided or has lapsed.

    Args:
        gaps: rows of ``gaps``.
        decided: what :func:`decided_gaps` returns.

    Returns:
        The same rows in the same order. No amount changes: a gap that was accepted, rejected or declared resolved still
        stands in its family's line of the bridge, since both systems still differ.
    """
    standing = decided.filter(pl.col("status").is_in([journal.APPLIED, journal.LAPSED]))
    words = pl.col("decision").replace_strict(_WORDS, return_dtype=pl.String)
    lapsed = pl.format("Decision {} ({} by {}): {}", "sequence", "decision", "by", "message")
    is_applied = pl.col("status") == journal.APPLIED
    state = pl.col("decision").replace_strict(STATES, default=None, return_dtype=pl.String)
    notes = standing.select(
        "gap_id",
        decided_state=pl.when(is_applied).then(state),
        note=pl.when(is_applied).then(pl.format("{} {}.", words, journal.told())).otherwise(lapsed),
    )
    noted = gaps.join(notes, on="gap_id", how="left", validate="1:1", maintain_order="left")
    is_decided = (pl.col("state") == "open") & pl.col("decided_state").is_not_null()
    return noted.with_columns(
        state=pl.when(is_decided).then("decided_state").otherwise("state"),
        explanation=pl.concat_str("explanation", "note", separator=" ", ignore_nulls=True),
    ).select(gaps.columns)
