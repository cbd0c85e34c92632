"""Line items of opportunities: what each contract consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money
from recon_kit.asof import is_after
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.contracts import AMOUNT, DAY
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
from recon_kit.schemas.raw import SALESFORCE

if TYPE_CHECKING:
    import datetime as dt

    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.normalise.salesforce.records import Sources
    from recon_kit.policy import Policy

_PRICE_PLACES = 12


def read_lines(
    raw: RawRecords, sources: Sources, opportunities: Settled, *, policy: Policy, cutoff: dt.datetime
) -> Settled:
    """Read the line items of the accepted opportunities.

    Returns:
        One accepted row per line item: the columns of ``contract_lines`` and ``is_changed_late`` (edited after as_of).
        Dates a line does not have are its contract's. ``unit_price_minor`` is null where the price is finer than the
        currency; ``total_price_minor`` must be exact.
    """
    records = map_records(raw, sources, parent="opportunity_id")
    for step in system_columns(policy.timezone, cutoff):
        records = records.with_columns(**step)
    lines = _with_opportunity(settle_repeats(records), opportunities).with_columns(
        currency=pl.coalesce(
            pl.col("currency_text").str.to_uppercase(), "contract_currency", pl.lit(policy.reporting_currency)
        )
    )
    lines = _with_values(lines, policy).with_columns(is_changed_late=is_after(pl.col("modified_at"), cutoff))
    bare = lines.with_columns(line_currency="currency").with_columns(
        amount_minor=pl.lit(None, dtype=pl.Int64), currency=pl.lit(None, dtype=pl.String)
    )
    settled = settle(raw, exclude(bare, cutoff), [*system_rules(sources), *_rules(sources)])
    accepted = settled.accepted.with_columns(line_id="id", currency="line_currency")
    return Settled(accepted, settled.left_out, settled.quarantine, settled.excluded, settled.buckets)


def _with_opportunity(lines: pl.DataFrame, opportunities: Settled) -> pl.DataFrame:
    known = opportunities.accepted.select(
        parent="match_id",
        opportunity_id="opportunity_id",
        contract_currency="currency",
        contract_start_on="start_on",
        contract_end_on="end_on",
    )
    left_out = opportunities.left_out.select(parent="match_id", parent_exclusion="exclusion")
    return (
        lines.with_columns(parent=read.match_key(pl.col("opportunity_id_text")))
        .join(known, on="parent", how="left", validate="m:1")
        .join(left_out, on="parent", how="left", validate="m:1")
    )


def _with_values(lines: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    start, end = read.day(pl.col("start_on_text")), read.day(pl.col("end_on_text"))
    return lines.with_columns(
        product="product_text",
        sku="sku_text",
        quantity=read.quantity(pl.col("quantity_text")),
        unit_price_minor=money.decimal_to_minor(pl.col("unit_price_text"), pl.col("currency")),
        total_price_minor=money.decimal_to_minor(pl.col("total_price_text"), pl.col("currency")),
        ssp_minor=_ssp(),
        kind=_kind(policy),
        start_on=pl.coalesce(start, "contract_start_on"),
        end_on=pl.coalesce(end, "contract_end_on"),
        has_own_dates=start.is_not_null() | end.is_not_null(),
        delivered_on=read.day(pl.col("delivered_on_text")),
    )


def _ssp() -> pl.Expr:
    """Multiply the list price by the quantity, in minor units; null where that is not exact."""
    price = money.decimal_to_e(pl.col("ssp_text"), _PRICE_PLACES // 2)
    count = money.decimal_to_e(pl.col("quantity_text"), _PRICE_PLACES // 2)
    step = money.power_of_ten(_PRICE_PLACES - money.exponent(pl.col("currency")))
    total = price * count
    is_usable = (total % step == 0) & ((total // step).abs() <= money.MAX_MINOR)
    return pl.when(is_usable).then(total // step).cast(pl.Int64)


def _kind(policy: Policy) -> pl.Expr:
    word = pl.col("kind_text").str.to_lowercase().str.replace_all(r"[\s-]+", "_")
    said = word.replace({"onetime": "one_time", "non_recurring": "one_time"})
    is_one_time = read.is_one_of(pl.col("family_text"), policy.one_time_families)
    return (
        pl.when(said.is_in(["recurring", "one_time", "usage"]))
        .then(said)
        .when(is_one_time)
        .then(pl.lit("one_time"))
        .otherwise(pl.lit("recurring"))
    )


def _rules(sources: Sources) -> list[Rule]:
    number = "The value is no plain number. Correct it."
    price = money.decimal_to_e(pl.col("unit_price_text"), 18)
    return [
        *unreadable("total_price", pl.col("total_price_minor"), sources, rule="money_exact", reason=AMOUNT),
        *unreadable("unit_price", price, sources, rule="money_exact", reason=number),
        *unreadable("quantity", pl.col("quantity"), sources, rule="unreadable_number", reason=number),
        *unreadable("start_on", read.day(pl.col("start_on_text")), sources, rule="unreadable_date", reason=DAY),
        *unreadable("end_on", read.day(pl.col("end_on_text")), sources, rule="unreadable_date", reason=DAY),
        *unreadable("delivered_on", pl.col("delivered_on"), sources, rule="unreadable_date", reason=DAY),
        Rule(
            "end_before_start",
            (sources["end_on"] or ["end"])[0],
            pl.col("end_on").cast(pl.String),
            pl.col("has_own_dates") & (pl.col("end_on") < pl.col("start_on")),
            "The line ends before it starts (dates it lacks are its contract's). Correct its dates.",
        ),
        Rule(
            "dangling_reference",
            (sources["opportunity_id"] or ["OpportunityId"])[0],
            pl.col("opportunity_id_text"),
            pl.col("opportunity_id").is_null(),
            "The opportunity it names is missing or in quarantine itself. Export it too, or correct it first.",
        ),
    ]


def with_line_facts(contracts: pl.DataFrame, lines: Settled, raw: RawRecords) -> pl.DataFrame:
    """Tell of each contract whether it has lines, whether some are unusable, and whether some changed after as_of.

    Args:
        contracts: with ``match_id``, ``changed_after_as_of``.
        lines: as settled.
        raw: the line items as read; a malformed row names no contract.

    Returns:
        The contracts with ``has_lines``, ``has_faulty_lines`` (MRR from the remaining lines would be wrong), and
        ``changed_after_as_of`` also where a line was edited after as_of.
    """
    usable = lines.accepted.group_by("parent").agg(
        has_lines=pl.lit(value=True).first(), has_late_lines=pl.col("is_changed_late").any()
    )
    faulty = _faulty_parents(lines, raw)
    return (
        contracts.join(usable, left_on="match_id", right_on="parent", how="left", validate="1:1")
        .join(faulty, left_on="match_id", right_on="parent", how="left", validate="1:1")
        .with_columns(pl.col("has_lines", "has_late_lines", "has_faulty_lines").fill_null(value=False))
        .with_columns(pl.col("changed_after_as_of") | pl.col("has_late_lines"))
    )


def _faulty_parents(lines: Settled, raw: RawRecords) -> pl.DataFrame:
    column = next((name for name in raw.columns if name.lower() == "opportunityid"), None)
    if column is None or lines.quarantine.is_empty():
        return pl.DataFrame(schema={"parent": pl.String, "has_faulty_lines": pl.Boolean})
    places = lines.quarantine.select(pl.col("file").str.strip_prefix(f"{SALESFORCE}/"), "line").unique()
    named = raw.records.select(file="#file", line="#line", parent=read.match_key(read.filled(pl.col(column))))
    found = named.join(places, on=["file", "line"], how="semi").select("parent").drop_nulls().unique()
    return found.with_columns(has_faulty_lines=pl.lit(value=True))
