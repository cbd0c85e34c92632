"""What a challenge found, for the terminal, as JSON, and as a page that needs no network."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recon_kit import tables
from recon_kit.artifacts import canonical_json, write_atomically
from recon_kit.commands.challenge.catalogue import NEVER_ALONE
from recon_kit.commands.challenge.planting import AT_TOLERANCE, SIZES
from recon_kit.runner.export import TEMPLATES
from recon_kit.runner.self_contained import content_policy, require_self_contained, stylesheet
from recon_kit.tables import panel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from recon_kit.commands.challenge.findings import Findings
    from recon_kit.commands.challenge.outcome import Outcome
    from recon_kit.commands.challenge.rounds import Case

_ASPECTS = ("cause", "amount", "date", "state")
_LABELS = [size.label for size in SIZES]
_NO_GAP = "(no gap)"


def class_rows(found: Findings) -> list[dict[str, Any]]:
    """Count by class and magnitude.

    Returns:
        One row per (class, magnitude), in the order of the catalogue: how many errors were planted, how many gaps they
        had to give, how many were detected, and of those how many had the right cause, amount, date and state; or why
        none was planted.
    """
    named: dict[tuple[str, str], list[Case]] = {}
    for case in found.cases:
        named.setdefault((case.name, case.size.label), []).append(case)
    return [_class_row(found, cases) for cases in named.values()]


def _class_row(found: Findings, cases: Sequence[Case]) -> dict[str, Any]:
    first = cases[0]
    planted = [case for case in found.planted if case in cases]
    outcomes = [one for one in found.outcomes if one.case in cases]
    why = next((found.untested[case] for case in cases if case in found.untested), None)
    return {
        "class": first.name,
        "compounded": len(first.plants) > 1,
        "family": " + ".join(dict.fromkeys(plant.family or _NO_GAP for plant in first.plants)),
        "cause": " + ".join(dict.fromkeys(plant.cause or _NO_GAP for plant in first.plants)),
        "measured_by": " + ".join(dict.fromkeys(plant.measure for plant in first.plants)),
        "magnitude": first.size.label,
        "planted": len(planted),
        **_counts(outcomes),
        "not_tested": None if planted else why,
    }


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    detected = [one for one in outcomes if one.gap_id]
    right = {f"right_{aspect}": sum(aspect not in one.faults for one in detected) for aspect in _ASPECTS}
    return {
        "expected": len(outcomes),
        "detected": len(detected),
        "right": sum(not one.faults for one in detected),
        **right,
    }


def as_json(found: Findings) -> dict[str, Any]:
    """Lay out all that was found, the same for the same close, code and seed."""
    return {
        "close": {"as_of": found.as_of, "manifest_sha256": found.manifest_sha256},
        "seed": found.asked.seed,
        "per_class": found.asked.per_class,
        "closes": found.closes,
        "accounts_available": found.hosts,
        "summary": summary(found),
        "classes": class_rows(found),
        "never_alone": NEVER_ALONE,
        "wrong": [_wrong(one) for one in found.outcomes if not one.gap_id or one.faults],
        "false_alarms": [asdict(alarm) for alarm in found.false_alarms],
    }


def summary(found: Findings) -> dict[str, Any]:
    """Sum all classes."""
    return {
        "errors_planted": len(found.planted),
        **_counts(found.outcomes),
        "false_alarms": len(found.false_alarms),
        "not_tested": sum(row["not_tested"] is not None for row in class_rows(found)),
        "holds": found.holds,
    }


def _wrong(one: Outcome) -> dict[str, Any]:
    expected = {**asdict(one.expected), "diverged_on": one.expected.diverged_on.isoformat()}
    return {
        "class": one.case.name,
        "magnitude": one.case.size.label,
        "account_id": one.account_id,
        "gap_id": one.gap_id,
        "expected": expected,
        "faults": one.faults if one.gap_id else {"detection": "no gap of this family and aspect on the account"},
    }


# -- terminal ----------------------------------------------------------------------------------------


def as_text(found: Findings) -> list[str]:
    """Write the table of the terminal: a line a class, a column a magnitude, then what was wrong and not tested."""
    rows = class_rows(found)
    sized = by_size(rows)
    width = max(len(row["class"]) for row in sized)
    lines = [f"{'class'.ljust(width)}  {'  '.join(label.rjust(7) for label in _LABELS)}  cause"]
    for row in sized:
        cells = "  ".join(row[label].rjust(7) for label in _LABELS)
        lines.append(f"{row['class'].ljust(width)}  {cells}  {row['cause']}")
    lines += ["", *(f"no gap wanted, {row['gaps']} found: {row['class']}" for row in controls(found))]
    return [*lines, "", *_told_wrong(found), *_told_untested(rows), *_told_sum(found)]


def by_size(rows: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Lay classes out by magnitude: one row per class, a column each, as found and right / expected."""
    classes: dict[str, dict[str, str]] = {}
    for row in rows:
        if row["magnitude"] in _LABELS:
            named = {name: row[name] for name in ("class", "family", "cause", "measured_by")}
            classes.setdefault(row["class"], named)[row["magnitude"]] = _cell(row)
    return list(classes.values())


def controls(found: Findings) -> list[dict[str, Any]]:
    """Count the false alarms on what is within its tolerance: one row per class."""
    return [
        {
            "class": row["class"],
            "measured_by": row["measured_by"],
            "planted": row["planted"],
            "gaps": sum(alarm.beside == row["class"] for alarm in found.false_alarms),
        }
        for row in class_rows(found)
        if row["magnitude"] == AT_TOLERANCE.label
    ]


def _cell(row: dict[str, Any]) -> str:
    if row["not_tested"] is not None:
        return "–"
    right = min(row["detected"], row["right"])
    return f"{right}/{row['expected']}"


def _told_wrong(found: Findings) -> Iterable[str]:
    for one in found.outcomes:
        where = f"{one.case.name} at {one.case.size.label} on {one.account_id}"
        if not one.gap_id:
            yield f"MISSED  {where}: no {one.expected.family} ({one.expected.cause})."
        for aspect, what in one.faults.items():
            yield f"WRONG   {where}: {aspect}: {what}."
    for alarm in found.false_alarms:
        beside = f", where {alarm.beside} was planted" if alarm.beside else ""
        yield f"FALSE   {alarm.gap_id}: {alarm.family} ({alarm.cause}) on {alarm.account_id}{beside}."


def _told_untested(rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    for row in rows:
        if row["not_tested"] is not None:
            yield f"not tested  {row['class']} at {row['magnitude']}: {row['not_tested']}."
    for cause, why in NEVER_ALONE.items():
        yield f"not tested  {cause}: {why}."


def _told_sum(found: Findings) -> Iterable[str]:
    of = summary(found)
    shares = ", ".join(
        f"{name.replace('_', ' ')} {share_text(of[name], of['expected'])}"
        for name in ("detected", *(f"right_{aspect}" for aspect in _ASPECTS))
    )
    yield ""
    if not found.planted:
        yield "Nothing was tested: no account is healthy and plain enough to carry an error; each line above says why."
        return
    yield (
        f"{of['errors_planted']} errors planted on {found.hosts} accounts in {found.closes} re-runs "
        f"(seed {found.asked.seed}), {of['expected']} gaps expected: {shares}; false alarms {of['false_alarms']}."
    )


def share_text(part: int, whole: int) -> str:
    """Write a share of whole numbers, never rounded up to all."""
    return f"{part * 1000 // whole / 10:g} %" if whole else "–"


# -- files -------------------------------------------------------------------------------------------


def write_report(found: Findings, folder: Path) -> None:
    """Write ``challenge.json`` and ``challenge.html``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "challenge.json", canonical_json(as_json(found)))
    page = as_page(found)
    require_self_contained(page, panel.script())
    write_atomically(folder / "challenge.html", page.encode())


def as_page(found: Findings) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    rows = class_rows(found)
    tested = pl.DataFrame(by_size(rows))
    why = [(row["class"], row["magnitude"], row["not_tested"]) for row in rows if row["not_tested"] is not None]
    untested = pl.DataFrame(why, schema=dict.fromkeys(("class", "magnitude", "why"), pl.String), orient="row")
    never = pl.DataFrame({"class": list(NEVER_ALONE), "magnitude": "any", "why": list(NEVER_ALONE.values())})
    wrong = pl.DataFrame({"finding": list(_told_wrong(found))}, schema={"finding": pl.String})
    return environment.get_template("challenge.html.j2").render(
        found=found,
        summary=summary(found),
        share=share_text,
        policy=content_policy(panel.script()),
        style=f"{stylesheet()}\n{panel.style()}",
        script=panel.script(),
        tested=tables.show(tables.in_words(tested), title="Gaps found as they are, of those expected").html,
        within=tables.show(pl.DataFrame(controls(found)), title="Within a tolerance").html,
        untested=tables.show(pl.concat([untested, never]), title="Not tested, and why").html,
        wrong=tables.show(wrong, title="Missed, wrong and false", empty="Nothing.").html,
    )
