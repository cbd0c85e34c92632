"""What a component's sentence says is what its amount is, to the cent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.whole_close import table

if TYPE_CHECKING:
    from pathlib import Path

OTHER_AMOUNTS = {"amount_basis", "currency"}
"""Their sentences tell what the contract would be, not the component."""


def test_the_sentence_tells_the_amount(sample_close: Path) -> None:
    components = table(sample_close, "gap_components")
    told = [row for row in components.iter_rows(named=True) if row["component"] not in OTHER_AMOUNTS]
    assert len(told) > 10
    assert [row for row in told if f"{abs(row['amount_minor']) / 100:,.2f}" not in row["sentence"]] == []
