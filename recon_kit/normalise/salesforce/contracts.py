"""Opportunities as contracts: what was sold, to whom, for how much, from when to when, as it stood on as_of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money, mrr
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.records import (
    exclude,
    map_records,
    settle,
    settle_repeats,
    system_columns,
    system_rules,
    unreadable,
)
from recon_kit.normalise.salesforce.terms import term_is_impossible, with_terms
from recon_kit.quarantine import Rule

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Settled, Sources
    from recon_kit.policy import Policy

BASES = ("monthly", "annual", "total")

_TEXTS = [
    "name",
    "note",
    "payment_terms",
    "billing_cadence",
    "billing_system",
    "stripe_subscription_id",
    "product",
    "owner_id",
    "owner_name",
    "owner_email",
]

DAY = "The date cannot be read. Write it as 2026-10-31."
AMOUNT = "The amount is no exact amount of its currency (plain digits, no more decimals than it has). Correct it."


def map_opportunities(raw: RawRecords, sources: Sources, *, policy: Policy, cutoff: dt.datetime) -> pl.DataFrame:
    """Read the opportunities as they stand in the files, and decide between those of the same id.

    Returns:
        One row per record: texts and sources of every key; ``amount_minor``, ``currency``, ``stage``, ``close_on``,
        ``parent`` (the account's ``match_id``), the bookkeeping of ``settle_repeats``.
    """
    records = map_records(raw, sources)
    for step in system_columns(policy.timezone, cutoff):
        records = records.with_columns(**step)
    currency = pl.coalesce(pl.col("currency_text").str.to_uppercase(), pl.lit(policy.reporting_currency))
    records = records.with_columns(
        currency=currency,
        amount_minor=money.decimal_to_minor(pl.col("amount_text"), currency),
        stage="stage_text",
        close_on=read.day(pl.col("close_on_text")),
        parent=read.match_key(pl.col("account_id_text")),
    )
    return settle_repeats(records)


def derive_contracts(
    opportunities: pl.DataFrame, accounts: Settled, sources: Sources, *, policy: Policy, as_of: dt.date
) -> pl.DataFrame:
    """Work out what each opportunity says as a contract.

    Args:
        opportunities: as ``wind_back`` returns them.
        accounts: the accounts as settled.
        sources: present columns of the map's ``contract`` part.
        policy: pick-list values and defaults.
        as_of: the day looked at.

    Returns:
        One row per opportunity read, with the columns of ``contracts`` that do not depend on MRR, and the working
        columns ``discount_pct_e6`` (Int64, millionths of a per cent), ``is_evergreen``, ``term_is_whole``,
        ``term_source``, ``kind_is_known``.
    """
    known = accounts.accepted.select(parent="match_id", account_id="survivor_id")
    joined = opportunities.join(known, on="parent", how="left", validate="m:1")
    basis = pl.col("amount_basis_text").str.to_lowercase()
    named = joined.with_columns(
        *[pl.col(f"{key}_text").alias(key) for key in _TEXTS],
        opportunity_id="id",
        account_id_as_given="account_id_text",
        close_on="close_on_as_of",
        stage="stage_on_as_of",
        opportunity_type="kind_text",
        kind=_kind(policy),
        kind_is_known=_kind_is_known(policy),
        amount_basis=pl.when(basis.is_in(BASES)).then(basis).otherwise(pl.lit(policy.amount_basis)),
        discount_pct_e6=mrr.percent_text(read.percent_text(pl.col("discount_pct_text"))),
        discount_end_on=read.day(pl.col("discount_end_on_text")),
        is_billed_in_stripe=_is_billed_in_stripe(policy),
        is_won=_was_won(joined, policy, as_of),
    )
    named = named.with_columns(discount_pct=pl.col("discount_pct_e6") / 10**mrr.PCT_PLACES)
    return with_terms(_with_related(named), close_columns=sources["close_on"])


def _kind(policy: Policy) -> pl.Expr:
    said = pl.col("kind_text")
    return (
        pl.when(read.is_one_of(said, policy.renewal_values))
        .then(pl.lit("renewal"))
        .when(read.is_one_of(said, policy.expansion_values))
        .then(pl.lit("expansion"))
        .otherwise(pl.lit("new"))
    )


def _kind_is_known(policy: Policy) -> pl.Expr:
    values = [*policy.new_values, *policy.renewal_values, *policy.expansion_values]
    return read.is_one_of(pl.col("kind_text"), values).fill_null(value=False)


def _is_billed_in_stripe(policy: Policy) -> pl.Expr:
    if not policy.billed_in_stripe_values:
        return pl.lit(value=True)
    return read.is_one_of(pl.col("billing_system_text"), policy.billed_in_stripe_values).fill_null(value=True)


def _was_won(opportunities: pl.DataFrame, policy: Policy, as_of: dt.date) -> pl.Expr:
    """Tell whether it was won by as_of: IsWon, else the stage; a stage wound back means what IsWon says elsewhere."""
    flag = read.boolean(pl.col("won_text"))
    meaning = (
        opportunities.filter(pl.col("stage").is_not_null()).group_by("stage").agg(won=flag.max()).drop_nulls("won")
    )
    by_values = read.is_one_of(pl.col("stage_on_as_of"), policy.won_values)
    by_stage = pl.col("stage_on_as_of").replace_strict(
        meaning["stage"], meaning["won"], default=None, return_dtype=pl.Boolean
    )
    moved = pl.col("stage_on_as_of").ne_missing(pl.col("stage"))
    won = pl.when(moved).then(pl.coalesce(by_stage, by_values)).otherwise(pl.coalesce(flag, by_values))
    return won.fill_null(value=False) & (pl.col("close_on_as_of") <= as_of).fill_null(value=False)


def _with_related(contracts: pl.DataFrame) -> pl.DataFrame:
    """Resolve the opportunities that a contract amends or renews to their ids as given there."""
    others = contracts.filter(pl.col("bucket").is_null() & ~pl.col("is_conflicting") & pl.col("match_id").is_not_null())
    ids = others.select(other="match_id", other_id="opportunity_id")
    for key in ("amends", "prior"):
        contracts = (
            contracts.with_columns(other=read.match_key(pl.col(f"{key}_text")))
            .join(ids, on="other", how="left", validate="m:1")
            .with_columns(pl.coalesce("other_id", f"{key}_text").alias(f"{key}_id"))
            .drop("other", "other_id")
        )
    return contracts


def settle_contracts(raw: RawRecords, sources: Sources, contracts: pl.DataFrame, *, cutoff: dt.datetime) -> Settled:
    """Put every opportunity into its bucket; its money is what the file says, in its own currency.

    Returns:
        One accepted row per contract. ``amount_minor`` is then the amount on as_of.
    """
    settled = settle(raw, exclude(contracts, cutoff), [*system_rules(sources), *_rules(sources)])
    return type(settled)(
        settled.accepted.with_columns(amount_minor="amount_on_as_of"),
        settled.left_out,
        settled.quarantine,
        settled.excluded,
        settled.buckets,
    )


def _rules(sources: Sources) -> list[Rule]:
    won = read.boolean(pl.col("won_text"))
    whether = "The value is neither true nor false. Export the field again."
    percent = "The discount is no percentage from 0 to 100. Correct it."
    amount = pl.coalesce("amount_minor", pl.when(~money.is_currency(pl.col("currency"))).then(0))
    starts = [column for column in sources["start_on"] if column not in sources["close_on"]]
    return [
        *unreadable("amount", amount, sources, rule="money_exact", reason=AMOUNT),
        *_date_rules({**sources, "start_on": starts}, ("close_on", "start_on", "end_on", "discount_end_on")),
        *term_rules(sources),
        *unreadable("won", won, sources, rule="unreadable_boolean", reason=whether),
        *unreadable("discount_pct", pl.col("discount_pct_e6"), sources, rule="unreadable_percent", reason=percent),
        *_record_rules(sources),
    ]


def _date_rules(sources: Sources, keys: Sequence[str]) -> list[Rule]:
    return [
        rule
        for key in keys
        for rule in unreadable(key, read.day(pl.col(f"{key}_text")), sources, rule="unreadable_date", reason=DAY)
    ]


def term_rules(sources: Mapping[str, Sequence[str]]) -> list[Rule]:
    """Make the rules that a term is a positive whole number of months."""
    reason = "The term must be a whole number of months, at least 1. Correct it."
    text = pl.col("term_months_text")
    return [
        Rule("term_positive", column, text, (pl.col("term_months_source") == column) & term_is_impossible(text), reason)
        for column in sources["term_months"]
    ]


def _record_rules(sources: Sources) -> list[Rule]:
    account = pl.col("account_id_text")
    end = pl.col("end_on").cast(pl.String)
    return [
        Rule(
            "known_currency",
            (sources["currency"] or ["CurrencyIsoCode"])[0],
            pl.col("currency"),
            ~money.is_currency(pl.col("currency")),
            "The currency is no ISO 4217 code. Correct it.",
        ),
        Rule(
            "missing_account",
            sources["account_id"][0],
            account,
            account.is_null(),
            "The opportunity names no account. Enter the account in Salesforce.",
        ),
        Rule(
            "dangling_reference",
            sources["account_id"][0],
            account,
            account.is_not_null() & pl.col("account_id").is_null(),
            "The account it names is not among those read, is in quarantine, or was deleted without a survivor. "
            "Export the account too, or correct the id.",
        ),
        Rule(
            "missing_date",
            sources["close_on"][0],
            pl.col("close_on_text"),
            pl.col("close_on_text").is_null(),
            "The opportunity has no close date. Enter it in Salesforce.",
        ),
        Rule(
            "end_before_start",
            (sources["end_on"] or ["end"])[0],
            end,
            pl.col("end_on") < pl.col("start_on"),
            "The contract ends before it starts. Correct the start, the end or the term.",
        ),
    ]
