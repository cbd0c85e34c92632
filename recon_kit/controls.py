"""Controls: tie-out equations with both sides, and the error that stops a close when one does not tie."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from recon_kit.schemas import TABLES


class ControlBroken(RuntimeError):  # noqa: N818  (the field's word; it ends a close with its own exit code)
    """A control total does not tie, so the close must stop."""


@dataclass(frozen=True)
class Control:
    """One equation. Either pair of sides may be left out, not both.

    Attributes:
        control_id: stable name such as ``normalise.stripe.invoices.rows``.
        room: the room that states it.
        equation: in words, left = right.
        left_minor: left side in minor units.
        right_minor: right side in minor units.
        left_rows: left side in rows.
        right_rows: right side in rows.
        currency: of the money sides.
    """

    control_id: str
    room: str
    equation: str
    left_minor: int | None = None
    right_minor: int | None = None
    left_rows: int | None = None
    right_rows: int | None = None
    currency: str | None = None

    @property
    def passes(self) -> bool:
        """Whether both sides agree in money and in rows."""
        return self.left_minor == self.right_minor and self.left_rows == self.right_rows


def controls_frame(controls: list[Control]) -> pl.DataFrame:
    """Turn controls into rows of the ``controls`` table, with ``passes`` computed from the sides."""
    rows = [{**asdict(control), "passes": control.passes} for control in controls]
    return pl.DataFrame(rows, schema=TABLES["controls"].empty().schema)


def passes() -> pl.Expr:
    """Compare both sides of a frame of equations; two missing sides agree, one missing side does not."""
    money = pl.col("left_minor").eq_missing(pl.col("right_minor"))
    return (money & pl.col("left_rows").eq_missing(pl.col("right_rows"))).alias("passes")


def require_ties(controls: pl.DataFrame) -> None:
    """Stop when an equation does not hold.

    Raises:
        ControlBroken: names how many, and the first three with both sides and their difference.
    """
    broken = controls.filter(~pl.col("passes"))
    if broken.is_empty():
        return
    shown = "\n".join(_describe(row) for row in broken.head(3).iter_rows(named=True))
    message = (
        f"{broken.height} of {controls.height} controls do not tie; the close stops here.\n{shown}\n"
        "What to do: open the table of this page, find the side that is wrong, correct its input, run the close again."
    )
    raise ControlBroken(message)


def _describe(row: dict[str, object]) -> str:
    sides = []
    if row["left_minor"] != row["right_minor"]:
        sides.append(f"{row['left_minor']} against {row['right_minor']} minor units {row['currency'] or ''}".rstrip())
    if row["left_rows"] != row["right_rows"]:
        sides.append(f"{row['left_rows']} against {row['right_rows']} rows")
    return f"  - {row['control_id']} ({row['equation']}): {'; '.join(sides)}"
