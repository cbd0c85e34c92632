"""Small fixed tables: facts of a run, and the tie-outs of a room."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.tables.panel import Panel, slug, titled
from recon_kit.tables.view import show
from recon_kit.tables.wording import count, sentence, written

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIE_OUT_LABELS = {
    "control_id": "Control",
    "result": "Result",
    "equation": "What must be equal",
    "left_rows": "Left rows",
    "right_rows": "Right rows",
    "left_minor": "Left",
    "right_minor": "Right",
    "currency": "Currency",
    "difference_minor": "Difference",
}


def facts(mapping: Mapping[str, object], title: str) -> Panel:
    """Show names and values as a table of two columns, in the order given."""
    shown = [(name, written(value)) for name, value in mapping.items()]
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{html.escape(value)}</td></tr>' for name, value in shown
    )
    anchor = f"facts-{slug(title)}"
    table = f'<table class="rk-facts" aria-labelledby="{anchor}"><tbody>{rows}</tbody></table>'
    text = "\n".join([title, *[f"{name}: {value}" for name, value in shown]])
    return Panel(f'<div class="rk-table">{titled(title, None, anchor)}{table}</div>', text)


def tie_out(controls: pl.DataFrame, title: str = "Tie-outs") -> Panel:
    """Show controls with both sides, their difference, and in words whether each ties; broken ones first.

    Args:
        controls: rows of ``controls``; amounts in minor units of ``currency``.
        title: what the controls are about.

    Returns:
        A panel that opens with the verdict in one sentence.
    """
    ties = pl.col("passes").fill_null(value=False)
    table = (
        controls.with_columns((pl.col("left_minor") - pl.col("right_minor")).alias("difference_minor"))
        .with_columns(pl.when(ties).then(pl.lit("✓ ties")).otherwise(pl.lit("✗ does not tie")).alias("result"))
        .sort(ties, "control_id")
        .select(name for name in _TIE_OUT_LABELS)
    )
    table = table.select(name for name in table.columns if table[name].null_count() < max(table.height, 1))
    rows = show(
        table, title=title, labels=_TIE_OUT_LABELS, empty="No control was computed.", limit=max(table.height, 1)
    )
    return _verdict(controls.filter(~ties)["control_id"].sort().to_list(), controls.height) + rows


def _verdict(broken: list[str], control_count: int) -> Panel:
    if control_count == 0:
        return sentence("No control was computed, so nothing here is proven.", tone="bad")
    if not broken:
        return sentence("{all} computed here, and every one ties.", tone="good", all=count(control_count, "control"))
    return sentence(
        "{some} of {all} do not tie: {which}. The close stops here.",
        tone="bad", some=len(broken), all=count(control_count, "control"), which=broken,
    )  # fmt: skip
