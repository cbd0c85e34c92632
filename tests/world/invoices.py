"""What Stripe collected: invoices and the money that moved, each with its history."""

from dataclasses import dataclass, field

from .pricing import Price
from .stripe_objects import Customer, Discount, Subscription, TaxRate
from .timeline import Timeline


@dataclass(frozen=True)
class InvoiceLine:
    """One line; amounts in minor units, before discount, as the price's tax behaviour states them."""

    id: str
    amount: int
    description: str
    start: int
    end: int
    price: Price
    quantity: int
    item_id: str | None
    is_proration: bool = False
    discount: int = 0
    tax: int = 0


@dataclass(frozen=True)
class InvoiceState:
    """How far an invoice has come."""

    status: str
    attempt_count: int = 0
    finalized_at: int | None = None
    paid_at: int | None = None
    uncollectible_at: int | None = None
    voided_at: int | None = None
    next_attempt: int | None = None
    credited: int = 0


@dataclass
class Invoice:
    """A Stripe invoice."""

    id: str
    number: str
    subscription: Subscription | None
    customer: Customer
    currency: str
    created: int
    reason: str
    lines: tuple[InvoiceLine, ...]
    tax_rate: TaxRate | None
    discount: Discount | None
    collection_method: str
    timeline: Timeline[InvoiceState] = field(default_factory=Timeline)
    payment: "PaymentIntent | None" = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def subtotal(self) -> int:
        """Sum of the lines before discount and exclusive tax."""
        return sum(line.amount for line in self.lines)

    @property
    def discounted(self) -> int:
        """Sum of the discounts."""
        return sum(line.discount for line in self.lines)

    @property
    def tax(self) -> int:
        """Sum of the taxes, inclusive or exclusive."""
        return sum(line.tax for line in self.lines)

    @property
    def exclusive_tax(self) -> int:
        """Tax that is added to the lines."""
        return 0 if self.tax_rate is None or self.tax_rate.is_inclusive else self.tax

    @property
    def total(self) -> int:
        """Amount that the customer owes."""
        return self.subtotal - self.discounted + self.exclusive_tax


@dataclass(frozen=True)
class PaymentState:
    """Status of a payment intent."""

    status: str
    latest_charge: str | None = None


@dataclass
class PaymentIntent:
    """The intention to collect one invoice."""

    id: str
    invoice: Invoice
    timeline: Timeline[PaymentState] = field(default_factory=Timeline)
    charges: "list[Charge]" = field(default_factory=list)


@dataclass(frozen=True)
class ChargeState:
    """What can change about a charge."""

    refunded: int = 0
    disputed: bool = False


@dataclass
class Charge:
    """One attempt to move money; ``failure`` is the decline code of one that did not."""

    id: str
    payment: PaymentIntent
    amount: int
    created: int
    failure: str | None
    timeline: Timeline[ChargeState] = field(default_factory=Timeline)
    transaction: "BalanceTransaction | None" = None


@dataclass(frozen=True)
class BalanceTransaction:
    """A movement of the Stripe balance, in the settlement currency; ``net`` is amount minus fee."""

    id: str
    kind: str
    source: str
    amount: int
    fee: int
    currency: str
    created: int
    available_on: int
    exchange_rate: str | None = None
    description: str | None = None

    @property
    def net(self) -> int:
        """Amount minus fee."""
        return self.amount - self.fee


@dataclass(frozen=True)
class Refund:
    """Money given back."""

    id: str
    charge: Charge
    amount: int
    created: int
    reason: str
    transaction: BalanceTransaction


@dataclass(frozen=True)
class CreditNote:
    """A credit note on a paid invoice; ``tax`` is part of ``amount``."""

    id: str
    invoice: Invoice
    amount: int
    tax: int
    created: int
    reason: str
    memo: str
    refund: Refund | None


@dataclass(frozen=True)
class DisputeState:
    """Status of a dispute."""

    status: str


@dataclass
class Dispute:
    """A chargeback."""

    id: str
    charge: Charge
    amount: int
    reason: str
    timeline: Timeline[DisputeState] = field(default_factory=Timeline)
    transactions: list[tuple[int, BalanceTransaction]] = field(default_factory=list)


@dataclass(frozen=True)
class PayoutState:
    """Status of a payout."""

    status: str


@dataclass
class Payout:
    """A transfer of the balance to the company's bank."""

    id: str
    currency: str
    amount: int
    arrival: int
    transaction: BalanceTransaction
    items: list[BalanceTransaction]
    timeline: Timeline[PayoutState] = field(default_factory=Timeline)
