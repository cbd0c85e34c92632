"""Figures: the few numbers a page opens with, large, each with a word on what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from recon_kit.tables.panel import Panel, between_tags

if TYPE_CHECKING:
    from collections.abc import Sequence


class KeyFigure(NamedTuple):
    """One number of the opening: its name, the number as text, and what to know about it."""

    name: str
    value: str
    note: str = ""


def figures(shown: Sequence[KeyFigure]) -> Panel:
    """Show a few numbers side by side, in the order given."""
    entries = "".join(
        f'<div><dt>{between_tags(one.name)}</dt><dd class="rk-figure">{between_tags(one.value)}</dd>'
        f"<dd>{between_tags(one.note)}</dd></div>"
        for one in shown
    )
    text = "\n".join(f"{one.name}: {one.value}" + (f" ({one.note})" if one.note else "") for one in shown)
    return Panel(f'<dl class="rk-figures">{entries}</dl>', text)
