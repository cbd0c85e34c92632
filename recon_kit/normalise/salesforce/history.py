"""Opportunity history: what an opportunity said on as_of, although it was changed before the data were pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.asof import is_after, unless_after
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.records import (
    Settled,
    exclude,
    map_records,
    settle,
    settle_repeats,
    system_columns,
    system_rules,
    unreadable,
)
from recon_kit.quarantine import Rule

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Sources


_STATE = ("state_minor", "stage", "close_on", "changed_at", "is_unreadable")
_BEFORE = ("state_minor", "close_on", "state_before_minor", "day_before", "is_unreadable")


def parse_history(
    raw: RawRecords, sources: Sources, opportunities: pl.DataFrame, *, timezone: str, cutoff: dt.datetime
) -> pl.DataFrame:
    """Read the rows of OpportunityHistory, before any is excluded.

    Args:
        raw: the object as read.
        sources: its present columns.
        opportunities: ``match_id`` and ``currency`` of the opportunities read; a row without currency takes theirs.
        timezone: of the policy.
        cutoff: the end of as_of.

    Returns:
        One row per record: ``parent`` (the opportunity's ``match_id``), ``changed_at``, ``state_minor``, ``currency``,
        ``stage``, ``close_on``, ``state_before_minor`` and ``day_before`` (what the row says stood there before),
        ``is_unreadable``, and the bookkeeping of ``settle_repeats``.
    """
    records = map_records(raw, sources, parent="opportunity_id")
    for step in system_columns(timezone, cutoff):
        records = records.with_columns(**step)
    known = opportunities.select(parent="match_id", parent_currency="currency")
    records = records.with_columns(parent=read.match_key(pl.col("opportunity_id_text"))).join(
        known, on="parent", how="left", validate="m:1"
    )
    records = records.with_columns(currency=pl.coalesce(pl.col("currency_text").str.to_uppercase(), "parent_currency"))
    parsed = records.with_columns(
        changed_at="created_at",
        stage="stage_text",
        close_on=read.day(pl.col("close_on_text")),
        day_before=read.day(pl.col("close_on_before_text")),
        state_minor=money.decimal_to_minor(pl.col("amount_text"), pl.col("currency")),
        state_before_minor=money.decimal_to_minor(pl.col("amount_before_text"), pl.col("currency")),
    )
    texts = {
        "close_on": "close_on",
        "day_before": "close_on_before",
        "state_minor": "amount",
        "state_before_minor": "amount_before",
    }
    faults = [pl.col(value).is_null() & pl.col(f"{text}_text").is_not_null() for value, text in texts.items()]
    return settle_repeats(parsed.with_columns(is_unreadable=pl.any_horizontal(faults)))


def _rules(sources: Sources) -> list[Rule]:
    day = "The date cannot be read. Write it as 2026-10-31."
    amount = "The amount is no exact amount of its currency. Correct it in the export."
    when = "The row does not say when the opportunity was changed. Export CreatedDate with the history."
    return [
        *system_rules(sources),
        Rule("missing_date", "CreatedDate", pl.col("created_at_text"), pl.col("created_at_text").is_null(), when),
        *unreadable("close_on", pl.col("close_on"), sources, rule="unreadable_date", reason=day),
        *unreadable("close_on_before", pl.col("day_before"), sources, rule="unreadable_date", reason=day),
        *unreadable("amount", pl.col("state_minor"), sources, rule="money_exact", reason=amount),
        *unreadable("amount_before", pl.col("state_before_minor"), sources, rule="money_exact", reason=amount),
    ]


def settle_history(
    raw: RawRecords, sources: Sources, history: pl.DataFrame, opportunities: Settled, *, cutoff: dt.datetime
) -> Settled:
    """Put every history row into its bucket; the accepted ones are those up to as_of of accepted opportunities.

    Returns:
        One accepted row per saved state: the columns of ``opportunity_history``.
    """
    known = opportunities.accepted.select(parent="match_id", opportunity_id="opportunity_id")
    left_out = opportunities.left_out.select(parent="match_id", parent_exclusion="exclusion")
    records = history.join(known, on="parent", how="left", validate="m:1").join(
        left_out, on="parent", how="left", validate="m:1"
    )
    dangling = Rule(
        "dangling_reference",
        (sources["opportunity_id"] or ["OpportunityId"])[0],
        pl.col("opportunity_id_text"),
        pl.col("opportunity_id").is_null(),
        "The opportunity it names is missing or in quarantine itself. Export it too, or correct it first.",
    )
    # The control total of this object is rows only: its money is that of the opportunities, told again.
    bare = records.with_columns(state_currency="currency").with_columns(
        amount_minor=pl.lit(None, dtype=pl.Int64), currency=pl.lit(None, dtype=pl.String)
    )
    settled = settle(raw, exclude(bare, cutoff), [*_rules(sources), dangling])
    accepted = settled.accepted.select(
        "opportunity_id",
        "changed_at",
        "stage",
        "close_on",
        history_id="id",
        amount_minor="state_minor",
        amount_before_minor="state_before_minor",
        currency="state_currency",
    )
    return Settled(accepted, settled.left_out, settled.quarantine, settled.excluded, settled.buckets)


def wind_back(
    opportunities: pl.DataFrame, history: pl.DataFrame, sources: Sources, *, cutoff: dt.datetime
) -> pl.DataFrame:
    """Give every opportunity the amount, stage and close date it had at the end of as_of.

    Args:
        opportunities: with ``match_id``, ``amount_minor``, ``currency``, ``stage``, ``close_on``, ``modified_at``.
        history: as ``parse_history`` returns it.
        sources: of the history: a field it does not carry cannot be wound back.
        cutoff: the end of as_of.

    Returns:
        The opportunities, by their last state up to as_of (where the rows begin later: by what the first of them says
        stood there before), with ``amount_on_as_of``, ``stage_on_as_of``, ``close_on_as_of``, ``last_changed_at`` and
        ``changed_after_as_of``: it was changed after as_of and nothing tells what it said before.
    """
    states = history.filter(pl.col("bucket").is_null() & ~pl.col("is_conflicting") & pl.col("changed_at").is_not_null())
    is_later = is_after(pl.col("changed_at"), cutoff)
    by_opportunity = states.sort("changed_at", "id").group_by("parent", maintain_order=True)
    known = by_opportunity.agg(
        has_later=is_later.any(),
        has_earlier=(~is_later).any(),
        **{f"last_{name}": pl.col(name).filter(~is_later).last() for name in _STATE},
        **{f"first_{name}": pl.col(name).filter(is_later).first() for name in _BEFORE},
    )
    joined = opportunities.join(known, left_on="match_id", right_on="parent", how="left", validate="m:1")
    has_later = pl.col("has_later").fill_null(value=False)
    is_known = has_later & ~pl.col("last_is_unreadable").fill_null(value=True)
    tells_before = has_later & ~pl.col("has_earlier") & ~pl.col("first_is_unreadable")
    amount_before = pl.when(tells_before).then("first_state_before_minor")
    day_before = pl.when(tells_before).then("first_day_before")
    # A row whose amount and date stand as before is about the stage, and what that was it does not say.
    is_told = (amount_before != pl.col("first_state_minor")).fill_null(value=False) | (
        day_before != pl.col("first_close_on")
    ).fill_null(value=False)
    edited_late = is_after(pl.col("modified_at"), cutoff)
    has_history = pl.col("has_later").is_not_null()
    return joined.with_columns(
        amount_on_as_of=_wound(
            is_known, sources["amount"], "last_state_minor", pl.coalesce(amount_before, "amount_minor")
        ),
        stage_on_as_of=_wound(is_known, sources["stage"], "last_stage", pl.col("stage")),
        close_on_as_of=_wound(is_known, sources["close_on"], "last_close_on", pl.coalesce(day_before, "close_on")),
        last_changed_at=pl.when(has_history)
        .then("last_changed_at")
        .otherwise(unless_after(pl.col("modified_at"), cutoff)),
        changed_after_as_of=(edited_late & ~has_later) | (has_later & ~is_known & ~is_told),
    )


def _wound(is_known: pl.Expr, columns: object, before: str, now: pl.Expr) -> pl.Expr:
    return pl.when(is_known & pl.lit(bool(columns))).then(before).otherwise(now)
