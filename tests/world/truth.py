"""What is true: MRR, links and gaps, by construction and in exact fractions."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from .dates import accrue, half_up, instant
from .rates import convert_minor
from .salesforce_objects import Deal
from .story import REPORTING, Expected, Story
from .stripe_objects import Item, Subscription, SubscriptionState

BILLING = {"active", "past_due"}
WINDOWS = {
    "missing_subscription": 7,
    "orphaned_revenue": 7,
    "amount_mismatch": 2,
    "billing_after_churn": 1,
    "phantom_revenue": 1,
}
DATE_WINDOWS = {"late_start": 7, "early_start": 7, "ends_early": 1, "ends_late": 1, "billing_past_end": 1}
DATE_CAUSES = set(DATE_WINDOWS) - {"billing_past_end"}


def days_after(day: date) -> int:
    """Midnight that ends a day."""
    return instant(day + timedelta(days=1))


def subscription_value(state: SubscriptionState, at: int, inclusive: Fraction = Fraction(0)) -> Fraction:
    """Committed monthly value in exact minor units, net of discounts and of an inclusive tax of so many per cent."""
    total = sum((_net_item(item, inclusive) for item in state.items), Fraction(0))
    for found in state.discounts:
        coupon = found.coupon
        if coupon.duration == "once" or not (found.start < at and (found.end is None or at <= found.end)):
            continue
        if coupon.percent_off is not None:
            total *= 1 - coupon.percent_off / 100
        else:
            total -= Fraction(coupon.amount_off or 0) / state.items[0].price.months
    return max(total, Fraction(0))


def _net_item(item: Item, inclusive: Fraction) -> Fraction:
    """Monthly value of an item without the tax that its price includes."""
    value = item.price.monthly(item.quantity)
    return value / (1 + inclusive / 100) if item.price.tax_behavior == "inclusive" else value


def subscription_mrr(subscription: Subscription, on: date) -> Fraction:
    """MRR of a subscription at the end of a day, in exact minor units."""
    at = days_after(on)
    state = subscription.timeline.before(at)
    if state is None or state.status not in BILLING or state.pause_behavior:
        return Fraction(0)
    rate = subscription.tax_rate
    return subscription_value(state, at, rate.percentage if rate and rate.is_inclusive else Fraction(0))


def contract_value(deal: Deal, on: date) -> Fraction:
    """Monthly value of a won contract on a day within its term, in exact minor units."""
    state = deal.timeline.before(days_after(on)) or deal.timeline.changes[0].state
    if deal.lines:
        running = (
            line
            for line in deal.lines
            if line.revenue_type == "recurring"
            and (line.start or deal.start) <= on
            and _covers(line.end or deal.end, on)
        )
        value = sum((Fraction(line.total, line.months) for line in running), Fraction(0))
    else:
        value = Fraction(state.amount, {"monthly": 1, "annual": 12, "total": deal.months}[deal.basis])
    if deal.discount_end is not None and on > deal.discount_end and deal.discount_pct is not None:
        value /= 1 - deal.discount_pct / 100
    return value


def _covers(end: date | None, on: date) -> bool:
    """Whether an inclusive end has not passed."""
    return end is None or on <= end


def is_effective(deal: Deal, siblings: list[Deal], on: date) -> bool:
    """Whether a contract is in force on a day: won, running, not replaced, its account not churned."""
    at = days_after(on)
    state, account = deal.timeline.before(at), deal.account.timeline.before(at)
    if state is None or not state.is_won or not (deal.start <= on and _covers(deal.end, on)):
        return False
    if account and account.churned_on and account.churned_on <= on:
        return False
    return not any(_replaces(other, deal, on) for other in siblings)


def _replaces(renewal: Deal, deal: Deal, on: date) -> bool:
    """Whether a renewal has taken over from an earlier contract of the same account."""
    state = renewal.timeline.before(days_after(on))
    is_later = renewal.account is deal.account and deal.start < renewal.start <= on
    ends_first = deal.end is not None and (renewal.end is None or deal.end <= renewal.end)
    return renewal.kind == "Renewal" and bool(state and state.is_won) and is_later and ends_first


@dataclass(frozen=True)
class Mrr:
    """Monthly value of one record on as_of, in its own and in the reporting currency."""

    side: str
    record_id: str
    mrr_minor: int
    currency: str
    mrr_reporting_minor: int


@dataclass(frozen=True)
class Gap:
    """A planted gap with its figures, in minor units of the reporting currency."""

    family: str
    cause: str
    state: str
    account_id: str
    customer_ids: str
    opportunity_ids: str
    subscription_ids: str
    crm_mrr_minor: int
    billing_mrr_minor: int
    difference_minor: int
    diverged_on: date
    impact_minor: int
    plant: str
    components: tuple[tuple[str, int], ...] = ()


def story_mrr(story: Story) -> list[Mrr]:
    """MRR on as_of of every won opportunity and every subscription that existed then."""
    on, cutoff = story.as_of, story.cutoff
    rows = []
    for deal in story.deals:
        state = deal.timeline.before(cutoff)
        if state and state.is_won:
            value = contract_value(deal, on) if is_effective(deal, story.deals, on) else Fraction(0)
            value = story.restated.get(deal.id, value)
            rows.append(_mrr("crm", deal.id, value, deal.currency, on))
    for biller in story.billers:
        own = biller.subscription
        if own.timeline.before(cutoff) and own.customer.livemode:
            value = story.restated.get(own.id, subscription_mrr(own, on))
            rows.append(_mrr("billing", own.id, value, own.currency, on))
    return rows


def _mrr(side: str, record_id: str, value: Fraction, currency: str, on: date) -> Mrr:
    """Round once into each currency."""
    return Mrr(side, record_id, half_up(value), currency, convert_minor(value, currency, REPORTING, on))


def story_gaps(story: Story) -> list[Gap]:
    """The gaps that a story planted, with their figures."""
    values = {row.record_id: row.mrr_reporting_minor for row in story_mrr(story)} if story.expected else {}
    return [_gap(story, expected, values) for expected in story.expected]


def _gap(story: Story, expected: Expected, values: dict[str, int]) -> Gap:
    """Figures of one planted gap."""
    has_contract_side = expected.cause != "billing_past_end" and not expected.is_ended
    crm = sum(values[deal.id] for deal in expected.deals) if has_contract_side else 0
    billing = sum(values[found.id] for found in expected.subscriptions)
    is_monthly = expected.cause not in DATE_CAUSES | {"refund_or_credit"} and not expected.is_ended
    difference = crm - billing if is_monthly else 0
    impact = expected.impact
    if impact is None:
        impact = accrue(Fraction(abs(difference)), expected.diverged_on, story.as_of + timedelta(days=1))
    return Gap(
        expected.family,
        expected.cause,
        _state(story, expected),
        expected.account.id if expected.account else "",
        _joined(found.id for found in expected.customers),
        _joined(found.id for found in expected.deals),
        _joined(found.id for found in expected.subscriptions),
        crm,
        billing,
        difference,
        expected.diverged_on,
        half_up(impact),
        story.plant,
        _components(difference, expected.components),
    )


def _joined(ids: object) -> str:
    """Sorted ids in one field."""
    return ";".join(sorted(ids))  # type: ignore[call-overload]


def _state(story: Story, expected: Expected) -> str:
    """In window, timing or open, by age."""
    age = max(0, (story.as_of - expected.diverged_on).days)
    window = DATE_WINDOWS.get(expected.cause, WINDOWS.get(expected.family, 0))
    if expected.is_extra:
        window = 7
    if expected.cause == "failed_payment":
        window = 0
    if age < window:
        return "in_window"
    return "timing" if expected.cause in {"timing_lag", "trial"} else "open"


def _components(difference: int, parts: tuple[tuple[str, Fraction], ...]) -> tuple[tuple[str, int], ...]:
    """Round each part; a rest of at most one minor unit a part goes to the last.

    Raises:
        ValueError: the parts do not explain the difference.
    """
    if not parts:
        return ()
    rounded = [(name, half_up(value)) for name, value in parts]
    rest = difference - sum(value for _, value in rounded)
    if abs(rest) > len(parts):
        message = f"components {rounded} leave {rest} of {difference} unexplained"
        raise ValueError(message)
    name, value = rounded[-1]
    return (*rounded[:-1], (name, value + rest))
