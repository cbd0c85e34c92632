"""The ground on which errors are planted: what is the same for all companies of a close."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recon_kit.commands.challenge.expectation import Terms
    from recon_kit.field_map import FieldMap


class Unsuitable(Exception):  # noqa: N818  (no fault: another company may do)
    """A company cannot carry an error; says why."""


@dataclass(frozen=True)
class Ground:
    """What is the same for all companies of a close.

    Attributes:
        terms: as_of and policy.
        rates: by currency, reporting minor units for one minor unit, at the common rate.
        per_euro: by currency and day, units for a euro: all published quotes.
        fields: the params' field map.
    """

    terms: Terms
    rates: Mapping[str, Fraction]
    per_euro: Mapping[str, Mapping[dt.date, Fraction]]
    fields: FieldMap

    def at(self, day: dt.date) -> int:
        """Return the instant of noon of a day in the policy's time zone."""
        noon = dt.datetime.combine(day, dt.time(12), ZoneInfo(self.terms.policy.timezone))
        return int(noon.timestamp())

    def day_of(self, instant: int) -> dt.date:
        """Tell the day of an instant in the policy's time zone."""
        return dt.datetime.fromtimestamp(instant, ZoneInfo(self.terms.policy.timezone)).date()

    def quote(self, currency: str, day: dt.date) -> Fraction | None:
        """Return the last quote of a currency on or before a day; the euro is worth itself."""
        if currency == "EUR":
            return Fraction(1)
        days = [known for known in self.per_euro.get(currency, {}) if known <= day]
        return self.per_euro[currency][max(days)] if days else None
