"""The whole comparison of a close, one unit after the other, and its rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from recon_kit.policy import Policy
from tests.reference.currencies import views
from tests.reference.evidence import Evidence, Rates
from tests.reference.existence import Comparison, find_lone
from tests.reference.gap import Gap
from tests.reference.paired import billed_mrr, find_paired, sold_mrr
from tests.reference.records import Row
from tests.reference.refunds import refund_gap
from tests.reference.sides import Pairing
from tests.reference.units import Books, units_of

Key = tuple[object, ...]


@dataclass
class Rows:
    """What a close should hold: each table as rows by key."""

    gaps: dict[Key, Row] = field(default_factory=dict)
    components: dict[Key, Row] = field(default_factory=dict)
    pairs: dict[Key, Row] = field(default_factory=dict)
    placement: dict[Key, Row] = field(default_factory=dict)
    bridge: dict[Key, Row] = field(default_factory=dict)


def reconcile(books: Books, *, as_of: dt.date, policy: Policy, rates: Rates) -> Rows:
    """Compare every unit, and sum what was found to the bridge."""
    evidence = Evidence(books, rates, policy.reporting_currency)
    rows, bridge = Rows(), defaultdict(int)
    for unit in units_of(books):
        for code, view in views(unit, evidence.common):
            if code is None:
                compare_unit(Comparison(view, as_of, policy, evidence), rows, bridge)
            else:
                case = Comparison(view, as_of, policy.in_currency(code), evidence.in_currency(code))
                compare_unit(case, rows, defaultdict(int))
    rows.bridge = {
        key: {"amount_minor": amount} for key, amount in bridge.items() if amount or key[0] in {"first", "last"}
    }
    return rows


def compare_unit(case: Comparison, rows: Rows, bridge: dict[Key, int]) -> None:
    """Find what is to be found of one unit in one currency."""
    find_lone(case)
    for pairing in case.pairings:
        place_pairing(case, pairing, rows, bridge)
    for gap in case.gaps:
        note_gap(rows, bridge, gap, case)
    place_lines(case, rows, bridge)
    bridge["first", None] += sum(one.mrr for one in case.unit.contracts)
    bridge["last", None] += sum(one.mrr for one in case.unit.subscriptions)


def place_pairing(case: Comparison, pairing: Pairing, rows: Rows, bridge: dict[Key, int]) -> None:
    """A pairing without gap is a row of pairs; with one, its records are placed in gaps."""
    gaps = find_paired(case, pairing)
    given = refund_gap(case, pairing)
    gaps += [given] if given else []
    difference = sold_mrr(pairing) - billed_mrr(pairing)
    is_other_amount = any(gap.kind == "amount" for gap in gaps)
    line = "amount_mismatch" if is_other_amount else "rounding"
    for one in (*pairing.contracts, *pairing.subscriptions):
        place(rows, case, one, "gaps" if gaps else "pairs", line, pairing.rule)
    if not is_other_amount:
        bridge["none", "rounding"] -= difference
    if not gaps:
        key = (tuple(one.id for one in pairing.contracts), tuple(one.id for one in pairing.subscriptions))
        rows.pairs[key] = {
            "account_id": case.unit.account["account_id"] if case.unit.account else None,
            "crm_mrr_minor": sold_mrr(pairing),
            "billing_mrr_minor": billed_mrr(pairing),
            "difference_minor": difference,
            "pairing_rule": pairing.rule,
            "currency": case.policy.reporting_currency,
        }
    case.gaps += gaps


def place(rows: Rows, case: Comparison, record, placed_in: str, line: str, rule: str | None = None) -> None:
    if record.mrr == 0:
        return
    side = "crm" if hasattr(record, "term_mrr") else "billing"
    rows.placement.setdefault((side, record.id), {
        "placed_in": placed_in, "line": line, "pairing_rule": rule, "unit_id": case.unit.id, "mrr_minor": record.mrr,
        "currency": case.policy.reporting_currency,
    })  # fmt: skip


def note_gap(rows: Rows, bridge: dict[Key, int], gap: Gap, case: Comparison) -> None:
    """Write a gap and its components, and take its difference off the bridge."""
    direction, correct_in, owner = gap.verdict()
    rows.gaps[gap.key] = {
        "family": gap.family, "cause": gap.cause, "crm_mrr_minor": gap.crm_mrr, "billing_mrr_minor": gap.billing_mrr,
        "difference_minor": gap.difference, "diverged_on": gap.diverged_on, "age_days": gap.age(case.as_of),
        "impact_minor": gap.impact, "annualised_minor": 12 * gap.difference, "direction": direction,
        "correct_in": correct_in, "owner_team": owner, "state": gap.state(case.as_of, case.policy),
        "material": gap.is_material(case.policy),
        "difference_pct": gap.share(), "customer_ids": gap.customers(), "currency": case.policy.reporting_currency,
        "account_id": gap.unit.account["account_id"] if gap.unit.account else None,
    }  # fmt: skip
    for component, amount in gap.components:
        rows.components[(*gap.key, component)] = {"amount_minor": amount}
        bridge[gap.family, component] -= amount
    if not gap.components:
        bridge[gap.family, None] -= gap.difference
    for one in (*gap.contracts, *gap.subscriptions):
        place(rows, case, one, "gaps", gap.family)


def place_lines(case: Comparison, rows: Rows, bridge: dict[Key, int]) -> None:
    """Put every record with MRR that is no gap on its line of the bridge."""
    for contract in case.unit.contracts:
        if contract.is_elsewhere and contract.mrr:
            case.lines[contract.id] = "billed_elsewhere"
    for sign, records in ((-1, case.unit.contracts), (1, case.unit.subscriptions)):
        for one in records:
            if one.id in case.lines:
                place(rows, case, one, "bridge", case.lines[one.id])
                bridge["none", case.lines[one.id]] += sign * one.mrr
