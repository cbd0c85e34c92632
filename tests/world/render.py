"""Write a snapshot: what both systems would say on the evening of the pull date."""

import gzip
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .dates import DAY
from .events import KEPT_DAYS, events_of, plain, shape_of, shaped
from .invoices import Invoice
from .render_salesforce import salesforce_tables
from .story import Story
from .stripe_json import customer_json, schedule_json, subscription_json
from .stripe_json_invoices import credit_note_json, invoice_json, invoice_payment_json
from .stripe_json_lines import PAGE, line_json
from .stripe_json_money import (
    balance_json,
    charge_json,
    dispute_json,
    payment_intent_json,
    payout_json,
    refund_json,
    transaction_json,
)
from .stripe_json_prices import Json, Shape, coupon_json, price_json, product_json, tax_rate_json
from .timeline import Timeline
from .truth import days_after

if TYPE_CHECKING:
    from .world import World

ZIPPED = {
    "invoices",
    "invoice_lines",
    "charges",
    "balance_transactions",
    "events",
    "payment_intents",
    "invoice_payments",
    "payout_balance_transactions",
}
LISTS = ZIPPED | {
    "balance",
    "coupons",
    "credit_notes",
    "customers",
    "disputes",
    "payouts",
    "prices",
    "products",
    "refunds",
    "subscription_schedules",
    "subscriptions",
    "tax_rates",
}
State = TypeVar("State")
Tables = dict[str, list[Json]]


class Snapshot:
    """Collects the objects of one evening by their list."""

    def __init__(self, world: "World", pulled_on: date, shape: str, *, all_events: bool) -> None:
        self.world, self.shape, self.all_events = world, shape, all_events
        self.cutoff = days_after(pulled_on)
        if self.cutoff > world.horizon:
            message = f"the history ends {world.horizon}; a snapshot of {pulled_on} lies beyond it"
            raise ValueError(message)
        self.since = self.cutoff - KEPT_DAYS * DAY
        self.tables: Tables = {}

    def add(self, table: str, rows: Iterable[Json]) -> None:
        """Add objects to a list."""
        self.tables.setdefault(table, []).extend(rows)

    def _events(
        self,
        object_id: str,
        timeline: Timeline[State],
        write: Callable[[State, int, Shape], Json],
        *,
        livemode: bool = True,
        keeps_all: bool = False,
    ) -> None:
        """Add the events of one object: those of the last thirty days, or all that are not routine."""
        since = 0 if keeps_all else self.since
        for before, change in timeline.steps(self.cutoff):
            if change.at >= (self.since if change.is_routine else since):
                self.add("events", events_of(object_id, before, change, write, self.shape, livemode=livemode))

    def build(self) -> Tables:
        """All lists, newest object first as the API gives them; empty lists too."""
        for name in LISTS:
            if name != "invoice_payments" or self.shape != "old":
                self.add(name, [])
        self._price_list()
        for story in self.world.stories:
            self._people(story)
            self._subscriptions(story)
            for biller in story.billers:
                for invoice in biller.subscription.invoices:
                    self._invoice(invoice)
            self._given_back(story)
        self._payouts()
        for story in self.world.stories:
            for amend in story.amendments["stripe"]:
                amend(self.tables)
        for name, rows in self.tables.items():
            if name != "payout_balance_transactions":
                rows.sort(key=lambda row: (-row.get("created", 0), row.get("id", "")))
        return self.tables

    def _price_list(self) -> None:
        """Products, prices, coupons and tax rates."""
        stories, prices = self.world.stories, self.world.prices
        born = self.world.stories[0].moment(self.world.stories[0].first(40)) // DAY * DAY
        self.add("products", (product_json(product, born) for product in prices.products.values()))
        own = {price.id: price for story in stories for price in story.own_prices} | {
            price.id: price for price in prices.prices.values()
        }
        self.add(
            "prices",
            (price_json(price, born, shape_of(price.id, self.shape), with_tiers=True) for price in own.values()),
        )
        coupons = {coupon.id: coupon for story in stories for coupon in story.coupons}
        self.add("coupons", map(coupon_json, coupons.values()))
        rates = {rate.id: rate for story in stories for rate in story.tax_rates}
        self.add("tax_rates", map(tax_rate_json, rates.values()))

    def customers(self) -> Iterator[Json]:
        """Customers alone."""
        for customer in (customer for story in self.world.stories for customer in story.customers):
            if state := customer.timeline.before(self.cutoff):
                yield customer_json(customer, state)

    def _people(self, story: Story) -> None:
        """Customers and their events."""
        for customer in story.customers:
            state = customer.timeline.before(self.cutoff)
            if state:
                self.add("customers", [customer_json(customer, state)])
                self._events(customer.id, customer.timeline, plain(customer_json, customer), livemode=customer.livemode)

    def _subscriptions(self, story: Story) -> None:
        """Subscriptions, their schedules and events."""
        for own in (biller.subscription for biller in story.billers):
            state = own.timeline.before(self.cutoff)
            if state is None:
                continue
            self.add("subscriptions", [subscription_json(own, state, shape_of(own.id, self.shape))])
            if own.schedule:
                self.add(
                    "subscription_schedules",
                    [schedule_json(own, self.cutoff - 1, shape_of(own.schedule.id, self.shape))],
                )
            self._events(
                own.id,
                own.timeline,
                shaped(subscription_json, own),
                livemode=own.customer.livemode,
                keeps_all=self.all_events,
            )

    def _invoice(self, invoice: Invoice) -> None:
        """An invoice, its overflow lines, payments, charges and events."""
        state, at = invoice.timeline.before(self.cutoff), self.cutoff - 1
        if state is None:
            return
        shape, livemode = shape_of(invoice.id, self.shape), invoice.customer.livemode
        self.add("invoices", [invoice_json(invoice, state, at, shape)])
        self.add("invoice_lines", (line_json(line, invoice, shape) for line in invoice.lines[PAGE:]))
        self._events(invoice.id, invoice.timeline, partial(invoice_json, invoice), livemode=livemode)
        paid = invoice_payment_json(invoice, state, at)
        if paid and self.shape != "old":
            self.add("invoice_payments", [paid])
        self._charges(invoice)

    def _charges(self, invoice: Invoice) -> None:
        """The payment intent of an invoice, its charges and their balance transactions."""
        payment = invoice.payment
        state = payment.timeline.before(self.cutoff) if payment else None
        if payment is None or state is None:
            return
        self.add("payment_intents", [payment_intent_json(payment, state, shape_of(payment.id, self.shape))])
        for charge in payment.charges:
            charged = charge.timeline.before(self.cutoff)
            if charged is None:
                continue
            self.add("charges", [charge_json(charge, charged, shape_of(charge.id, self.shape))])
            self._events(charge.id, charge.timeline, shaped(charge_json, charge), livemode=invoice.customer.livemode)
            if charge.transaction and invoice.customer.livemode:
                self.add("balance_transactions", [transaction_json(charge.transaction, self.cutoff - 1)])

    def _given_back(self, story: Story) -> None:
        """Refunds, credit notes and disputes."""
        at = self.cutoff - 1
        for refund in story.refunds:
            if refund.created < self.cutoff:
                self.add("refunds", [refund_json(refund, shape_of(refund.id, self.shape))])
                self.add("balance_transactions", [transaction_json(refund.transaction, at)])
        for note in story.credit_notes:
            if note.created < self.cutoff:
                self.add("credit_notes", [credit_note_json(note, shape_of(note.id, self.shape))])
        for dispute in story.disputes:
            state = dispute.timeline.before(self.cutoff)
            if state:
                self.add("disputes", [dispute_json(dispute, state, at)])
                self._events(dispute.id, dispute.timeline, partial(dispute_json, dispute))
                moved = (found for created, found in dispute.transactions if created < self.cutoff)
                self.add("balance_transactions", (transaction_json(found, at) for found in moved))

    def _payouts(self) -> None:
        """Payouts, what listing by payout tells, and the balance."""
        at, seen = self.cutoff - 1, [moved for moved in self.world.movements() if moved.created < self.cutoff]
        for payout in self.world.payouts:
            state = payout.timeline.before(self.cutoff)
            if state is None:
                continue
            seen.append(payout.transaction)
            self.add("payouts", [payout_json(payout, state)])
            self.add("balance_transactions", [transaction_json(payout.transaction, at)])
            listed = [payout.transaction, *payout.items]
            self.add(
                "payout_balance_transactions",
                ({"payout": payout.id, "balance_transaction": moved.id} for moved in listed),
            )
            self._events(payout.id, payout.timeline, plain(payout_json, payout))
        self.add("balance", [balance_json(seen, at)])


def render_world(
    world: "World", folder: Path, pulled_on: date, shape: str, *, is_zipped: bool, all_events: bool
) -> None:
    """Write ``stripe/*.jsonl[.gz]`` and ``salesforce/*.csv`` below a folder."""
    snapshot = Snapshot(world, pulled_on, shape, all_events=all_events)
    stripe, salesforce = folder / "stripe", folder / "salesforce"
    for made in (stripe, salesforce):
        made.mkdir(parents=True, exist_ok=True)
    for name, rows in snapshot.build().items():
        write_lines(stripe / f"{name}.jsonl", rows, is_zipped=is_zipped and name in ZIPPED)
    for name, text in salesforce_tables(world, snapshot.cutoff):
        (salesforce / f"{name}.csv").write_bytes(text.encode())


def write_lines(path: Path, rows: Iterable[Json], *, is_zipped: bool) -> None:
    """Write one object a line; compressed bytes carry no clock and no name."""
    text = "".join(encoded(rows)).encode()
    if not is_zipped:
        path.write_bytes(text)
        return
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=0) as zipped:
        zipped.write(text)
    path.with_name(path.name + ".gz").write_bytes(buffer.getvalue())


def encoded(rows: Iterable[Json]) -> Iterator[str]:
    """Compact JSON, a line each."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
