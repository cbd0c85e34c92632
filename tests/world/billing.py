"""A billing engine: plays the script of one subscription from its start to the horizon."""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from .billing_lines import fee_lines, price_lines, proration_lines, regular_lines, usage_lines
from .dates import DAY, HOUR, day_of, later_by_months
from .identifiers import stripe_id
from .invoices import Invoice, InvoiceLine, InvoiceState
from .payments import attempt
from .pricing import Price
from .stripe_objects import Coupon, Discount, Item, Subscription, SubscriptionState

RETRIES = (0, 3 * DAY, 8 * DAY, 15 * DAY)
Act = Callable[[int], None]


@dataclass(frozen=True)
class Dunning:
    """Invoices created in ``[start, end)`` fail; ``outcome`` says what follows the last failed attempt.

    ``recovered`` pays at the last attempt; ``canceled``, ``unpaid``, ``uncollectible``, ``past_due`` and ``expired``
    (the first invoice of all) do not.
    """

    start: int
    end: int
    outcome: str
    attempts: int = 4


class Biller:
    """Plays one subscription; actions queue up first, ``run`` then plays them in order of time."""

    def __init__(
        self, subscription: Subscription, items: list[tuple[Price, int]], trial_end: int | None = None
    ) -> None:
        self.subscription = subscription
        self.opening, self.trial_end = items, trial_end
        self.coupon: Coupon | None = None
        self.fees: list[tuple[Price, str]] = []
        self.dunning: list[Dunning] = []
        self.usage: Callable[[int], int] = lambda number: 1800 + 137 * (number % 7)
        self.payment_days = 12
        self._queue: list[tuple[int, int, Act]] = []
        self._order = count()
        self._pending: list[InvoiceLine] = []

    @property
    def state(self) -> SubscriptionState:
        """State so far."""
        return self.subscription.timeline.newest

    def at(self, moment: int, act: Act) -> None:
        """Queue an action."""
        heapq.heappush(self._queue, (moment, next(self._order), act))

    def run(self, horizon: int) -> None:
        """Play the script until the subscription ends or the horizon is reached."""
        self._open()
        while self._queue:
            moment, _, act = heapq.heappop(self._queue)
            if moment >= horizon:
                return
            act(moment)

    # -- life of the subscription ------------------------------------------------------------------

    def _open(self) -> None:
        """Create the subscription and its first invoice."""
        own, start = self.subscription, self.subscription.start
        items = tuple(self._item(price, quantity, start) for price, quantity in self.opening)
        end = self.trial_end or later_by_months(start, self._interval_months(items), start)
        discounts = (self._discount(self.coupon, start),) if self.coupon else ()
        state = SubscriptionState(
            self._first_status(start),
            items,
            start,
            end,
            discounts,
            trial_start=start if self.trial_end else None,
            trial_end=self.trial_end,
            latest_invoice=stripe_id("invoice", own.id, 0),
        )
        own.timeline.begin(start, "customer.subscription.created", state)
        self._invoice(
            start, "subscription_create", [*self._regular_lines(start, end), *fee_lines(own, self.fees, start)]
        )
        self.at(end, self._roll)

    def _first_status(self, start: int) -> str:
        """Trialing, active, or incomplete when the very first payment fails."""
        if self.trial_end:
            return "trialing"
        return "incomplete" if any(plan.start <= start < plan.end for plan in self.dunning) else "active"

    def _roll(self, moment: int) -> None:
        """End the period: stop, or begin the next one with an invoice."""
        state = self.state
        if state.ended_at is not None or moment != state.period_end:
            return
        if state.cancel_at_period_end or (state.cancel_at is not None and state.cancel_at <= moment):
            self.end(moment, state.cancel_reason or "cancellation_requested")
            return
        anchor = self.trial_end or self.subscription.start
        end = later_by_months(moment, self._interval_months(state.items), anchor)
        kept = tuple(found for found in state.discounts if found.end is None or found.end > moment)
        is_trial_over = state.status == "trialing"
        changes: dict[str, Any] = {"period_start": moment, "period_end": end, "discounts": kept}
        if is_trial_over:
            changes["status"] = "active"
        if state.status in {"unpaid", "paused"}:
            self._set(moment, is_routine=True, **changes)
        else:
            number = len(self.subscription.invoices)
            changes["latest_invoice"] = stripe_id("invoice", self.subscription.id, number)
            self._set(moment, is_routine=not is_trial_over, **changes)
            lines = [
                *self._pending,
                *self._regular_lines(moment, end),
                *usage_lines(self.subscription, state, self.usage(number)),
            ]
            self._pending = []
            self._invoice(moment, "subscription_cycle", lines)
        self.at(end, self._roll)

    def end(self, moment: int, reason: str, feedback: str | None = None) -> None:
        """Cancel at once."""
        if self.state.ended_at is None:
            asked = self.state.canceled_at or moment
            self._set(
                moment,
                event="customer.subscription.deleted",
                status="canceled",
                ended_at=moment,
                canceled_at=asked,
                cancel_reason=reason,
                feedback=feedback or self.state.feedback,
            )

    def change(self, moment: int, items: list[tuple[Price, int]], *, proration: str = "pending") -> None:
        """Replace the items; ``proration`` is ``none``, ``pending`` (next invoice) or ``now``."""
        state = self.state
        old = {item.price.product.key: item for item in state.items}
        new = tuple(
            replace(old[price.product.key], price=price, quantity=quantity)
            if price.product.key in old
            else self._item(price, quantity, moment)
            for price, quantity in items
        )
        lines = list(proration_lines(self.subscription, state, new, moment)) if proration != "none" else []
        if proration == "now" and sum(line.amount for line in lines) > 0:
            number = len(self.subscription.invoices)
            self._set(moment, items=new, latest_invoice=stripe_id("invoice", self.subscription.id, number))
            self._invoice(moment, "subscription_update", lines)
        else:
            self._set(moment, items=new)
            self._pending += lines

    def attach(self, moment: int, coupon: Coupon) -> None:
        """Put a coupon on the subscription."""
        self._set(moment, discounts=(self._discount(coupon, moment),))

    def update(self, moment: int, **changes: Any) -> None:
        """Change any other field, e.g. a pause or a planned cancellation."""
        if self.state.ended_at is None:
            self._set(moment, **changes)

    def _set(
        self, moment: int, *, event: str = "customer.subscription.updated", is_routine: bool = False, **changes: Any
    ) -> None:
        """Record a new state."""
        self.subscription.timeline.set(moment, event, is_routine=is_routine, **changes)

    # -- lines -------------------------------------------------------------------------------------

    def _item(self, price: Price, quantity: int, moment: int) -> Item:
        """New subscription item."""
        return Item(stripe_id("item", self.subscription.id, price.id, moment), price, quantity, moment)

    @staticmethod
    def _interval_months(items: tuple[Item, ...]) -> int:
        """Months of the billing interval."""
        return int(next(item.price.months for item in items if item.price.interval))

    def _regular_lines(self, start: int, end: int) -> Iterator[InvoiceLine]:
        """One line an item for the period; nothing is due during a trial."""
        is_trial = self.trial_end is not None and start < self.trial_end
        return regular_lines(self.subscription, self.state.items, (start, end), is_trial=is_trial)

    # -- invoices ----------------------------------------------------------------------------------

    def _discount(self, coupon: Coupon, moment: int) -> Discount:
        """Coupon put to work."""
        months = coupon.duration_in_months
        end = later_by_months(moment, months, moment) if months else None
        return Discount(stripe_id("discount", self.subscription.id, coupon.id, moment), coupon, moment, end)

    def _invoice(self, moment: int, reason: str, lines: list[InvoiceLine]) -> None:
        """Draft an invoice and queue what happens to it."""
        own, number = self.subscription, len(self.subscription.invoices)
        discount = self.state.discounts[0] if self.state.discounts and reason != "subscription_update" else None
        name = stripe_id("invoice", own.id, number)
        shown = f"{stripe_id('coupon', own.id)}-{number + 1:04d}"
        priced = tuple(price_lines(lines, discount, own))
        invoice = Invoice(
            name,
            shown,
            own,
            own.customer,
            own.currency,
            moment,
            reason,
            priced,
            own.tax_rate,
            discount,
            own.collection_method,
        )
        if invoice.total < 0:
            message = f"{name} of {own.id} would be negative; let the story prorate upwards"
            raise ValueError(message)
        own.invoices.append(invoice)
        invoice.timeline.begin(moment, "invoice.created", InvoiceState("draft"))
        if discount and discount.coupon.duration == "once":
            self._set(moment + 1, discounts=())
        delay = HOUR if reason == "subscription_cycle" else 1
        self.at(moment + delay, lambda at: self._finalize(invoice, at))

    def _finalize(self, invoice: Invoice, moment: int) -> None:
        """Finalise, then void, settle at zero, or collect."""
        invoice.timeline.set(moment, "invoice.finalized", status="open", finalized_at=moment)
        if self.state.pause_behavior == "void":
            invoice.timeline.set(moment + 1, "invoice.voided", status="void", voided_at=moment + 1)
        elif invoice.total == 0:
            invoice.timeline.set(moment + 1, "invoice.paid", status="paid", paid_at=moment + 1)
        else:
            wait = self.payment_days * DAY if invoice.collection_method == "send_invoice" else 2
            self.at(moment + wait, lambda at: self._collect(invoice, at, 0))

    def _collect(self, invoice: Invoice, moment: int, number: int) -> None:
        """One attempt to collect an invoice."""
        plan = next((plan for plan in self.dunning if plan.start <= invoice.created < plan.end), None)
        if self.state.ended_at is not None and number:
            return
        tries = number + 1
        if plan is None or (plan.outcome == "recovered" and tries == plan.attempts):
            attempt(invoice, moment)
            invoice.timeline.set(
                moment, "invoice.paid", status="paid", paid_at=moment, attempt_count=tries, next_attempt=None
            )
            if self.state.status == "past_due":
                self.update(moment, status="active")
            return
        attempt(invoice, moment, "insufficient_funds" if number % 2 else "card_declined")
        is_last = tries >= min(plan.attempts, len(RETRIES))
        following = None if is_last else moment - RETRIES[number] + RETRIES[tries]
        invoice.timeline.set(moment, "invoice.payment_failed", attempt_count=tries, next_attempt=following)
        if self.state.status == "active":
            self.update(moment, status="past_due")
        if following is not None:
            self.at(following, lambda at: self._collect(invoice, at, tries))
        else:
            self._give_up(invoice, plan.outcome, moment + 60)

    def _give_up(self, invoice: Invoice, outcome: str, moment: int) -> None:
        """What Stripe does after the last failed attempt."""
        if outcome == "canceled":
            self.end(moment, "payment_failed")
        elif outcome == "unpaid":
            self.update(moment, status="unpaid")
        elif outcome == "expired":
            self.at(moment + 23 * HOUR, lambda at: self._expire(invoice, at))
        elif outcome == "uncollectible":
            invoice.timeline.set(
                moment,
                "invoice.marked_uncollectible",
                status="uncollectible",
                uncollectible_at=moment,
                next_attempt=None,
            )
            self.end(moment + 60, "cancellation_requested")

    def _expire(self, invoice: Invoice, moment: int) -> None:
        """A subscription whose first payment never came."""
        invoice.timeline.set(moment, "invoice.voided", status="void", voided_at=moment, next_attempt=None)
        self.update(moment, status="incomplete_expired", ended_at=moment)


def paid_invoice_before(subscription: Subscription, day: date) -> Invoice:
    """Newest invoice of a positive amount that was paid before a day."""
    paid = [
        invoice
        for invoice in subscription.invoices
        if invoice.total > 0 and (at := invoice.timeline.newest.paid_at) is not None and day_of(at) < day
    ]
    return paid[-1]
