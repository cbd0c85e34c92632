"""Worklists: what a person does by hand for each accepted gap that no file of fields corrects."""

from __future__ import annotations

import polars as pl

from recon_kit import money
from recon_kit.run import Run
from recon_kit.runner.corrections.shapes import FINANCE, SALESFORCE, STRIPE, WORK, laid_out

_ACTIONS = {
    "handoff_missed": "start_billing",
    "timing_lag": "start_billing",
    "late_start": "bill_period",
    "early_start": "credit_period",
    "ends_early": "move_end",
    "ends_late": "move_end",
    "cancellation": "restart",
    "trial": "end_trial",
    "paused": "resume_collection",
    "discount": "change_discount",
    "tax": "settle_tax",
    "cancellation_not_in_billing": "cancel",
    "billing_past_end": "cancel",
    "expansion": "amend_contract",
    "contraction": "amend_contract",
    "amount_basis": "correct_amount",
    "currency": "restate_contract",
    "cancellation_not_in_crm": "end_contract",
    "failed_payment": "end_contract",
    "self_service_signup": "create_opportunity",
    "trial_conversion": "create_opportunity",
    "merge_residue": "create_opportunity",
    "refund_or_credit": "decide",
    "rounding": "decide",
    "unexplained": "decide",
}
"""What is done, in a word, by cause or component."""
_SYSTEMS = {"stripe": STRIPE, "salesforce": SALESFORCE, "undecided": FINANCE}


def gap_work(run: Run, accepted: pl.DataFrame, corrected: pl.Series, left: pl.DataFrame) -> pl.DataFrame:
    """List every accepted gap in the system where it is corrected, but for those that files correct.

    Args:
        run: the close.
        accepted: what :func:`recon_kit.runner.corrections.accepted.accepted_gaps` returns.
        corrected: ids of the gaps that changes of fields take away.
        left: ``gap_id`` and ``why_not`` of those that could not be.

    Returns:
        Rows of ``WORK``, one per gap: its suggested correction, and why no file does it where one might have.
    """
    system = pl.col("correct_in").replace_strict(_SYSTEMS, return_dtype=pl.String)
    by_hand = accepted.with_columns(system=system).filter(
        (pl.col("system") != SALESFORCE) | ~pl.col("gap_id").is_in(corrected.implode())
    )
    known = by_hand.join(left, on="gap_id", how="left", validate="1:1").join(
        _own_amounts(run, accepted), on="gap_id", how="left", validate="1:1"
    )
    why = pl.format("By hand, since {}.", "why_not")
    is_extra = (pl.col("cause") == "expansion") & (pl.col("opportunity_ids").list.len() == 0)
    action = pl.col("cause").replace_strict(_ACTIONS, default="decide", return_dtype=pl.String)
    return laid_out(
        known,
        WORK,
        action=pl.when(is_extra).then(pl.lit("create_opportunity")).otherwise(action),
        basis=pl.col("gap_id"),
        monthly_minor=_unless_nothing(pl.coalesce("own_minor", pl.col("difference_minor").abs())),
        currency=pl.coalesce("own_currency", "currency"),
        at_stake_minor=_unless_nothing(pl.col("impact_minor")),
        at_stake_currency=pl.col("currency"),
        on=pl.col("diverged_on"),
        sentence=pl.concat_str("suggested_correction", why, separator=" ", ignore_nulls=True),
    )


def _unless_nothing(minor: pl.Expr) -> pl.Expr:
    return pl.when(minor != 0).then(minor)


def _own_amounts(run: Run, accepted: pl.DataFrame) -> pl.DataFrame:
    """The monthly difference of each gap in the one currency that all its records share, from their own MRR."""
    sold = run.read("contracts").select(
        pl.lit("opportunity_ids").alias("side"), pl.col("opportunity_id").alias("id"), "currency", "mrr_minor"
    )
    billed = run.read("subscriptions").select(
        pl.lit("subscription_ids").alias("side"), pl.col("subscription_id").alias("id"), "currency", "mrr_minor"
    )
    records = pl.concat([sold, billed]).collect()
    listed = pl.concat(
        accepted.select("gap_id", pl.lit(side).alias("side"), id=side, told="currency").explode(
            "id", empty_as_null=False
        )
        for side in ("opportunity_ids", "subscription_ids")
    )
    signed = pl.when(pl.col("side") == "opportunity_ids").then(pl.col("mrr_minor")).otherwise(-pl.col("mrr_minor"))
    known = listed.join(records, on=["side", "id"], how="left", validate="m:1").with_columns(signed=signed)
    one = (pl.col("currency").n_unique() == 1) & (pl.col("currency").first() != pl.col("told").first())
    return (
        known.group_by("gap_id")
        .agg(is_one=one, own_minor=pl.col("signed").sum().abs(), own_currency=pl.col("currency").first())
        .filter("is_one")
        .drop("is_one")
    )


def component_work(accepted: pl.DataFrame, components: pl.DataFrame, corrected: pl.Series) -> pl.DataFrame:
    """List the components of accepted gaps that are corrected in another system than the gap's main cause.

    Returns:
        Rows of ``WORK``, one per component. Salesforce's part of a gap that files correct is not among them.
    """
    about = accepted.drop("by", "at", "reason", "sequence").rename({"correct_in": "of_gap"})
    other = components.join(about, on="gap_id", how="inner", validate="m:1").filter(
        pl.col("correct_in") != pl.col("of_gap"),
        (pl.col("correct_in") != SALESFORCE) | ~pl.col("gap_id").is_in(corrected.implode()),
    )
    names = {STRIPE: "Stripe", SALESFORCE: "Salesforce", FINANCE: "Finance"}
    system = pl.col("correct_in").replace_strict(_SYSTEMS, return_dtype=pl.String)
    who = pl.coalesce("account_name", "account_id", pl.col("customer_ids").list.first()).fill_null("no account")
    sentence = pl.format("{}: besides, for {}: {}", system.replace(names), who, "sentence")
    return laid_out(
        other,
        WORK,
        system=system,
        action=pl.col("component").replace_strict(_ACTIONS, default="decide", return_dtype=pl.String),
        basis=pl.col("gap_id"),
        monthly_minor=pl.col("amount_minor").abs(),
        on=pl.col("diverged_on"),
        sentence=sentence,
    )


def open_invoices(run: Run, accepted: pl.DataFrame) -> pl.DataFrame:
    """List what is still to collect from subscriptions that ended, of accepted phantoms.

    Returns:
        Rows of ``WORK``, one per invoice that is open or was given up, with what remains of it at stake.
    """
    ended = (
        accepted.filter(pl.col("family") == "phantom_revenue")
        .rename({"subscription_ids": "subscription_id"})
        .select("gap_id", "account_id", "account_name", "customer_ids", "opportunity_ids", "subscription_id")
        .explode("subscription_id", empty_as_null=False)
    )
    owed = run.read("invoices").filter(pl.col("status") == "open", pl.col("amount_remaining_minor") > 0).collect()
    found = ended.join(owed.drop("customer_id"), on="subscription_id", how="inner", validate="m:m")
    rest = money.with_code(pl.col("amount_remaining_minor"), pl.col("currency"))
    sentence = pl.format(
        "Stripe: collect, void or write off invoice {} of {} ({} of {} ended and is still open).",
        "invoice_id",
        pl.coalesce("account_name", "account_id").fill_null("no account"),
        rest,
        "subscription_id",
    )
    return laid_out(
        found,
        WORK,
        system=pl.lit(STRIPE),
        action=pl.lit("settle_invoice"),
        basis=pl.col("gap_id"),
        subscription_ids=pl.concat_list("subscription_id"),
        currency=pl.lit(None),
        at_stake_minor=pl.col("amount_remaining_minor"),
        at_stake_currency=pl.col("currency"),
        on=pl.col("created_on"),
        sentence=sentence,
    )
