"""What the extract page says: which optional files are absent, and what that costs."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.controls import Control
from recon_kit.policy import SettingsError
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import OBJECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

_COSTS = {
    "invoices": "what was billed",
    "invoice_lines": "the lines of invoices with more than the API's first page",
    "prices": "tiered prices",
    "products": "product names",
    "coupons": "what coupons apply to",
    "subscription_schedules": "changes planned ahead",
    "invoice_payments": "which payment settled which invoice",
    "payment_intents": "how payments link charges to invoices",
    "charges": "payments",
    "refunds": "refunds",
    "disputes": "disputes",
    "credit_notes": "credit notes",
    "balance_transactions": "fees and the balance",
    "payouts": "payouts to the bank",
    "events": "when something changed, and the state before",
    "tax_rates": "tax rates of inclusive prices",
    "balance": "the closing balance",
    "payout_balance_transactions": "the items of payouts",
    "Contact": "e-mail addresses of contacts",
    "OpportunityLineItem": "products, ramps and one-time fees of contracts",
    "Contract": "contract dates kept on Contract records",
    "OpportunityHistory": "amounts and stages as they were on as_of",
    "ledger": "whether what was billed was booked",
    "bank": "whether payouts arrived",
}


def missing_files(sources: pl.DataFrame, absent: Mapping[tuple[str, str], str] | None = None) -> pl.DataFrame:
    """List the optional files that are absent and what cannot be tested without them.

    Args:
        sources: one row per raw file.
        absent: why an object could not be pulled, by (source, object).

    Returns:
        Rows of ``not_testable`` without ``room``, sorted by id.
    """
    present = set(sources["object"].to_list())
    wanted = [(source, raw.name) for source, group in OBJECTS.items() for raw in group]
    wanted += [("ledger", "ledger"), ("bank", "bank")]
    rows = [
        {
            "subject": "file",
            "id": source if source == name else f"{source}/{name}",
            "reason": f"{_why(absent or {}, source, name)} so {_COSTS[name]} cannot be tested.",
        }
        for source, name in sorted(wanted)
        if name not in present
    ]
    return pl.DataFrame(rows, schema=TABLES["not_testable"].empty().drop("room").schema)


def _why(absent: Mapping[tuple[str, str], str], source: str, name: str) -> str:
    reason = absent.get((source, name))
    return f"It was not pulled ({reason.rstrip('.')})," if reason else "This file was not given,"


def require_reach(sources: pl.DataFrame, as_of: dt.date) -> None:
    """Stop when the snapshot evidently ends long before as_of.

    Files do not say when they were pulled, and a quiet company leaves no trace; only a snapshot whose newest record is
    years older than as_of is certain to be the wrong one.

    Raises:
        SettingsError: names both days.
    """
    newest = sources.select(pl.col("to_at").max().dt.date()).item()
    if newest is not None and (as_of - newest).days > LONGEST_SILENCE_DAYS:
        message = (
            f"as_of {as_of} is later than the snapshot: its newest record is of {newest}. Export again, or set "
            "as_of to a day the snapshot reaches."
        )
        raise SettingsError(message)


LONGEST_SILENCE_DAYS = 5 * 366
"""Days without any new record after which a snapshot cannot be one of as_of."""


def completeness(sources: pl.DataFrame, control_totals: pl.DataFrame) -> list[Control]:
    """State that rows counted in the files equal the rows whose money was summed, per object.

    Returns:
        One control per (source, object) of Stripe and Salesforce.
    """
    of_systems = sources.filter(pl.col("source").is_in(list(OBJECTS)))
    counted = of_systems.group_by("source", "object").agg(pl.col("rows").sum())
    summed = control_totals.group_by("source", "object").agg(summed=pl.col("rows").sum())
    both = counted.join(summed, on=["source", "object"], how="left", validate="1:1").sort("source", "object")
    return [
        Control(
            control_id=f"extract.{row['source']}.{row['object']}.rows",
            room="extract",
            equation="records in the files = records of the control totals",
            left_rows=row["rows"],
            right_rows=row["summed"] or 0,
        )
        for row in both.iter_rows(named=True)
    ]
