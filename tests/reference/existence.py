"""Records that stand alone: sold and not billed, billed and not sold, ended on one side only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from recon_kit.policy import Policy
from tests.reference.chains import Chains
from tests.reference.evidence import Evidence
from tests.reference.exact import DAY, accrue, add_months, percent
from tests.reference.gap import Gap
from tests.reference.pairing import pair_unit
from tests.reference.records import Contract, Subscription, overlap
from tests.reference.sides import Limits, contracts_with_reductions, ids_through_renewals
from tests.reference.units import Unit


@dataclass(eq=False)
class Comparison:
    """One unit with its pairings, and what is found about it."""

    unit: Unit
    as_of: dt.date
    policy: Policy
    evidence: Evidence
    gaps: list[Gap] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        policy = self.policy
        self.chains = Chains(self.unit.contracts, self.unit.subscriptions, policy.reactivation_days)
        tolerance, share = policy.minor(policy.rounding_tolerance), percent(policy.pair_tolerance_pct)
        self.pairings = pair_unit(self.unit, self.chains, Limits(tolerance, share, policy.date_tolerance_days))
        paired = {one.id for found in self.pairings for one in (*found.contracts, *found.subscriptions)}
        self.lone_contracts = [
            side.records for side in contracts_with_reductions(self.unit.sold, self.chains) if side.id not in paired
        ]
        self.lone_subscriptions = [one for one in self.unit.live if one.is_known and one.id not in paired]
        self.tomorrow = self.as_of + DAY


def find_lone(case: Comparison) -> None:
    """Give every unpaired record its gap, or the bridge line that says why it is none."""
    for contracts in case.lone_contracts:
        waits = contracts[0].names & case.unit.waited_for
        gap = None if waits else phantom(case, contracts)
        if gap or (case.unit.is_comparable and not waits):
            case.gaps.append(gap or missing(case, contracts))
        else:
            case.lines |= dict.fromkeys((one.id for one in contracts), "not_comparable")
    if not any(one.mrr > 0 for one in case.unit.sold):
        case.lines |= dict.fromkeys((one.id for one in case.unit.sold), "no_recurring_value")
    case.gaps += never_billed(case)
    for subscription in case.lone_subscriptions:
        if subscription.mrr > 0:
            place_lone(case, subscription)


def phantom(case: Comparison, contracts: Sequence[Contract]) -> Gap | None:
    """A contract in force, with its reductions, whose subscription ended."""
    contract, mrr = contracts[0], sum(one.mrr for one in contracts)
    ended = [one for one in case.unit.ended if overlap(one, contract) and is_its_own(case, one, contract)]
    if not ended:
        return None
    last = max(one.ended for one in ended)
    by_payment = any(case.evidence.failed_to_pay(one) for one in ended if one.ended == last)
    return Gap(
        case.unit, "phantom_revenue", "failed_payment" if by_payment else "cancellation_not_in_crm", "existence",
        contracts, ended, last, accrue(mrr, last, case.tomorrow), mrr, 0, mrr,
    )  # fmt: skip


def is_its_own(case: Comparison, ended: Subscription, contract: Contract) -> bool:
    """Whether an ended subscription may have served the contract: not re-created since, not another contract's by id."""
    claimed = bool(ended.names) and ended.id not in ids_through_renewals(contract, case.chains)
    return not claimed and not case.chains.is_followed(ended)


def missing(case: Comparison, contracts: Sequence[Contract]) -> Gap:
    """A contract in force, with its reductions, that Stripe never billed."""
    contract, mrr = contracts[0], sum(one.mrr for one in contracts)
    since = max(contract.start, contract.close)
    is_young = (case.as_of - since).days < case.policy.timing_lag_days
    return Gap(
        case.unit, "missing_subscription", "timing_lag" if is_young else "handoff_missed", "existence",
        contracts, [], since, accrue(mrr, since, case.tomorrow), mrr, 0, mrr,
    )  # fmt: skip


def never_billed(case: Comparison) -> Iterator[Gap]:
    """Contracts that ran out within the look-back and that no subscription ever overlapped."""
    earliest = add_months(case.as_of, -case.policy.lookback_months)
    for contract in case.unit.contracts:
        has_value = contract.is_known and not contract.is_elsewhere and contract.term_mrr > 0
        if not has_value or not contract.has_ended(case.as_of) or contract.end - DAY < earliest:
            continue
        has_run = contract.start < contract.end
        if has_run and not any(overlap(one, contract) for one in case.unit.subscriptions):
            since = max(contract.start, contract.close)
            impact = accrue(contract.term_mrr, since, contract.end)
            yield Gap(
                case.unit, "missing_subscription", "handoff_missed", "existence", [contract], [], since, impact
            )  # fmt: skip


def place_lone(case: Comparison, subscription: Subscription) -> None:
    """An unpaired subscription falls under the first family that fits, else on a line of the bridge."""
    churned = case.unit.churned_on(case.as_of)
    if subscription.names & case.unit.waited_for:
        case.lines[subscription.id] = "not_comparable"
        return
    if churned:
        if stops_by_itself(subscription):
            case.lines[subscription.id] = "stopping"
        else:
            since = max(churned, subscription.start)
            case.gaps.append(unsold(case, subscription, "billing_after_churn", "cancellation_not_in_billing", since))
        return
    contract = ended_contract(case, subscription)
    if contract:
        end = case.chains.service_end(contract)
        if (case.as_of - end).days + 1 > case.policy.date_tolerance_days:
            gap = unsold(case, subscription, "date_misalignment", "billing_past_end", end)
            gap.contracts = [contract]
            case.gaps.append(gap)
        else:
            case.lines[subscription.id] = "grace"
    elif case.unit.unknown_contracts:
        case.lines[subscription.id] = "not_comparable"
    elif any(one.is_in_force for one in case.unit.contracts):
        case.gaps.append(extra(case, subscription))
    elif not any(overlap(one, subscription) for one in case.unit.contracts):
        cause = case.evidence.orphan_cause(subscription)
        case.gaps.append(unsold(case, subscription, "orphaned_revenue", cause, case.chains.billing_start(subscription)))
    else:
        case.lines[subscription.id] = why_no_orphan(case, subscription)


def stops_by_itself(subscription: Subscription) -> bool:
    row = subscription.row
    at, period_end = row["cancel_at_on"], row["current_period_end_on"]
    return row["cancel_at_period_end"] or (at is not None and period_end is not None and at <= period_end)


def ended_contract(case: Comparison, subscription: Subscription) -> Contract | None:
    """The contract a subscription outlived: by id, else the last that it overlapped where no contract is in force."""
    served = [one for one in case.unit.contracts if one.has_value and not one.is_elsewhere]
    by_id = [one for one in served if one.id in subscription.names]
    in_force = any(one.is_in_force for one in case.unit.contracts)
    overlapped = [] if in_force else [one for one in served if one.has_ended(case.as_of) and overlap(one, subscription)]
    last = max(by_id or overlapped, key=lambda one: (one.end, case.chains.service_end(one)), default=None)
    return last if last and case.chains.service_end(last) <= case.as_of else None


def unsold(case: Comparison, subscription: Subscription, family: str, cause: str, since: dt.date) -> Gap:
    mrr = subscription.mrr
    impact = accrue(mrr, since, case.tomorrow)
    return Gap(case.unit, family, cause, "existence", [], [subscription], since, impact, 0, mrr, -mrr)


def extra(case: Comparison, subscription: Subscription) -> Gap:
    """A subscription without contract beside contracts that have theirs."""
    since = subscription.start
    gap = unsold(case, subscription, "amount_mismatch", "expansion", since)
    gap.kind, gap.is_extra, gap.components = "amount", True, [("expansion", -subscription.mrr)]
    return gap


def why_no_orphan(case: Comparison, subscription: Subscription) -> str:
    """A won opportunity overlaps the subscription's life, yet none is in force."""
    near = [one for one in case.unit.contracts if overlap(one, subscription)]
    if any(one.start > case.as_of for one in near):
        return "not_yet_compared"
    if any(one.is_elsewhere for one in near):
        return "billed_elsewhere"
    return "no_recurring_value"
