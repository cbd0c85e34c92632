"""Gap alerts: each material open gap, as a sentence for the team that mends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import polars as pl

from recon_kit import phrases
from recon_kit.close.alerts.changes_told import changes_told
from recon_kit.close.alerts.sentences import SENTENCES, WAITS
from recon_kit.close.changes import evidence_of_gaps
from recon_kit.pending import is_pending

Reader = Callable[[str], pl.LazyFrame]


def gap_alerts(read: Reader, as_of: dt.date) -> pl.DataFrame:
    """Raise an alert for each material open gap.

    Args:
        read: gives a table by its name.
        as_of: the day of the close; days of its year are told without it.

    Returns:
        One row per gap: the columns of ``alerts`` that a gap has, ``owner_team``, and ``content``, what is news when it
        changes: that of a decision's evidence (cause, account, records, their amounts in their own currency, dates) but
        for the day of a churn, and the state. Exchange rates, age and impact move by themselves and are none.
    """
    links = read("links").collect()
    found = read("gaps").filter(pl.col("state") == "open", "material").collect()
    gaps = found.with_columns(waits_for_link=is_pending(links))
    spoken = with_sentences(gaps, read, as_of)
    digests = _content(gaps, read)
    return spoken.join(digests, on="gap_id", how="left", validate="1:1").with_columns(
        alert_id=pl.format("gap:{}", "gap_id"),
        kind=pl.lit("gap"),
        amount_minor="impact_minor",
        since_on="diverged_on",
        next_step="suggested_correction",
    )


def _content(gaps: pl.DataFrame, read: Reader) -> pl.DataFrame:
    evidence = evidence_of_gaps(gaps, read("contracts").collect(), read("subscriptions").collect())
    joined = gaps.join(evidence, on="gap_id", how="left", validate="1:1")
    return joined.select("gap_id", content=pl.concat_str("evidence_sha256", "state", "waits_for_link", separator=" "))


def with_sentences(gaps: pl.DataFrame, read: Reader, as_of: dt.date) -> pl.DataFrame:
    """Add ``sentence``: what each system shows, since when, why, and what to do.

    Args:
        gaps: rows of ``gaps`` with ``waits_for_link``.
        read: gives ``gap_components``, ``contracts``, ``subscriptions``, ``subscription_items``, ``events``,
            ``invoice_lines`` and ``prices``.
        as_of: the day of the close.

    Returns:
        The same rows in the same order.
    """
    told = gaps.select(
        "gap_id", "family", "cause", "currency", "opportunity_ids", "subscription_ids", "diverged_on", "waits_for_link",
        crm="crm_mrr_minor", billing="billing_mrr_minor", difference="difference_minor", impact="impact_minor",
        account_text=phrases.one_line(
            pl.coalesce("account_name", "account_id", pl.col("customer_ids").list.first()).fill_null("Unknown")
        ),
        told_text=phrases.one_line(pl.col("explanation")),
    )  # fmt: skip
    sold = phrases.own_mrr(told, read("contracts").collect(), "opportunity", "crm")
    billed = phrases.own_mrr(told, read("subscriptions").collect(), "subscription", "billing")
    ready = (
        told.join(sold, on="gap_id", how="left", validate="1:1")
        .join(billed, on="gap_id", how="left", validate="1:1")
        .join(_parts(read), on="gap_id", how="left", validate="1:1")
        .join(changes_told(gaps.filter(_is_change()), read), on="gap_id", how="left", validate="1:1")
        .with_columns(*_amounts(), *_days(as_of))
        .with_columns(sentence_text=phrases.said(SENTENCES, _case()))
    )
    waits = pl.when("waits_for_link").then(phrases.filled(WAITS)).otherwise("sentence_text")
    said = ready.select("gap_id", sentence=waits)
    return gaps.join(said, on="gap_id", how="left", validate="1:1", maintain_order="left")


def _is_change() -> pl.Expr:
    is_paired = (pl.col("opportunity_ids").list.len() > 0) & (pl.col("subscription_ids").list.len() > 0)
    return is_paired & pl.col("cause").is_in(["expansion", "contraction"])


def _parts(read: Reader) -> pl.DataFrame:
    """One row per amount gap: how many components it has, and whether its discount is one that the contract grants."""
    parts = read("gap_components").collect()
    of_discount = pl.col("amount_minor").filter(pl.col("component") == "discount").sum()
    return parts.group_by("gap_id").agg(parts=pl.len(), is_granted=of_discount < 0)


def _amounts() -> list[pl.Expr]:
    larger = pl.max_horizontal("crm", "billing")
    code = pl.col("currency")
    return [
        _monthly("crm").alias("crm_text"),
        _monthly("billing").alias("billing_text"),
        phrases.amount(pl.col("difference").abs(), code).alias("size_text"),
        phrases.amount(pl.col("impact"), code).alias("impact_text"),
        phrases.share(pl.col("difference"), larger).fill_null("of nothing").alias("pct_text"),
    ]


def _monthly(side: str) -> pl.Expr:
    """Write what a side shows a month, and behind it what that is in its own currency where it is another."""
    told = pl.format("{}/mo", phrases.amount(pl.col(side), pl.col("currency")))
    own = pl.format("{} ({})", told, phrases.amount(pl.col(f"own_{side}"), pl.col(f"{side}_currency")))
    return pl.when(pl.col(side) == 0).then(pl.lit("nothing")).otherwise(pl.coalesce(own, told))


def _days(as_of: dt.date) -> list[pl.Expr]:
    day = short_day(pl.col("diverged_on"), as_of)
    what = pl.col("what").fill_null("a change")
    many = pl.format(" since {} from {} on", what, day)
    return [
        pl.format(" since {}", day).fill_null("").alias("since_text"),
        pl.format(" on {}", day).fill_null("").alias("on_text"),
        pl.when("is_many")
        .then(many)
        .otherwise(pl.format(" since {} on {}", what, day))
        .fill_null("")
        .alias("change_text"),
    ]


def short_day(day: pl.Expr, as_of: dt.date) -> pl.Expr:
    """Write a day of the close's own year as ``3 March``, any other with its year."""
    is_this_year = day.dt.year() == as_of.year
    return pl.when(is_this_year).then(day.dt.to_string("%-d %B")).otherwise(phrases.long_day(day))


def _case() -> pl.Expr:
    """Which sentence fits: the cause, but for what is only the largest of several parts, and what has no other side."""
    cause = pl.col("cause")
    is_over = (pl.col("family") == "missing_subscription") & (pl.col("difference") == 0)
    is_mixed = (pl.col("parts") > 1) & cause.is_in(["expansion", "contraction"])
    discount = pl.when("is_granted").then(pl.lit("discount_in_contract")).otherwise(pl.lit("discount_in_stripe"))
    return (
        pl.when(is_over)
        .then(pl.lit("never_billed"))
        .when((cause == "expansion") & (pl.col("opportunity_ids").list.len() == 0))
        .then(pl.lit("extra"))
        .when(is_mixed)
        .then(pl.format("{}_mostly", cause))
        .when(cause == "discount")
        .then(discount)
        .otherwise(cause)
    )
