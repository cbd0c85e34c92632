"""The pages of the pack: one HTML page per executed notebook, and the index."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import __version__, tables
from recon_kit.artifacts import MANIFEST, digest_file
from recon_kit.close import Verdict, alert_text, exposure, previous_table, verdict
from recon_kit.runner.export import export_notebook
from recon_kit.runner.index_page import HeadlineFigure, IndexContext, PageEntry, render_index
from recon_kit.runner.stages import STAGES
from recon_kit.runner.superseding import superseded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recon_kit.run import Run
    from recon_kit.runner.stages import Stage


def write_pages(run: Run, stages: Sequence[Stage], *, signed: Path | None = None) -> None:
    """Export every executed notebook and the index page into ``html/``.

    Args:
        run: the close, its manifest written.
        stages: those whose notebook was executed.
        signed: the signed close that this one supersedes; none: it supersedes none.
    """
    digest = digest_file(run.folder.path / MANIFEST)
    for stage in stages:
        export_notebook(
            run.folder.notebooks / f"{stage.name}.ipynb",
            run.folder.html / f"{stage.name}.html",
            title=stage.question,
            sign_off=_sign_off(run, digest),
        )
    if run.folder.has_table("bridge"):
        write_index(run, stages, digest, signed=signed)


def write_index(run: Run, stages: Sequence[Stage], manifest_sha256: str, *, signed: Path | None = None) -> None:
    """Write ``html/index.html``; beside a signed close it says what it supersedes and which rows differ."""
    context = index_context(run, stages, manifest_sha256)
    if signed:
        found = superseded(signed, run.folder)
        context = replace(context, supersedes=found.told, differing=found.rows)
    render_index(run.folder.path, run.folder.html / "index.html", context)


def _sign_off(run: Run, digest: str) -> dict[str, str]:
    return {
        "Close": run.as_of.isoformat(),
        "Manifest SHA-256": digest,
        "Prepared by": "",
        "Reviewed by": "",
        "Date": "",
    }


def index_context(run: Run, stages: Sequence[Stage], manifest_sha256: str) -> IndexContext:
    """Gather what the index page says from the tables of a close."""
    controls = run.read("controls").collect()
    not_testable = run.read("not_testable").collect()
    summary = verdict(controls, run.read("gaps").collect(), run.read("links").collect(), run.policy)
    done = {stage.name for stage in stages}
    return IndexContext(
        title=f"Close of {run.as_of:%-d %B %Y}",
        as_of=run.as_of.isoformat(),
        ties=summary.ties,
        verdict=_verdict(summary),
        do_first=summary.first,
        headline=_headline(summary, run.read("bridge").collect()),
        changed=_changed(run),
        changes=_small(run),
        alerts=alert_text(run.read("alerts").collect()) if run.folder.has_table("alerts") else "",
        pages=[
            PageEntry(stage.name, stage.question, f"{stage.name}.html" if stage.name in done else None)
            for stage in STAGES
        ],
        controls=controls.drop("room"),
        limits=_limits(not_testable),
        not_testable=exposure(not_testable),
        manifest_sha256=manifest_sha256,
        colophon={"Recon Kit": __version__},
    )


def _verdict(summary: Verdict) -> str:
    equations = tables.count(summary.equations, "tie-out equation")
    if not summary.ties:
        return f"Of {equations}, some do not hold, so nothing here can be signed."
    still_open = tables.count(summary.material_gaps, "is material", "are material")
    waiting = tables.count(summary.waiting_gaps, "gap waits", "gaps wait")
    pending = tables.count(summary.pending_gaps, "more gap depends", "more gaps depend")
    gaps = tables.count(summary.open_gaps, "open gap")
    return (
        f"All {equations} hold: nothing was lost, nothing is left over. Of {gaps} "
        f"{still_open}; {pending} on links in review (page 3), and {waiting} in a window or to clear by themselves."
    )


def _headline(summary: Verdict, bridge: pl.DataFrame) -> list[HeadlineFigure]:
    ends = [bridge.row(0, named=True), bridge.row(-1, named=True)]
    totals = [HeadlineFigure(str(end["label"]), int(end["amount_minor"]), str(end["currency"])) for end in ends]
    code = summary.currency
    return [
        *totals,
        HeadlineFigure("At stake so far", summary.impact_minor, code, "money that open gaps concern to date"),
        HeadlineFigure("Depends on links in review", summary.pending_minor, code, "decide them on page 3"),
        HeadlineFigure("Under-billed a month", summary.under_billed_minor, code, "sold and not billed"),
        HeadlineFigure("Over-billed a month", summary.over_billed_minor, code, "billed and not sold"),
    ]


def _changed(run: Run) -> str:
    """Answer the nightly question in a sentence: how many gaps are new, gone and changed, and the money of each."""
    if not (run.folder.inputs / "previous").is_dir():
        return "There is no previous close to compare with."
    changes, before = run.read("changes").collect(), previous_table(run.folder, "history")
    days = before["as_of"].to_list() if before is not None else []
    since = f"the close of {max(days)}" if days else "the close before"
    told = [_kind_told(changes.filter(pl.col("change") == kind), kind) for kind in ("new", "gone", "changed")]
    return f"Since {since}: {', '.join(told)}."


def _kind_told(rows: pl.DataFrame, kind: str) -> str:
    impact = pl.coalesce("impact_minor", "impact_before_minor").sum()
    sums = rows.group_by("currency").agg(impact).sort("currency").rows()
    money = ", ".join(tables.money(minor, code) for code, minor in sums)
    return f"{tables.count(rows.height, f'{kind} gap')}" + (f" ({money} at stake)" if money else "")


def _small(run: Run) -> pl.DataFrame:
    """Keep of the changes what the first page shows; the largest money first."""
    impact = pl.coalesce("impact_minor", "impact_before_minor")
    shown = ["change", "account_name", "cause", "what", "impact_before_minor", "impact_minor", "currency"]
    return run.read("changes").collect().sort(impact, "gap_id", descending=[True, False]).select(shown)


def _limits(not_testable: pl.DataFrame) -> str:
    if not_testable.is_empty():
        return "Everything could be tested with the data given."
    exposed = (
        not_testable.filter(pl.col("exposed_minor") > 0).group_by("currency").agg(pl.col("exposed_minor").sum())
    ).sort("currency")
    money = ", ".join(
        tables.money(minor, code or "") for code, minor in exposed.select("currency", "exposed_minor").iter_rows()
    )
    listed = tables.count(not_testable.height, "conclusion")
    return f"{listed} could not be tested with the data given" + (f"; they concern {money}." if money else ".")
