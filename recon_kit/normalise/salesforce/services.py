"""Contract records: the dates and terms that opportunities take from the Contract they name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.asof import is_after
from recon_kit.csv_text import FILE, LINE
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.contracts import DAY, term_rules
from recon_kit.normalise.salesforce.records import (
    exclude,
    map_records,
    settle,
    settle_repeats,
    system_columns,
    system_rules,
    unreadable,
)
from recon_kit.normalise.salesforce.terms import DEFAULT

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Settled, Sources

PREFIX = "Contract."


def read_service_contracts(raw: RawRecords, sources: Sources, *, timezone: str, cutoff: dt.datetime) -> Settled:
    """Read the Contract records that opportunities may name.

    Returns:
        One accepted row per Contract: ``match_id``, ``file``, ``line``, ``modified_at``.
    """
    records = map_records(raw, sources)
    for step in system_columns(timezone, cutoff):
        records = records.with_columns(**step)
    records = records.with_columns(amount_minor=pl.lit(None, dtype=pl.Int64), currency=pl.lit(None, dtype=pl.String))
    rules = [
        *system_rules(sources),
        *unreadable("start_on", read.day(pl.col("start_on_text")), sources, rule="unreadable_date", reason=DAY),
        *unreadable("end_on", read.day(pl.col("end_on_text")), sources, rule="unreadable_date", reason=DAY),
        *term_rules(sources),
    ]
    return settle(raw, exclude(settle_repeats(records), cutoff), rules)


def beside_services(
    opportunities: RawRecords, services: Settled, raw: RawRecords, contract_columns: list[str]
) -> RawRecords:
    """Put the columns of the Contract an opportunity names beside its own, as ``Contract.StartDate`` and so on.

    Args:
        opportunities: as read.
        services: the Contracts as settled; only accepted ones lend their dates.
        raw: the Contracts as read.
        contract_columns: the opportunity's column that names the Contract; empty where there is none.
    """
    if raw.is_absent or not contract_columns:
        return opportunities
    present = set(opportunities.columns)
    lent = {f"{PREFIX}{name}": name for name in raw.columns if f"{PREFIX}{name}" not in present}
    accepted = services.accepted.select("match_id", **{FILE: "file", LINE: "line"})
    told = accepted.join(raw.records, on=[FILE, LINE], how="inner", validate="1:1").select(
        pl.col("match_id").alias("#contract"), **lent
    )
    named = opportunities.records.with_columns(
        read.match_key(read.filled(pl.col(contract_columns[0]))).alias("#contract")
    )
    joined = named.join(told, on="#contract", how="left", validate="m:1").drop("#contract")
    return replace(opportunities, records=joined)


def with_service_facts(
    contracts: pl.DataFrame, services: Settled, *, known: bool, close_columns: list[str], cutoff: dt.datetime
) -> pl.DataFrame:
    """Tell which opportunities name a Contract that is not there, or one that changed after as_of.

    Args:
        contracts: with ``contract_id_text``, the sources of start, end and term, ``changed_after_as_of``.
        services: the Contracts as settled.
        known: whether Contracts were exported at all.
        close_columns: the columns the close date is read from.
        cutoff: the end of as_of.

    Returns:
        The contracts with ``lacks_service_contract`` (and its own dates do not say all), and ``changed_after_as_of``
        also where a date comes from a Contract edited after as_of.
    """
    told = services.accepted.select(
        service="match_id", is_found=pl.lit(value=True), is_edited=is_after(pl.col("modified_at"), cutoff)
    )
    sources = pl.concat_list("start_on_source", "end_on_source", "term_source")
    borrows = sources.list.eval(pl.element().str.starts_with(PREFIX)).list.any()
    is_incomplete = pl.col("start_on_source").is_in(close_columns) | (pl.col("term_source") == DEFAULT).fill_null(
        value=False
    )
    return (
        contracts.with_columns(service=read.match_key(pl.col("contract_id_text")))
        .join(told, on="service", how="left", validate="m:1")
        .with_columns(
            lacks_service_contract=pl.lit(known)
            & pl.col("service").is_not_null()
            & pl.col("is_found").is_null()
            & is_incomplete,
            changed_after_as_of=pl.col("changed_after_as_of") | (pl.col("is_edited").fill_null(value=False) & borrows),
        )
        .drop("service", "is_found", "is_edited")
    )
