"""Stripe's own balance: balance transactions, payouts, and which transaction went out with which payout."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.normalise.stripe.buckets import AFTER_AS_OF, Placed
from recon_kit.normalise.stripe.reader import Reader
from recon_kit.normalise.stripe.rules import an_id, known_currency, missing, possible_moment, whole_amount
from recon_kit.normalise.stripe.shapes_money import BALANCE_TRANSACTIONS, PAYOUT_ITEMS, PAYOUTS
from recon_kit.normalise.stripe.values import day


@dataclass(frozen=True)
class Balance:
    """Tables of Stripe's balance, and where the records went, by object."""

    placed: dict[str, Placed]
    balance_transactions: pl.DataFrame
    payouts: pl.DataFrame


def read_balance(reader: Reader, modes: pl.DataFrame) -> Balance:
    """Read balance transactions and payouts.

    Args:
        reader: the pull.
        modes: ``parent_id``, ``livemode`` of the objects that transactions come from.
    """
    payouts = reader.read("payouts", PAYOUTS, object_type="payout")
    rules = [
        an_id(),
        known_currency(),
        whole_amount("amount", "amount", "amount_minor"),
        *(possible_moment(name, name) for name in PAYOUTS.moments),
    ]
    placed = {"payouts": reader.place(payouts, "payouts", rules)}
    placed["balance_transactions"] = _place_transactions(reader, modes)
    late = payouts.filter(pl.col("cause") == AFTER_AS_OF)["key"].drop_nulls()
    placed["payout_balance_transactions"] = _place_items(reader, late)
    links = placed["payout_balance_transactions"].accepted
    return Balance(
        placed=placed,
        balance_transactions=_transaction_rows(placed["balance_transactions"].accepted, links, reader),
        payouts=_payout_rows(placed["payouts"].accepted, placed["balance_transactions"].accepted, reader),
    )


def _place_transactions(reader: Reader, modes: pl.DataFrame) -> Placed:
    records = reader.read(
        "balance_transactions", BALANCE_TRANSACTIONS, object_type="balance_transaction", modes=modes, parent="source_id"
    )
    rules = [
        an_id(),
        known_currency(),
        *(whole_amount(name, name, f"{name}_minor") for name in BALANCE_TRANSACTIONS.amounts),
        *(possible_moment(name, name) for name in BALANCE_TRANSACTIONS.moments),
    ]
    return reader.place(records, "balance_transactions", rules)


def _place_items(reader: Reader, late_payouts: pl.Series) -> Placed:
    records = reader.read("payout_balance_transactions", PAYOUT_ITEMS, object_type="payout_balance_transaction")
    late = pl.col("bucket").is_null() & pl.col("payout_id").is_in(late_payouts.implode())
    known = records.with_columns(
        bucket=pl.when(late).then(pl.lit("excluded")).otherwise("bucket"),
        cause=pl.when(late).then(pl.lit(AFTER_AS_OF)).otherwise("cause"),
    )
    rules = [missing("payout", "payout_id"), missing("balance_transaction", "balance_transaction_id")]
    return reader.place(known, "payout_balance_transactions", rules)


def _transaction_rows(accepted: pl.DataFrame, links: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """One row per balance transaction; one not yet available on as_of is pending."""
    zone = reader.pull.timezone
    payout = links.select("payout_id", key="balance_transaction_id").unique("key", keep="none")
    pending = (_date("available_at") > pl.lit(reader.pull.as_of)) & (pl.col("status") == "available")
    return accepted.join(payout, on="key", how="left", validate="m:1").select(
        "source_id",
        "payout_id",
        "type",
        "reporting_category",
        "currency",
        "amount_minor",
        "fee_minor",
        "net_minor",
        "created_at",
        balance_transaction_id="key",
        status=pl.when(pending).then(pl.lit("pending")).otherwise("status"),
        created_on=day("created_at", zone),
        available_on=_date("available_at"),
    )


def _payout_rows(accepted: pl.DataFrame, transactions: pl.DataFrame, reader: Reader) -> pl.DataFrame:
    """One row per payout; one that arrives after as_of is in transit, one that failed after as_of had not failed."""
    zone = reader.pull.timezone
    known = transactions["key"].implode()
    failure = pl.col("failure_balance_transaction_id")
    failed_later = (
        (pl.col("status") == "failed") & failure.is_not_null() & ~failure.is_in(known) & (transactions.height > 0)
    )
    arrives_later = _date("arrival_at") > pl.lit(reader.pull.as_of)
    status = (
        pl.when(arrives_later & ((pl.col("status") == "paid") | failed_later))
        .then(pl.lit("in_transit"))
        .when(failed_later)
        .then(pl.lit("paid"))
        .otherwise("status")
    )
    return accepted.select(
        "type",
        "currency",
        "amount_minor",
        "balance_transaction_id",
        "trace_id",
        "created_at",
        payout_id="key",
        status=status,
        automatic=pl.col("automatic").replace_strict(
            {"true": True, "false": False}, default=None, return_dtype=pl.Boolean
        ),
        created_on=day("created_at", zone),
        arrival_date=_date("arrival_at"),
    )


def _date(name: str) -> pl.Expr:
    """A date that Stripe writes as midnight UTC; no time zone moves it."""
    return pl.col(name).dt.date()
