"""Credits given off the billing cycle: credit notes, and invoice items below zero that someone added."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from recon_kit import money

CREDIT = "off_cycle_credit"
Reader = Callable[[str], pl.LazyFrame]
_ITEM = "invoiceitem"
_NO_EFFECT = ("void", "draft")
_TEXTS = pl.List(pl.String)
_NONE = pl.lit(None, dtype=pl.String)


def credits_given(read: Reader) -> list[pl.DataFrame]:
    """Find the credits of a company.

    Args:
        read: gives ``invoices``, ``invoice_lines`` and ``credit_notes``.

    Returns:
        Two frames with the columns of ``approvals`` that a credit has, one row per credit: notes issued after the day
        of their invoice, and items below zero on an invoice that is neither a draft nor void. A proration is none:
        Stripe works it out of a change of the subscription. Values are those of the invoice before and after.
    """
    return [_credit_notes(read), _credit_items(read)]


def _credit_notes(read: Reader) -> pl.DataFrame:
    """One row per credit note that was issued after the day of its invoice: what was billed, before and after it."""
    invoices = read("invoices").select("invoice_id", "subscription_id", "total_minor", billed_on="created_on").collect()
    notes = read("credit_notes").rename({"total_minor": "credited"}).collect()
    joined = notes.join(invoices, on="invoice_id", how="left", validate="m:1").filter(
        pl.col("voided_on").is_null(), pl.col("status").eq_missing(pl.lit("issued")),
        (pl.col("created_on") > pl.col("billed_on")).fill_null(value=True),
    )  # fmt: skip
    amount = money.with_code(pl.col("credited"), pl.col("currency"))
    days = (pl.col("created_on") - pl.col("billed_on")).dt.total_days()
    return joined.select(
        "customer_id", "currency", event_id="credit_note_id", kind=pl.lit(CREDIT), on="created_on", by=_NONE,
        original_minor="total_minor", new_minor=pl.col("total_minor") - pl.col("credited"),
        difference_minor=-pl.col("credited"), subscription_ids=pl.concat_list("subscription_id").list.drop_nulls(),
        invoice_ids=pl.concat_list("invoice_id").list.drop_nulls(), opportunity_ids=pl.lit([], dtype=_TEXTS),
        terms=pl.format(
            "Credit note of {} on invoice {}, {} days after it; reason: {}.", amount.fill_null("an unknown amount"),
            pl.col("invoice_id").fill_null("unknown"), days.cast(pl.String).fill_null("unknown"),
            pl.col("reason").fill_null("none given"),
        ),
    )  # fmt: skip


def _credit_items(read: Reader) -> pl.DataFrame:
    """One row per invoice item below zero: what its invoice would have billed without it, and did."""
    invoices = read("invoices").select(
        "invoice_id", "customer_id", "total_minor", "created_on", "status", of="subscription_id"
    )
    is_proration = pl.col("is_proration").fill_null(value=False)
    is_credit = (pl.col("kind") == _ITEM) & (pl.col("amount_minor") < 0) & ~is_proration
    items = read("invoice_lines").filter(is_credit).join(invoices, on="invoice_id", how="inner", validate="m:1")
    told = items.filter(~pl.col("status").is_in(_NO_EFFECT).fill_null(value=False)).collect()
    amount = money.with_code(-pl.col("amount_minor"), pl.col("currency"))
    return told.select(
        "customer_id", "currency", event_id=pl.concat_str("invoice_id", "line_id", separator="/"), kind=pl.lit(CREDIT),
        on="created_on", by=_NONE, original_minor=pl.col("total_minor") - pl.col("amount_minor"),
        new_minor="total_minor", difference_minor="amount_minor",
        subscription_ids=pl.concat_list(pl.coalesce("subscription_id", "of")).list.drop_nulls(),
        invoice_ids=pl.concat_list("invoice_id"), opportunity_ids=pl.lit([], dtype=_TEXTS),
        terms=pl.format("Credit of {} as an item of invoice {}.", amount, "invoice_id"),
    )  # fmt: skip
