"""Subscriptions in the state they had on as_of."""

from __future__ import annotations

import datetime as dt

import polars as pl

from recon_kit.asof import is_after, unless_after
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.rules import (
    an_id,
    known_currency,
    missing,
    one_of,
    points_to,
    possible_moment,
    readable_flag,
)
from recon_kit.normalise.stripe.shapes import SUBSCRIPTION_ITEMS, SUBSCRIPTIONS
from recon_kit.normalise.stripe.values import day, yes
from recon_kit.quarantine import Rule

LIVE = ["active", "past_due", "trialing", "paused"]
_ENDED = ["canceled", "incomplete_expired"]
_STATUSES = [*LIVE, "canceled", "unpaid", "incomplete", "incomplete_expired", "ended"]


def read_subscriptions(reader: Reader) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Read subscriptions, with instants and wound back by events, their items, and changed texts (see ``Reader``)."""
    return reader.read_with_elements(
        "subscriptions",
        SUBSCRIPTIONS,
        SUBSCRIPTION_ITEMS,
        object_type="subscription",
        required=("id", "customer_id", "status"),
    )


def subscription_rules(customers: pl.Series) -> list[Rule]:
    """List what a subscription must pass; ``customers`` are the usable ones."""
    return [
        an_id(),
        missing("customer", "customer_id"),
        missing("status", "status"),
        missing("created", "created_seconds", "created_at"),
        known_currency(),
        *(possible_moment(name, name) for name in SUBSCRIPTIONS.moments),
        one_of("status", "status", _STATUSES),
        readable_flag("cancel_at_period_end"),
        points_to("customer", "customer_id", customers, "customer"),
    ]


def as_it_was(accepted: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Wind subscriptions back by their own timestamps.

    What lies after as_of has not happened: an end, the request of a cancellation, the end of a trial, a pause. A status
    that only the end explains is that of the last event up to as_of, else ``active`` (``trialing`` in a trial).
    """
    cutoff = reader.pull.cutoff
    accepted = accepted.with_columns(ended_at=_end_at(cutoff))
    ended_later = is_after(pl.col("ended_at"), cutoff)
    asked_later = is_after(pl.col("canceled_at"), cutoff)
    never_tried = is_after(pl.col("trial_start_at"), cutoff)
    in_trial = is_after(pl.col("trial_end_at"), cutoff) & ~never_tried
    paused_later = (pl.col("status") == "paused") & is_after(pl.col("paused_at"), cutoff)
    before_end = pl.coalesce("status_told", pl.lit("active"))
    status = (
        pl.when(in_trial & (pl.col("status").is_in([*LIVE, "unpaid"]) | ended_later))
        .then(pl.lit("trialing"))
        .when(ended_later & (pl.col("status") == "incomplete_expired"))
        .then(pl.lit("incomplete"))
        .when((ended_later & pl.col("status").is_in(_ENDED)) | paused_later)
        .then(before_end)
        .otherwise("status")
    )
    told = accepted.join(_told_status(reader), on="key", how="left", validate="1:1")
    resumed = pl.col("resumes_at") < pl.lit(cutoff)
    return told.with_columns(
        status=status,
        is_collection_paused=pl.col("pause_behavior").is_not_null() & ~resumed.fill_null(value=False),
        cancel_at_period_end=yes("cancel_at_period_end") & ~asked_later,
        cancel_at=pl.when(~asked_later).then("cancel_at"),
        canceled_at=unless_after(pl.col("canceled_at"), cutoff),
        ended_at=unless_after(pl.col("ended_at"), cutoff),
        trial_start_at=unless_after(pl.col("trial_start_at"), cutoff),
        trial_end_at=pl.when(~never_tried).then("trial_end_at"),
        is_in_trial=in_trial,
    ).with_columns(
        is_live=pl.col("status").is_in(LIVE),
        cancellation_reason=pl.when(pl.col("canceled_at").is_not_null() | pl.col("ended_at").is_not_null()).then(
            "cancellation_reason"
        ),
    )


def _end_at(cutoff: dt.datetime) -> pl.Expr:
    """Date the end of a subscription; a canceled one that does not say when it ended takes the nearest date it has.

    In this order: the end of the period at which it was set to stop, the day it was canceled, its last period, its
    creation.
    """
    at_period_end = pl.when(yes("cancel_at_period_end")).then("current_period_end_at")
    last_period = pl.when(pl.col("current_period_end_at") < pl.lit(cutoff)).then("current_period_end_at")
    nearest = pl.coalesce(at_period_end, "canceled_at", last_period, "current_period_start_at", "created_at")
    return pl.coalesce("ended_at", pl.when(pl.col("status").is_in(_ENDED)).then(nearest))


def _told_status(reader: Reader) -> pl.DataFrame:
    """The status that the last event up to as_of left: ``key``, ``status_told``; ended ones are left out."""
    told = reader.history.earlier.filter(pl.col("object_type") == "subscription").select(
        "created_at", "event_id", key="object_id", status_told="object_status"
    )
    last = told.sort("created_at", "event_id").unique("key", keep="last").filter(pl.col("status_told").is_in(LIVE))
    return last.select("key", "status_told")


def subscription_rows(subscriptions: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """Return one row per subscription: the columns of ``subscriptions`` without MRR.

    Args:
        subscriptions: from ``as_it_was`` with ``billing_start_at``, ``current_period_*_at``, ``paused_on``,
            ``unpaid_on``, ``latest_invoice_id``, ``coupon_ids``, ``changed_after_as_of``.
        reader: the time zone.
    """
    zone = reader.pull.timezone
    ends_with_period = pl.when(pl.col("cancel_at_period_end")).then(pl.col("current_period_end_at"))
    stops_at = pl.when(pl.col("is_live")).then(pl.coalesce("cancel_at", ends_with_period))
    unpaid_since = pl.coalesce("unpaid_on", day("current_period_start_at", zone), day("created_at", zone))
    unpaid_on = pl.when(pl.col("status") == "unpaid").then(unpaid_since)
    return subscriptions.with_columns(stops_at=stops_at).select(
        "customer_id",
        "status",
        "is_live",
        "is_collection_paused",
        "collection_method",
        "currency",
        "created_at",
        "cancel_at_period_end",
        "cancellation_reason",
        "coupon_ids",
        "metadata_account_id",
        "metadata_opportunity_id",
        "latest_invoice_id",
        "changed_after_as_of",
        *(
            day(f"{stem}_at", zone).alias(f"{stem}_on")
            for stem in (
                "created",
                "start",
                "billing_start",
                "trial_start",
                "trial_end",
                "current_period_start",
                "current_period_end",
                "canceled",
                "stops",
            )
        ),
        subscription_id="key",
        cancel_at_on=day("cancel_at", zone),
        ended_on=pl.coalesce(day("ended_at", zone), unpaid_on),
        paused_on=pl.when(pl.col("is_collection_paused") | (pl.col("status") == "paused")).then("paused_on"),
    )
