"""Changes of a subscription's items that no opportunity and no edited amount answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from tests.reference.existence import Comparison
from tests.reference.invoiced import gross_by_period
from tests.reference.records import Subscription
from tests.reference.sides import Pairing

ANSWERS = Fraction(5, 1000)


@dataclass(frozen=True)
class Change:
    """One step of what is billed a month, gross, or of what sales recorded, in the reporting currency."""

    on: dt.date
    amount: Fraction

    @property
    def component(self) -> str:
        return "expansion" if self.amount > 0 else "contraction"


def unanswered_changes(case: Comparison, pairing: Pairing) -> list[Change]:
    """Changes after the earliest contract of the pairing began, without those that sales knows of.

    What sales recorded answers one change of its amount, the nearest in time.
    """
    since = min(one.start for one in pairing.contracts)
    steps = [step for one in pairing.subscriptions for step in billed_steps(case, one)]
    changes = sorted((step for step in steps if step.on > since), key=lambda step: (step.on, step.amount))
    answers = list(sold_steps(case, pairing))
    tolerance = case.policy.minor(case.policy.rounding_tolerance)
    while True:
        fits = [
            (abs((change.on - answer.on).days), number, order)
            for number, change in enumerate(changes)
            for order, answer in enumerate(answers)
            if abs(answer.amount - change.amount) <= max(Fraction(tolerance), abs(change.amount) * ANSWERS)
        ]
        if not fits:
            return changes
        _, number, order = min(fits)
        del changes[number], answers[order]


def billed_steps(case: Comparison, subscription: Subscription) -> Iterator[Change]:
    """Steps between one period and the next, and from the last to the present, dated by their event if there is one."""
    evidence = case.evidence
    worksheet = evidence.steps.get(subscription.id)
    amounts = list(gross_by_period(case, subscription).items())
    if worksheet and worksheet["gross_monthly"] is not None and subscription.committed:
        amounts.append((case.tomorrow, Fraction(worksheet["gross_monthly"])))
    events = sorted(row["created_on"] for row in evidence.events[subscription.id] if "items" in row["changed"])
    for (start, before), (following, after) in pairwise(amounts):
        if abs(after - before) >= 1:
            told = [day for day in events if start <= day <= following]
            on = told[0] if told else start if following > case.as_of else following
            yield Change(on, evidence.reporting_value(after - before, subscription.currency))


def sold_steps(case: Comparison, pairing: Pairing) -> Iterator[Change]:
    """What sales recorded since: later won opportunities, and edits of the amount, a month."""
    first = min(pairing.contracts, key=lambda one: (one.start, one.id))
    for contract in case.unit.contracts:
        if contract is not first and contract.close > first.close and contract.term_mrr:
            yield Change(contract.start, Fraction(contract.term_mrr))
    for contract in pairing.contracts:
        rows = sorted(case.evidence.history[contract.id], key=lambda row: (row["changed_at"], row["history_id"]))
        amounts = [row for row in rows if row["amount_minor"] is not None]
        months = {"monthly": 1, "annual": 12, "total": contract.row["term_months"] or 12}[contract.row["amount_basis"]]
        for before, after in pairwise(amounts):
            step = Fraction(after["amount_minor"] - before["amount_minor"], months)
            if step:
                on = after["changed_at"].astimezone(case.policy.zone).date()
                yield Change(on, case.evidence.reporting_value(step, contract.currency))
