"""The story of one company: who it is in both systems, and what truth the story leaves behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, Literal

from .billing import Biller
from .dates import add_months, instant
from .identifiers import salesforce_id, stripe_id
from .invoices import CreditNote, Dispute, Refund
from .names import FREE_MAIL, OWNERS, Company, make_company, person
from .pricing import Price, PriceList
from .rates import convert
from .salesforce_objects import Account, AccountState, Contact, Deal
from .stripe_objects import Coupon, Customer, CustomerState, Subscription, TaxRate

Ids = Literal["none", "some", "all"]
Amendment = Callable[[dict[str, list[dict[str, Any]]]], None]
REPORTING = "USD"
TITLES = ("Head of Finance", "Controller", "Operations Manager", "CTO", "Procurement Lead", "Managing Director")


@dataclass(frozen=True)
class Expected:
    """A planted gap, in reporting minor units; ``impact`` none: the difference accrued since ``diverged_on``."""

    family: str
    cause: str
    diverged_on: date
    deals: tuple[Deal, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    customers: tuple[Customer, ...] = ()
    account: Account | None = None
    components: tuple[tuple[str, Fraction], ...] = ()
    impact: Fraction | None = None
    is_ended: bool = False
    is_extra: bool = False


@dataclass(frozen=True)
class HardNegative:
    """Something that looks like a gap and is none."""

    what: str
    ids: tuple[str, ...]
    why: str


@dataclass
class Story:
    """Builder of one company's records; everything random comes from its own generator."""

    seed: int
    index: int
    as_of: date
    prices: PriceList
    clue: str
    ids: Ids = "some"
    accounts: list[Account] = field(default_factory=list)
    customers: list[Customer] = field(default_factory=list)
    links: dict[str, tuple[Account | None, str]] = field(default_factory=dict)
    deals: list[Deal] = field(default_factory=list)
    billers: list[Biller] = field(default_factory=list)
    coupons: list[Coupon] = field(default_factory=list)
    tax_rates: list[TaxRate] = field(default_factory=list)
    own_prices: list[Price] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    credit_notes: list[CreditNote] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    hard_negatives: list[HardNegative] = field(default_factory=list)
    aftermath: list[Callable[[], None]] = field(default_factory=list)
    amendments: dict[str, list[Amendment]] = field(default_factory=lambda: {"stripe": [], "salesforce": []})
    restated: dict[str, Fraction] = field(default_factory=dict)
    plant: str = ""
    is_exported_twice: bool = False
    _counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Seed the generator."""
        self.rng = Random(f"{self.seed}/{self.index}")

    # -- time --------------------------------------------------------------------------------------

    def first(self, months_ago: int, day: int = 1) -> date:
        """A day of the month that lies ``months_ago`` before as_of's."""
        return add_months(self.as_of.replace(day=1), -months_ago).replace(day=day)

    def ago(self, days: int) -> date:
        """The day ``days`` before as_of."""
        return self.as_of - timedelta(days=days)

    def moment(self, day: date, hour: int | None = None) -> int:
        """An instant in the office hours of a day, at a random minute unless ``hour`` is given."""
        return instant(day, hour or self.rng.randrange(9, 17), self.rng.randrange(60), self.rng.randrange(60))

    @property
    def cutoff(self) -> int:
        """Midnight that ends as_of."""
        return instant(self.as_of + timedelta(days=1))

    def play(self, horizon: int) -> None:
        """Let the billing run, then give back and dispute what was paid."""
        for biller in self.billers:
            biller.run(horizon)
        for act in self.aftermath:
            act()

    # -- cast --------------------------------------------------------------------------------------

    def name(self, kind: str) -> tuple[object, ...]:
        """Name of the next object of a kind, unique over the world."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return self.seed, self.index, kind, self._counts[kind]

    def company(self, currency: str | None = None) -> Company:
        """Invent the story's company."""
        return make_company(self.index, self.rng, currency)

    def account(self, company: Company, *, since: date, **fields: object) -> Account:
        """Open a Salesforce account, with one to three contacts."""
        account_id = salesforce_id("account", *self.name("account"))
        written = company.legal_name if self.rng.random() < 0.7 else company.name
        values: dict[str, object] = {
            "name": written,
            "owner": self.rng.choice(OWNERS),
            "website": f"https://www.{company.domain}",
            "billing_email": f"accounts@{company.domain}" if self.rng.random() < 0.6 else None,
            **fields,
        }
        account = Account(account_id, company, **values)  # type: ignore[arg-type]
        account.timeline.begin(self.moment(since), "", AccountState("Active"))
        for _ in range(self.rng.randrange(1, 4)):
            self.contact(account, since)
        self.accounts.append(account)
        return account

    def contact(self, account: Account, since: date) -> Contact:
        """Add someone at an account."""
        given, family = person(self.rng)
        email = f"{given}.{family}@{account.company.domain}".lower()
        contact_id = salesforce_id("contact", *self.name("contact"))
        contact = Contact(contact_id, account.id, given, family, email, self.rng.choice(TITLES), self.moment(since))
        account.contacts.append(contact)
        return contact

    def customer(
        self,
        account: Account | None,
        company: Company,
        *,
        since: date,
        clue: str | None = None,
        metadata_account: Account | None = None,
        **fields: object,
    ) -> Customer:
        """Create a Stripe customer; ``clue`` is what leads from it to the account."""
        clue = clue or self.clue
        created, how = self.moment(since, 8), clue if account else "none"
        metadata = self._point_to(account, clue)
        if metadata_account:
            metadata = (("salesforce_account_id", metadata_account.id),)
        state = CustomerState(self._customer_name(company, clue), self._email(account, company, clue), metadata)
        method = {"USD": "card", "EUR": "sepa_debit"}.get(company.place.currency, "card")
        values: dict[str, object] = {
            "method": method,
            "currency": company.place.currency,
            "phone": self._phone(company),
            **fields,
        }
        customer = Customer(
            stripe_id("customer", *self.name("customer")),
            company=company,
            **values,  # type: ignore[arg-type]
        )
        customer.timeline.begin(created, "customer.created", state)
        if account and clue == "id" and not metadata:
            account.stripe_customer_id = customer.id
        self.customers.append(customer)
        self.links[customer.id] = (account, how)
        return customer

    def _point_to(self, account: Account | None, clue: str) -> tuple[tuple[str, str], ...]:
        """Metadata that names the account, on every second customer with an explicit id."""
        if account and clue == "id" and (self.index % 2 or account.stripe_customer_id):
            return (("salesforce_account_id", account.id),)
        return ()

    def _customer_name(self, company: Company, clue: str) -> str:
        """The name as someone in billing typed it."""
        if clue == "name":
            return company.legal_name
        return self.rng.choice(
            (company.name, company.legal_name, company.legal_name.upper(), company.name.lower().title())
        )

    def _email(self, account: Account | None, company: Company, clue: str) -> str:
        """The e-mail as the clue demands: shared with Salesforce, of the same domain, or neither."""
        if clue == "free" or clue == "name":
            return f"{company.domain.split('.')[0]}.office@{self.rng.choice(FREE_MAIL)}"
        known = [contact.email for contact in account.contacts] if account else []
        if account and account.billing_email:
            known.append(account.billing_email)
        if known and (clue == "email" or (clue == "id" and self.rng.random() < 0.4)):
            return self.rng.choice(known)
        return f"{self.rng.choice(('billing', 'ap', 'invoices', 'finance'))}@{company.domain}"

    def _phone(self, company: Company) -> str | None:
        """The account's telephone number, sometimes."""
        return company.phone if self.rng.random() < 0.5 else None

    def open(self, currency: str | None = None, *, since: date, clue: str | None = None) -> tuple[Account, Customer]:
        """Open the story's company in both systems."""
        company = self.company(currency)
        account = self.account(company, since=since - timedelta(days=self.rng.randrange(20, 90)))
        return account, self.customer(account, company, since=since - timedelta(days=self.rng.randrange(3)), clue=clue)

    # -- price list --------------------------------------------------------------------------------

    def price(self, key: str, currency: str, cadence: str) -> Price:
        """List price."""
        return self.prices.price(key, currency, cadence)

    def negotiated(self, key: str, currency: str, cadence: str, unit: Fraction | int, **more: object) -> Price:
        """Price agreed with this company; ``unit`` in minor units."""
        price = self.prices.negotiated(key, currency, cadence, unit, self.index, **more)
        if price not in self.own_prices:
            self.own_prices.append(price)
        return price

    def reporting(self, minor: Fraction | int, currency: str, on: date | None = None) -> Fraction:
        """Exact amount in the reporting currency at the rate of as_of, or of another day."""
        return convert(Fraction(minor), currency, REPORTING, on or self.as_of)

    def amend(self, system: str, change: Amendment) -> None:
        """Change the rendered records of a system, by list or table, after the story is told; see ``plant_by_verb``."""
        self.amendments[system].append(change)

    # -- truth -------------------------------------------------------------------------------------

    def expect(
        self,
        family: str,
        cause: str,
        diverged_on: date,
        deals: Sequence[Deal] = (),
        subs: Sequence[Biller] = (),
        **more: object,
    ) -> None:
        """Declare a planted gap; its account and customers follow from its records."""
        subscriptions = tuple(biller.subscription for biller in subs)
        account = deals[0].account if deals else None
        customers = {biller.subscription.customer.id: biller.subscription.customer for biller in subs}
        if account is None and subs:
            account = self.links[subscriptions[0].customer.id][0]
        if account is not None:
            customers = {found.id: found for found in self.customers if self.links[found.id][0] is account}
        gap = Expected(
            family,
            cause,
            diverged_on,
            tuple(deals),
            subscriptions,
            tuple(customers.values()),
            account,
            **more,  # type: ignore[arg-type]
        )
        self.expected.append(gap)

    def hard(self, what: str, why: str, *records: Deal | Biller | Account | Customer) -> None:
        """Declare a hard negative."""
        ids = tuple(found.subscription.id if isinstance(found, Biller) else found.id for found in records)
        self.hard_negatives.append(HardNegative(what, ids, why))

    def churn(self, account: Account, on: date) -> None:
        """Mark an account as churned, on the day after the fact."""
        account.timeline.set(self.moment(on), "", status="Churned", churned_on=on, kind="Former Customer")
