"""Changes of a subscription's items that no opportunity and no edited amount answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from tests.reference.existence import Comparison
from tests.reference.invoiced import gross_by_period, proration_days
from tests.reference.records import Contract, Row, Subscription
from tests.reference.sides import Pairing

ANSWERS = Fraction(5, 1000)


@dataclass(frozen=True)
class Change:
    """One step of what is billed a month, gross, in the reporting currency."""

    on: dt.date
    amount: Fraction

    @property
    def component(self) -> str:
        return "expansion" if self.amount > 0 else "contraction"


@dataclass(frozen=True)
class Answer(Change):
    """What sales recorded, a month; of a contract that is compared here, or of one that is compared nowhere."""

    is_own: bool


def unanswered_changes(case: Comparison, pairing: Pairing) -> list[Change]:
    """Changes after the earliest contract of the pairing was agreed and began, without those that sales knows of.

    What sales recorded answers one change of its amount, the nearest in time. Then, where one subscription is billed,
    what is left of it answers in part, the nearest in time first.
    """
    since = min(max(one.start, one.close) for one in pairing.contracts)
    steps = [step for one in pairing.subscriptions for step in billed_steps(case, one)]
    changes = sorted((step for step in steps if step.on > since), key=lambda step: (step.on, step.amount))
    answers = [one for one in sold_steps(case, pairing) if one.on > since]
    tolerance = Fraction(case.policy.minor(case.policy.rounding_tolerance))

    def agree(change: Change, answer: Answer) -> bool:
        return abs(answer.amount - change.amount) <= max(tolerance, abs(change.amount) * ANSWERS)

    while found := _nearest([(a, b) for a in changes for b in answers if agree(a, b)]):
        changes.remove(found[0])
        answers.remove(found[1])
    if len(pairing.subscriptions) == 1:
        changes = in_part(changes, [one for one in answers if one.is_own], tolerance)
    return changes


def in_part(changes: list[Change], answers: list[Answer], tolerance: Fraction) -> list[Change]:
    """What remains of changes after opportunities and edits of another amount than theirs."""
    untouched = list(changes)
    while found := _nearest([(a, b) for a in changes for b in answers if a.amount * b.amount > 0]):
        change, answer = found
        size = min(abs(change.amount), abs(answer.amount)) * (1 if change.amount > 0 else -1)
        changes[changes.index(change)] = replace(change, amount=change.amount - size)
        answers[answers.index(answer)] = replace(answer, amount=answer.amount - size)
    return [one for one in changes if one in untouched or abs(one.amount) > tolerance]


def _nearest(pairs: list[tuple[Change, Answer]]) -> tuple[Change, Answer] | None:
    def apart(pair: tuple[Change, Answer]) -> int:
        change, answer = pair
        return abs((change.on - answer.on).days)

    return min(pairs, key=apart, default=None)


def billed_steps(case: Comparison, subscription: Subscription) -> Iterator[Change]:
    """Events tell steps of their own day; what they leave untold lies between what invoices bill."""
    invoiced = list(gross_by_period(case, subscription).items())
    told = told_changes(case, subscription)
    worksheet = case.evidence.steps.get(subscription.id)
    is_known = worksheet and worksheet["gross_monthly"] is not None and subscription.committed
    present = [(case.tomorrow, Fraction(worksheet["gross_monthly"]))] if worksheet and is_known else []
    days = [row["created_on"] for row in told]
    for number in range(len(told) + 1):
        before, after = told[number - 1] if number else None, told[number] if number < len(told) else None
        begin = [(before["created_on"], Fraction(before["gross_after_monthly"]))] if before else []
        end = [(after["created_on"], Fraction(after["gross_before_monthly"]))] if after else present
        within = [(on, level) for on, level in invoiced if on not in days and sum(day < on for day in days) == number]
        if begin and end and abs(end[0][1] - begin[0][1]) < 1:
            within = []
        yield from untold_steps(case, subscription, [*begin, *within, *end])
        if after:
            step = Fraction(after["gross_after_monthly"]) - Fraction(after["gross_before_monthly"])
            if abs(step) >= 1:
                yield Change(after["created_on"], case.evidence.reporting_value(step, subscription.currency))


def told_changes(case: Comparison, subscription: Subscription) -> list[Row]:
    """Events that say what the items cost before and after, in the order they happened."""
    rows = [row for row in case.evidence.events[subscription.id] if tells_items(row) and is_told(row)]
    return sorted(rows, key=lambda row: (row["created_at"], row["event_id"]))


def tells_items(event: Row) -> bool:
    return event["type"] == "customer.subscription.updated" and "items" in event["changed"]


def is_told(event: Row) -> bool:
    return event["gross_before_monthly"] is not None and event["gross_after_monthly"] is not None


def untold_steps(
    case: Comparison, subscription: Subscription, levels: list[tuple[dt.date, Fraction]]
) -> Iterator[Change]:
    """Steps between one level and the next, dated by a proration or a bare event if there is one between."""
    evidence = case.evidence
    bare = [row for row in evidence.events[subscription.id] if tells_items(row) and not is_told(row)]
    days = sorted([row["created_on"] for row in bare] + proration_days(case, subscription))
    for (start, before), (following, after) in pairwise(levels):
        if abs(after - before) >= 1:
            dated = [day for day in days if start < day <= following]
            on = dated[0] if dated else start if following > case.as_of else following
            yield Change(on, evidence.reporting_value(after - before, subscription.currency))


def sold_steps(case: Comparison, pairing: Pairing) -> Iterator[Answer]:
    """What sales recorded since: won opportunities, and edits of the amount, a month.

    What is compared with other subscriptions answers nothing here.
    """
    elsewhere = {one.id for found in case.pairings if found is not pairing for one in found.contracts}
    for contract in case.unit.contracts:
        if contract.id in elsewhere or contract.currency not in case.evidence.common:
            continue
        is_own = contract in pairing.contracts
        if contract.term_mrr:
            yield Answer(max(contract.start, contract.close), Fraction(contract.term_mrr), is_own)
        yield from (replace(one, is_own=is_own) for one in edits(case, contract))


def edits(case: Comparison, contract: Contract) -> Iterator[Answer]:
    """Edits of the amount after the close date, a month."""
    rows = sorted(case.evidence.history[contract.id], key=lambda row: (row["changed_at"], row["history_id"]))
    months = {"monthly": 1, "annual": 12, "total": contract.row["term_months"] or 12}[contract.row["amount_basis"]]
    before = None
    for after in (row for row in rows if row["amount_minor"] is not None):
        before = after["amount_before_minor"] if before is None else before
        step = Fraction(after["amount_minor"] - before, months) if before is not None else 0
        before = after["amount_minor"]
        on = after["changed_at"].astimezone(case.policy.zone).date()
        if step and on > contract.close:
            yield Answer(on, case.evidence.reporting_value(step, contract.currency), is_own=True)
