"""The validation gate: what a closed-won opportunity must say before it is billed; and what the data cannot prove."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.schemas import TABLES

if TYPE_CHECKING:
    from recon_kit.normalise.salesforce.records import Sources


@dataclass(frozen=True)
class _Demand:
    """One thing a won opportunity must say: where, when it does not, and what to tell then."""

    rule: str
    field: str
    is_lacking: pl.Expr
    message: pl.Expr


_PRODUCT = _Demand(
    "product",
    "OpportunityLineItem",
    ~pl.col("has_lines") & ~pl.col("has_faulty_lines") & pl.col("product").is_null(),
    pl.format("{} names no product.", "who"),
)


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
    demands = [_start(sources), _amount(sources), _type(sources), *_terms_of_billing(sources)]
    if lines_known:
        demands.append(_PRODUCT)
    found = [
        won.filter(demand.is_lacking).select(
            "opportunity_id", rule=pl.lit(demand.rule), field=pl.lit(demand.field), message=demand.message
        )
        for demand in demands
    ]
    return pl.concat([TABLES["gate"].empty(), *found]).sort("opportunity_id", "rule")


def _start(sources: Sources) -> _Demand:
    own = [column for column in sources["start_on"] if column not in sources["close_on"]]
    says_start = ~pl.col("start_on_source").is_in(sources["close_on"]) & pl.col("start_on").is_not_null()
    message = pl.format("{} says no start of service; its close date {} is taken instead.", "who", "close_on")
    field = (own or ["Contract_Start_Date__c"])[0]
    return _Demand("start_date", field, ~says_start.fill_null(value=False), message)


def _amount(sources: Sources) -> _Demand:
    amount = money.with_code(pl.col("amount_minor"), pl.col("currency"))
    not_positive = pl.format("{} has an amount of {}, which is not positive.", "who", amount)
    nothing = pl.format("{} has no amount.", "who")
    message = pl.when(pl.col("amount_minor").is_null()).then(nothing).otherwise(not_positive)
    is_lacking = ~(pl.col("amount_minor") > 0).fill_null(value=False)
    return _Demand("positive_amount", sources["amount"][0], is_lacking, message)


def _type(sources: Sources) -> _Demand:
    nothing = pl.format("{} has no type and counts as new business.", "who")
    unknown = pl.format(
        "{} has the type “{}”, which the policy does not list; it counts as new business.", "who", "opportunity_type"
    )
    message = pl.when(pl.col("opportunity_type").is_null()).then(nothing).otherwise(unknown)
    return _Demand("known_type", (list(sources["kind"]) or ["Type"])[0], ~pl.col("kind_is_known"), message)


def _terms_of_billing(sources: Sources) -> list[_Demand]:
    cadence = pl.format("{} does not say how often it is billed.", "who")
    terms = pl.format("{} states no payment terms.", "who")
    return [
        _Demand(key, (list(sources[key]) or [column])[0], pl.col(key).is_null(), message)
        for key, column, message in (
            ("billing_cadence", "Billing_Cadence__c", cadence),
            ("payment_terms", "Payment_Terms__c", terms),
        )
    ]


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
