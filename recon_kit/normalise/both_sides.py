"""Both sides in one language: the readings valued by one definition of MRR, at one common rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import fx
from recon_kit.normalise.conservation import conservation, rate_age
from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.normalise.mrr.contract_mrr import value_contracts
from recon_kit.normalise.mrr.effective import mark_effective
from recon_kit.normalise.mrr.subscription_mrr import value_subscriptions
from recon_kit.normalise.mrr.valuation import expose

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from recon_kit.policy import Policy
    from recon_kit.quarantine import Reading


@dataclass(frozen=True)
class BothSides:
    """The canonical tables of a close.

    Attributes:
        tables: frames by table name, ready to be written.
        not_testable: rows of ``not_testable`` (without ``room``) from reading and from valuing.
        rates: what ``fx.common_rates`` returns.
    """

    tables: dict[str, pl.DataFrame]
    not_testable: pl.DataFrame
    rates: pl.DataFrame


def read_common_rates(raw: Path, *, as_of: dt.date, policy: Policy) -> pl.DataFrame:
    """Read the common rates of a close from ``raw/fx``; see :func:`recon_kit.fx.common_rates`."""
    return fx.common_rates(fx.read_rates(raw / "fx" / fx.RATES_FILE), as_of, policy.reporting_currency)


def value_both(crm: Reading, billing: Reading, *, rates: pl.DataFrame, as_of: dt.date, policy: Policy) -> BothSides:
    """Value contracts and subscriptions and gather everything the close keeps of the two readings.

    Args:
        crm: what reading Salesforce gave.
        billing: what reading Stripe gave.
        rates: the common rates.
        as_of: the day of the close.
        policy: the conventions of MRR.
    """
    read = crm.tables | billing.tables
    subscriptions = value_subscriptions(
        read["subscriptions"],
        read["subscription_items"],
        read["price_tiers"],
        read["discounts"],
        read["invoice_lines"],
        as_of=as_of,
        policy=policy,
        rates=rates,
    )
    effective = mark_effective(
        read["contracts"], read["accounts"], as_of=as_of, policy=policy, subscriptions=read["subscriptions"]
    )
    contracts = value_contracts(effective, read["contract_lines"], as_of=as_of, rates=rates)
    valued = {
        "contracts": contracts.rows,
        "subscriptions": subscriptions.rows,
        "mrr_worksheet": pl.concat([contracts.worksheet, subscriptions.worksheet]),
        "mrr_worksheet_parts": pl.concat([contracts.worksheet_parts, subscriptions.worksheet_parts]),
        "common_rates": rates_table(rates),
        "account_keys": account_keys(read["accounts"]),
        "customer_keys": customer_keys(read["customers"]),
    }
    kept = {name: pl.concat([getattr(crm, name), getattr(billing, name)]) for name in _KEPT}
    doubts = [
        _exposed(crm, billing, contracts.rows, subscriptions.rows),
        contracts.not_testable,
        subscriptions.not_testable,
    ]
    return BothSides(read | valued | kept, pl.concat(doubts), rates)


def _exposed(crm: Reading, billing: Reading, contracts: pl.DataFrame, subscriptions: pl.DataFrame) -> pl.DataFrame:
    """Put their money beside what the readers listed before it was known."""
    listed = pl.concat([crm.not_testable, billing.not_testable])
    of_contracts = expose(listed, contracts, subject="opportunity", key="opportunity_id", exposed="term_mrr_minor")
    return expose(
        of_contracts, subscriptions, subject="subscription", key="subscription_id", exposed="committed_mrr_minor"
    )


_KEPT = ("quarantine", "excluded", "buckets", "notes")


def rates_table(rates: pl.DataFrame) -> pl.DataFrame:
    """Write the common rates as the close keeps them: ratios as text, exactly, with their source."""
    ratio = pl.col("rate_numerator", "rate_denominator").cast(pl.String)
    return rates.with_columns(ratio, source=pl.lit(f"ECB euro reference rates, raw/fx/{fx.RATES_FILE}"))


def normalise_controls(
    sides: BothSides, control_totals: pl.DataFrame, *, as_of: dt.date, policy: Policy
) -> pl.DataFrame:
    """State the equations of this room; see :func:`conservation` and :func:`rate_age`."""
    tables = sides.tables
    currencies = pl.concat([tables["contracts"]["currency"], tables["subscriptions"]["currency"]]).unique()
    needed = bool((currencies != policy.reporting_currency).any())
    age = rate_age(sides.rates, as_of, policy.max_fx_age_days, needed=needed)
    return pl.concat([conservation(control_totals, tables["buckets"], tables), age])
