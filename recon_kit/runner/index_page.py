"""The index page: the first page of a pack, which says whether the close ties and what to do first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from recon_kit import tables
from recon_kit.artifacts import MANIFEST, PACK, RUN, write_atomically
from recon_kit.runner.export import TEMPLATES
from recon_kit.runner.self_contained import content_policy, require_self_contained, stylesheet
from recon_kit.tables import panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_BESIDE = ("review.xlsx", "gaps.xlsx", "corrections", "alerts.jsonl", MANIFEST, PACK, RUN)
_SIGNERS = ("Prepared by", "Reviewed by", "Date")


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
        changes: rows of what changed, with amounts in minor units and ``currency``; may be empty.
        pages: every notebook of the house, in order.
        controls: rows of ``controls``.
        limits: one sentence on what could not be tested, with the money exposed.
        not_testable: rows of ``not_testable``.
        manifest_sha256: digest of ``manifest.json``.
        sign_off: lines of the block; an empty value leaves room for a pen.
        supersedes: for a re-run of a signed close, what it supersedes, signed by whom.
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
    sign_off: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(_SIGNERS, ""))
    supersedes: str = ""
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
    written_last = {MANIFEST, PACK, RUN}
    page = index_html(context, beside=[name for name in _BESIDE if name in written_last or (folder / name).exists()])
    require_self_contained(page, panel.script())
    write_atomically(html, page.encode())


def index_html(context: IndexContext, beside: Sequence[str] = ()) -> str:
    """Write the index page as text, the same for the same context."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    template = environment.get_template("index.html.j2")
    return template.render(
        page=context,
        beside=beside,
        policy=content_policy(panel.script()),
        style=f"{stylesheet()}\n{panel.style()}",
        script=panel.script(),
        changes=_changes(context.changes),
        tie_outs=tables.tie_out(context.controls, "Every tie-out of the close").html,
        not_testable=tables.show(
            context.not_testable, title="Not testable", empty="Everything could be tested.", sort=_by_exposure(context)
        ).html,
    )


def _changes(changes: pl.DataFrame) -> str:
    return "" if changes.is_empty() else tables.show(changes, title="New, gone and changed gaps").html


def _by_exposure(context: IndexContext) -> str | None:
    return "-exposed_minor" if "exposed_minor" in context.not_testable.columns else None
