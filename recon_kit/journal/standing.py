"""Standing: which decisions hold on today's evidence, which have lapsed, were superseded, or contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from recon_kit.journal.journal_file import read_journal
from recon_kit.journal.lines import Decision
from recon_kit.journal.signatures import what_protects
from recon_kit.schemas import TABLES
from recon_kit.signing import known_public_key

COPY = "decisions.jsonl"
"""The journal as it was known when a close began, in its ``inputs/``."""

APPLIED, LAPSED, SUPERSEDED = "applied", "lapsed", "superseded"
CONTRADICTING, UNKNOWN = "contradicting", "unknown_subject"

_RECORD: dict[str, pl.DataType] = {
    "sequence": pl.Int64(),
    "subject": pl.String(),
    "customer_id": pl.String(),
    "account_id": pl.String(),
    "gap_id": pl.String(),
    "event_id": pl.String(),
    "decision": pl.String(),
    "by": pl.String(),
    "at": pl.Datetime("us", "UTC"),
    "reason": pl.String(),
    "evidence": pl.String(),
    "evidence_fields": pl.List(pl.String()),
}


def read_decisions(inputs: Path) -> pl.DataFrame:
    """Read the decisions that a close rests on.

    Args:
        inputs: the close's ``inputs/``.

    Returns:
        One row per line of the journal, in its order: ``sequence``, ``subject`` (link, gap or event), ``customer_id``,
        ``account_id``, ``gap_id``, ``event_id``, ``decision``, ``by``, ``at``, ``reason``, ``evidence``,
        ``evidence_fields``. Empty where there is no journal.

    Raises:
        SettingsError: the copy does not verify.
    """
    return decisions_frame(read_journal(inputs / COPY, has_head=False).decisions)


def protection(inputs: Path) -> str:
    """Say against whom the journal that a close rests on protects, in a sentence."""
    return what_protects(read_journal(inputs / COPY, has_head=False).decisions, known_public_key())


def decisions_frame(decisions: Sequence[Decision]) -> pl.DataFrame:
    """Lay decisions out as a frame; see :func:`read_decisions`."""
    records = [
        {
            **decision.model_dump(include={"sequence", "decision", "by", "reason", "evidence"}),
            **decision.subject.model_dump(exclude={"kind"}),
            "subject": decision.subject.kind,
            "evidence_fields": [f"{name}={digits}" for name, digits in decision.evidence_fields.items()],
            "at": decision.at,
        }
        for decision in decisions
    ]
    schema = _RECORD | {"at": pl.String()}
    read = pl.DataFrame(records, schema=schema)
    return read.with_columns(pl.col("at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC"))


def with_status(decisions: pl.DataFrame, current: pl.DataFrame, subject: list[str]) -> pl.DataFrame:
    """Tell of each decision whether it is the latest on its subject and whether its evidence still stands.

    Args:
        decisions: rows of :func:`read_decisions` of one kind of subject.
        current: the subject's columns with ``evidence`` and ``evidence_fields`` as of now, for the subjects that exist.
        subject: the columns that name it.

    Returns:
        One row per decision, by ``sequence``: its columns, ``status`` and ``message`` (one sentence).
    """
    now = current.select(*subject, now="evidence", fields_now="evidence_fields")
    joined = decisions.join(now, on=subject, how="left", validate="m:1")
    last = {
        f"last:{name}": pl.col(name).sort_by("sequence").last().over(subject) for name in ("decision", "by", "evidence")
    }
    latest = pl.col("sequence").max().over(subject)
    ordered = joined.with_columns(latest=latest, **last).sort("sequence")
    return ordered.with_columns(status=_status(), message=_message()).drop("now", "fields_now", "latest", *last)


def _status() -> pl.Expr:
    return (
        pl.when(pl.col("sequence") < pl.col("latest"))
        .then(pl.lit(SUPERSEDED))
        .when(pl.col("now").is_null())
        .then(pl.lit(UNKNOWN))
        .when(pl.col("now") != pl.col("evidence"))
        .then(pl.lit(LAPSED))
        .otherwise(pl.lit(APPLIED))
    )


def _message() -> pl.Expr:
    changed = pl.col("fields_now").list.set_difference("evidence_fields").list.eval(_field_name()).list.sort()
    told = pl.when(changed.list.len() > 0).then(changed.list.join(", ")).otherwise(pl.lit("what it says"))
    contradicts = (
        (pl.col("decision") != pl.col("last:decision"))
        & (pl.col("by") != pl.col("last:by"))
        & (pl.col("evidence") == pl.col("last:evidence"))
    )
    return (
        pl.when((pl.col("sequence") < pl.col("latest")) & contradicts)
        .then(pl.format(_CONTRADICTED, "latest", "last:decision", "last:by"))
        .when(pl.col("sequence") < pl.col("latest"))
        .then(pl.format("Not applied: decision {} about the same is newer.", "latest"))
        .when(pl.col("now").is_null())
        .then(pl.lit(_GONE))
        .when(pl.col("now") != pl.col("evidence"))
        .then(pl.format("Lapsed, not applied: {} changed since it was made. Decide again.", told))
        .otherwise(pl.lit("Applied: its evidence is unchanged."))
    )


_CONTRADICTED = "Not applied: decision {} ({} by {}) contradicts it on the same evidence; the later one stands."
_GONE = "Not applied: what it is about is not among the records of this close."


def _field_name() -> pl.Expr:
    """A field in words: ``customer.email`` is ``customer email``."""
    return pl.element().str.extract(r"^([^=]*)=", 1).str.replace_all(r"[._]", " ")


def decision_rows(judged: pl.DataFrame) -> pl.DataFrame:
    """Lay judged decisions out as rows of ``decisions`` without ``room``, by sequence."""
    columns = [name for name in TABLES["decisions"].columns if name != "room"]
    return judged.with_columns(id=pl.coalesce("gap_id", "event_id", "customer_id")).select(columns).sort("sequence")


def told() -> pl.Expr:
    """Say of a decision who made it, when and why: ``Ann Lee on 2026-11-03 (decision 4): reason``."""
    reason = pl.col("reason").str.strip_chars_end(".")  # it ends a sentence of ours
    return pl.format("{} on {} (decision {}): {}", "by", pl.col("at").dt.date(), "sequence", reason)
