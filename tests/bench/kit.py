"""The kit from raw files through normalise, as the notebook calls it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from recon_kit import fx, normalise
from recon_kit.policy import Policy
from recon_kit.quarantine import Reading
from tests.bench.measured import Measured, timed

AS_OF = dt.date(2026, 10, 31)


def measured(raw: Path) -> Iterator[Measured]:
    """Measure Stripe alone, then all: Stripe, Salesforce and the valuation of both; rows are invoices."""
    policy, kept = Policy(), dict[str, Reading]()
    rates = fx.common_rates(fx.read_rates(fx.packaged_rates()), AS_OF, policy.reporting_currency)

    def read_stripe() -> int:
        kept["billing"] = normalise.read_stripe(raw, policy=policy, as_of=AS_OF)
        return kept["billing"].tables["invoices"].height

    def read_the_rest() -> int:
        crm = normalise.read_salesforce(raw, policy=policy, as_of=AS_OF, fields={})
        sides = normalise.value_both(crm, kept["billing"], rates=rates, as_of=AS_OF, policy=policy)
        return sides.tables["invoices"].height

    stripe = timed("kit stripe", read_stripe)
    yield stripe
    yield timed("kit", read_the_rest, stripe.seconds)
