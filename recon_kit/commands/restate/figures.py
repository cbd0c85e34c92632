"""Figures: the numbers of a close that a restatement takes apart, and their differences from step to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from recon_kit.artifacts import CloseFolder
from recon_kit.policy import SettingsError

TOTAL, BRIDGE, GAP = "total", "bridge", "gap"
NUMBER, IMPACT, A_MONTH = "number", "impact", "a month"
"""What an amount is: a count of gaps, money at stake so far, or money a month."""
KEY = ["section", "id", "measure", "currency"]
OPEN_GAPS, OPEN_IMPACT, DIFFERENCES = "open_gaps", "open_impact", "differences"
CRM_MRR, BILLING_MRR = "crm_mrr", "billing_mrr"
_LABELS = {
    OPEN_GAPS: "Open gaps",
    OPEN_IMPACT: "Impact of open gaps",
    DIFFERENCES: "Difference of all gaps",
    CRM_MRR: "Salesforce MRR",
    BILLING_MRR: "Stripe MRR",
}
_NEEDED = {
    "gaps": {
        **dict.fromkeys(("gap_id", "family", "cause", "state", "account_name", "currency"), pl.String()),
        **dict.fromkeys(("impact_minor", "difference_minor"), pl.Int64()),
        "customer_ids": pl.List(pl.String()),
    },
    "bridge": {
        **dict.fromkeys(("line_no", "amount_minor"), pl.Int64()),
        **dict.fromkeys(("family", "component", "label", "currency"), pl.String()),
    },
}
_SCHEMA = {
    **dict.fromkeys((*KEY, "label"), pl.String()),
    "place": pl.Int64(),
    "amount": pl.Int64(),
}


def needed_table(close: CloseFolder, name: str) -> pl.DataFrame:
    """Read the columns of a table that figures are made of.

    Raises:
        SettingsError: a close of another version has no such table or columns.
    """
    needed = _NEEDED[name]
    path = close.tables / f"{name}.parquet"
    frame = pl.read_parquet(path) if path.is_file() else pl.DataFrame()
    missing = [column for column in needed if column not in frame.columns]
    if missing:
        raise SettingsError(
            f"The table {name} of {close.path.name} has no {', '.join(missing)}: it was made by a version whose tables "
            "this one cannot compare. Run that close again with `recon close`."
        )
    return frame.select(pl.col(column).cast(kind) for column, kind in needed.items())


def figures_of(close: CloseFolder) -> pl.DataFrame:
    """Read the figures of a close.

    Returns:
        One row per (section, id, measure, currency): ``label``, ``place`` (its order in the section) and ``amount``,
        minor units or a count. Section ``total``: open gaps, their impact, the monthly difference of all gaps, MRR of
        both systems; ``bridge``: its lines; ``gap``: 1 while open, impact while open, monthly difference in any state.

    Conserves:
        the gaps sum to the first three totals; Salesforce MRR and the lines of the bridge to Stripe MRR.
    """
    gaps, bridge = needed_table(close, "gaps"), needed_table(close, "bridge")
    by_gap = _gap_figures(gaps)
    totals = pl.concat([_gap_totals(by_gap), *_mrr_totals(bridge)])
    return pl.concat([totals, _bridge_lines(bridge), by_gap])


def _gap_figures(gaps: pl.DataFrame) -> pl.DataFrame:
    is_open = (pl.col("state") == "open").cast(pl.Int64)
    measures = [
        (NUMBER, pl.lit(""), is_open),
        (IMPACT, pl.col("currency"), pl.col("impact_minor") * is_open),
        (A_MONTH, pl.col("currency"), pl.col("difference_minor")),
    ]
    rows = [
        gaps.select(
            section=pl.lit(GAP), id="gap_id", measure=pl.lit(measure), currency=currency, label=_gap_label(),
            place=pl.lit(place, pl.Int64), amount=amount,
        )
        for place, (measure, currency, amount) in enumerate(measures)
    ]  # fmt: skip
    return pl.concat(rows).select(list(_SCHEMA))


def _gap_label() -> pl.Expr:
    """Whose gap it is: the account's name, else the customer."""
    return pl.coalesce("account_name", pl.col("customer_ids").list.join(", ")).fill_null("")


def _gap_totals(by_gap: pl.DataFrame) -> pl.DataFrame:
    named = {NUMBER: OPEN_GAPS, IMPACT: OPEN_IMPACT, A_MONTH: DIFFERENCES}
    summed = by_gap.group_by("measure", "currency").agg(pl.col("amount").sum(), pl.col("place").first())
    rows = summed.with_columns(
        section=pl.lit(TOTAL), id=pl.col("measure").replace_strict(named, return_dtype=pl.String)
    )
    none_open = pl.DataFrame([(TOTAL, OPEN_GAPS, NUMBER, "", 0, 0)], schema=[*KEY, "place", "amount"], orient="row")
    both = rows if rows.height else none_open
    return both.with_columns(label=pl.col("id").replace_strict(_LABELS, return_dtype=pl.String)).select(
        pl.col(name).cast(kind) for name, kind in _SCHEMA.items()
    )


def _ends(bridge: pl.DataFrame) -> list[int]:
    return [bridge["line_no"].min(), bridge["line_no"].max()]  # type: ignore[list-item]


def _mrr_totals(bridge: pl.DataFrame) -> list[pl.DataFrame]:
    return [
        bridge.filter(line_no=line).select(
            section=pl.lit(TOTAL), id=pl.lit(name), measure=pl.lit(A_MONTH), currency="currency",
            label=pl.lit(_LABELS[name]), place=pl.lit(place, pl.Int64), amount="amount_minor",
        ).select(list(_SCHEMA))
        for place, (name, line) in enumerate(zip((CRM_MRR, BILLING_MRR), _ends(bridge), strict=True), start=10)
    ]  # fmt: skip


def _bridge_lines(bridge: pl.DataFrame) -> pl.DataFrame:
    lines = bridge.filter(~pl.col("line_no").is_in(_ends(bridge)))
    is_rule = pl.col("component") == "dismissed"
    named = pl.concat_str("family", pl.col("component"), separator="/", ignore_nulls=True)
    keyed = lines.select(
        section=pl.lit(BRIDGE), id=pl.when(is_rule).then("label").otherwise(named), measure=pl.lit(A_MONTH),
        currency="currency", label="label", place="line_no", amount="amount_minor",
    )  # fmt: skip
    summed = keyed.group_by(KEY).agg(pl.col("label", "place").first(), pl.col("amount").sum())
    return summed.select(list(_SCHEMA))


def differences(states: Mapping[str, pl.DataFrame | None], parts: Sequence[str]) -> pl.DataFrame:
    """Take figures apart: what each step changed.

    Args:
        states: figures by name, in order, ``old`` first; a state that could not be closed is none.
        parts: name of the part that each state but the first adds; the last state is ``new``.

    Returns:
        One row per (section, id, measure, currency), sorted by section, place and id: ``label``, ``old``, a column a
        part, ``new`` and ``change``. Where a state is none its part is null, and the next part holds both.

    Conserves:
        the sum of the parts == change == new - old, in every row.
    """
    known = {name: figures for name, figures in states.items() if figures is not None}
    rows = pl.concat(known.values()).group_by(KEY).agg(pl.col("label", "place").last())
    for name, figures in known.items():
        amounts = figures.select(*KEY, pl.col("amount").alias(f"state:{name}"))
        rows = rows.join(amounts, on=KEY, how="left", validate="1:1").with_columns(pl.col(f"state:{name}").fill_null(0))
    steps, before = [], next(iter(states))
    for part, state in zip(parts, list(states)[1:], strict=True):
        if state in known:
            steps.append((pl.col(f"state:{state}") - pl.col(f"state:{before}")).alias(part))
            before = state
        else:
            steps.append(pl.lit(None, dtype=pl.Int64).alias(part))
    first, last = (pl.col(f"state:{name}") for name in (next(iter(states)), list(states)[-1]))
    wide = rows.select(
        *KEY, "label", "place", first.alias("old"), *steps, last.alias("new"), (last - first).alias("change")
    )
    rank = pl.col("section").replace_strict([TOTAL, BRIDGE, GAP], [0, 1, 2], return_dtype=pl.Int64)
    return wide.sort(rank, pl.when(pl.col("section") == GAP).then(0).otherwise("place"), "id", "place", "currency")


def standings(close: CloseFolder) -> pl.DataFrame:
    """Read how each gap stands: one row per ``gap_id``: ``family``, ``cause``, ``state``, and ``whose`` it is."""
    return needed_table(close, "gaps").select("gap_id", "family", "cause", "state", whose=_gap_label())
