"""What a signature needs an answer to: material gaps that are open and that nobody has decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from recon_kit import journal
from recon_kit.artifacts import CloseFolder
from recon_kit.journal import Anchor, Journal
from recon_kit.pending import is_pending
from recon_kit.runner.signature import CarriedForward, DecidedGap

_SETTLES = ("accept", "reject", "resolved")
"""Decisions that settle a gap; one that needs information stays open."""
_CARRIED = list(CarriedForward.model_fields)


@dataclass(frozen=True)
class Undecided:
    """Material open gaps of a close, largest impact first, and those of them decided since it ran.

    Attributes:
        gaps: columns of ``carried_forward``, for gaps without a decision.
        decided: those that a later line of the journal settles, on unchanged evidence.
        late_links: customers whose link was decided after the close ran, which only a re-run can apply.
    """

    gaps: pl.DataFrame
    decided: Sequence[DecidedGap]
    late_links: Sequence[str]

    @property
    def ids(self) -> list[str]:
        """The gap ids without a decision, largest impact first."""
        return self.gaps["gap_id"].to_list()


def undecided_gaps(close: CloseFolder, known: Journal | None) -> Undecided:
    """Find the material open gaps that nobody decided; a gap that waits for a link in review is one of them.

    Args:
        close: a finished close; the decisions it knew stand in its tables already.
        known: the journal as it is today; none where there is none.

    Returns:
        What is left, see :class:`Undecided`.
    """
    gaps, links = close.read_table("gaps").collect(), close.read_table("links").collect()
    material = gaps.filter("material", pl.col("state") == "open")
    decided = _decided_since(material, close, known)
    left = material.filter(~pl.col("gap_id").is_in([one.gap_id for one in decided]))
    rows = left.with_columns(link_in_review=is_pending(links)).select(_CARRIED)
    return Undecided(rows, decided, _late_links(links, close, known))


def _decided_since(material: pl.DataFrame, close: CloseFolder, known: Journal | None) -> list[DecidedGap]:
    if known is None or material.is_empty():
        return []
    tables = [close.read_table(name).collect() for name in ("contracts", "subscriptions")]
    about = journal.decisions_frame(known.decisions).filter(pl.col("subject") == "gap")
    judged = journal.with_status(about, journal.gap_evidence(material, *tables), ["gap_id"])
    settled = judged.filter(pl.col("status") == journal.APPLIED, pl.col("decision").is_in(_SETTLES)).sort("sequence")
    return [DecidedGap(**row) for row in settled.select(list(DecidedGap.model_fields)).to_dicts()]


def _late_links(links: pl.DataFrame, close: CloseFolder, known: Journal | None) -> list[str]:
    """Name customers in review whose link somebody settled after the close had copied the journal."""
    if known is None:
        return []
    before = journal.read_journal(close.inputs / journal.COPY, has_head=False).anchor.length
    about = journal.decisions_frame(known.decisions).filter(
        pl.col("subject") == "link", pl.col("sequence") > before, pl.col("decision").is_in(["confirm", "reject"])
    )
    review = links.filter(pl.col("status") == "review")
    return sorted(set(about["customer_id"]) & set(review["customer_id"]))


def journal_today(file: Path | None, close: CloseFolder) -> Journal | None:
    """Read and verify the journal as it is today; none where there is no file, or an empty one.

    Raises:
        SettingsError: it does not verify, or is not a continuation of the one the close rests on.
    """
    if file is None or not file.is_file():
        return None
    anchors: list[Anchor] = journal.anchors_of_closes([close.path])
    known = journal.read_journal(file, anchors)
    return known if known.decisions else None
