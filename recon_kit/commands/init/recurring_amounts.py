"""Amounts that custom fields state by the month, the year or the whole term: ARR, MRR, ACV, TCV."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.commands.init.matching import FieldMatch, words
from recon_kit.commands.init.survey import SeenFile
from recon_kit.commands.init.value_signs import HARDLY

_BASES = {"arr": "annual", "acv": "annual", "mrr": "monthly", "tcv": "total"}
_PHRASES = {
    ("annual", "recurring", "revenue"): "annual",
    ("annual", "contract", "value"): "annual",
    ("monthly", "recurring", "revenue"): "monthly",
    ("total", "contract", "value"): "total",
}
_CONFIDENCE = 0.7
_SAME = 0.95


@dataclass(frozen=True)
class StatedAmount:
    """A column whose name says what its amounts stand for.

    Attributes:
        basis: ``monthly``, ``annual`` or ``total``, the policy's ``amount_basis``.
    """

    header: str
    basis: str

    def as_amount(self, field: str) -> FieldMatch:
        """Propose the column as the amount."""
        return FieldMatch(field, self.header, _CONFIDENCE, f"its name says that it is {_WORDS[self.basis]}")


_WORDS = {"annual": "the amount of a year", "monthly": "the amount of a month", "total": "the amount of the whole term"}


def stated_amounts(file: SeenFile) -> list[StatedAmount]:
    """Find the columns of a table whose names state a basis and whose values are amounts, in the order of the file."""
    found = [(header, _basis(header)) for header in file.header]
    return [
        StatedAmount(header, basis)
        for header, basis in found
        if basis and (file.signs[header].share("amount") or 0) > HARDLY
    ]


def _basis(header: str) -> str | None:
    said = words(header)
    for phrase, basis in _PHRASES.items():
        if said == phrase:
            return basis
    telling = [word for word in said if word not in {"amount", "value", "total", "new", "net", "usd", "eur"}]
    return _BASES.get(telling[0]) if len(telling) == 1 else None


def basis_of(file: SeenFile, amount: str) -> tuple[str, str] | None:
    """Tell what the amounts of a column stand for: by its own name, or by that of a column they equal.

    Returns:
        The basis and the reason; none where nothing says it. To equal a total says nothing new.
    """
    for stated in stated_amounts(file):
        if stated.header == amount:
            return stated.basis, f"by its name, {amount} is {_WORDS[stated.basis]}"
        if stated.basis != "total" and _equal(file.rows, amount, stated.header) >= _SAME:
            return stated.basis, f"{amount} equals {stated.header}, which by its name is {_WORDS[stated.basis]}"
    return None


def _equal(rows: pl.DataFrame, left: str, right: str) -> float:
    trimmed = rows.select(left=pl.col(left).str.strip_chars(), right=pl.col(right).str.strip_chars())
    both = trimmed.filter(pl.all_horizontal(pl.all().fill_null("") != ""))
    return int((both["left"] == both["right"]).sum()) / both.height if both.height else 0.0
