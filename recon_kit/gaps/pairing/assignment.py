"""Assignment: pair two short lists one to one with the most pairs and the least total difference.

The costs are whole numbers: the total difference counts before the distance of starts, that before the order of ids,
and the number of pairs before them all, so that the best assignment is unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

WHOLE_PCT = 100 * 10**6
_WIDE = 200**3
"""Steps beyond which the search in whole numbers takes more than a second."""


class Comparable(Protocol):
    """What is assigned: an amount in minor units and the day its service starts."""

    @property
    def amount(self) -> int:
        """Minor units."""

    @property
    def start(self) -> int:
        """Days."""


T = TypeVar("T", bound=Comparable)


def assign(left: Sequence[T], right: Sequence[T], tolerance_pct: int) -> list[tuple[T, T]]:
    """Pair records one to one.

    Args:
        left: records sorted by id.
        right: records sorted by id.
        tolerance_pct: largest difference of a pair relative to its larger amount, in millionths of a per cent.

    Returns:
        The pairs in the order of ``left``: as many as possible, then with the least total difference, the nearest
        starts, the smallest ids.
    """
    if not left or not right:
        return []
    steps = min(len(left), len(right)) * len(left) * len(right)
    if steps > _WIDE and (wide := _wide(left, right, tolerance_pct)) is not None:
        return [(left[i], right[j]) for i, j in wide]
    costs, forbidden = _costs(left, right, tolerance_pct)
    if len(left) <= len(right):
        chosen = list(enumerate(_cheapest(costs)))
    else:
        turned = [list(column) for column in zip(*costs, strict=True)]
        chosen = sorted((i, j) for j, i in enumerate(_cheapest(turned)))
    return [(left[i], right[j]) for i, j in chosen if costs[i][j] < forbidden]


def _wide(left: Sequence[T], right: Sequence[T], tolerance_pct: int) -> list[tuple[int, int]] | None:
    """Pair long lists by a library's solver; none where their amounts are too large for it."""
    from recon_kit.gaps.pairing import wide_assignment  # noqa: PLC0415  (takes a second to load; few units are so large)

    try:
        return wide_assignment.assign_wide(left, right, tolerance_pct)
    except wide_assignment.AmountsTooLargeError:
        return None


def _is_close(one: int, other: int, tolerance_pct: int) -> bool:
    larger = max(one, other)
    return larger > 0 and abs(one - other) * WHOLE_PCT <= tolerance_pct * larger


def _costs(left: Sequence[T], right: Sequence[T], tolerance_pct: int) -> tuple[list[list[int]], int]:
    """Cost of each pair, and that of a pair that is not close: more than all close pairs together."""
    width = len(right) + 1
    order: int = width ** len(left)
    days = 1 + sum(max(abs(one.start - other.start) for other in right) for one in left)
    amounts = 1 + sum(max(abs(one.amount - other.amount) for other in right) for one in left)
    forbidden = amounts * days * order

    def cost(i: int, one: T, j: int, other: T) -> int:
        if not _is_close(one.amount, other.amount, tolerance_pct):
            return forbidden
        distance: int = abs(one.amount - other.amount) * days + abs(one.start - other.start)
        rank: int = (j - len(right)) * width ** (len(left) - 1 - i)
        return distance * order + rank

    return [[cost(i, one, j, other) for j, other in enumerate(right)] for i, one in enumerate(left)], forbidden


def _cheapest(costs: list[list[int]]) -> list[int]:
    """Give every row its own column at the least total cost; there are at least as many columns as rows.

    Returns:
        The column of each row.

    Reference:
        Kuhn 1955, the Hungarian method, in the form of shortest augmenting paths with potentials.
    """
    row_count, column_count = len(costs), len(costs[0])
    row_price, column_price = [0] * (row_count + 1), [0] * (column_count + 1)
    row_of = [0] * (column_count + 1)
    for row in range(1, row_count + 1):
        row_of[0] = row
        _augment(costs, row_of, row_price, column_price)
    columns = [0] * row_count
    for column in range(1, column_count + 1):
        if row_of[column]:
            columns[row_of[column] - 1] = column - 1
    return columns


def _augment(costs: list[list[int]], row_of: list[int], row_price: list[int], column_price: list[int]) -> None:
    """Find the shortest way to a free column for the row at column 0, and shift the rows along it."""
    column_count = len(row_of) - 1
    slack: list[int | None] = [None] * (column_count + 1)
    came_from = [0] * (column_count + 1)
    visited = [False] * (column_count + 1)
    here = 0
    while row_of[here]:
        visited[here] = True
        row, step, there = row_of[here], None, 0
        for column in range(1, column_count + 1):
            if visited[column]:
                continue
            reduced = costs[row - 1][column - 1] - row_price[row] - column_price[column]
            known = slack[column]
            if known is None or reduced < known:
                slack[column], came_from[column] = reduced, here
                known = reduced
            if step is None or known < step:
                step, there = known, column
        _reprice(step or 0, visited, row_of=row_of, row_price=row_price, column_price=column_price, slack=slack)
        here = there
    while here:
        row_of[here] = row_of[came_from[here]]
        here = came_from[here]


def _reprice(
    step: int,
    visited: list[bool],
    *,
    row_of: list[int],
    row_price: list[int],
    column_price: list[int],
    slack: list[int | None],
) -> None:
    for column, is_visited in enumerate(visited):
        if is_visited:
            row_price[row_of[column]] += step
            column_price[column] -= step
        elif (known := slack[column]) is not None:
            slack[column] = known - step
