"""The verdict: does the close tie, how much is at stake, what to do first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import polars as pl

from recon_kit import tables
from recon_kit.pending import is_pending

if TYPE_CHECKING:
    from recon_kit.policy import Policy
    from recon_kit.tables import Panel


@dataclass(frozen=True)
class Verdict:
    """What the first lines of the pack say. Amounts are minor units of the reporting currency."""

    ties: bool
    equations: int
    open_gaps: int
    material_gaps: int
    impact_minor: int
    under_billed_minor: int
    over_billed_minor: int
    waiting_gaps: int
    pending_gaps: int
    pending_minor: int
    currency: str
    first: str

    @property
    def can_sign(self) -> bool:
        """Whether the controls tie and no material gap, or link that may be one, is open without a decision."""
        return self.ties and self.material_gaps == 0 and self.pending_gaps == 0


def verdict(controls: pl.DataFrame, gaps: pl.DataFrame, links: pl.DataFrame, policy: Policy) -> Verdict:
    """Sum up a close.

    Args:
        controls: rows of ``controls``.
        gaps: rows of ``gaps``, largest impact first.
        links: rows of ``links``.
        policy: the reporting currency.

    Returns:
        The verdict. Gaps whose link is in review are *pending*: a customer and an account that are one would count
        twice, so their money (that of the larger side) stands apart. ``first`` is the suggested correction of the open
        material gap with the largest impact whose link is not in doubt. Gaps in a currency without a rate are counted,
        and stand in no sum.
    """
    code = policy.reporting_currency
    every_open = gaps.filter(pl.col("state") == "open")
    is_open, pending = every_open.filter(~is_pending(links)), every_open.filter(is_pending(links))
    billed = _impact(pending.filter(pl.col("family") == "orphaned_revenue"), code)
    ranked = is_open.filter("material").with_columns(is_apart=pl.col("currency") != code)
    material = ranked.sort(["is_apart", "impact_minor", "gap_id"], descending=[False, True, False])
    return Verdict(
        ties=bool(controls["passes"].all()),
        equations=controls.height,
        open_gaps=is_open.height,
        pending_gaps=pending.height,
        pending_minor=max(billed, _impact(pending, code) - billed),
        material_gaps=material.height,
        impact_minor=_impact(is_open, code),
        under_billed_minor=_monthly(is_open, "under_billed", code),
        over_billed_minor=_monthly(is_open, "over_billed", code),
        waiting_gaps=gaps.filter(pl.col("state").is_in(["in_window", "timing"])).height,
        currency=code,
        first=material["suggested_correction"][0] if material.height else "No material gap is open.",
    )


def _impact(gaps: pl.DataFrame, currency: str) -> int:
    return int(gaps.filter(pl.col("currency") == currency)["impact_minor"].sum())


def _monthly(gaps: pl.DataFrame, direction: str, currency: str) -> int:
    towards = gaps.filter(pl.col("direction") == direction, pl.col("currency") == currency)
    return abs(int(towards["difference_minor"].sum()))


def _sum_or_none(name: str) -> pl.Expr:
    return pl.when(pl.col(name).count() > 0).then(pl.col(name).sum())


_BY = ["room", "subject", "reason", "currency"]


def exposure(not_testable: pl.DataFrame) -> pl.DataFrame:
    """Sum what cannot be tested by subject and reason.

    Returns:
        One row per (room, subject, reason, currency), largest money first: ``records``, ``exposed_minor``.
    """
    return (
        not_testable.group_by(_BY)
        .agg(records=pl.len().cast(pl.Int64), exposed_minor=_sum_or_none("exposed_minor"))
        .sort(["exposed_minor", *_BY], descending=[True, *[False] * len(_BY)], nulls_last=True)
    )


def verdict_sentence(summary: Verdict) -> Panel:
    """Say the verdict in one sentence, and what to do first."""
    amount = tables.money(summary.impact_minor, summary.currency)
    if not summary.ties:
        return tables.sentence("The close does not tie, so it cannot be signed.", tone="bad")
    tone: Literal["plain", "good"] = "good" if summary.can_sign else "plain"
    return tables.sentence(
        "All {equations} tie. {material} of {open} open gaps are material; {amount} are at stake so far. "
        "{pending} more depend on links in review and are counted apart. First: {first}",
        tone=tone,
        equations=tables.count(summary.equations, "equation"),
        material=summary.material_gaps,
        open=summary.open_gaps,
        amount=amount,
        pending=tables.count(summary.pending_gaps, "gap"),
        first=summary.first,
    )
