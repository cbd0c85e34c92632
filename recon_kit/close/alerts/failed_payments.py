"""Failed payments: told at the first failure, when no gap exists yet and the customer may still be kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from recon_kit import phrases
from recon_kit.close.alerts.gap_alerts import short_day

Reader = Callable[[str], pl.LazyFrame]
FAILED_PAYMENT = "failed_payment"
_SENTENCE = (
    "{account}: Stripe could not collect {open} of invoice {number}{since}. {risk}. Likely a card or an account to "
    "renew: reach the customer before the subscription stops."
)
_NEXT_STEP = (
    "Customer Success: ask {account} for another means of payment; invoice {number}, {open}, is open in Stripe."
)


def failed_payment_alerts(read: Reader, as_of: dt.date) -> pl.DataFrame:
    """Raise an alert for each open invoice of which a payment failed.

    A payment failed when the invoice was attempted and is still open, or an event says so. A first attempt that the
    bank has not answered yet is none, nor is an invoice of a subscription that has ended: that is a gap.

    Args:
        read: gives ``invoices``, ``charges``, ``events``, ``subscriptions``, ``customers``, ``links``, ``accounts``.
        as_of: the day of the close.

    Returns:
        One row per invoice: the columns of ``alerts`` that it has; ``mrr_at_risk_minor`` is the subscription's MRR in
        the invoice's currency. What is news is what is open and what is at risk, not a further attempt.
    """
    failed = _failed(read)
    known = _with_names(failed, read)
    worded = known.with_columns(
        account_text=phrases.one_line(pl.coalesce("account_name", "customer_name", "customer_id").fill_null("Unknown")),
        open_text=phrases.amount(pl.col("amount_minor"), pl.col("currency")),
        number_text=pl.coalesce("number", "invoice_id"),
        since_text=pl.format(" since {}", short_day(pl.col("since_on"), as_of)).fill_null(""),
        risk_text=_risk(),
    )
    return worded.with_columns(
        alert_id=pl.format("failed_payment:{}", "invoice_id"),
        kind=pl.lit(FAILED_PAYMENT),
        cause=pl.lit(FAILED_PAYMENT),
        customer_ids=pl.concat_list("customer_id").list.drop_nulls(),
        subscription_ids=pl.concat_list("subscription_id").list.drop_nulls(),
        sentence=phrases.filled(_SENTENCE),
        next_step=phrases.filled(_NEXT_STEP),
        content=pl.format("{} {}", "amount_minor", pl.col("mrr_at_risk_minor").fill_null(0)),
    )


def _failed(read: Reader) -> pl.DataFrame:
    told = (
        read("events")
        .filter(pl.col("type") == "invoice.payment_failed")
        .group_by(invoice_id="object_id")
        .agg(failed_on=pl.col("created_on").min())
    )
    unanswered, refused = (read("charges").filter(pl.col("status") == status) for status in ("pending", "failed"))
    waiting = (
        unanswered.filter(pl.col("invoice_id").is_not_null())
        .join(refused, on="invoice_id", how="anti")
        .select("invoice_id", is_waiting=pl.lit(value=True))
        .unique()
    )
    subscriptions = read("subscriptions").select("subscription_id", "is_live", mrr_at_risk_minor="mrr_minor")
    invoices = read("invoices").filter(pl.col("status") == "open", pl.col("amount_remaining_minor") > 0)
    joined = (
        invoices.join(told, on="invoice_id", how="left", validate="1:1")
        .join(waiting, on="invoice_id", how="left", validate="1:1")
        .join(subscriptions, on="subscription_id", how="left", validate="m:1")
    )
    was_tried = (pl.col("attempt_count").fill_null(0) > 0) & ~pl.col("is_waiting").fill_null(value=False)
    return (
        joined.filter(pl.col("failed_on").is_not_null() | was_tried, pl.col("is_live").fill_null(value=True))
        .select(
            "invoice_id", "customer_id", "subscription_id", "number", "currency", "mrr_at_risk_minor",
            amount_minor="amount_remaining_minor", since_on=pl.coalesce("failed_on", "finalized_on", "created_on"),
        )
        .sort("invoice_id")
        .collect()
    )  # fmt: skip


def _with_names(failed: pl.DataFrame, read: Reader) -> pl.DataFrame:
    links = read("links").filter(pl.col("status") == "linked").select("customer_id", "account_id").collect()
    accounts = read("accounts").select("account_id", account_name="name").collect()
    customers = read("customers").select("customer_id", customer_name="name").collect()
    return (
        failed.join(links, on="customer_id", how="left", validate="m:1")
        .join(accounts, on="account_id", how="left", validate="m:1")
        .join(customers, on="customer_id", how="left", validate="m:1")
    )


def _risk() -> pl.Expr:
    amount = phrases.amount(pl.col("mrr_at_risk_minor"), pl.col("currency"))
    at_risk = pl.format("{}/mo is at risk", amount)
    return pl.when(pl.col("mrr_at_risk_minor") > 0).then(at_risk).otherwise(pl.lit("No recurring revenue is at risk"))
