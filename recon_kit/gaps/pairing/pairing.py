"""Pairing: which contracts are billed by which subscriptions, unit by unit."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from recon_kit.gaps.pairing import pairing_search as search
from recon_kit.gaps.pairing.explicit_pairs import components
from recon_kit.gaps.pairing.pairing_search import Limits, Pairing, Record, Unit, pair_unit

SCHEMA = {
    "unit_id": pl.String,
    "pairing_id": pl.String,
    "pairing_rule": pl.String,
    "side": pl.String,
    "record_id": pl.String,
}


def pair_records(records: pl.DataFrame, edges: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Pair contracts and subscriptions of every unit by the five rules.

    Units with one free record a side at most are paired at once; the few others are searched one by one.

    Args:
        records: one row per record: ``side`` (crm, billing), ``record_id``, ``unit_id``, ``amount`` (committed MRR,
        Int64
            minor units), ``start_on``, ``is_unit_comparable``.
        edges: ``contract`` and ``subscription`` that name one another, both among the records.
        limits: policy values.

    Returns:
        One row per paired record, sorted: ``unit_id``, ``pairing_id`` (smallest contract of the pairing),
        ``pairing_rule``, ``side``, ``record_id``. Records that stay alone are left out.
    """
    labels = components(edges) if edges.height else _no_components()
    labelled = records.join(labels, on=["side", "record_id"], how="left", validate="1:1").with_columns(
        start=pl.col("start_on").to_physical().cast(pl.Int64).fill_null(0)
    )
    is_hard = _is_hard(labelled, limits)
    hard = labelled.join(is_hard.filter("is_hard"), on="unit_id", how="semi")
    easy = labelled.join(is_hard.filter(~pl.col("is_hard")), on="unit_id", how="semi")
    found = [_named(easy), _one_to_one(easy, limits), _searched(hard, limits)]
    return pl.concat(found).sort("unit_id", "pairing_id", "side", "record_id")


def _no_components() -> pl.DataFrame:
    return pl.DataFrame(schema={"side": pl.String, "record_id": pl.String, "component": pl.String})


def _signed() -> pl.Expr:
    return pl.when(pl.col("side") == "crm").then("amount").otherwise(-pl.col("amount"))


def _is_hard(labelled: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Tell which units need a search: several free records, or free ones beside a component that does not tie."""
    is_free = pl.col("component").is_null()
    open_components = (
        labelled.filter(~is_free)
        .group_by("unit_id", "component")
        .agg(difference=_signed().sum())
        .filter(pl.col("difference").abs() > limits.tolerance)
        .select("unit_id", has_open=pl.lit(value=True))
        .unique()
    )
    counts = labelled.group_by("unit_id").agg(
        contracts=(is_free & (pl.col("side") == "crm")).sum(),
        subscriptions=(is_free & (pl.col("side") == "billing")).sum(),
    )
    several = pl.max_horizontal("contracts", "subscriptions") > 1
    both = pl.min_horizontal("contracts", "subscriptions") > 0
    some = pl.max_horizontal("contracts", "subscriptions") > 0
    joined = counts.join(open_components, on="unit_id", how="left", validate="1:1")
    return joined.select("unit_id", is_hard=(several & both) | (some & pl.col("has_open").fill_null(value=False)))


def _named(easy: pl.DataFrame) -> pl.DataFrame:
    named = easy.filter(pl.col("component").is_not_null())
    return named.with_columns(pairing_id="component", pairing_rule=pl.lit(search.EXPLICIT)).select(list(SCHEMA))


def _one_to_one(easy: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Pair the one contract and the one subscription that are left in a unit."""
    free = easy.filter(pl.col("component").is_null())
    crm = free.filter(pl.col("side") == "crm").select("unit_id", "amount", "is_unit_comparable", pairing_id="record_id")
    billing = free.filter(pl.col("side") == "billing").select("unit_id", other="amount", subscription="record_id")
    alone = pl.len().over("unit_id") == 1
    pairs = crm.filter(alone).join(billing.filter(alone), on="unit_id", how="inner", validate="1:1")
    difference = (pl.col("amount") - pl.col("other")).abs()
    larger = pl.max_horizontal("amount", "other").cast(pl.Int128)
    is_close = difference.cast(pl.Int128) * (100 * 10**6) <= larger * limits.pair_pct
    rule = (
        pl.when(difference <= limits.tolerance)
        .then(pl.lit(search.EQUAL))
        .when(~pl.col("is_unit_comparable"))
        .then(None)
        .when(is_close)
        .then(pl.lit(search.CLOSEST))
        .otherwise(pl.lit(search.REMAINDER))
    )
    paired = pairs.with_columns(pairing_rule=rule).filter(pl.col("pairing_rule").is_not_null())
    sides = [
        paired.with_columns(side=pl.lit(side), record_id=pl.col(column)).select(list(SCHEMA))
        for side, column in (("crm", "pairing_id"), ("billing", "subscription"))
    ]
    return pl.concat(sides)


def _searched(hard: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    rows = [
        (unit.unit_id, _key(pairing), pairing.rule, side, record.record_id)
        for unit in _as_units(hard)
        for pairing in pair_unit(unit, limits)
        for side, members in (("crm", pairing.contracts), ("billing", pairing.subscriptions))
        for record in members
    ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _key(pairing: Pairing) -> str:
    return min(record.record_id for record in pairing.contracts)


def _as_units(hard: pl.DataFrame) -> list[Unit]:
    units: dict[str, Unit] = {}
    named: dict[tuple[str, str], Pairing] = defaultdict(lambda: Pairing(search.EXPLICIT, [], []))
    columns = ["unit_id", "side", "record_id", "amount", "start", "component", "is_unit_comparable"]
    for unit_id, side, record_id, amount, start, component, is_comparable in (
        hard.select(columns).sort("unit_id", "side", "record_id").iter_rows()
    ):
        unit = units.setdefault(unit_id, Unit(unit_id, is_comparable=is_comparable))
        home = unit if component is None else named[unit_id, component]
        (home.contracts if side == "crm" else home.subscriptions).append(Record(record_id, amount, start))
        if component is not None:
            unit.components[component] = named[unit_id, component]
    return list(units.values())
