"""Healthy hosts: accounts of a close on which nothing is wrong, so that all that is found there was planted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.artifacts import CloseFolder
    from recon_kit.policy import Policy

_ODD_MINOR_UNITS = ("ISK", "UGX")
_SURE = ("id", "decision")


@dataclass(frozen=True)
class Host:
    """One account with one contract in force and one subscription that agree; ``earlier`` ones are over."""

    account_id: str
    customer_id: str
    opportunity_id: str
    subscription_id: str
    currency: str
    mrr_minor: int
    start_on: dt.date
    close_on: dt.date
    end_on: dt.date
    term_months: int
    amount_basis: str
    interval_months: int
    last_invoice_on: dt.date
    invoices: int
    has_line: bool
    is_sure: bool
    earlier: list[str] = field(compare=False)


def healthy_hosts(close: CloseFolder, policy: Policy, as_of: dt.date) -> list[Host]:
    """Find the hosts of a close.

    Returns:
        One per account with one contract in force and one customer with one active, undiscounted subscription of one
        per-unit price, that are a reconciled pair; those linked by id or decision first, then those in the reporting
        currency, then by account. ``start_on`` is the day the subscription began.
    """
    pairs = close.read_table("pairs").collect()
    single = pairs.filter(pl.col("opportunity_ids").list.len() == 1, pl.col("subscription_ids").list.len() == 1)
    known = (
        single.select(
            "account_id",
            opportunity_id=pl.col("opportunity_ids").list.first(),
            subscription_id=pl.col("subscription_ids").list.first(),
        )
        .join(_contracts(close, as_of), on=["opportunity_id", "account_id"], how="inner", validate="1:1")
        .join(_subscriptions(close), on="subscription_id", how="inner", validate="1:1")
        .join(_alone(close), on=["account_id", "customer_id"], how="inner", validate="1:1")
        .filter(pl.col("currency") == pl.col("billed_in"))
        .filter(~pl.col("currency").is_in(_ODD_MINOR_UNITS))
        .with_columns(is_own=pl.col("currency") == policy.reporting_currency)
        .sort("is_sure", "is_own", "account_id", descending=[True, True, False])
    )
    fields = list(Host.__dataclass_fields__)
    return [Host(**row) for row in known.select(fields).iter_rows(named=True)]


def _contracts(close: CloseFolder, as_of: dt.date) -> pl.DataFrame:
    """Contracts that alone are in force on their account, without a discount; others of it are over."""
    contracts = close.read_table("contracts").collect()
    won = contracts.filter("is_won")
    is_over = (pl.col("end_on") < as_of).fill_null(value=False) & ~pl.col("is_effective")
    others_are_over = (is_over | pl.col("is_effective")).all().over("account_id")
    alone = won.filter(pl.col("is_effective").sum().over("account_id") == 1, others_are_over)
    earlier = alone.filter(~pl.col("is_effective")).group_by("account_id").agg(earlier=pl.col("opportunity_id").sort())
    plain = alone.filter(
        pl.col("is_effective") & pl.col("is_comparable") & ~pl.col("changed_after_as_of"),
        pl.col("kind").is_in(["new", "renewal"]),
        pl.col("end_on").is_not_null() & pl.col("term_months").is_not_null(),
        pl.col("start_on") < as_of,
        pl.all_horizontal(pl.col("discount_pct", "discount_end_on", "amends_id").is_null()),
    ).join(earlier, on="account_id", how="left", validate="1:1")
    lines = close.read_table("contract_lines").collect()
    counted = lines.group_by("opportunity_id").agg(
        own_lines=pl.len(), others=(pl.col("kind").fill_null("") != "recurring").sum()
    )
    return (
        plain.join(counted, on="opportunity_id", how="left", validate="1:1")
        .filter(pl.col("own_lines").fill_null(0) <= 1, pl.col("others").fill_null(0) == 0)
        .select(
            *("opportunity_id", "account_id", "currency", "mrr_minor", "close_on", "end_on", "term_months"),
            "amount_basis",
            pl.col("earlier").fill_null([]),
            has_line=pl.col("own_lines").is_not_null(),
        )
    )


def _subscriptions(close: CloseFolder) -> pl.DataFrame:
    """Subscriptions that are active, alone on their customer, of one per-unit price, billed by plain invoices."""
    subscriptions = close.read_table("subscriptions").collect()
    items = close.read_table("subscription_items").collect()
    alone = subscriptions.filter(pl.len().over("customer_id") == 1)
    plain = alone.filter(
        (pl.col("status") == "active") & pl.col("is_comparable") & ~pl.col("changed_after_as_of"),
        ~pl.col("is_collection_paused") & ~pl.col("cancel_at_period_end").fill_null(value=False),
        pl.all_horizontal(pl.col("cancel_at_on", "trial_end_on", "canceled_on").is_null()),
        pl.col("coupon_ids").list.len() == 0,
        pl.col("start_on") == pl.col("billing_start_on"),
    )
    months = pl.col("interval").replace_strict({"month": 1, "year": 12}, default=None, return_dtype=pl.Int64)
    priced = items.filter(
        pl.len().over("subscription_id") == 1,
        (pl.col("billing_scheme") == "per_unit") & (pl.col("usage_type") == "licensed"),
        pl.col("transform_divide_by").is_null() & (pl.col("tax_behavior").fill_null("") != "inclusive"),
        pl.col("coupon_ids").list.len() == 0,
    ).select("subscription_id", interval_months=months * pl.col("interval_count"))
    return (
        plain.join(priced.drop_nulls(), on="subscription_id", how="inner", validate="1:1")
        .join(_billing(close), on="subscription_id", how="inner", validate="1:1")
        .join(_stepped(close), on="subscription_id", how="anti")
        .select(
            *("subscription_id", "customer_id", "interval_months", "last_invoice_on", "invoices"),
            start_on="billing_start_on",
            billed_in="currency",
        )
    )


def _billing(close: CloseFolder) -> pl.DataFrame:
    """Subscriptions whose every invoice has one ordinary line, its tax on top, and was paid or waits for payment."""
    lines = close.read_table("invoice_lines").collect()
    by_invoice = lines.group_by("invoice_id").agg(
        lines=pl.len(),
        is_plain=(
            ~pl.col("is_proration").fill_null(value=False)
            & (pl.col("tax_inclusive_minor").fill_null(0) == 0)
            & (pl.col("discount_minor").fill_null(0) == 0)
            & (pl.col("kind").fill_null("") != "invoiceitem")
        ).all(),
    )
    invoices = close.read_table("invoices").collect().join(by_invoice, on="invoice_id", how="left", validate="1:1")
    return (
        invoices.filter(pl.col("subscription_id").is_not_null())
        .group_by("subscription_id")
        .agg(
            last_invoice_on=pl.col("created_on").max(),
            invoices=pl.len(),
            is_plain=(pl.col("is_plain") & (pl.col("lines") == 1) & pl.col("status").is_in(["paid", "open"]))
            .fill_null(value=False)
            .all(),
        )
        .filter("is_plain")
    )


def _stepped(close: CloseFolder) -> pl.DataFrame:
    """Subscriptions whose items changed once: a step stands in their history."""
    events = close.read_table("events").collect()
    changed = events.filter(pl.col("type") == "customer.subscription.updated", pl.col("changed").list.contains("items"))
    return changed.select(subscription_id="object_id").unique()


def _alone(close: CloseFolder) -> pl.DataFrame:
    """Linked accounts with one customer, no gap, no churn, and no other account merged into them."""
    links = close.read_table("links").collect().filter(pl.col("status") == "linked")
    alone = links.filter(pl.len().over("account_id") == 1)
    gaps = close.read_table("gaps").collect()
    troubled = gaps.select(pl.col("account_id").drop_nulls())
    accounts = close.read_table("accounts").collect()
    merged_into = accounts.filter(pl.col("survivor_id") != pl.col("account_id")).select("survivor_id")
    sound = accounts.filter(~pl.col("is_churned") & ~pl.col("is_deleted") & ~pl.col("changed_after_as_of"))
    return (
        alone.join(troubled, on="account_id", how="anti")
        .join(sound.select("account_id"), on="account_id", how="semi")
        .join(merged_into, left_on="account_id", right_on="survivor_id", how="anti")
        .select("account_id", "customer_id", is_sure=pl.col("method").is_in(_SURE))
    )
