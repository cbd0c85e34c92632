"""Subscriptions whose periods are all alike: their invoices are written from a mould, thousands in a second."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .billing import Biller
from .billing_lines import price_lines, proration_lines, regular_lines
from .dates import DAY, HOUR, later_by_months
from .events import shape_of
from .identifiers import base62, stripe_id
from .invoices import Invoice, InvoiceLine, InvoiceState
from .pricing import Price
from .stripe_json_invoices import invoice_json
from .stripe_json_prices import Shape
from .stripe_objects import Item, SubscriptionState
from .timeline import Change

ROUTINE = ""  # no event is written of a mere new period


@dataclass(frozen=True)
class Period:
    """One billing period: its number, its bounds, and the items that its invoice charges in advance."""

    number: int
    start: int
    end: int
    items: tuple[Item, ...]


class SteadyBiller(Biller):
    """Bills the same every period and is paid outside Stripe; at most one change of items, at most one end."""

    change_at: int | None = None
    changed_to: Sequence[tuple[Price, int]] = ()
    changed_items: tuple[Item, ...] = ()
    end_at: int | None = None
    asked_at: int | None = None
    cutoff, months, stem, letters = 0, 1, "", ""

    def run(self, horizon: int) -> None:
        """Tell the subscription's history up to the cutoff without playing its periods."""
        own, horizon = self.subscription, min(horizon, self.cutoff)
        self.stem, self.letters = base62(own.id, 16), stripe_id("coupon", own.id)
        items = tuple(self._item(price, quantity, own.start) for price, quantity in self.opening)
        self.months = self._interval_months(items)
        discounts = (self._discount(self.coupon, own.start),) if self.coupon else ()
        first = SubscriptionState(
            "active", items, own.start, self._moment(1), discounts, latest_invoice=self.invoice_id(0)
        )
        own.timeline.changes.append(Change(own.start, "customer.subscription.created", first, is_routine=True))
        if self.change_at is not None:
            self._roll_to(self.change_at)
            self.change(self.change_at, list(self.changed_to))
            self.changed_items = self.state.items
        stop = horizon if self.end_at is None else min(horizon, self.end_at)
        if self.asked_at is not None and self.asked_at < horizon:
            self._roll_to(self.asked_at)
            planned = {"cancel_at_period_end": True, "cancel_at": self.end_at, "canceled_at": self.asked_at}
            self.update(self.asked_at, **planned, cancel_reason="cancellation_requested")
        self._roll_to(stop - 1)
        if self.end_at is not None and self.end_at < horizon:
            self.end(self.end_at, "cancellation_requested")

    def invoice_id(self, number: int) -> str:
        """Identifier of an invoice."""
        return f"in_1Q{self.stem}{number:06d}"

    def _moment(self, number: int) -> int:
        """Start of a period."""
        start = self.subscription.start
        return later_by_months(start, self.months * number, start) if number else start

    def _roll_to(self, moment: int) -> None:
        """Move the state to the period that contains a moment."""
        last = None
        for period in self.periods(moment + 1):
            last = period
        if last and last.start > self.state.period_start:
            bounds = {"period_start": last.start, "period_end": last.end}
            event = {"event": ROUTINE, "is_routine": True}
            self._set(last.start, **event, **bounds, latest_invoice=self.invoice_id(last.number))  # type: ignore[arg-type]

    def periods(self, cutoff: int) -> Iterator[Period]:
        """Periods that begin before an instant, oldest first."""
        items = self.subscription.timeline.changes[0].state.items
        stop, number, start = cutoff if self.end_at is None else min(cutoff, self.end_at), 0, self.subscription.start
        while start < stop:
            end = self._moment(number + 1)
            is_changed = self.change_at is not None and self.change_at < start
            yield Period(number, start, end, self.changed_items if is_changed else items)
            number, start = number + 1, end

    # -- invoices ----------------------------------------------------------------------------------

    def invoice_texts(self, shape: str) -> Iterator[str]:
        """JSON of every invoice made before the cutoff, a line each, newest last."""
        own_shape, moulds = self._shape(shape), dict[tuple[Item, ...], Mould]()
        for period in self.periods(self.cutoff):
            settled = period.start + HOUR + self._wait
            is_usual = period.number and settled < self.cutoff and not self._follows_change(period)
            if not is_usual:
                invoice, state = self.invoice(period)
                yield json.dumps(invoice_json(invoice, state, self.cutoff - 1, own_shape), **COMPACT) + "\n"  # type: ignore[arg-type]
                continue
            if period.items not in moulds:
                moulds[period.items] = Mould(self, period.items, own_shape)
            yield moulds[period.items].cast(period)

    def _shape(self, shape: str) -> Shape:
        """Shape of all its invoices; when mixed, the old one for half of those that ``shape_of`` writes old."""
        return shape_of(self.subscription.id, "new" if shape == "mixed" and self.stem < "V" else shape)

    @property
    def _wait(self) -> int:
        """Seconds from finalisation to payment."""
        return self.payment_days * DAY if self.subscription.collection_method == "send_invoice" else 2

    def _follows_change(self, period: Period) -> bool:
        """Whether this period's invoice also settles the change of items in the one before."""
        before = self._moment(period.number - 1) if period.number else period.start
        return self.change_at is not None and before <= self.change_at < period.start

    def invoice(self, period: Period) -> tuple[Invoice, InvoiceState]:
        """The invoice of a period, and how far it has come by the cutoff."""
        own, is_first = self.subscription, period.number == 0
        lines = list(regular_lines(own, period.items, (period.start, period.end), is_trial=False))
        if self._follows_change(period):
            lines = [*self._prorations(), *lines]
        invoice = self._bare(period, "subscription_create" if is_first else "subscription_cycle", lines)
        finalized = period.start + (1 if is_first else HOUR)
        if finalized >= self.cutoff:
            return invoice, InvoiceState("draft")
        if finalized + self._wait >= self.cutoff:
            return invoice, InvoiceState("open", finalized_at=finalized)
        return invoice, InvoiceState("paid", 1, finalized, finalized + self._wait)

    def _bare(self, period: Period, reason: str, lines: list[InvoiceLine]) -> Invoice:
        """An invoice with its lines named, priced and taxed."""
        own, changes = self.subscription, self.subscription.timeline.changes
        discount = next(iter(changes[0].state.discounts), None)
        named = [replace(line, id=self.line_id(period.number, place)) for place, line in enumerate(lines)]
        return Invoice(
            self.invoice_id(period.number),
            f"{self.letters}-{period.number + 1:04d}",
            own,
            own.customer,
            own.currency,
            period.start,
            reason,
            tuple(price_lines(named, discount, own)),
            own.tax_rate,
            discount,
            own.collection_method,
        )

    def line_id(self, number: int, place: int) -> str:
        """Identifier of an invoice line."""
        return f"il_1Q{self.stem}{number:05d}{place}"

    def _prorations(self) -> Iterator[InvoiceLine]:
        """What the change of items owes for the rest of its period."""
        changes = self.subscription.timeline.changes
        place = next(place for place, change in enumerate(changes) if change.state.items == self.changed_items)
        return proration_lines(self.subscription, changes[place - 1].state, self.changed_items, changes[place].at)


COMPACT = {"ensure_ascii": False, "separators": (",", ":")}
CREATED, ENDED, NUMBER = 7_000_000_000, 8_000_000_000, 999_999  # stand for what differs from invoice to invoice


class Mould:
    """The JSON of an invoice of certain items with gaps for its number, its ids and its times."""

    def __init__(self, biller: SteadyBiller, items: tuple[Item, ...], shape: Shape) -> None:
        self.wait = biller._wait
        usual, finalized = Period(NUMBER, CREATED, ENDED, items), CREATED + HOUR
        lines = list(regular_lines(biller.subscription, items, (CREATED, ENDED), is_trial=False))
        invoice = biller._bare(usual, "subscription_cycle", lines)
        state = InvoiceState("paid", 1, finalized, finalized + self.wait)
        text = json.dumps(invoice_json(invoice, state, 0, shape), **COMPACT).replace("%", "%%")  # type: ignore[arg-type]
        stem = biller.stem
        gaps = {
            f"in_1Q{stem}{NUMBER:06d}": f"in_1Q{stem}%(n)06d",
            f"il_1Q{stem}{NUMBER:05d}": f"il_1Q{stem}%(n)05d",
            f"-{NUMBER + 1:04d}": "-%(shown)04d",
            str(CREATED): "%(created)d",
            str(CREATED + 30 * DAY): "%(due)d",
            str(finalized): "%(finalized)d",
            str(finalized + self.wait): "%(paid)d",
            str(ENDED): "%(end)d",
        }
        for sentinel, gap in gaps.items():
            text = text.replace(sentinel, gap)
        self.text = text + "\n"

    def cast(self, period: Period) -> str:
        """The JSON of one period's invoice."""
        start = period.start
        return self.text % {
            "n": period.number,
            "shown": period.number + 1,
            "created": start,
            "due": start + 30 * DAY,
            "finalized": start + HOUR,
            "paid": start + HOUR + self.wait,
            "end": period.end,
        }
