"""Wording: what an evaluation found, as plain tables for a terminal."""

from __future__ import annotations

import polars as pl

from recon_kit.commands.evaluate.folder import LinkedClose
from recon_kit.policy import Policy
from recon_kit.resolve.evaluation import Cutoffs, Evaluation, Truth, in_words

_FEW_LABELS = 300
_SHOWN_LINES = 3
_METHOD_WIDTH, _NAME_WIDTH, _SLICE_WIDTH = 30, 46, 34


def evaluation_told(
    found: Evaluation, truth: Truth, close: LinkedClose, *, without_ids: bool, is_complete: bool
) -> list[str]:
    """Say what was compared, then the measures, the baselines, the reliability and the slices."""
    return [
        *_what_was_compared(found, truth, close, without_ids=without_ids, is_complete=is_complete),
        *("", "Measures (95 % interval, 500 resamples by customer)"),
        *_measures_told(found.measures),
        *("", "Beside it, in the same run, what simple joins link"),
        *_baselines_told(found),
        *("", "Reliability of the model: of links given such a probability, how many are right"),
        *_reliability_told(found.reliability),
        *_slices_told(found.slices),
    ]


def _what_was_compared(
    found: Evaluation, truth: Truth, close: LinkedClose, *, without_ids: bool, is_complete: bool
) -> list[str]:
    labelled = found.outcomes.height
    with_account, certain = int(found.outcomes["is_true"].sum()), int(found.outcomes["is_certain"].sum())
    unnamed = close.tables["customers"].height - labelled
    basis = "linked anew as if there were no ids and no decisions" if without_ids else "as linked in the close"
    used = close.linked_by.told
    lines = [
        f"Links of the close {close.name}, {basis}.",
        f"Link model: {used['link model']}; calibrator: {used['calibrator']}.",
        f"{labelled} customers of the file are in it: {with_account} have an account, {labelled - with_account} none.",
    ]
    if unnamed and not is_complete:
        lines.append(
            f"{unnamed} customers of the close are not in the file and are not judged "
            "(--complete: they have no account)."
        )
    if certain:
        lines.append(
            f"{certain} are linked by an explicit id or a decision (--without-ids: measure the model on them as well)."
        )
    if labelled < _FEW_LABELS:
        lines.append(f"Fewer than {_FEW_LABELS} labels: the intervals are wide, and cut-offs chosen from them unsure.")
    if truth.remarks:
        lines.append(f"Not used as slices, too many values: {', '.join(truth.remarks)}.")
    return [*lines, *_left_out_told(truth)]


def _left_out_told(truth: Truth) -> list[str]:
    if truth.left_out.is_empty():
        return []
    shown = [
        f"  line {row['line']}, {row['field']} {row['value']!r}: {row['reason']}"
        for row in truth.left_out.head(_SHOWN_LINES).iter_rows(named=True)
    ]
    more = truth.left_out.height - len(shown)
    return [
        f"{truth.left_out.height} lines of the truth are left out:",
        *shown,
        *([f"  and {more} more"] if more else []),
    ]


def _measures_told(rows: pl.DataFrame) -> list[str]:
    return [
        f"  {row['measure']:<{_NAME_WIDTH}} {_measured(row)}".rstrip() for row in in_words(rows).iter_rows(named=True)
    ]


def _baselines_told(found: Evaluation) -> list[str]:
    ours = found.measures.with_columns(pl.col("measure").str.split("_"))
    rows = [
        ours.filter(pl.col("measure").list.first() == kind).select(
            method=pl.lit(name),
            measure=pl.col("measure").list.last(),
            **{c: pl.col(c) for c in ("value", "low", "high")},
        )
        for kind, name in (("linked", "this model, linked"), ("best", "this model, likeliest from 0.5"))
    ]
    table = pl.concat([*rows, found.baselines.select("method", "measure", "value", "low", "high")])
    head = f"  {'':<{_METHOD_WIDTH}} {'precision':^23} {'recall':^23} {'F1':^23}"
    lines = [head.rstrip()]
    for (method,), part in table.group_by("method", maintain_order=True):
        shown = [f"{_figure(row['value'])} {_between(row):<16}" for row in part.iter_rows(named=True)]
        lines.append(f"  {method:<{_METHOD_WIDTH}} {' '.join(shown)}".rstrip())
    if not found.compares_every_name:
        lines.append("  The fuzzy name compared only names whose first three letters are the same: there are too many.")
    return lines


def _reliability_told(rows: pl.DataFrame) -> list[str]:
    lines = [f"  {'probability':<13} {'links':>8}  {'mean':>6}  {'right':>6}"]
    for row in rows.iter_rows(named=True):
        bin_name = f"{row['from_probability']:.1f} to {row['to_probability']:.1f}"
        figures = f"{_figure(row['mean_probability'])}  {_figure(row['observed'])}  {_between(row)}"
        lines.append(f"  {bin_name:<13} {row['links']:>8}  {figures if row['links'] else ''}".rstrip())
    return lines


def _slices_told(rows: pl.DataFrame) -> list[str]:
    if rows.is_empty():
        return []
    wanted = ("linked_precision", "linked_recall", "best_f1", "review_share", "blocking_recall")
    heads = ("linked P", "linked R", "best F1", "review", "blocking")
    lines = ["", "By slice", f"  {'':<{_SLICE_WIDTH}} {'customers':>9} " + " ".join(f"{head:>9}" for head in heads)]
    for (name, value), part in rows.group_by("slice", "value_of_slice", maintain_order=True):
        figures = {row["measure"]: row["value"] for row in part.iter_rows(named=True)}
        shown = " ".join(f"{_figure(figures[measure]):>9}" for measure in wanted)
        lines.append(f"  {f'{name} = {value}'[:_SLICE_WIDTH]:<{_SLICE_WIDTH}} {part['customers'][0]:>9} {shown}")
    return lines


def cutoffs_told(chosen: Cutoffs, policy: Policy, precision: float) -> list[str]:
    """Say which cut-offs the labels support, and how to adopt them."""
    lines = [
        "",
        f"Cut-offs for a precision of {precision} of linked",
        f"  {'auto_link':>9} {'links':>8} precision    recall",
    ]
    for row in chosen.table.iter_rows(named=True):
        mark = "  <- chosen" if row["is_chosen"] else ""
        figures = f"{_figure(row['precision']):>9} {_figure(row['recall']):>9}"
        lines.append(f"  {row['from_probability']:>9.4f} {row['links']:>8} {figures}{mark}")
    if chosen.auto_link is None:
        none = f"No cut-off reaches {precision} on these labels, counting one wrong link more than was seen: "
        return [*lines, f"{none}keep auto_link {policy.auto_link}, and label more customers."]
    return [
        *lines,
        "Put them into the policy of your params file, if you agree; nothing was changed:",
        f"  auto_link: {chosen.auto_link}  # now {policy.auto_link}",
        f"  review_floor: {chosen.review_floor}  # now {policy.review_floor}",
    ]


def _measured(row: dict[str, float | None]) -> str:
    return f"{_figure(row['value'])}  {_between(row):<13}  {_counted(row)}"


def _counted(row: dict[str, float | None]) -> str:
    if row["of"] is None:
        return ""
    return f"{row['of']} links" if row["count"] is None else f"{row['count']} of {row['of']}"


def _figure(value: float | None) -> str:
    return "     -" if value is None else f"{value:.4f}"


def _between(row: dict[str, float | None]) -> str:
    low, high = row["low"], row["high"]
    return "" if low is None or high is None else f"{low:.4f}-{high:.4f}"
