"""The index page: the first page of a pack, which says whether the close ties and what to do first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import tables
from recon_kit.artifacts import MANIFEST, PACK, RUN, write_atomically
from recon_kit.runner.self_contained import content_policy, require_self_contained, stylesheet
from recon_kit.runner.sign_off import SIGNERS, page_templates, sign_off_html
from recon_kit.tables import panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_BESIDE = ("review.xlsx", "gaps.xlsx", "corrections", "alerts.jsonl", MANIFEST, PACK, RUN)
_CHANGES_SHOWN, _DIFFERENCES_SHOWN = 25, 200


@dataclass(frozen=True)
class HeadlineFigure:
    """One amount at the top of the page; ``remark`` says in words what it is made of."""

    label: str
    amount_minor: int
    currency: str
    remark: str = ""

    @property
    def amount(self) -> str:
        """The amount with a true minus, without its currency."""
        return tables.money(self.amount_minor, self.currency).removesuffix(f" {self.currency}").replace("-", "−")


@dataclass(frozen=True)
class PageEntry:
    """One notebook of the house: its name, the question it answers, and its page, or none in this version."""

    name: str
    question: str
    href: str | None = None


@dataclass(frozen=True)
class IndexContext:
    """All that the index page says. Nothing is computed on the page.

    Attributes:
        title: what is closed, such as ``Close of October 2026``.
        as_of: the day, as ISO date.
        ties: whether every control holds.
        verdict: one sentence under the verdict, with the figures that matter.
        do_first: the first thing to do, or empty.
        headline: the amounts at the top, in order.
        changed: one sentence on new, gone and changed gaps, or that there is no previous close.
        alerts: one sentence on how many alerts there are, and for whom; may be empty.
        changes: rows of what changed, with amounts in minor units and ``currency``; may be empty.
        pages: every notebook of the house, in order.
        controls: rows of ``controls``.
        limits: one sentence on what could not be tested, with the money exposed.
        not_testable: rows of ``not_testable``.
        manifest_sha256: digest of ``manifest.json``.
        sign_off: lines of the block; an empty value leaves room for a pen.
        supersedes: for a re-run of a signed close, paragraphs: what it supersedes, signed by whom, what changed.
        differing: for a re-run of a signed close, the rows that differ from it; may be empty.
        written_later: files of the folder that are written after this page.
        verify_command: what to run to check the pack.
        colophon: small print, such as versions.
    """

    title: str
    as_of: str
    ties: bool
    verdict: str
    do_first: str
    headline: Sequence[HeadlineFigure]
    changed: str
    changes: pl.DataFrame
    pages: Sequence[PageEntry]
    controls: pl.DataFrame
    limits: str
    not_testable: pl.DataFrame
    manifest_sha256: str
    alerts: str = ""
    sign_off: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(SIGNERS, ""))
    supersedes: Sequence[str] = ()
    differing: pl.DataFrame = field(default_factory=pl.DataFrame)
    written_later: Sequence[str] = (MANIFEST, PACK, RUN)
    verify_command: str = "recon verify DIR"
    colophon: Mapping[str, str] = field(default_factory=dict)


def render_index(folder: Path, html: Path, context: IndexContext) -> None:
    """Write the index page of a close.

    Args:
        folder: the close folder; what lies in it beside the pages is listed.
        html: where the page goes.
        context: what the page says.

    Raises:
        PageNotSelfContained: when the page would load anything.
    """
    there = [name for name in _BESIDE if name in context.written_later or (folder / name).exists()]
    page = index_html(context, beside=there)
    require_self_contained(page, panel.script())
    write_atomically(html, page.encode())


def index_html(context: IndexContext, beside: Sequence[str] = ()) -> str:
    """Write the index page as text, the same for the same context."""
    template = page_templates().get_template("index.html.j2")
    return template.render(
        page=context,
        beside=beside,
        policy=content_policy(panel.script()),
        style=f"{stylesheet()}\n{panel.style()}",
        script=panel.script(),
        changes=_changes(context.changes),
        sign_off=sign_off_html(context.sign_off, context.manifest_sha256),
        differing=_differing(context.differing),
        tie_outs=tables.tie_out(context.controls, "Every tie-out of the close").html,
        not_testable=tables.show(
            context.not_testable, title="Not testable", empty="Everything could be tested.", sort=_by_exposure(context)
        ).html,
    )


def _changes(changes: pl.DataFrame) -> str:
    if changes.is_empty():
        return ""
    return tables.show(tables.in_words(changes), title="New, gone and changed gaps", limit=_CHANGES_SHOWN).html


def _differing(rows: pl.DataFrame) -> str:
    if rows.is_empty():
        return ""
    title = "Rows that differ from the signed close"
    return tables.show(rows, title=title, details=["before", "now"], limit=_DIFFERENCES_SHOWN).html


def _by_exposure(context: IndexContext) -> str | None:
    return "-exposed_minor" if "exposed_minor" in context.not_testable.columns else None
