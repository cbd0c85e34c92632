"""What a pairing may show: another amount, another start, another end."""

from __future__ import annotations

import datetime as dt

from tests.reference.components import Split
from tests.reference.exact import NEVER, accrue
from tests.reference.existence import Comparison
from tests.reference.gap import Gap
from tests.reference.sides import Pairing


def find_paired(case: Comparison, pairing: Pairing) -> list[Gap]:
    """Compare the two sides of one pairing."""
    found = [amount_gap(case, pairing), start_gap(case, pairing), end_gap(case, pairing)]
    return [gap for gap in found if gap]


def sold_mrr(pairing: Pairing) -> int:
    return sum(one.mrr for one in pairing.contracts)


def billed_mrr(pairing: Pairing) -> int:
    return sum(one.mrr for one in pairing.subscriptions)


def amount_gap(case: Comparison, pairing: Pairing) -> Gap | None:
    crm, billing = sold_mrr(pairing), billed_mrr(pairing)
    difference = crm - billing
    if abs(difference) <= case.policy.minor(case.policy.rounding_tolerance):
        return None
    split = Split(case, pairing)
    components = split.components()
    cause = max(components, key=lambda part: abs(part[1]))[0]
    both_run = later_start(pairing)
    since = max(split.dates.get(cause, both_run), both_run)
    subscriptions = [*pairing.subscriptions, *split.ended]
    return Gap(
        case.unit, "amount_mismatch", cause, "amount", pairing.contracts, subscriptions, since,
        accrue(abs(difference), since, case.tomorrow), crm, billing, difference, components,
    )  # fmt: skip


def later_start(pairing: Pairing) -> dt.date:
    """The later of the earliest contract start and the earliest subscription start."""
    return max(min(one.start for one in pairing.contracts), min(one.start for one in pairing.subscriptions))


def start_gap(case: Comparison, pairing: Pairing) -> Gap | None:
    """The side that runs alone until the other begins costs its MRR for those days."""
    is_tested = not any(one.is_in_trial(case.as_of) for one in pairing.subscriptions)
    first = min(pairing.contracts, key=case.chains.service_start)
    if not is_tested or case.chains.lacks_predecessor(first):
        return None
    service = case.chains.service_start(first)
    billing = min(case.chains.billing_start(one) for one in pairing.subscriptions)
    if abs((service - billing).days) <= case.policy.date_tolerance_days:
        return None
    is_late = service < billing
    alone = sold_mrr(pairing) if is_late else billed_mrr(pairing)
    earlier, later = min(service, billing), max(service, billing)
    impact = accrue(alone, earlier, min(later, case.tomorrow))
    return date_gap(case, pairing, "late_start" if is_late else "early_start", "start", earlier, impact)


def end_gap(case: Comparison, pairing: Pairing) -> Gap | None:
    """A subscription that is known to stop, against the end of the contract that it serves."""
    stops = [one.stops for one in pairing.subscriptions]
    ends = max(case.chains.service_end(one) for one in pairing.contracts)
    if None in stops or ends == NEVER:
        return None
    stop = max(stops)
    if abs((stop - ends).days) <= case.policy.date_tolerance_days:
        return None
    return date_gap(case, pairing, "ends_early" if stop < ends else "ends_late", "end", min(stop, ends), 0)


def date_gap(case: Comparison, pairing: Pairing, cause: str, kind: str, since: dt.date, impact: int) -> Gap:
    return Gap(
        case.unit, "date_misalignment", cause, kind, pairing.contracts, pairing.subscriptions, since, impact,
        sold_mrr(pairing), billed_mrr(pairing),
    )  # fmt: skip
