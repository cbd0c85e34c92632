"""Small fixed tables: facts of a run, and the tie-outs of a room."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.tables.panel import Panel, between_tags, slug, titled
from recon_kit.tables.view import show
from recon_kit.tables.wording import count, sentence, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BRIEF = 12
"""Characters up to which a value is not broken over lines: a date, a currency, a mode."""

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


def facts(mapping: Mapping[str, object], title: str, *, abreast: int = 1) -> Panel:
    """Show names and values as a table, in the order given.

    Args:
        mapping: names and values.
        title: what the values are; also the table's accessible name.
        abreast: how many names with their values stand in one line.
    """
    shown = [(name, written(value)) for name, value in mapping.items()]
    cells = [f'<th scope="row">{between_tags(name)}</th>{_value_cell(value)}' for name, value in shown]
    rows = "".join(f"<tr>{''.join(line)}</tr>" for line in _lines(cells, abreast))
    anchor = f"facts-{slug(title)}"
    table = f'<table class="rk-facts" aria-labelledby="{anchor}"><tbody>{rows}</tbody></table>'
    text = "\n".join([title, *[f"{name}: {value}" for name, value in shown]])
    return Panel(f'<div class="rk-table">{titled(title, None, anchor)}{table}</div>', text)


def _value_cell(value: str) -> str:
    brief = ' class="rk-brief"' if len(value) <= _BRIEF else ""
    return f"<td{brief}>{between_tags(value)}</td>"


def _lines(cells: list[str], abreast: int) -> Iterator[list[str]]:
    rest = iter(cells)
    while line := list(islice(rest, abreast)):
        yield line


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
