"""Conservation: what was counted when the files were copied equals what the buckets hold, in rows and in money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from recon_kit.controls import Control, controls_frame
from recon_kit.normalise.stripe import RESTORED
from recon_kit.schemas.raw import BUCKETS, OBJECTS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

_TABLE_OF = {
    "Account": "accounts",
    "Contact": "contacts",
    "Opportunity": "contracts",
    "OpportunityLineItem": "contract_lines",
    "OpportunityHistory": "opportunity_history",
    "payouts": "payouts_raw",
}
"""Canonical tables whose name is not that of their raw object."""


def conservation(
    control_totals: pl.DataFrame, buckets: pl.DataFrame, tables: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    """State that nothing was lost between the files and the tables.

    Args:
        control_totals: what extract counted.
        buckets: where every record went.
        tables: the canonical tables by name.

    Returns:
        Rows of ``controls``: per object, records read = accepted + quarantined + excluded + duplicate + superseded; the
        same in money per currency; and accepted records = rows of the canonical table.
    """
    return controls_frame(
        [*_rows(control_totals, buckets), *_money(control_totals, buckets), *_accepted(buckets, tables)]
    )


def _rows(control_totals: pl.DataFrame, buckets: pl.DataFrame) -> list[Control]:
    read = _sum(control_totals.filter(pl.col("source").is_in(list(OBJECTS))), "rows")
    placed = _sum(buckets, "rows")
    return [
        Control(
            control_id=f"normalise.{source}.{name}.rows",
            room="normalise",
            equation=f"records read = {' + '.join(BUCKETS)}",
            left_rows=read.get((source, name), 0),
            right_rows=placed.get((source, name), 0),
        )
        for source, name in sorted(read.keys() | placed.keys())
    ]


def _sum(frame: pl.DataFrame, column: str) -> dict[tuple[str, str], int]:
    summed = frame.group_by("source", "object").agg(pl.col(column).sum())
    return {(str(source), str(name)): int(total) for source, name, total in summed.iter_rows()}


def _money(control_totals: pl.DataFrame, buckets: pl.DataFrame) -> list[Control]:
    read = _sum_money(control_totals)
    placed = _sum_money(buckets)
    return [
        Control(
            control_id=f"normalise.{source}.{name}.{currency}",
            room="normalise",
            equation=f"money read = {' + '.join(BUCKETS)}",
            left_minor=read.get((source, name, currency), 0),
            right_minor=placed.get((source, name, currency), 0),
            currency=currency,
        )
        for source, name, currency in sorted(read.keys() | placed.keys())
    ]


def _sum_money(frame: pl.DataFrame) -> dict[tuple[str, str, str], int]:
    priced = frame.filter(pl.col("amount_minor").is_not_null(), pl.col("currency") != "")
    summed = priced.group_by("source", "object", "currency").agg(pl.col("amount_minor").sum())
    return {(str(source), str(name), str(code)): int(total) for source, name, code, total in summed.iter_rows()}


def _accepted(buckets: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> list[Control]:
    accepted = _sum(buckets.filter(pl.col("bucket") == "accepted"), "rows")
    restored = _sum(tables["notes"].filter(pl.col("subject") == RESTORED), "records")
    names = [(source, raw.name) for source, group in OBJECTS.items() for raw in group]
    held = [(source, name, _TABLE_OF.get(name, name)) for source, name in names]
    return [
        Control(
            control_id=f"normalise.{source}.{name}.accepted",
            room="normalise",
            equation=f"records accepted + brought back from events = rows of {table}",
            left_rows=accepted.get((source, name), 0) + restored.get((source, name), 0),
            right_rows=tables[table].height,
        )
        for source, name, table in held
        if table in tables and name not in _NESTED
    ]


_NESTED = {"invoice_lines"}
"""Tables whose rows come mostly from inside other records."""


def rate_age(common_rates: pl.DataFrame, as_of: dt.date, max_age_days: int, *, needed: bool) -> pl.DataFrame:
    """State that the common rate is not older than the policy allows, where any conversion needs it.

    Returns:
        One row of ``controls``: days beyond the limit = 0. A company of one currency needs no rate.
    """
    newest = common_rates.select(pl.col("rate_on").max()).item()
    age = (as_of - newest).days if newest is not None else max_age_days + 1
    beyond = max(age - max_age_days, 0) if needed else 0
    equation = f"days by which the common rate of {newest} is older than {max_age_days} = 0"
    return controls_frame([Control("normalise.fx.age", "normalise", equation, left_rows=beyond, right_rows=0)])
