"""What Salesforce remembers: accounts, contacts and opportunities, with their history."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from .names import Company
from .timeline import Timeline


@dataclass(frozen=True)
class AccountState:
    """What can change about an account."""

    status: str
    churned_on: date | None = None
    master_id: str | None = None
    kind: str = "Customer"


@dataclass
class Account:
    """A Salesforce account."""

    id: str
    company: Company
    name: str
    owner: str
    website: str
    billing_email: str | None
    stripe_customer_id: str | None = None
    parent_id: str | None = None
    vat_number: str | None = None
    timeline: Timeline[AccountState] = field(default_factory=Timeline)
    contacts: "list[Contact]" = field(default_factory=list)


@dataclass(frozen=True)
class Contact:
    """Someone at an account."""

    id: str
    account_id: str
    given: str
    family: str
    email: str
    title: str
    created: int


@dataclass(frozen=True)
class DealLine:
    """A line of an opportunity: ``total`` in minor units, net, over the line's own dates when it has them."""

    id: str
    name: str
    code: str
    family: str
    revenue_type: str
    quantity: int
    unit_price: Fraction
    list_price: Fraction
    total: int
    months: int
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True)
class DealState:
    """What the sales team edits."""

    stage: str
    amount: int
    close_on: date

    @property
    def is_won(self) -> bool:
        """Whether the stage is the won one."""
        return self.stage == "Closed Won"


@dataclass
class Deal:
    """A Salesforce opportunity; ``end`` is the inclusive last day of service, none for an evergreen."""

    id: str
    account: Account
    name: str
    kind: str
    owner: str
    currency: str
    start: date
    months: int
    end: date | None
    basis: str
    cadence: str | None
    terms: str | None
    lines: tuple[DealLine, ...] = ()
    discount_pct: Fraction | None = None
    discount_end: date | None = None
    note: str | None = None
    amends: str | None = None
    prior: str | None = None
    subscription_id: str | None = None
    billing_system: str | None = None
    has_contract: bool = False
    timeline: Timeline[DealState] = field(default_factory=Timeline)
