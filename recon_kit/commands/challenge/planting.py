"""What a class of errors is, how large one is made, and what every class needs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from recon_kit.commands.challenge.exact import whole_up
from recon_kit.commands.challenge.expectation import EXISTENCE, Expected

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from recon_kit.commands.challenge.company import Company

_PARTS_OF_BASE = 40
"""An error is so small a part of an ordinary amount that it is not by chance what a tax is."""
_ROUND = 100


class Impossible(Exception):  # noqa: N818  (no fault: such an error cannot be)
    """A class has no error of a size, in any company; says why."""


@dataclass(frozen=True)
class Size:
    """How far beyond its tolerance an error is."""

    factor: Fraction

    @property
    def label(self) -> str:
        """The factor as it is written, such as ``1.01 ×``."""
        hundredths = int(self.factor * 100)
        text = f"{hundredths // 100}.{hundredths % 100:02d}".rstrip("0").rstrip(".")
        return f"{text} ×"

    def over(self, tolerance: Fraction) -> int:
        """Size an amount in minor units."""
        return whole_up(tolerance * self.factor)

    def days(self, tolerance: int) -> int:
        """Size a number of days; where nothing is tolerated, one day stands for the tolerance."""
        return whole_up(Fraction(tolerance) * self.factor) if tolerance else int(self.factor)


SIZES = tuple(Size(Fraction(hundredths, 100)) for hundredths in (101, 200, 5000))
AT_TOLERANCE = Size(Fraction(1))


@dataclass(frozen=True)
class Plant:
    """One class of errors: how to plant it, and by which tolerance it is measured.

    Attributes:
        name: what it is called in the report.
        family: of the gap it must give; empty where it must give none.
        cause: of that gap.
        measure: the key of the policy that its size is a multiple of.
        apply: plants it.
        base: the monthly amount that both systems must agree on before, where the class needs one of its own.
    """

    name: str
    family: str
    cause: str
    measure: str
    apply: Callable[[Company, Size], None]
    base: Callable[[Company, Size], int] | None = None


def tolerance(company: Company, size: Size) -> int:
    """Size an amount by ``rounding_tolerance``, in the subscription's minor units."""
    terms = company.terms
    return company.native(size.over(terms.minor(terms.policy.rounding_tolerance)))


def within_tolerance(company: Company) -> int:
    """Size the largest amount that is surely within ``rounding_tolerance``, whatever is rounded."""
    slack = 0 if company.rate == 1 else 1
    allowed = company.terms.minor(company.terms.policy.rounding_tolerance) - slack
    return int(allowed / company.rate)


def ordinary_base(company: Company, size: Size) -> int:
    """Choose a monthly amount: the company's own, rounded, and large beside the error."""
    own = -(-company.host.mrr_minor // _ROUND) * _ROUND
    return max(own, _PARTS_OF_BASE * tolerance(company, size))


def existence(company: Company, family: str, cause: str, diverged_on: dt.date, window: int) -> Expected:
    """Work out a gap of existence from what both systems say now; material whatever its size, but for orphans."""
    terms, crm, billing = company.terms, company.crm_reporting, company.billing_reporting
    orphan = terms.minor(terms.policy.materiality.orphan)
    return Expected(
        family=family,
        aspect=EXISTENCE,
        cause=cause,
        state=terms.state(diverged_on, window, clears_itself=cause == "timing_lag"),
        is_material=billing > orphan if family == "orphaned_revenue" else True,
        crm_mrr_minor=crm,
        billing_mrr_minor=billing,
        difference_minor=crm - billing,
        diverged_on=diverged_on,
        impact_minor=terms.so_far(crm - billing, diverged_on),
        has_contract=crm > 0,
    )


def without_difference(
    company: Company, what: tuple[str, str, str], *, day: dt.date, window: int, impact: int, limit: Decimal
) -> Expected:
    """Work out a gap of dates or of money given back: the monthly amounts stand, ``what`` is family, aspect, cause."""
    terms, (family, aspect, cause) = company.terms, what
    return Expected(
        family=family,
        aspect=aspect,
        cause=cause,
        state=terms.state(day, window),
        is_material=impact >= terms.minor(limit),
        crm_mrr_minor=company.crm_reporting,
        billing_mrr_minor=company.billing_reporting,
        difference_minor=0,
        diverged_on=day,
        impact_minor=impact,
    )


def days_before(company: Company, days: int) -> dt.date:
    """Return the day so many days before as_of."""
    return company.as_of - dt.timedelta(days=days)
