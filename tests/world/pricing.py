"""What the company sells, at which prices, and what a price is worth a month."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from .identifiers import stripe_id

MONTHS_PER_INTERVAL = {"day": Fraction(12, 365), "week": Fraction(12, 52), "month": Fraction(1), "year": Fraction(12)}
INTERVALS = {"monthly": ("month", 1), "quarterly": ("month", 3), "annual": ("year", 1), "weekly": ("week", 1)}
CADENCES = {"monthly": "Monthly", "quarterly": "Quarterly", "annual": "Annual", "weekly": "Weekly"}


@dataclass(frozen=True)
class Product:
    """Something on the price list; ``family`` is Salesforce's product family."""

    key: str
    name: str
    code: str
    family: str = "Subscription"
    unit_label: str | None = None
    seed: int = 0

    @property
    def id(self) -> str:
        """Stripe product id."""
        return stripe_id("product", self.seed, self.key)


@dataclass(frozen=True)
class Tier:
    """One step of a tiered price; amounts in minor units, ``up_to`` none for the last."""

    up_to: int | None
    unit: Fraction
    flat: int = 0


@dataclass(frozen=True)
class Price:
    """A Stripe price; ``unit`` in minor units of ``currency``."""

    id: str
    product: Product
    currency: str
    unit: Fraction
    interval: str | None
    interval_count: int = 1
    usage_type: str = "licensed"
    tiers: tuple[Tier, ...] = ()
    tiers_mode: str | None = None
    tax_behavior: str = "exclusive"
    nickname: str | None = None
    divide_by: int | None = None

    def amount(self, quantity: int) -> Fraction:
        """Exact amount of one billing interval, in minor units."""
        if self.tiers_mode == "graduated":
            return _graduated(self.tiers, quantity)
        if self.tiers_mode == "volume":
            tier = next(tier for tier in self.tiers if tier.up_to is None or quantity <= tier.up_to)
            return tier.unit * quantity + tier.flat
        return self.unit * (-(-quantity // self.divide_by) if self.divide_by else quantity)

    @property
    def months(self) -> Fraction:
        """Months in one billing interval."""
        return MONTHS_PER_INTERVAL[self.interval or "month"] * self.interval_count

    def monthly(self, quantity: int) -> Fraction:
        """Exact monthly value; nothing for one-time and metered prices."""
        if self.interval is None or self.usage_type == "metered":
            return Fraction(0)
        return self.amount(quantity) / self.months


def _graduated(tiers: tuple[Tier, ...], quantity: int) -> Fraction:
    """Sum the tiers that a quantity reaches."""
    total, floor = Fraction(0), 0
    for tier in tiers:
        if quantity <= floor:
            break
        ceiling = quantity if tier.up_to is None else min(quantity, tier.up_to)
        total += tier.unit * (ceiling - floor) + tier.flat
        floor = ceiling
    return total


# key: name, code, unit label, monthly price in major units of USD, EUR, GBP, JPY
_LIST: dict[str, tuple[str, str, str | None, tuple[int, int, int, int]]] = {
    "starter": ("Starter", "NB-START", None, (99, 89, 79, 15000)),
    "team": ("Team seat", "NB-TEAM", "seat", (49, 45, 39, 7500)),
    "business": ("Business seat", "NB-BUS", "seat", (79, 72, 65, 12000)),
    "platform": ("Platform", "NB-PLAT", None, (1200, 1100, 980, 180000)),
    "enterprise": ("Enterprise platform", "NB-ENT", None, (4800, 4400, 3900, 720000)),
    "analytics": ("Analytics add-on", "NB-ANLY", None, (350, 320, 290, 52000)),
    "support": ("Premium support", "NB-SUPP", None, (500, 460, 410, 75000)),
    "sandbox": ("Sandbox environment", "NB-SBX", None, (150, 140, 120, 22000)),
}
CURRENCIES = ("USD", "EUR", "GBP", "JPY")
_FACTOR: dict[str, Fraction | int] = {"monthly": 1, "quarterly": 3, "annual": 10, "weekly": Fraction(12, 52)}
_MINOR = {"USD": 100, "EUR": 100, "GBP": 100, "JPY": 1}


class PriceList:
    """The company's products and prices of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.products = {key: Product(key, row[0], row[1], unit_label=row[2], seed=seed) for key, row in _LIST.items()}
        self.products |= {
            "contacts": Product("contacts", "Contact packs", "NB-CONT", unit_label="pack", seed=seed),
            "calls": Product("calls", "API calls", "NB-API", "Usage", "call", seed),
            "onboarding": Product("onboarding", "Onboarding package", "NB-ONB", "Onboarding", None, seed),
            "implementation": Product(
                "implementation", "Implementation services", "NB-IMPL", "Professional Services", None, seed
            ),
            "free": Product("free", "Free plan", "NB-FREE", seed=seed),
        }
        self.prices: dict[tuple[str, str, str], Price] = {}
        for currency in CURRENCIES:
            self._add_currency(currency)

    def _add_currency(self, currency: str) -> None:
        """Put the list prices of one currency on the list."""
        minor = _MINOR[currency]
        for key, row in _LIST.items():
            monthly = row[3][CURRENCIES.index(currency)] * minor
            for cadence in ("monthly", "quarterly", "annual"):
                self._add(key, currency, cadence, Fraction(monthly) * _FACTOR[cadence])
        pack = 10 * minor * (150 if currency == "JPY" else 1)
        tiers = (Tier(10, Fraction(pack)), Tier(None, Fraction(pack * 4, 5), pack // 2))
        self._add("contacts", currency, "monthly", Fraction(0), tiers=tiers, tiers_mode="graduated")
        self._add("calls", currency, "monthly", Fraction(1, 2), usage_type="metered")
        self._add("free", currency, "monthly", Fraction(0))
        for key, units in (("onboarding", 2500), ("implementation", 20000)):
            self._add(key, currency, "once", Fraction(units * minor * (150 if currency == "JPY" else 1)))

    def _add(self, key: str, currency: str, cadence: str, unit: Fraction, **more: object) -> None:
        """Put one price on the list."""
        interval, count = INTERVALS.get(cadence, (None, 1))
        price_id = stripe_id("price", self.seed, key, currency, cadence)
        fields: dict[str, Any] = {"nickname": f"{self.products[key].name} {cadence} {currency}", **more}
        self.prices[key, currency, cadence] = Price(
            price_id, self.products[key], currency, unit, interval, count, **fields
        )

    def price(self, key: str, currency: str, cadence: str) -> Price:
        """List price of a product, in a currency, at a billing cadence (``once`` for one-time fees)."""
        return self.prices[key, currency, cadence]

    def negotiated(
        self, key: str, currency: str, cadence: str, unit: Fraction | int, *name: object, **more: object
    ) -> Price:
        """Price agreed with one customer; ``unit`` in minor units."""
        interval, count = INTERVALS.get(cadence, (None, 1))
        price_id = stripe_id("price", self.seed, key, currency, cadence, unit, *name)
        fields: dict[str, Any] = {"nickname": f"{self.products[key].name}, negotiated", **more}
        return Price(price_id, self.products[key], currency, Fraction(unit), interval, count, **fields)
