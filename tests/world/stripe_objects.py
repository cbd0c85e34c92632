"""What Stripe remembers of customers and subscriptions, each with its history."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from .names import Company
from .pricing import Price
from .timeline import Timeline

if TYPE_CHECKING:
    from .invoices import Invoice


@dataclass(frozen=True)
class Coupon:
    """A discount that can be attached; exactly one of percent and amount is set."""

    id: str
    name: str
    duration: str
    created: int
    percent_off: Fraction | None = None
    amount_off: int | None = None
    currency: str | None = None
    duration_in_months: int | None = None


@dataclass(frozen=True)
class Discount:
    """A coupon at work on a subscription, from ``start`` to ``end``."""

    id: str
    coupon: Coupon
    start: int
    end: int | None


@dataclass(frozen=True)
class TaxRate:
    """A tax; ``percentage`` is 19 for 19 %."""

    id: str
    name: str
    country: str
    percentage: Fraction
    is_inclusive: bool
    created: int


@dataclass(frozen=True)
class CustomerState:
    """What can change about a customer."""

    name: str | None
    email: str | None
    metadata: tuple[tuple[str, str], ...] = ()
    delinquent: bool = False


@dataclass
class Customer:
    """A Stripe customer."""

    id: str
    currency: str
    company: Company
    method: str
    timeline: Timeline[CustomerState] = field(default_factory=Timeline)
    livemode: bool = True
    description: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Item:
    """One line of a subscription."""

    id: str
    price: Price
    quantity: int
    created: int


@dataclass(frozen=True)
class SubscriptionState:
    """Everything about a subscription that can change."""

    status: str
    items: tuple[Item, ...]
    period_start: int
    period_end: int
    discounts: tuple[Discount, ...] = ()
    cancel_at_period_end: bool = False
    cancel_at: int | None = None
    canceled_at: int | None = None
    ended_at: int | None = None
    cancel_reason: str | None = None
    feedback: str | None = None
    pause_behavior: str | None = None
    resumes_at: int | None = None
    trial_start: int | None = None
    trial_end: int | None = None
    latest_invoice: str | None = None


@dataclass
class Subscription:
    """A Stripe subscription; ``months`` is the length of its billing interval."""

    id: str
    customer: Customer
    currency: str
    start: int
    tax_rate: TaxRate | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    collection_method: str = "charge_automatically"
    schedule: "Schedule | None" = None
    timeline: Timeline[SubscriptionState] = field(default_factory=Timeline)
    invoices: "list[Invoice]" = field(default_factory=list)


@dataclass(frozen=True)
class Phase:
    """A stretch of a subscription schedule."""

    start: int
    end: int
    items: tuple[tuple[Price, int], ...]


@dataclass
class Schedule:
    """A subscription schedule; it releases its subscription after the last phase."""

    id: str
    phases: tuple[Phase, ...]
    created: int
