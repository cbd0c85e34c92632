"""Records as the readers hand them to the valuation, with sensible values wherever a test says nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from recon_kit import fx
from recon_kit.normalise.mrr.contract_mrr import value_contracts
from recon_kit.normalise.mrr.effective import mark_effective
from recon_kit.normalise.mrr.subscription_mrr import value_subscriptions
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES

AS_OF = dt.date(2026, 10, 31)
ONE = 10**12
WORKING = {
    "subscription_items": {"quantity_e12": pl.Int128, "unit_amount_e12": pl.Int128, "tax_rate_e6": pl.Int64},
    "price_tiers": {"unit_amount_e12": pl.Int128, "flat_amount_e12": pl.Int128},
    "discounts": {"percent_off_e6": pl.Int64, "duration_months": pl.Int64},
    "invoice_lines": {"quantity_e12": pl.Int128},
    "contracts": {"discount_pct_e6": pl.Int64, "term_is_whole": pl.Boolean, "has_faulty_lines": pl.Boolean},
}
VALUED = {
    "is_comparable",
    "is_effective",
    "taken_over_on",
    "taken_over_by",
    "mrr_minor",
    "mrr_reporting_minor",
    "committed_mrr_minor",
    "committed_mrr_reporting_minor",
    "term_mrr_minor",
    "term_mrr_reporting_minor",
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "subscriptions": {
        "customer_id": "cus_1",
        "status": "active",
        "currency": "USD",
        "is_collection_paused": False,
        "cancel_at_period_end": False,
        "coupon_ids": [],
        "changed_after_as_of": False,
    },
    "subscription_items": {
        "subscription_id": "sub_1",
        "price_id": "price_1",
        "currency": "USD",
        "interval": "month",
        "interval_count": 1,
        "usage_type": "licensed",
        "billing_scheme": "per_unit",
        "quantity_e12": ONE,
        "coupon_ids": [],
    },
    "discounts": {"duration": "forever", "applies_to_product_ids": [], "position": 0},
    "invoice_lines": {"invoice_id": "in_1", "is_proration": False, "currency": "USD", "kind": "subscription"},
    "contracts": {
        "account_id": "001A",
        "account_id_as_given": "001A",
        "is_won": True,
        "kind": "new",
        "start_on": dt.date(2026, 1, 1),
        "end_on": dt.date(2026, 12, 31),
        "amount_basis": "total",
        "currency": "USD",
        "is_billed_in_stripe": True,
        "changed_after_as_of": False,
    },
    "contract_lines": {"opportunity_id": "006A", "currency": "USD", "kind": "recurring"},
    "accounts": {"is_churned": False, "is_deleted": False, "contact_emails": [], "changed_after_as_of": False},
}
LIVE = {"active", "past_due", "trialing", "paused"}


def table(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Make a reader's table: schema columns without those that valuing adds, and the working columns."""
    schema = {k: v for k, v in TABLES[name].empty().schema.items() if k not in VALUED} | WORKING.get(name, {})
    filled = [{**DEFAULTS.get(name, {}), **row} for row in rows]
    unknown = {key for row in filled for key in row} - set(schema)
    assert not unknown, f"{name} has no columns {unknown}"
    return pl.DataFrame(filled, schema=schema)


def common_rates(currency: str = "USD", **per_euro: str) -> pl.DataFrame:
    """Make the common rates of as_of from quotes per euro."""
    quotes = per_euro or {"USD": "1.0875", "JPY": "164.21", "GBP": "0.8423", "KWD": "0.3339", "ISK": "149.3"}
    rows = ["Date," + ",".join(quotes), "2026-10-30," + ",".join(quotes.values())]
    return fx.common_rates(fx.read_rates("\n".join(rows).encode()), AS_OF, currency)


def value_billing(
    items: list[dict[str, Any]],
    *,
    subscription: dict[str, Any] | None = None,
    tiers: list[dict[str, Any]] | None = None,
    discounts: list[dict[str, Any]] | None = None,
    lines: list[dict[str, Any]] | None = None,
    policy: Policy | None = None,
    rates: pl.DataFrame | None = None,
) -> Any:
    """Value one subscription ``sub_1``."""
    known = {"subscription_id": "sub_1", **(subscription or {})}
    known.setdefault("is_live", known.get("status", "active") in LIVE)
    numbered = [{"item_id": f"si_{n}", "product_id": f"prod_{n}", **item} for n, item in enumerate(items, 1)]
    return value_subscriptions(
        table("subscriptions", [known]),
        table("subscription_items", numbered),
        table("price_tiers", tiers or []),
        table("discounts", discounts or []),
        table("invoice_lines", lines or []),
        as_of=AS_OF,
        policy=policy or Policy(),
        rates=common_rates() if rates is None else rates,
    )


def value_selling(
    contracts: list[dict[str, Any]],
    lines: list[dict[str, Any]] | None = None,
    *,
    accounts: list[dict[str, Any]] | None = None,
    as_of: dt.date = AS_OF,
    policy: Policy | None = None,
    rates: pl.DataFrame | None = None,
) -> Any:
    """Value contracts; ``006A`` is the id of the first where none is given."""
    named = [{"opportunity_id": f"006{chr(ord('A') + n)}", **contract} for n, contract in enumerate(contracts)]
    numbered = [{"line_id": f"00k{n}", **line} for n, line in enumerate(lines or [])]
    marked = mark_effective(
        table("contracts", named),
        table("accounts", accounts or [{"account_id": "001A"}]),
        as_of=as_of,
        policy=policy or Policy(),
    )
    return value_contracts(
        marked, table("contract_lines", numbered), as_of=as_of, rates=common_rates() if rates is None else rates
    )
