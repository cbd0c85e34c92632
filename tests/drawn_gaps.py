"""Drawn gaps: tables of companies as text, and the gaps of one of them as such a table says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.hand_made import minor

if TYPE_CHECKING:
    from recon_kit.gaps import Findings


def rows_of(drawn: str) -> list[Any]:
    """The rows of a table as test parameters, named by their first cell; lines that begin with # are headings."""
    lines = [line for line in drawn.strip().splitlines() if line.strip() and not line.startswith("#")]
    cells = [[part.strip() for part in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in cells]


def told(found: Findings, number: int) -> list[tuple[Any, ...]]:
    """The gaps of one company, each as (cause, state, difference, since, money at stake, components)."""
    parts = found.gap_components.select("gap_id", "component", "amount_minor").rows()
    return sorted(
        (
            gap["cause"], gap["state"], gap["difference_minor"], str(gap["diverged_on"]), gap["impact_minor"],
            tuple((name, amount) for gap_id, name, amount in parts if gap_id == gap["gap_id"]),
        )
        for gap in found.gaps.filter(account_id=f"A{number}").iter_rows(named=True)
    )  # fmt: skip


def read(expected: str) -> list[tuple[Any, ...]]:
    """The same from a drawn cell: gaps separated by semicolons, ``none`` for no gap."""
    if expected == "none":
        return []
    gaps = []
    for one in expected.split(";"):
        cause, state, difference, since, impact, *rest = one.split()
        parts = tuple((name, minor(amount)) for name, amount in zip(rest[::2], rest[1::2], strict=True))
        gaps.append((cause, state, minor(difference), since, minor(impact), parts))
    return sorted(gaps)
