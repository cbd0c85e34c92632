"""One company while errors are planted in it: what both systems say after each error, and what follows.

Monthly amounts are in the minor units of their own currency; what is expected is in those of the reporting currency.
"""

from __future__ import annotations

import copy
import datetime as dt
from fractions import Fraction
from typing import TYPE_CHECKING

from recon_kit import money
from recon_kit.commands.challenge import salesforce_verbs as salesforce
from recon_kit.commands.challenge import stripe_events
from recon_kit.commands.challenge import stripe_verbs as stripe
from recon_kit.commands.challenge.exact import term_end, whole_up
from recon_kit.commands.challenge.expectation import Expected, Part, Terms, amount_gap, in_reporting
from recon_kit.commands.challenge.ground import Ground, Unsuitable
from recon_kit.commands.challenge.records import CompanyRecords

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon_kit.commands.challenge.hosts import Host
    from recon_kit.commands.challenge.snapshot import Snapshot

_ONE_IN = 200
"""Two amounts agree within 0.5 % (spec 04, amount_basis)."""
_RUNS_ON_DAYS = 200
"""A contract is let run so much longer than as_of, so that its end is out of the way."""


class Company(CompanyRecords):
    """A healthy company while errors are planted in it.

    Attributes:
        crm: what Salesforce says a month, in ``crm_currency``.
        billing: what Stripe bills a month, in the subscription's currency.
        listed: the same by its price, before a coupon.
        parts: the reasons of the amount gap so far.
        expected: the other gaps, worked out when all errors are planted.
    """

    def __init__(self, host: Host, ground: Ground, snapshot: Snapshot, key: str) -> None:
        """Begin with what the records say; ``key`` makes the ids of what is added its own."""
        super().__init__(host, ground, snapshot)
        self.key = key
        self.parts: list[Part] = []
        self.expected: list[Callable[[], Expected]] = []
        self.crm_currency, self.basis = host.currency, host.amount_basis
        self.start_on, self.close_on, self.months = host.start_on, host.close_on, host.term_months
        self.billing_start_on = host.start_on
        self.crm = self.billing = Fraction(host.mrr_minor)
        self.listed = host.mrr_minor

    @property
    def terms(self) -> Terms:
        """As_of and policy."""
        return self.ground.terms

    @property
    def as_of(self) -> dt.date:
        """The day of the close."""
        return self.terms.as_of

    @property
    def rate(self) -> Fraction:
        """Reporting minor units for one of the subscription's."""
        return self.ground.rates[self.host.currency]

    # -- size --------------------------------------------------------------------------------------

    def native(self, reporting: Fraction | int) -> int:
        """Turn reporting minor units into at least as many of the subscription's, a whole number."""
        slack = 0 if self.rate == 1 else 1
        return whole_up((Fraction(reporting) + slack) / self.rate)

    def settle(self, monthly: int) -> None:
        """Restate both systems alike to one monthly amount, so that all that follows is exact.

        Earlier contracts go, and the one in force becomes new business from the day the subscription began.
        """
        self.crm = self.billing = Fraction(self.listed)
        self.charge(monthly)
        self.crm = self.billing
        for invoice in self.invoices:
            stripe.bill(invoice, self.price_id(monthly), monthly * self.host.interval_months)
        self.snapshot.drop(self.earlier)
        salesforce.put_if_there("contract", "prior", self.opportunity, "", self.ground.fields)
        new = self.terms.policy.new_values[:1]
        for kind in new:
            salesforce.put_if_there("contract", "kind", self.opportunity, kind, self.ground.fields)
        self.close(self.start_on)
        self.sell(months=self.long_enough(self.start_on))

    def long_enough(self, start: dt.date) -> int:
        """Choose a term, in whole years more than it has, that begins on a day and ends well after as_of."""
        months = self.months
        while term_end(start, months) <= self.as_of + dt.timedelta(days=_RUNS_ON_DAYS):
            months += 12
        return months

    def price_id(self, monthly: int) -> str:
        """Name a price of this company."""
        return f"price_challenge{self.key}x{monthly}"

    def charge(self, monthly: int) -> None:
        """Let the subscription bill another amount a month from now on."""
        unit = monthly * self.host.interval_months
        price = stripe.reprice(self.subscription, self.price_id(monthly), unit)
        if price and self.snapshot.has("prices"):
            self.snapshot.add("prices", price)
        self.billing += monthly - self.listed
        self.listed = monthly

    def sell(
        self, *, crm: Fraction | int | None = None, start: dt.date | None = None, months: int | None = None
    ) -> None:
        """Restate the contract: its monthly amount, its start, its term.

        Raises:
            Unsuitable: the amount of the term is no whole number of minor units.
        """
        self.crm = self.crm if crm is None else Fraction(crm)
        self.start_on, self.months = start or self.start_on, months or self.months
        exponent = money.exponent_of(self.crm_currency)
        stated = self.crm * {"monthly": 1, "annual": 12, "total": self.months}[self.basis]
        if stated.denominator != 1 or (self.crm * self.months).denominator != 1:
            message = f"{stated} is no whole number of minor units"
            raise Unsuitable(message)
        salesforce.restate_amount(self.opportunity, int(stated), exponent, self.ground.fields)
        salesforce.restate_history(self.history, int(stated), exponent)
        for line in self.lines:
            salesforce.restate_line(line, int(self.crm * self.months), exponent, self.ground.fields)
            for key in ("start_on", "end_on"):
                salesforce.put_if_there("line", key, line, "", self.ground.fields)
        self.run(self.start_on, self.end_on)

    @property
    def end_on(self) -> dt.date:
        """Inclusive last day of the contract."""
        return term_end(self.start_on, self.months)

    def run(self, start: dt.date, stop: dt.date) -> None:
        """Write the contract's dates."""
        fields = self.ground.fields
        salesforce.move_term(self.opportunity, self.contracts, start, stop, months=self.months, overrides=fields)

    def close(self, day: dt.date) -> None:
        """Move the close date to a day, unless it was closed before."""
        if self.close_on > day:
            self.close_on = day
            salesforce.close_on(self.opportunity, day, self.ground.fields)

    # -- what happens ------------------------------------------------------------------------------

    def change_day(self) -> dt.date:
        """Choose the day of a change: after the latest invoice and the contract's dates, as early as can be.

        Raises:
            Unsuitable: as_of is not after them.
        """
        day = max(self.host.last_invoice_on, self.start_on, self.close_on, self.billing_start_on) + dt.timedelta(days=1)
        if day > self.as_of:
            message = "its latest invoice is of as_of"
            raise Unsuitable(message)
        return day

    def before(self) -> stripe.Record:
        """Keep the subscription as it is, for the event of a change."""
        return copy.deepcopy(self.subscription)

    def tell(self, before: stripe.Record, day: dt.date) -> None:
        """Add the event of a change."""
        number = sum(1 for _ in self.snapshot.added.get("events", ()))
        event_id = f"evt_challenge{self.key}x{number}"
        self.snapshot.add("events", stripe_events.updated(before, self.subscription, event_id, self.ground.at(day)))

    def finish(self, day: dt.date, reason: str) -> None:
        """End the subscription on a day, with the event that tells it."""
        at = self.ground.at(day)
        stripe.end(self.subscription, at, reason)
        self.snapshot.add("events", stripe_events.deleted(self.subscription, f"evt_challenge{self.key}end", at))

    def subscribe(self, name: str, monthly: int, start: dt.date) -> stripe.Record:
        """Open another subscription of the customer, over a monthly amount, from a day on."""
        new_id = f"sub_challenge{self.key}{name}"
        other = stripe.copy_subscription(self.subscription, new_id, self.ground.at(start))
        price = stripe.reprice(other, self.price_id(monthly), monthly * self.host.interval_months)
        if price and self.snapshot.has("prices"):
            self.snapshot.add("prices", price)
        self.snapshot.add("subscriptions", other)
        return other

    def drop_contract(self) -> None:
        """Take the opportunity out of Salesforce, with its lines, history and Contract."""
        self.snapshot.drop([self.opportunity, *self.lines, *self.history, *self.contracts])
        self.crm = Fraction(0)

    def drop_subscription(self) -> None:
        """Take the subscription out of Stripe, with all it billed."""
        self.forget_billing()
        self.snapshot.drop([self.subscription])
        self.billing = Fraction(0)

    # -- what follows ------------------------------------------------------------------------------

    @property
    def crm_reporting(self) -> int:
        """What Salesforce says a month, in the reporting currency."""
        return in_reporting(self.crm, self.ground.rates[self.crm_currency])

    @property
    def billing_reporting(self) -> int:
        """What Stripe bills a month, in the reporting currency."""
        return in_reporting(self.billing, self.rate)

    def to_reporting(self, native: Fraction | int) -> int:
        """Turn minor units of the subscription into those of the reporting currency."""
        return in_reporting(native, self.rate)

    def because(self, component: str, native: Fraction | int, since_on: dt.date | None = None) -> None:
        """Note a reason of the amount gap, in the subscription's currency."""
        self.parts.append(Part(component, in_reporting(native, self.rate), since_on))

    def _require_no_other_reading(self) -> None:
        """Refuse amounts that by chance are, on another basis, what is billed: that would be a cause as good.

        Raises:
            Unsuitable: the amount stated, read as another basis, is within 0.5 % of what the subscription bills.
        """
        if self.lines or any(part.component == "amount_basis" for part in self.parts):
            return
        months = {"monthly": 1, "annual": 12, "total": self.months}
        stated = self.crm * months[self.basis]
        for basis, count in months.items():
            reading = in_reporting(stated / count, self.ground.rates[self.crm_currency])
            if basis != self.basis and reading != self.crm_reporting and self._is_billed(reading):
                message = f"its amount, read as {basis}, would be what is billed"
                raise Unsuitable(message)

    def _is_billed(self, reading: int) -> bool:
        return abs(reading - self.billing_reporting) * _ONE_IN <= self.billing_reporting

    def expectations(self) -> list[Expected]:
        """Work out all gaps that this company must show."""
        gaps = [make() for make in self.expected]
        if self.parts:
            self._require_no_other_reading()
            later = max(self.start_on, self.billing_start_on)
            crm, billing = self.crm_reporting, self.billing_reporting
            gaps.append(amount_gap(self.terms, crm, billing, self.parts, fallback=later))
        return gaps
