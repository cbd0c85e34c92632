"""Wide assignment: the same choice as :mod:`recon_kit.gaps.pairing.assignment`, for units of very many records.

One criterion is minimised after the other: pairs and amounts, then days. What a criterion leaves equal are the pairs on
which its prices are tight; only those go on to the next, and the smallest ids decide among what is left at last. Costs
are whole numbers small enough for a double to hold every sum of them exactly.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recon_kit.gaps.pairing.assignment import WHOLE_PCT, Comparable

Matrix = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EXACT = 2**53
"""Whole numbers up to here are exact in the doubles that scipy computes with."""
_NOWHERE = 2**61


class AmountsTooLargeError(ValueError):
    """The amounts are too large to be summed exactly."""


@dataclass
class _Choice:
    """What is still open: the cells that may be chosen, and the columns that every best choice covers."""

    allowed: Mask
    covered: Mask
    columns: npt.NDArray[np.intp]


def assign_wide(left: Sequence[Comparable], right: Sequence[Comparable], tolerance_pct: int) -> list[tuple[int, int]]:
    """Pair two lists one to one, with the most pairs, then the least total difference, nearest starts, smallest ids.

    Args:
        left: records sorted by id.
        right: records sorted by id.
        tolerance_pct: largest difference of a pair relative to its larger amount, in millionths of a per cent.

    Returns:
        The pairs as positions in both lists, in the order of ``left``.

    Raises:
        AmountsTooLargeError: when a sum of costs would no longer be exact.

    Reference:
        Burkard, Dell'Amico and Martello 2009, Assignment Problems, section 4.2 (complementary slackness).
    """
    difference, days = _apart(left, right, "amount"), _apart(left, right, "start")
    is_close = difference <= np.maximum(_most(left, tolerance_pct)[:, None], _most(right, tolerance_pct)[None, :])
    is_turned = is_close.shape[0] > is_close.shape[1]
    if is_turned:
        is_close, difference, days = is_close.T, difference.T, days.T
    choice = _Choice(
        np.ones(is_close.shape, dtype=np.bool_), np.zeros(is_close.shape[1], dtype=np.bool_), np.zeros(0, dtype=np.intp)
    )
    unpaired = 1 + is_close.shape[0] * int(difference[is_close].max(initial=0))
    for cost in (np.where(is_close, difference, unpaired), np.where(is_close, days, 0)):
        choice = _narrowed(choice, cost)
    seats = _Seats(choice)
    for row, column in _by_id(choice.allowed & is_close, is_turned=is_turned):
        seats.settle(row, column)
    chosen = [(row, column) for row, column in enumerate(seats.column_of[: len(is_close)]) if is_close[row, column]]
    return sorted((column, row) for row, column in chosen) if is_turned else chosen


def _by_id(cells: Mask, *, is_turned: bool) -> Iterator[tuple[int, int]]:
    """The cells (row, column) of pairs in the order of the first list, then of the second."""
    for one, other in np.argwhere(cells.T if is_turned else cells).tolist():
        yield (other, one) if is_turned else (one, other)


class _Seats:
    """One of the best choices, changed pair by pair without ever becoming worse.

    Columns that no row needs are held by placeholders, rows that may sit wherever nothing must be covered.
    """

    def __init__(self, choice: _Choice) -> None:
        rows, columns = choice.allowed.shape
        taken = choice.columns.tolist()
        free = sorted(set(range(columns)) - set(taken))
        anywhere = np.flatnonzero(~choice.covered).tolist()
        self.column_of: list[int] = taken + free
        self.row_at: dict[int, int] = {column: row for row, column in enumerate(self.column_of)}
        self.ways: list[list[int]] = [np.flatnonzero(row).tolist() for row in choice.allowed]
        self.ways += [anywhere] * (columns - rows)
        self.placeholders = range(rows, columns)
        self.settled: set[int] = set()

    def settle(self, row: int, column: int) -> None:
        """Let a row have a column for good, if every other row finds another column."""
        if row in self.settled or self.row_at[column] in self.settled:
            return
        for one, there in self._moves(row, column):
            self.column_of[one] = there
            self.row_at[there] = one
        if self.column_of[row] == column:
            self.settled.add(row)

    def _moves(self, row: int, column: int) -> list[tuple[int, int]]:
        """The rows that move, and where to, so that a row has a column; none when it has, or cannot have it."""
        freed = self.column_of[row]
        came_from: dict[int, tuple[int, int]] = {}
        queue, seen, has_asked = deque([column]), {column}, False
        while queue:
            here = queue.popleft()
            if here == freed:
                return [(row, column), *_back(here, column, came_from)] if freed != column else []
            moving = self.row_at[here]
            if moving in self.settled or (moving in self.placeholders and has_asked):
                continue
            has_asked = has_asked or moving in self.placeholders
            for there in self.ways[moving]:
                if there not in seen:
                    seen.add(there)
                    came_from[there] = (moving, here)
                    queue.append(there)
        return []


def _back(last: int, first: int, came_from: dict[int, tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Follow the way back from one column to another: each row that moves, and the column it moves to."""
    here = last
    while here != first:
        moving, before = came_from[here]
        yield moving, here
        here = before


def _apart(left: Sequence[Comparable], right: Sequence[Comparable], name: str) -> Matrix:
    one, other = (np.array([getattr(record, name) for record in side], dtype=np.int64) for side in (left, right))
    apart: Matrix = np.abs(one[:, None] - other[None, :])
    return apart


def _most(side: Sequence[Comparable], tolerance_pct: int) -> Matrix:
    """How far a smaller amount may be from each; the larger of two amounts allows more, so it decides."""
    allowed = [tolerance_pct * one.amount // WHOLE_PCT if one.amount > 0 else -1 for one in side]
    return np.array(allowed, dtype=np.int64)


def _narrowed(choice: _Choice, cost: Matrix) -> _Choice:
    """Keep the cells that a choice of least cost may take, among those that are allowed."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  (slow to load, and most closes never come here)

    largest = int(np.abs(cost).max(initial=0)) + 1
    bonus = 2 * len(cost) * largest if choice.covered.any() else 0
    if 2 * len(cost) * (largest + bonus) >= EXACT:
        raise AmountsTooLargeError
    full = cost - np.where(choice.covered, bonus, 0)[None, :]
    _, columns = linear_sum_assignment(np.where(choice.allowed, full, np.inf))
    paid = full[np.arange(len(full)), columns]
    steps = np.where(choice.allowed, full - paid[:, None], _NOWHERE)
    price = np.zeros(full.shape[1], dtype=np.int64)
    while True:
        lower = np.minimum(price, (price[columns][:, None] + steps).min(axis=0))
        if np.array_equal(lower, price):
            break
        price = lower
    is_tight = choice.allowed & (steps + price[columns][:, None] == price[None, :])
    return _Choice(is_tight, choice.covered | (price < 0), columns)
