"""The validation gate: what a closed-won opportunity must say before it is billed; and what the data cannot prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from recon_kit.normalise.salesforce_records import Sources


def gate(contracts: pl.DataFrame, sources: Sources, *, lines_known: bool) -> pl.DataFrame:
    """List what closed-won opportunities lack.

    Args:
        contracts: as accepted.
        sources: present columns of the map's ``contract`` part.
        lines_known: whether line items were exported; without them a missing product proves nothing.

    Returns:
        One row per (won opportunity, thing it lacks): columns of ``gate``.
    """
    won = contracts.filter("is_won").with_columns(who=pl.coalesce("name", "opportunity_id"))
    own_start = ~pl.col("start_on_source").is_in(sources["close_on"]) & pl.col("start_on").is_not_null()
    amount = money.format_minor(pl.col("amount_minor"), pl.col("currency"))
    found = [
        _lacking(
            won,
            ~own_start.fill_null(value=False),
            "start_date",
            _start_field(sources),
            pl.format("{} says no start of service; its close date {} is taken instead.", "who", "close_on"),
        ),
        _lacking(
            won,
            pl.col("billing_cadence").is_null(),
            "billing_cadence",
            _field(sources, "billing_cadence", "Billing_Cadence__c"),
            pl.format("{} does not say how often it is billed.", "who"),
        ),
        _lacking(
            won,
            pl.col("payment_terms").is_null(),
            "payment_terms",
            _field(sources, "payment_terms", "Payment_Terms__c"),
            pl.format("{} states no payment terms.", "who"),
        ),
        _lacking(
            won,
            ~(pl.col("amount_minor") > 0).fill_null(value=False),
            "positive_amount",
            _field(sources, "amount", "Amount"),
            pl.when(pl.col("amount_minor").is_null())
            .then(pl.format("{} has no amount.", "who"))
            .otherwise(pl.format("{} has an amount of {} {}, which is not positive.", "who", amount, "currency")),
        ),
        _lacking(
            won,
            ~pl.col("kind_is_known"),
            "known_type",
            _field(sources, "kind", "Type"),
            pl.when(pl.col("opportunity_type").is_null())
            .then(pl.format("{} has no type and counts as new business.", "who"))
            .otherwise(
                pl.format(
                    "{} has the type “{}”, which the policy does not list; it counts as new business.",
                    "who",
                    "opportunity_type",
                )
            ),
        ),
    ]
    if lines_known:
        no_product = ~pl.col("has_lines") & ~pl.col("has_faulty_lines") & pl.col("product").is_null()
        found.append(
            _lacking(won, no_product, "product", "OpportunityLineItem", pl.format("{} names no product.", "who"))
        )
    return pl.concat([TABLES["gate"].empty(), *found]).sort("opportunity_id", "rule")


def _start_field(sources: Sources) -> str:
    own = [column for column in sources["start_on"] if column not in sources["close_on"]]
    return (own or ["Contract_Start_Date__c"])[0]


def _field(sources: Sources, key: str, default: str) -> str:
    return (list(sources[key]) or [default])[0]


def _lacking(won: pl.DataFrame, lacks: pl.Expr, rule: str, field: str, message: pl.Expr) -> pl.DataFrame:
    return won.filter(lacks).select("opportunity_id", rule=pl.lit(rule), field=pl.lit(field), message=message)


def untestable(subject: str, frame: pl.DataFrame, identity: str, reason: str, *, priced: bool = False) -> pl.DataFrame:
    """Turn records into rows of ``not_testable`` (without room); ``priced`` shows their currency."""
    return frame.select(
        subject=pl.lit(subject),
        id=pl.col(identity),
        reason=pl.lit(reason),
        exposed_minor=pl.lit(None, dtype=pl.Int64),
        currency=pl.col("currency") if priced else pl.lit(None, dtype=pl.String),
    )


def untestable_contracts(contracts: pl.DataFrame) -> pl.DataFrame:
    """List contracts of which the data do not prove what they said on as_of.

    Returns:
        Rows of ``not_testable`` (without room), subject ``opportunity``.
    """
    return pl.concat(
        [
            untestable(
                "opportunity",
                contracts.filter("changed_after_as_of"),
                "opportunity_id",
                "Changed after as_of, and no history tells what it said before; compared as it stands.",
                priced=True,
            ),
            untestable(
                "opportunity",
                contracts.filter("has_faulty_lines"),
                "opportunity_id",
                "Some of its line items are in quarantine, so its MRR cannot be computed.",
                priced=True,
            ),
            untestable(
                "opportunity",
                contracts.filter("is_won", "lacks_service_contract"),
                "opportunity_id",
                "The Contract it names is not among those read, so its dates may be incomplete.",
                priced=True,
            ),
        ]
    )


def untestable_accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    """List accounts whose churn date is not stated, or whose merge after as_of could not be wound back.

    Returns:
        Rows of ``not_testable`` (without room), subject ``account``.
    """
    undated = accounts.filter(pl.col("is_churned") & pl.col("churned_on_given").is_null() & ~pl.col("is_deleted"))
    late = accounts.filter(
        pl.col("changed_after_as_of")
        & ~pl.col("is_deleted")
        & pl.col("status_says_churned")
        & pl.col("churned_on_given").is_null()
    )
    return pl.concat(
        [
            untestable(
                "account",
                undated,
                "account_id",
                "Its status says it left and no date says when; the date was inferred.",
            ),
            untestable(
                "account",
                late,
                "account_id",
                "It was changed after as_of and its status says it left, without a date; it may have left only then.",
            ),
            untestable(
                "account",
                accounts.filter("merged_late"),
                "account_id",
                "It was merged after as_of and its opportunities were moved; compared as it stands.",
            ),
        ]
    )
