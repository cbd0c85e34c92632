"""Bridge: from total Salesforce MRR to total Stripe MRR, line by line, without a residual."""

from __future__ import annotations

import polars as pl

from recon_kit.controls import Control
from recon_kit.gaps.books import Books
from recon_kit.gaps.causes.pieces import ORDER
from recon_kit.gaps.families.seeds import AMOUNT, FAMILIES
from recon_kit.gaps.placement import BRIDGE, ROUNDING
from recon_kit.schemas import TABLES

_FAMILY_LABELS = {
    "missing_subscription": "Sold, no subscription in Stripe",
    "amount_mismatch": "Amounts differ",
    "billing_after_churn": "Billed after the customer left",
    "date_misalignment": "Billed past the contract's end",
    "phantom_revenue": "Sold, the subscription ended",
    "orphaned_revenue": "Billed, not sold",
}
_LINE_LABELS = {
    "rounding": "Rounding of reconciled pairs",
    "stopping": "Churned, and the subscription stops at its period's end",
    "grace": "Contract ended in the last few days",
    "not_yet_compared": "Contract starts later",
    "billed_elsewhere": "Billed in another system",
    "no_recurring_value": "Contract without recurring value",
    "dismissed": "Dismissed by rule",
    "not_comparable": "MRR cannot be computed on one side",
}
"""Lines for what is no gap, in the order they stand."""
_LINES = list(_LINE_LABELS)


def build_bridge(
    gaps: pl.DataFrame, components: pl.DataFrame, placement: pl.DataFrame, books: Books, currency: str
) -> pl.DataFrame:
    """Lay the bridge.

    Args:
        gaps: rows of ``gaps``.
        components: rows of ``gap_components``.
        placement: rows of ``placement``.
        books: both tables, for the totals, which owe nothing to the gaps.
        currency: the reporting currency.

    Returns:
        One row per line, sorted: columns of ``bridge``. The first is total Salesforce MRR, the last total Stripe MRR.

    Conserves:
        first line + lines between == last line.
    """
    between = pl.concat([_gap_lines(gaps, components), _other_lines(placement)]).filter(pl.col("amount_minor") != 0)
    first = _total("Salesforce MRR", crm_total(books), 0)
    last = _total("Stripe MRR", billing_total(books), 999)
    lines = pl.concat([first, between, last]).sort("order", "component", nulls_last=True)
    numbered = lines.with_columns(line_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), currency=pl.lit(currency))
    return numbered.select(TABLES["bridge"].columns)


def with_dismissed(
    bridge: pl.DataFrame, gaps: pl.DataFrame, components: pl.DataFrame, rule_of: pl.DataFrame
) -> pl.DataFrame:
    """Give each dismissal rule that took gaps its own line, and take their money out of the lines of their families.

    Args:
        bridge: what :func:`build_bridge` returns.
        gaps: rows of ``gaps``; those in another currency are in no bridge.
        components: rows of ``gap_components``.
        rule_of: ``gap_id``, ``rule_no`` and ``name`` of the rule that dismissed it.

    Conserves:
        the sum of the lines, and both ends.
    """
    if rule_of.is_empty():
        return bridge
    counted = gaps.filter(pl.col("currency") == bridge["currency"][0])
    kept = counted.join(rule_of, on="gap_id", how="anti")
    ends = bridge.filter(pl.col("line_no").is_in([1, bridge.height]))
    others = bridge.filter(pl.col("family") == "none").with_columns(
        order=500 + pl.col("component").replace_strict(_LINES, list(range(len(_LINES))), return_dtype=pl.Int64)
    )
    between = [_gap_lines(kept, components), others.select(*_LINE), _dismissed_lines(counted, rule_of)]
    first, last = (ends[place].with_columns(order=pl.lit(999 * place, pl.Int64)).select(*_LINE) for place in (0, 1))
    lines = pl.concat([first, *between, last]).filter((pl.col("amount_minor") != 0) | pl.col("order").is_in([0, 999]))
    ordered = lines.sort("order", "component", "label", nulls_last=True)
    numbered = ordered.with_columns(
        line_no=pl.int_range(1, pl.len() + 1, dtype=pl.Int64), currency=pl.lit(bridge["currency"][0])
    )
    return numbered.select(TABLES["bridge"].columns)


def _dismissed_lines(gaps: pl.DataFrame, rule_of: pl.DataFrame) -> pl.DataFrame:
    """One line per rule: minus the sum of the differences of what it took."""
    taken = gaps.join(rule_of, on="gap_id", how="inner", validate="1:1")
    summed = taken.group_by("rule_no", "name").agg(amount_minor=-pl.col("difference_minor").sum())
    return summed.select(
        order=pl.lit(500 + _LINES.index("dismissed"), dtype=pl.Int64),
        family=pl.lit("none"),
        component=pl.lit("dismissed"),
        label=pl.format("{}: {}", pl.lit(_LINE_LABELS["dismissed"]), "name"),
        amount_minor="amount_minor",
    )


def crm_total(books: Books) -> int:
    """Sum the MRR of all contracts, straight from their table, in minor units of the reporting currency."""
    return int(books.contracts["mrr_reporting_minor"].sum())


def billing_total(books: Books) -> int:
    """Sum the MRR of all subscriptions, straight from their table, in minor units of the reporting currency."""
    return int(books.subscriptions["mrr_reporting_minor"].sum())


def _total(label: str, amount: int, order: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"order": [order], "family": [None], "component": [None], "label": [label], "amount_minor": [amount]},
        schema=_LINE,
    )


_LINE: dict[str, pl.DataType] = {
    "order": pl.Int64(),
    "family": pl.String(),
    "component": pl.String(),
    "label": pl.String(),
    "amount_minor": pl.Int64(),
}


def _gap_lines(gaps: pl.DataFrame, components: pl.DataFrame) -> pl.DataFrame:
    """One line per family, and per component for amounts: minus the sum of differences."""
    parts = components.join(gaps.select("gap_id", "family"), on="gap_id", how="inner", validate="m:1").select(
        "family", "component", amount="amount_minor"
    )
    wholes = gaps.filter(pl.col("family") != AMOUNT).select(
        "family", pl.lit(None, dtype=pl.String).alias("component"), amount="difference_minor"
    )
    summed = pl.concat([parts, wholes]).group_by("family", "component").agg(amount_minor=-pl.col("amount").sum())
    name = pl.col("family").replace_strict(_FAMILY_LABELS, return_dtype=pl.String)
    part = pl.col("component").str.replace_all("_", " ")
    rank = pl.col("component").replace_strict(ORDER, list(range(len(ORDER))), default=0, return_dtype=pl.Int64)
    place = pl.col("family").replace_strict(list(FAMILIES), list(range(len(FAMILIES))), return_dtype=pl.Int64)
    return summed.select(
        order=100 + 50 * place + rank,
        family="family",
        component="component",
        label=pl.when(part.is_null()).then(name).otherwise(pl.format("{}: {}", name, part)),
        amount_minor="amount_minor",
    )


def _other_lines(placement: pl.DataFrame) -> pl.DataFrame:
    """One line per reason why money is no gap: what Stripe bills less what Salesforce sold."""
    names = list(_LINE_LABELS)
    signed = pl.when(pl.col("side") == "crm").then(-pl.col("mrr_minor")).otherwise("mrr_minor")
    kept = placement.filter((pl.col("placed_in") == BRIDGE) | (pl.col("line") == ROUNDING))
    summed = kept.group_by("line").agg(amount_minor=signed.sum())
    return summed.select(
        order=500 + pl.col("line").replace_strict(names, list(range(len(names))), return_dtype=pl.Int64),
        family=pl.lit("none"),
        component="line",
        label=pl.col("line").replace_strict(_LINE_LABELS, return_dtype=pl.String),
        amount_minor="amount_minor",
    )


def bridge_control(bridge: pl.DataFrame) -> Control:
    """State that the bridge has no residual: Salesforce MRR and the lines between are Stripe MRR."""
    last = bridge["line_no"].max()
    return Control(
        "gaps.bridge.residual",
        "gaps",
        "Salesforce MRR + lines of the bridge = Stripe MRR",
        left_minor=int(bridge.filter(pl.col("line_no") != last)["amount_minor"].sum()),
        right_minor=int(bridge.filter(pl.col("line_no") == last)["amount_minor"].sum()),
        currency=str(bridge["currency"][0]),
    )
