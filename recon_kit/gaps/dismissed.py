"""Dismissed: open gaps that a policy rule takes off the list; their money stays in the bridge, on a line of its own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from recon_kit.dismissal import DismissalRule
from recon_kit.gaps.books import Books
from recon_kit.gaps.placement import GAPS, ROUNDING
from recon_kit.salesforce_id import long_id
from recon_kit.schemas import TABLES

DISMISSED = "dismissed"
"""The state of such a gap, and the component of its line in the bridge."""
_LISTS = {"customer_id": "customer_ids", "opportunity_id": "opportunity_ids", "subscription_id": "subscription_ids"}
_SALESFORCE_IDS = ("account_id", "opportunity_id")
_MATCHES = {"gap_id": pl.String(), "rule_no": pl.Int64()}


class Dismissal(NamedTuple):
    """What the rules did.

    Attributes:
        gaps: rows of ``gaps``, those dismissed with their state and the rule in their explanation.
        rule_of: ``gap_id`` and the ``name`` and ``rule_no`` of the rule that dismissed it.
        rules: rows of ``dismissals``.
    """

    gaps: pl.DataFrame
    rule_of: pl.DataFrame
    rules: pl.DataFrame


def dismiss(gaps: pl.DataFrame, books: Books, rules: Sequence[DismissalRule], as_of: dt.date) -> Dismissal:
    """Apply the rules that hold on as_of to the gaps that are open; the first that matches a gap takes it.

    Args:
        gaps: rows of ``gaps``, after people's decisions.
        books: accounts, for their type and status.
        rules: in the order of the policy.
        as_of: the day of the close; a rule holds to the end of the day it expires on.

    Returns:
        The gaps in the same order, and what each rule did or, where it has expired, would have done. No amount changes.
    """
    facts = _facts(gaps.filter(pl.col("state") == "open"), books.accounts)
    matches = pl.concat(
        [pl.DataFrame(schema=_MATCHES), *(_matching(facts, rule, number) for number, rule in enumerate(rules))]
    )
    told = _told(rules, as_of)
    first = matches.join(told.filter("is_in_force").select("rule_no"), on="rule_no", how="semi")
    taken = first.sort("gap_id", "rule_no").unique("gap_id", keep="first", maintain_order=True)
    rule_of = taken.join(told.select("rule_no", "name", "note"), on="rule_no", how="left", validate="m:1")
    expired = matches.join(told.filter(~pl.col("is_in_force")).select("rule_no"), on="rule_no", how="semi")
    counted = pl.concat([taken, expired])
    return Dismissal(_noted(gaps, rule_of), rule_of.drop("note"), _effects(told, counted, gaps))


def _told(rules: Sequence[DismissalRule], as_of: dt.date) -> pl.DataFrame:
    """One row per rule, with the sentence that the explanation of a gap it dismissed ends with."""
    rows = [
        {
            "rule_no": number,
            "name": rule.name,
            "owner": rule.owner,
            "reason": rule.reason,
            "conditions": rule.asked,
            "expires_on": rule.expires_on,
            "is_in_force": rule.holds_on(as_of),
            "note": f"Dismissed by rule “{rule.name}” of {rule.owner}, in force until {rule.expires_on}: "
            f"{rule.reason.rstrip('.')}.",
        }
        for number, rule in enumerate(rules)
    ]
    texts = dict.fromkeys(("name", "owner", "reason", "conditions", "note"), pl.String)
    kinds = {"rule_no": pl.Int64, **texts, "expires_on": pl.Date, "is_in_force": pl.Boolean}
    return pl.DataFrame(rows, schema=kinds)


def _facts(gaps: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    types = accounts.select("account_id", account_type="type", account_status="status")
    return gaps.join(types, on="account_id", how="left", validate="m:1")


def _matching(facts: pl.DataFrame, rule: DismissalRule, number: int) -> pl.DataFrame:
    conditions = [_holds(name, values).fill_null(value=False) for name, values in rule.where.items()]
    return facts.filter(*conditions).select("gap_id", rule_no=pl.lit(number, dtype=pl.Int64))


def _holds(name: str, values: list[str]) -> pl.Expr:
    wanted = pl.Series(values, dtype=pl.String)
    if name in _SALESFORCE_IDS:
        wanted = pl.select(long_id(pl.lit(wanted))).to_series()
    if name in _LISTS:
        own = long_id(pl.element()) if name in _SALESFORCE_IDS else pl.element()
        return pl.col(_LISTS[name]).list.eval(own.is_in(wanted.implode())).list.any()
    own = long_id(pl.col(name)) if name in _SALESFORCE_IDS else pl.col(name)
    return own.is_in(wanted.implode())


def _noted(gaps: pl.DataFrame, rule_of: pl.DataFrame) -> pl.DataFrame:
    notes = rule_of.select("gap_id", "note")
    noted = gaps.join(notes, on="gap_id", how="left", validate="1:1", maintain_order="left")
    return noted.with_columns(
        state=pl.when(pl.col("note").is_not_null()).then(pl.lit(DISMISSED)).otherwise("state"),
        explanation=pl.concat_str("explanation", "note", separator=" ", ignore_nulls=True),
    ).select(gaps.columns)


def _effects(told: pl.DataFrame, counted: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """Count by rule and currency; a rule that matched nothing has one row with nothing in it."""
    amounts = gaps.select("gap_id", "difference_minor", "impact_minor", "currency")
    summed = (
        counted.join(amounts, on="gap_id", how="left", validate="m:1")
        .group_by("rule_no", "currency")
        .agg(
            gaps=pl.len().cast(pl.Int64),
            difference_minor=pl.col("difference_minor").sum(),
            impact_minor=pl.col("impact_minor").sum(),
        )
    )
    filled = told.join(summed, on="rule_no", how="left", validate="1:m").with_columns(
        pl.col("gaps", "difference_minor", "impact_minor").fill_null(0), pl.col("currency").fill_null("")
    )
    return filled.with_columns(rule=pl.col("name")).select(TABLES["dismissals"].columns).sort("rule", "currency")


def placed_by_rule(placement: pl.DataFrame, rule_of: pl.DataFrame) -> pl.DataFrame:
    """Put the money of dismissed gaps on the line ``dismissed``; the gap stays the place of its records."""
    is_dismissed = (
        (pl.col("placed_in") == GAPS)
        & (pl.col("line") != ROUNDING)
        & pl.col("gap_or_pair_id").is_in(rule_of["gap_id"].implode())
    )
    line = pl.when(is_dismissed.fill_null(value=False)).then(pl.lit(DISMISSED)).otherwise("line")
    return placement.with_columns(line=line)
