"""Findings: everything the comparison of both systems gives, and the equations it must satisfy."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import polars as pl

from recon_kit.controls import Control
from recon_kit.gaps.books import Books, Reader, read_books
from recon_kit.gaps.bridge import billing_total, bridge_control, build_bridge, crm_total
from recon_kit.gaps.causes import decomposition
from recon_kit.gaps.causes.ended_parts import ended_parts
from recon_kit.gaps.decided import decided_gaps, with_decisions
from recon_kit.gaps.families import given_back, misaligned, mismatched, unbilled, unsold
from recon_kit.gaps.gap_rows import assess, components_of, gap_table, reconciled_pairs
from recon_kit.gaps.pairing import both_sides, matched
from recon_kit.gaps.pending_links import with_pending_links
from recon_kit.gaps.placement import place
from recon_kit.gaps.untestable import not_testable
from recon_kit.journal import decision_rows
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES


@dataclass(frozen=True)
class Findings:
    """What the comparison gives; every frame has the columns of the table of its name.

    Attributes:
        gaps: one row per gap.
        gap_components: one row per gap and component of its monthly difference.
        pairs: one row per reconciled pair or group.
        placement: one row per contract and subscription with MRR.
        bridge: one row per line from Salesforce MRR to Stripe MRR.
        not_testable: what cannot be concluded (without ``room``).
        controls: the equations, both sides.
        decisions: what became of the decisions about gaps (without ``room``).
    """

    gaps: pl.DataFrame
    gap_components: pl.DataFrame
    pairs: pl.DataFrame
    placement: pl.DataFrame
    bridge: pl.DataFrame
    not_testable: pl.DataFrame
    controls: list[Control]
    decisions: pl.DataFrame = field(default_factory=lambda: TABLES["decisions"].empty().drop("room"))

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The frames that are tables of the close, by name."""
        names = ("gaps", "gap_components", "pairs", "placement", "bridge")
        return {name: getattr(self, name) for name in names}


def find_gaps(
    read: Reader,
    *,
    as_of: dt.date,
    policy: Policy,
    rates: pl.DataFrame | None = None,
    decisions: pl.DataFrame | None = None,
) -> Findings:
    """Find where Salesforce and Stripe disagree, why, since when and by how much.

    Args:
        read: gives a table by its name, such as ``run.read``.
        as_of: the day of the close.
        policy: tolerances, windows, materiality, reporting currency.
        rates: history of exchange rates (:func:`recon_kit.fx.read_rates`), for the currency component.
        decisions: what people decided (:func:`recon_kit.journal.read_decisions`).

    Returns:
        The findings.

    Conserves:
        Salesforce MRR - sum(differences) + lines that are no gap == Stripe MRR.
    """
    books = read_books(read)
    found = compare(books, as_of=as_of, policy=policy, rates=rates)
    if decisions is None:
        return found
    decided = decided_gaps(decisions, found.gaps, books)
    return replace(found, gaps=with_decisions(found.gaps, decided), decisions=decision_rows(decided))


def compare(books: Books, *, as_of: dt.date, policy: Policy, rates: pl.DataFrame | None = None) -> Findings:
    """Compare the books; see :func:`find_gaps`."""
    sides = both_sides.lay_out(books, as_of=as_of, policy=policy)
    paired = matched.match(sides, policy=policy)
    without_contract = unsold.unsold_subscriptions(sides, paired, as_of=as_of, policy=policy)
    without_billing = unbilled.unbilled_contracts(sides, paired)
    tolerance = policy.minor(policy.rounding_tolerance)
    open_pairings = mismatched.differing(paired, tolerance)
    pieces = decomposition.decompose(open_pairings, paired, sides, books, as_of=as_of, policy=policy, rates=rates)
    ended = ended_parts(open_pairings, paired, sides, books, tolerance=tolerance)
    seeds = pl.concat(
        [
            unbilled.seeds_of_unbilled(without_billing, books, as_of=as_of, policy=policy),
            unbilled.seeds_of_never_billed(sides, as_of=as_of, policy=policy),
            mismatched.seeds_of_amounts(open_pairings, pieces, ended, as_of=as_of),
            unsold.seeds_of_unsold(without_contract, books, as_of=as_of),
            misaligned.seeds_of_starts(paired, as_of=as_of, policy=policy),
            misaligned.seeds_of_ends(paired, as_of=as_of, policy=policy),
            given_back.seeds_of_refunds(sides, paired, books),
        ]
    )
    gaps = assess(seeds, pieces, paired, sides, as_of=as_of, policy=policy)
    components = components_of(gaps, pieces, policy.reporting_currency)
    pairs = reconciled_pairs(paired, gaps, sides, policy.reporting_currency)
    placement = place(
        sides,
        paired,
        unsold=without_contract,
        unbilled=without_billing,
        gaps=gaps,
        pairs=pairs,
        currency=policy.reporting_currency,
    )
    table = with_pending_links(gap_table(gaps), books)
    bridge = build_bridge(table, components, placement, books, policy.reporting_currency)
    return Findings(
        gaps=table,
        gap_components=components,
        pairs=pairs.select(TABLES["pairs"].columns),
        placement=placement,
        bridge=bridge,
        not_testable=not_testable(sides, paired),
        controls=[bridge_control(bridge), *_controls(table, components, placement, books, policy.reporting_currency)],
    )


def _controls(
    gaps: pl.DataFrame, components: pl.DataFrame, placement: pl.DataFrame, books: Books, currency: str
) -> list[Control]:
    """State that every record has its place and that components sum to differences."""
    amounts = gaps.filter(pl.col("family") == "amount_mismatch")
    with_money = gaps.filter(pl.col("difference_minor") != 0)
    named = with_money.join(placement.select(gap_id="gap_or_pair_id").unique(), on="gap_id", how="semi")
    difference, explained = int(amounts["difference_minor"].sum()), int(components["amount_minor"].sum())
    nowhere = placement.filter(placed_in="nowhere").height
    return [
        _money(
            "placement.crm",
            "Salesforce MRR = MRR of placed contracts",
            crm_total(books),
            _placed(placement, "crm"),
            currency,
        ),
        _money(
            "placement.billing",
            "Stripe MRR = MRR of placed subscriptions",
            billing_total(books),
            _placed(placement, "billing"),
            currency,
        ),
        _money("components.sum", "differences of amount gaps = their components", difference, explained, currency),
        _rows(
            "components.each",
            "amount gaps whose components do not sum to their difference = none",
            _unbalanced(amounts, components),
            0,
        ),
        _rows("placement.nowhere", "records with MRR that have no place = none", nowhere, 0),
        _rows(
            "placement.gaps",
            "gaps with a difference = those that records are placed in",
            with_money.height,
            named.height,
        ),
    ]


def _placed(placement: pl.DataFrame, side: str) -> int:
    return int(placement.filter(side=side)["mrr_minor"].sum())


def _money(name: str, equation: str, left: int, right: int, currency: str) -> Control:
    return Control(f"gaps.{name}", "gaps", equation, left_minor=left, right_minor=right, currency=currency)


def _rows(name: str, equation: str, left: int, right: int) -> Control:
    return Control(f"gaps.{name}", "gaps", equation, left_rows=left, right_rows=right)


def _unbalanced(amounts: pl.DataFrame, components: pl.DataFrame) -> int:
    sums = components.group_by("gap_id").agg(total=pl.col("amount_minor").sum())
    joined = amounts.join(sums, on="gap_id", how="left", validate="1:1")
    return joined.filter(pl.col("total").fill_null(0) != pl.col("difference_minor")).height
