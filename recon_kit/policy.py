"""Policy: every convention a controller could dispute, in one frozen model with its unit and reason."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from recon_kit import money
from recon_kit.dismissal import DismissalRule

if TYPE_CHECKING:
    from collections.abc import Mapping


def _decimal_text(value: object) -> object:
    if isinstance(value, float):
        message = 'write the amount in quotes, such as "100.00", so that it is read exactly'
        raise ValueError(message)  # noqa: TRY004  (pydantic turns ValueError, not TypeError, into a message)
    return value


Amount = Annotated[Decimal, BeforeValidator(_decimal_text), Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Probability = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=0)]


class Frozen(BaseModel):
    """A model whose misspelt keys are errors and whose values cannot change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Windows(Frozen):
    """Days during which a difference is too young to be called a gap, by kind of event."""

    new_subscription: Days = Field(7, description="missing, orphaned, start gaps and extra subscriptions")
    modification: Days = Field(2, description="amounts and refunds")
    cancellation: Days = Field(1, description="churn, billing past the end, ends and phantoms")
    payment_failure: Days = Field(0, description="phantoms by a failed payment")


class Materiality(Frozen):
    """From which size a gap is material, in the reporting currency a month unless said."""

    amount: Amount = Field(Decimal("100.00"), description="smallest material monthly difference")
    amount_pct: Percent = Field(5, description="per cent of the larger MRR that a difference must reach")
    large_mrr: Amount = Field(Decimal("10000.00"), description="MRR above which large_pct applies")
    large_pct: Percent = Field(2, description="per cent for large MRR")
    orphan: Amount = Field(Decimal("500.00"), description="MRR above which an orphan is material")
    date_impact: Amount = Field(Decimal("100.00"), description="impact from which a date gap is material")
    refund: Amount = Field(Decimal("100.00"), description="impact from which refunds and credits are material")
    aggregate_pct: Percent = Field(1, description="per cent of total MRR that open gaps may sum to")


class Policy(Frozen):
    """The conventions of a close. Amounts are in the reporting currency; percentages in per cent."""

    reporting_currency: str = Field("USD", description="ISO 4217 code all totals are reported in")
    timezone: str = Field(
        "UTC", description="IANA name; turns UTC instants into calendar dates and sets where as_of ends"
    )
    stripe_mode: Literal["live", "test"] = Field(
        "live", description="objects of the other mode are excluded and counted"
    )
    holidays: str = Field("ECB", description="calendar of bank holidays for payout windows")
    max_fx_age_days: Days = Field(7, description="an older common rate breaks a control")
    amount_basis: Literal["monthly", "annual", "total"] = Field("total", description="what Opportunity.Amount states")
    discounts_in_mrr: list[Literal["forever", "repeating", "once"]] = Field(
        ["forever", "repeating"], description="coupon durations that reduce MRR"
    )
    usage_counts: bool = Field(default=False, description="whether metered prices are MRR")
    paused_collection_counts: bool = Field(
        default=False, description="whether a subscription with paused collection is MRR"
    )
    rounding_tolerance: Amount = Field(Decimal("1.00"), description="monthly difference that is rounding, not a gap")
    pair_tolerance_pct: Percent = Field(30, description="largest relative difference of an assigned pair")
    date_tolerance_days: Days = Field(3, description="start and end dates may differ by so much")
    reactivation_days: Days = Field(31, description="a break of service up to this long is one chain")
    lookback_months: int = Field(12, ge=0, description="how far back contracts that were never billed are looked for")
    timing_lag_days: Days = Field(14, description="a missing subscription younger than this is timing")
    windows: Windows = Windows()
    materiality: Materiality = Materiality()
    auto_link: Probability = Field(0.95, description="link probability from which a link stands without review")
    review_floor: Probability = Field(0.30, description="link probability below which a link is not proposed")
    runner_up_margin: Probability = Field(0.50, description="lead over the runner-up that a link needs")
    candidate_floor_weight: float = Field(-5, description="match weight below which a pair is not kept")
    won_values: list[str] = Field(["Closed Won"], description="StageName values that mean won, where IsWon is absent")
    new_values: list[str] = Field(
        ["New Business", "New", "New Customer"], description="Opportunity.Type of new business"
    )
    renewal_values: list[str] = Field(["Renewal"], description="Opportunity.Type of renewals")
    expansion_values: list[str] = Field(
        ["Expansion", "Upsell", "Add-On", "Existing Business"], description="Opportunity.Type of expansions"
    )
    churned_values: list[str] = Field(
        ["Churned", "Cancelled", "Former Customer"], description="account status or type that means churned"
    )
    billed_in_stripe_values: list[str] = Field([], description="Billing_System__c values billed in Stripe; empty: all")
    amendments: Literal["delta", "restate"] = Field(
        "delta", description="whether an amendment adds to or replaces what it amends"
    )
    one_time_families: list[str] = Field(
        ["Services", "Professional Services", "Implementation", "Onboarding", "Training", "Setup"],
        description="product families whose lines are one-time",
    )
    ledger_tolerance: Amount = Field(Decimal("0.05"), description="amount difference of a near ledger match")
    ledger_date_days: Days = Field(3, description="date difference of a near ledger match")
    posting_window_days: Days = Field(3, description="events this young may still be booked")
    payout_window_days: Days = Field(5, description="business days around a payout's arrival")
    stripe_pattern: str = Field("(?i)stripe", description="regular expression of bank lines that come from Stripe")
    daily_unmatched_limit: int = Field(25, ge=0, description="unmatched records a day above which an alert is raised")
    straggler_amount: Amount = Field(
        Decimal("10000.00"), description="a single unmatched amount above this is a straggler"
    )
    approval_amount: Amount = Field(
        Decimal("1000.00"), description="amendments that change value by more need approval"
    )
    recognition_convention: Literal["monthly", "daily"] = Field(
        "monthly", description="how over-time obligations are spread"
    )
    modification: Literal["prospective", "cumulative"] = Field(
        "prospective", description="how contract modifications count"
    )
    variable_constraint_pct: Percent = Field(100, description="per cent of variable consideration that is constrained")
    invoice_only_months: int = Field(12, ge=1, description="months an invoice-only integration spreads a contract over")
    price_book: dict[str, Amount] = Field({}, description="standalone selling prices by SKU")
    stripe_requests_per_second: float = Field(80, gt=0, description="client-side rate limit in live mode")
    allow_incomplete: bool = Field(default=False, description="whether a close may stand on an incomplete extract")
    routes: dict[str, dict[str, str]] = Field(
        {}, description="cause -> team -> environment variable of the alert's URL"
    )

    dismissal_rules: list[DismissalRule] = Field([], description="gaps that are none to act on: whose rule, until when")

    @field_validator("dismissal_rules")
    @classmethod
    def _named_once(cls, rules: list[DismissalRule]) -> list[DismissalRule]:
        names = [rule.name for rule in rules]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            message = f"several rules have the name {', '.join(twice)}; each needs its own"
            raise ValueError(message)
        return rules

    @field_validator("routes")
    @classmethod
    def _variables_not_addresses(cls, routes: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if not all(variable.isidentifier() for teams in routes.values() for variable in teams.values()):
            message = "each team needs the name of an environment variable; the address itself stays out of files"
            raise ValueError(message)
        return routes

    @field_validator("reporting_currency")
    @classmethod
    def _known_currency(cls, value: str) -> str:
        if value not in money.exponents()["currency"]:
            message = f"{value!r} is no ISO 4217 currency code"
            raise ValueError(message)
        return value

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, value: str) -> str:
        if value not in available_timezones():
            message = f"{value!r} is no IANA time zone, such as Europe/Berlin"
            raise ValueError(message)
        return value

    @field_validator("stripe_pattern")
    @classmethod
    def _valid_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as fault:
            message = f"{value!r} is no regular expression: {fault}"
            raise ValueError(message) from fault
        return value

    @model_validator(mode="after")
    def _ordered_cutoffs(self) -> Policy:
        if self.review_floor > self.auto_link:
            message = f"review_floor {self.review_floor} must not exceed auto_link {self.auto_link}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _exact_amounts(self) -> Policy:
        amounts = {**dict(self), **{f"materiality.{name}": value for name, value in dict(self.materiality).items()}}
        places = money.exponent_of(self.reporting_currency)
        faulty = [
            name
            for name, value in amounts.items()
            if isinstance(value, Decimal) and value.scaleb(places) % 1 and name != "ledger_tolerance"
        ]
        if faulty:
            message = f"{', '.join(faulty)}: more decimals than {self.reporting_currency} has"
            raise ValueError(message)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone whose calendar days count."""
        return ZoneInfo(self.timezone)

    def minor(self, amount: Decimal) -> int:
        """Return an amount of this policy in minor units of the reporting currency.

        Raises:
            ValueError: when the amount has more decimals than the reporting currency.
        """
        scaled = amount.scaleb(money.exponent_of(self.reporting_currency))
        if scaled != scaled.to_integral_value():
            message = f"{amount} has more decimals than {self.reporting_currency}: write it with fewer."
            raise ValueError(message)
        return int(scaled)

    def in_currency(self, currency: str) -> Policy:
        """Return the conventions for amounts in a currency that no rate converts into the reporting currency.

        The rounding tolerance counts in that currency, down to its decimals. Materiality is stated in the reporting
        currency, so its amounts cannot apply: only the per cent of a difference does, and what has an amount alone
        (dates, orphans, refunds) is material.
        """
        step = Decimal(1).scaleb(-money.exponent_of(currency))
        nothing = dict.fromkeys(("amount", "orphan", "date_impact", "refund"), Decimal(0))
        limits = self.materiality.model_copy(update=nothing | {"large_pct": self.materiality.amount_pct})
        tolerance = self.rounding_tolerance.quantize(step, ROUND_DOWN)
        changed = {"reporting_currency": currency, "rounding_tolerance": tolerance, "materiality": limits}
        return self.model_copy(update=changed)

    def to_yaml(self) -> str:
        """Write every key in its declared order, so that equal policies give equal bytes."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


class SettingsError(ValueError):
    """Params or policy that cannot be used; the message lists every fault and what to do."""


PROFILES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "due_diligence": {"materiality": {"amount": "50.00", "amount_pct": 2, "orphan": "100.00", "date_impact": "100.00"}},
    "board": {"materiality": {"aggregate_pct": 0.5}},
    "plg": {"materiality": {"orphan": "100.00"}},
}
"""What a profile sets where the policy itself says nothing."""

FIELD_OWNERS: Mapping[str, str] = {
    "price, quantity, discount, term, start, end, churn": "salesforce",
    "invoices, proration, tax, collection, payment": "stripe",
    "recognised, deferred and receivable balances": "ledger",
}
"""Which system is right about which field: commercial terms, billing facts, accounting outcomes."""


def build_policy(given: Mapping[str, Any], profile: str = "default") -> Policy:
    """Make the policy from any subset of its keys over a profile over the defaults.

    Raises:
        SettingsError: one message with every fault.
    """
    try:
        return Policy.model_validate(_overlay(PROFILES[profile], given))
    except ValidationError as faults:
        raise SettingsError(describe_faults("policy", faults)) from faults


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = _overlay(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def describe_faults(what: str, faults: ValidationError) -> str:
    """Write all faults of a settings file in one message: key, value, what is wrong."""
    lines = [_fault_line(fault) for fault in faults.errors()]
    noun = "fault" if len(lines) == 1 else "faults"
    return f"{len(lines)} {noun} in the {what}:\n" + "\n".join(lines)


def _fault_line(fault: Any) -> str:  # noqa: ANN401  (pydantic's ErrorDetails is a private-ish TypedDict)
    key = ".".join(str(part) for part in fault["loc"]) or "(file)"
    if fault["type"] == "extra_forbidden":
        return f"  - {key}: unknown key; remove it or correct its spelling"
    if fault["type"] == "missing":
        return f"  - {key}: missing; this key must be given"
    given = "" if key.split(".")[0] == "routes" else f"{fault['input']!r}: "  # may hold an address, which is a secret
    return f"  - {key}: {given}{fault['msg'].removeprefix('Value error, ')}"
