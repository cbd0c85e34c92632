"""Findings: everything the comparison of both systems gives, and the equations it must satisfy."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

import polars as pl

from recon_kit.controls import Control
from recon_kit.gaps import own_currency
from recon_kit.gaps.books import Books, Reader, read_books
from recon_kit.gaps.bridge import bridge_control, build_bridge, with_dismissed
from recon_kit.gaps.causes import decomposition
from recon_kit.gaps.causes.ended_parts import ended_parts
from recon_kit.gaps.decided import decided_gaps, with_decisions
from recon_kit.gaps.dismissed import dismiss, placed_by_rule
from recon_kit.gaps.families import given_back, misaligned, mismatched, unbilled, unsold
from recon_kit.gaps.gap_rows import assess, components_of, gap_table, reconciled_pairs
from recon_kit.gaps.pairing import both_sides, matched
from recon_kit.gaps.pending_links import with_pending_links
from recon_kit.gaps.placement import place
from recon_kit.gaps.tie_outs import tie_outs
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
        links: the links that the comparison rests on, those in review among them.
        decisions: what became of the decisions about gaps (without ``room``).
        dismissals: one row per dismissal rule and currency.
    """

    gaps: pl.DataFrame
    gap_components: pl.DataFrame
    pairs: pl.DataFrame
    placement: pl.DataFrame
    bridge: pl.DataFrame
    not_testable: pl.DataFrame
    controls: list[Control]
    links: pl.DataFrame
    decisions: pl.DataFrame = field(default_factory=lambda: TABLES["decisions"].empty().drop("room"))
    dismissals: pl.DataFrame = field(default_factory=TABLES["dismissals"].empty)

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The frames that are tables of the close, by name."""
        names = ("gaps", "gap_components", "pairs", "placement", "bridge", "dismissals")
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
    if decisions is not None:
        decided = decided_gaps(decisions, found.gaps, books)
        found = replace(found, gaps=with_decisions(found.gaps, decided), decisions=decision_rows(decided))
    return _with_dismissals(found, books, as_of, policy)


def _with_dismissals(found: Findings, books: Books, as_of: dt.date, policy: Policy) -> Findings:
    """Apply the dismissal rules of the policy to what people left open, and lay the bridge anew."""
    if not policy.dismissal_rules:
        return found
    done = dismiss(found.gaps, books, policy.dismissal_rules, as_of)
    bridge = with_dismissed(found.bridge, done.gaps, found.gap_components, done.rule_of)
    stated = bridge_control(bridge)
    return replace(
        found,
        gaps=done.gaps,
        bridge=bridge,
        placement=placed_by_rule(found.placement, done.rule_of),
        controls=[stated if one.control_id == stated.control_id else one for one in found.controls],
        dismissals=done.rules,
    )


def compare(books: Books, *, as_of: dt.date, policy: Policy, rates: pl.DataFrame | None = None) -> Findings:
    """Compare the books; see :func:`find_gaps`.

    What no exchange rate converts is compared in its own currency; the bridge leaves it out.
    """
    unrated = own_currency.unrated_currencies(books)
    crossing = own_currency.crossing_units(books) if unrated else []
    found = _compare_in(books, crossing, as_of=as_of, policy=policy, rates=rates)
    apart = [
        _compare_in(own_currency.books_in(books, code), crossing, as_of=as_of, policy=policy.in_currency(code))
        for code in unrated
    ]
    return _joined(found, apart) if apart else found


def _joined(found: Findings, apart: list[Findings]) -> Findings:
    """Put what was compared in own currencies beside the rest; the bridge holds the reporting currency alone."""
    every = (found, *apart)
    placed = pl.concat([one.placement for one in every]).sort("side", "record_id", pl.col("mrr_minor") == 0)
    gaps = pl.concat([one.gaps for one in every]).sort(["impact_minor", "gap_id"], descending=[True, False])
    listed = pl.concat([one.not_testable for one in every]).unique()
    own_controls = [
        replace(control, control_id=f"{control.control_id}.{str(one.bridge['currency'][0]).lower()}")
        for one in apart
        for control in one.controls
    ]
    return replace(
        found,
        gaps=gaps,
        gap_components=pl.concat([one.gap_components for one in every]).sort("gap_id", decomposition.rank()),
        pairs=pl.concat([one.pairs for one in every]).sort("pair_id"),
        placement=placed.unique(["side", "record_id"], keep="first", maintain_order=True),
        not_testable=listed.sort("subject", "id", "reason"),
        controls=[*found.controls, *own_controls],
    )


def _compare_in(
    books: Books, crossing: list[str], *, as_of: dt.date, policy: Policy, rates: pl.DataFrame | None = None
) -> Findings:
    """Compare what the books' common rates convert, in the currency they convert it to."""
    sides = both_sides.lay_out(books, as_of=as_of, policy=policy, crossing=crossing)
    paired = matched.match(sides, policy=policy)
    without_contract = unsold.unsold_subscriptions(sides, paired, as_of=as_of, policy=policy)
    without_billing = unbilled.unbilled_contracts(sides, paired)
    code, tolerance = policy.reporting_currency, policy.minor(policy.rounding_tolerance)
    open_pairings = mismatched.differing(paired, tolerance)
    ended = ended_parts(open_pairings, paired, sides, books, tolerance=tolerance)
    pieces = decomposition.decompose(
        open_pairings, paired, sides, books, ended, as_of=as_of, policy=policy, rates=rates
    )
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
    components = components_of(gaps, pieces, code)
    pairs = reconciled_pairs(paired, gaps, sides, code)
    placement = place(
        sides, paired, unsold=without_contract, unbilled=without_billing, gaps=gaps, pairs=pairs, currency=code
    )
    table = with_pending_links(gap_table(gaps), books)
    bridge = build_bridge(table, components, placement, books, code)
    return Findings(
        gaps=table,
        gap_components=components,
        pairs=pairs.select(TABLES["pairs"].columns),
        placement=placement,
        bridge=bridge,
        not_testable=not_testable(sides, paired, books),
        controls=[bridge_control(bridge), *tie_outs(table, components, placement, books, code)],
        links=books.links,
    )
