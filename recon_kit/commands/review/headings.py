"""Headings: the columns of the review's sheets, with the note on each."""

from __future__ import annotations

from recon_kit import journal
from recon_kit.workbook import Column

_DECIDE = "Choose one: {choices}. Leave it empty to decide later."
_ID = Column("id", "id", width=24, note="Names the row; the import finds the row by it, whatever its place.")
_CAUSE = Column("cause", "cause", width=26, note="Why it stands here, as far as the records tell.")
_CORRECTION = Column(
    "suggested_correction", "suggested correction", width=48, note="A proposal. Nothing is written to either system."
)
_SINCE = Column("since", "since", "date", width=12, note="The day the two systems began to differ.")
_CURRENCY = Column("currency", "currency", width=9)
_EVIDENCE = Column(
    "digest",
    "evidence",
    width=15,
    note="First digits of the digest of what the row rests on. A decision lapses when that changes.",
)


def of_links(choices: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of the sheet of links in review."""
    return (
        _ID,
        Column("account_name", "account", width=28),
        Column("salesforce_says", "Salesforce says", width=40, note="Name, e-mail, website, place of the account."),
        Column("stripe_says", "Stripe says", width=40, note="Name, e-mail, place, ids of the customer."),
        Column("difference", "difference", width=32, note="What the two records say differently."),
        _CAUSE,
        _CORRECTION,
        Column("since", "since", "date", width=12, note="The day the customer came to Stripe."),
        Column("impact_minor", "impact", "amount", width=14, note="MRR that the customer is billed."),
        _CURRENCY,
        Column("link_probability", "probability", "number", width=12, note="That they are one, as measured elsewhere."),
        Column("customer_id", "customer id", width=22),
        Column("account_id", "account id", width=22),
        _EVIDENCE,
        *open_columns(choices),
    )


def of_gaps(choices: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of the sheet of open gaps."""
    return (
        _ID,
        Column("account_name", "account", width=28),
        Column("crm_mrr_minor", "Salesforce says", "amount", width=14, note="MRR of its contracts, a month."),
        Column("billing_mrr_minor", "Stripe says", "amount", width=14, note="MRR of its subscriptions, a month."),
        Column(
            "difference_minor", "difference", "amount", width=14, note="Salesforce less Stripe, a month; + is unbilled."
        ),
        Column("difference_pct", "difference %", "percent", width=11, note="Per cent of the larger of both."),
        Column("family", "family", width=18),
        _CAUSE,
        Column("explanation", "explanation", width=48),
        _CORRECTION,
        _SINCE,
        Column("impact_minor", "impact", "amount", width=14, note="The difference accrued by day since then."),
        _CURRENCY,
        Column("material", "material", width=9, note="By the thresholds of the policy."),
        Column("owner_team", "team", width=16),
        Column("records", "records", width=26, note="Contracts, subscriptions and customers it rests on."),
        _EVIDENCE,
        *open_columns(choices),
    )


def of_events(choices: tuple[str, ...]) -> tuple[Column, ...]:
    """The columns of the sheet of events that wait for an approval."""
    return (
        _ID,
        Column("account_name", "account", width=28),
        Column("salesforce_says", "Salesforce says", width=32),
        Column("stripe_says", "Stripe says", width=32),
        Column("original_minor", "original value", "amount", width=14),
        Column("new_minor", "new value", "amount", width=14),
        Column("difference_minor", "difference", "amount", width=14, note="New value less original value."),
        _CAUSE,
        Column("explanation", "explanation", width=48),
        _CORRECTION,
        Column("since", "since", "date", width=12, note="The day it happened."),
        Column("impact_minor", "impact", "amount", width=14, note="Size of the difference."),
        _CURRENCY,
        Column("touches", "touches", width=28, note="Subscriptions, invoices and contracts downstream."),
        _EVIDENCE,
        *open_columns(choices),
    )


def open_columns(choices: tuple[str, ...]) -> tuple[Column, ...]:
    """The three columns that a reviewer fills."""
    return (
        Column(
            "decision",
            "decision",
            width=13,
            is_open=True,
            choices=choices,
            note=_DECIDE.format(choices=", ".join(choices)),
        ),
        Column("by", "by", width=18, is_open=True, longest=journal.LONGEST_NAME, note="Your name."),
        Column(
            "reason_given", "reason", width=40, is_open=True, longest=journal.LONGEST_REASON, note="Why, in a sentence."
        ),
    )
