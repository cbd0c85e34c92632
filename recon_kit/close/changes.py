"""What changed since the close before: new, gone and changed gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import journal, tables
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from recon_kit.artifacts import CloseFolder

_CHURN = "billing_after_churn"
_EVIDENCE = "evidence_sha256"


def previous_table(folder: CloseFolder, name: str) -> pl.DataFrame | None:
    """Read a table of the close before as kept in ``inputs/previous``; none when this is the first close."""
    kept = folder.inputs / "previous" / f"{name}.parquet"
    return pl.read_parquet(kept) if kept.is_file() else None


def evidence_of_gaps(gaps: pl.DataFrame, contracts: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Digest what each gap says, as a decision's evidence does, but for the day of a churn.

    A churn without a date is dated by the close, so its day moves by itself.

    Returns:
        The columns of ``gap_evidence``, sorted by gap id.
    """
    undated = gaps.with_columns(diverged_on=pl.when(pl.col("family") != _CHURN).then("diverged_on"))
    digests = journal.gap_evidence(undated, contracts, subscriptions)
    return digests.select("gap_id", evidence_sha256="evidence")


def changes_since(
    previous: pl.DataFrame | None,
    gaps: pl.DataFrame,
    evidence_before: pl.DataFrame | None = None,
    evidence: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Compare the gaps of two closes by gap id.

    A gap is changed when its cause, its state or its evidence is another. An amount in the reporting currency that
    moves with the exchange rate alone is no change, nor is an impact that grows with every day.

    Args:
        previous: gaps of the close before; none when there is none.
        gaps: gaps of this close.
        evidence_before: ``gap_evidence`` of the close before; none, or a gap not in it: its difference is compared.
        evidence: ``gap_evidence`` of this close.

    Returns:
        One row per gap that is ``new``, ``gone`` or ``changed``, with the columns of ``changes``, sorted by gap id.
        Empty for a first close.

    Conserves:
        gaps before + new - gone == gaps now.
    """
    if previous is None:
        return TABLES["changes"].empty()
    now, then = _in_words(_with_evidence(gaps, evidence)), _in_words(_with_evidence(previous, evidence_before))
    before = then.select("gap_id", pl.exclude("gap_id").name.suffix(":before"))
    both = now.join(before, on="gap_id", how="full", coalesce=True, validate="1:1")
    is_in_both = pl.col("family").is_not_null() & pl.col("family:before").is_not_null()
    what = pl.concat_list(_what_changed()).list.drop_nulls().list.join("; ").replace("", None)
    told = both.with_columns(what=pl.when(is_in_both).then(what))
    return told.with_columns(change=_kind()).filter(pl.col("change").is_not_null()).select(*_columns()).sort("gap_id")


def _with_evidence(gaps: pl.DataFrame, evidence: pl.DataFrame | None) -> pl.DataFrame:
    known = TABLES["gap_evidence"].empty() if evidence is None else evidence
    return gaps.join(known, on="gap_id", how="left", validate="1:1")


def _in_words(gaps: pl.DataFrame) -> pl.DataFrame:
    said = tables.in_words(gaps).select("gap_id", cause_text="cause", state_text="state")
    return gaps.join(said, on="gap_id", validate="1:1")


def _kind() -> pl.Expr:
    return (
        pl.when(pl.col("family:before").is_null())
        .then(pl.lit("new"))
        .when(pl.col("family").is_null())
        .then(pl.lit("gone"))
        .when(pl.col("what").is_not_null())
        .then(pl.lit("changed"))
    )


def _what_changed() -> list[pl.Expr]:
    """Say from which cause and state to which, and whether the amount or, at the same amount, a record is another."""
    is_other_amount = pl.col("difference_minor").ne_missing(pl.col("difference_minor:before"))
    is_other_evidence = pl.col(_EVIDENCE).ne_missing(pl.col(f"{_EVIDENCE}:before"))
    is_known = pl.col(_EVIDENCE).is_not_null() & pl.col(f"{_EVIDENCE}:before").is_not_null()
    is_other_cause = pl.col("cause").ne_missing(pl.col("cause:before"))
    is_other_record = is_known & is_other_evidence & ~is_other_amount & ~is_other_cause
    return [
        pl.when(is_other_cause).then(pl.format("{} → {}", "cause_text:before", "cause_text")),
        pl.when(pl.col("state").ne_missing(pl.col("state:before"))).then(
            pl.format("{} → {}", "state_text:before", "state_text")
        ),
        pl.when(is_other_amount & (is_other_evidence | ~is_known)).then(pl.lit("another amount a month")),
        pl.when(is_other_record).then(pl.lit("a date or a record behind it")),
    ]


def _columns() -> list[pl.Expr]:
    either = ["family", "cause", "account_id", "account_name", "currency"]
    return [
        pl.col("gap_id", "change", "what"),
        *[pl.coalesce(name, f"{name}:before").alias(name) for name in either],
        pl.col("difference_minor:before").alias("difference_before_minor"),
        pl.col("difference_minor"),
        pl.col("impact_minor:before").alias("impact_before_minor"),
        pl.col("impact_minor"),
    ]
