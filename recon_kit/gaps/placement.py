"""Placement: the one place of every record with MRR: a gap, a reconciled pair, a line of the bridge."""

from __future__ import annotations

import polars as pl

from recon_kit.gaps.families.seeds import FAMILIES
from recon_kit.gaps.families.unsold import EXTRA, PAST_END
from recon_kit.gaps.pairing.both_sides import ELSEWHERE, NO_VALUE, UNKNOWN, BothSides
from recon_kit.gaps.pairing.matched import BILLING, CRM, Matched

GAPS, PAIRS, BRIDGE, ROUNDING = "gaps", "pairs", "bridge", "rounding"


def place(
    sides: BothSides,
    matched: Matched,
    *,
    unsold: pl.DataFrame,
    unbilled: pl.DataFrame,
    gaps: pl.DataFrame,
    pairs: pl.DataFrame,
    currency: str,
) -> pl.DataFrame:
    """Put every record with MRR into its one place.

    Args:
        sides: both sides laid out.
        matched: what pairing gave.
        unsold: what :func:`recon_kit.gaps.families.unsold.unsold_subscriptions` returns.
        unbilled: what :func:`recon_kit.gaps.families.unbilled.unbilled_contracts` returns.
        gaps: gaps with ``gap_id``, ``pairing_id``, ``gap_class``, ids.
        pairs: reconciled pairs with ``pair_id`` and ``pairing_id``.
        currency: the reporting currency.

    Returns:
        One row per (side, record_id), sorted: columns of ``placement``.

    Conserves:
        sum(mrr_minor) per side == total MRR of that side.
    """
    records = pl.concat(
        [
            _records(sides.contracts, CRM, "opportunity_id"),
            _records(sides.subscriptions, BILLING, "subscription_id"),
        ]
    )
    homes = pl.concat(
        [_paired(matched, gaps, pairs), _alone(unsold, unbilled, gaps), _left_out(sides, matched)]
    ).unique(["side", "record_id"], keep="first", maintain_order=True)
    rules = matched.members.select("side", "record_id", "pairing_rule")
    placed = records.join(homes, on=["side", "record_id"], how="left", validate="1:1").join(
        rules, on=["side", "record_id"], how="left", validate="1:1"
    )
    counted = placed.filter((pl.col("mrr_minor") != 0) | pl.col("placed_in").is_in([GAPS, PAIRS]))
    return counted.select(
        "side",
        "record_id",
        placed_in=pl.col("placed_in").fill_null("nowhere"),
        line=pl.col("line").fill_null("nowhere"),
        gap_or_pair_id="gap_or_pair_id",
        pairing_rule="pairing_rule",
        unit_id="unit_id",
        mrr_minor="mrr_minor",
        currency=pl.lit(currency),
    ).sort("side", "record_id")


def _records(records: pl.DataFrame, side: str, key: str) -> pl.DataFrame:
    return records.select(pl.lit(side).alias("side"), pl.col(key).alias("record_id"), "unit_id", mrr_minor="mrr")


_HOME: dict[str, pl.DataType] = {
    "side": pl.String(),
    "record_id": pl.String(),
    "placed_in": pl.String(),
    "line": pl.String(),
    "gap_or_pair_id": pl.String(),
}
_CLASSES = ["amount", "start", "end", "refund"]
"""Which gap of a pairing is its place, first to last."""


def _home(found: pl.DataFrame, **columns: pl.Expr) -> pl.DataFrame:
    missing = pl.lit(None)
    own = {name: pl.col(name) for name in ("side", "record_id") if name in found.columns}
    given = own | columns
    return found.select(given.get(name, missing).cast(kind).alias(name) for name, kind in _HOME.items())


def _paired(matched: Matched, gaps: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Members of pairings: in the pairing's gap, else in its pair; only an amount gap holds money."""
    place_of = pl.concat([_gap_of_pairing(gaps), _gap_of_refund(matched, gaps)]).with_columns(
        rank=pl.col("gap_class").replace_strict(_CLASSES, list(range(len(_CLASSES))), return_dtype=pl.Int64)
    )
    first = place_of.sort("pairing_id", "rank", "gap_id").unique("pairing_id", keep="first", maintain_order=True)
    members = matched.members.join(first, on="pairing_id", how="left", validate="m:1").join(
        pairs.select("pairing_id", "pair_id"), on="pairing_id", how="left", validate="m:1"
    )
    has_money = (pl.col("gap_class") == "amount").fill_null(value=False)
    return _home(
        members,
        placed_in=pl.when(pl.col("gap_id").is_not_null()).then(pl.lit(GAPS)).otherwise(pl.lit(PAIRS)),
        line=pl.when(has_money).then("family").otherwise(pl.lit(ROUNDING)),
        gap_or_pair_id=pl.coalesce("gap_id", "pair_id"),
    )


def _gap_of_pairing(gaps: pl.DataFrame) -> pl.DataFrame:
    return gaps.filter(pl.col("pairing_id").is_not_null()).select("pairing_id", "gap_id", "gap_class", "family")


def _gap_of_refund(matched: Matched, gaps: pl.DataFrame) -> pl.DataFrame:
    """Refund gaps are found by unit: they name the subscriptions of each pairing they touch."""
    named = (
        gaps.filter(gap_class="refund")
        .select("gap_id", "gap_class", "family", record_id="subscription_ids")
        .explode("record_id")
    )
    members = matched.members.filter(side=BILLING).select("pairing_id", "record_id")
    return (
        named.join(members, on="record_id", how="inner", validate="1:1")
        .select("pairing_id", "gap_id", "gap_class", "family")
        .unique()
    )


def _alone(unsold: pl.DataFrame, unbilled: pl.DataFrame, gaps: pl.DataFrame) -> pl.DataFrame:
    """Records that stayed alone: in their gap, else on the bridge line of their verdict."""
    single = gaps.filter(pl.col("pairing_id").is_null(), pl.col("gap_class") != "refund")
    in_gaps = [
        _home(
            single.select("gap_id", "family", record_id=column).explode("record_id", empty_as_null=False),
            side=pl.lit(side),
            placed_in=pl.lit(GAPS),
            line=pl.col("family"),
            gap_or_pair_id=pl.col("gap_id"),
        )
        for side, column in ((CRM, "opportunity_ids"), (BILLING, "subscription_ids"))
    ]
    is_line = ~pl.col("verdict").is_in([*FAMILIES, EXTRA, PAST_END])
    lines = pl.concat(
        [
            unsold.filter(is_line).select("verdict", side=pl.lit(BILLING), record_id="subscription_id"),
            unbilled.filter(is_line)
            .select("verdict", side=pl.lit(CRM), record_id="opportunity_ids")
            .explode("record_id"),
        ]
    )
    return pl.concat([*in_gaps, _home(lines, placed_in=pl.lit(BRIDGE), line=pl.col("verdict"))])


def _left_out(sides: BothSides, matched: Matched) -> pl.DataFrame:
    """Records that were not compared, by why not."""
    lines = {ELSEWHERE: ELSEWHERE, NO_VALUE: NO_VALUE, UNKNOWN: UNKNOWN}
    roles = pl.concat(
        [
            sides.contracts.select("role", side=pl.lit(CRM), record_id="opportunity_id"),
            sides.subscriptions.select("role", side=pl.lit(BILLING), record_id="subscription_id"),
        ]
    ).filter(pl.col("role").is_in(list(lines)))
    tied = matched.unknown.select(role=pl.lit(UNKNOWN), side="side", record_id="record_id")
    return _home(pl.concat([roles, tied]), placed_in=pl.lit(BRIDGE), line=pl.col("role"))
