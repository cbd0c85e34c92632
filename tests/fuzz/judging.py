"""What every case is held to, whichever system its files are of."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from recon_kit.controls import ControlBroken
from recon_kit.policy import SettingsError
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from recon_kit.quarantine import Reading

CLEAR_ERRORS = (SchemaError, SettingsError, ControlBroken)
SECONDS_A_READ = 60.0
"""A read that takes longer counts as a hang."""


@dataclass
class Tally:
    """Where cases ended, and how long the reads took beside reading the same files undamaged.

    Attributes:
        ends: number of cases by outcome.
        seconds: of reading damaged files.
        baseline_seconds: of reading the same files undamaged, as often.
        reads: number of reads.
    """

    ends: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    baseline_seconds: float = 0.0
    reads: int = 0

    @property
    def cases(self) -> int:
        return sum(self.ends.values())

    def add(self, other: Tally) -> None:
        self.ends += other.ends
        self.seconds += other.seconds
        self.baseline_seconds += other.baseline_seconds
        self.reads += other.reads


class Violation(AssertionError):  # noqa: N818  (says what it is)
    """A case broke a promise."""


def demand(holds: object, told: str) -> None:
    if not holds:
        raise Violation(told)


def timed(read: Callable[[], Any]) -> tuple[Any, float]:
    """Run a read; returns what it gave, or the one clear error it ended in, and its seconds."""
    begun = time.perf_counter()
    try:
        found = read()
    except CLEAR_ERRORS as stopped:
        demand(
            len(str(stopped)) > 30 and str(stopped).rstrip().endswith((".", ")", '"')),
            f"An error without words: {stopped!r}",
        )
        found = stopped
    seconds = time.perf_counter() - begun
    demand(seconds < SECONDS_A_READ, f"A read took {seconds:.0f} s")
    return found, seconds


def rows_of(reading: Reading) -> dict[str, pl.DataFrame]:
    """Every canonical row as one text: ``row``, and ``ids``: what it names."""
    return {name: _as_texts(name, frame) for name, frame in reading.tables.items() if frame.height}


def _as_texts(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    columns = [column for column in TABLES[name].columns if column in frame.columns]
    ids = [column for column in columns if column.endswith("_id") and frame.schema[column] == pl.String]
    shown = frame.select(pl.struct(columns).struct.json_encode().alias("row"), pl.concat_list(ids).alias("ids"))
    return shown.with_columns(pl.col("ids").list.drop_nulls())


def unchanged_rows(
    before: Mapping[str, pl.DataFrame],
    after: Mapping[str, pl.DataFrame],
    touched: Collection[str],
    spared: Collection[str],
) -> None:
    """Demand that rows which name nothing of what was touched are the same before and after.

    Args:
        before, after: what ``rows_of`` returns.
        touched: ids of damaged records and of all that hangs together with them.
        spared: tables that are not compared.
    """
    apart = pl.Series(sorted(touched), dtype=pl.String).implode()
    for name in sorted((before.keys() | after.keys()) - set(spared)):
        rows = [side.get(name) for side in (before, after)]
        texts = [set() if one is None else _untouched(one, apart) for one in rows]
        lost, come = texts[0] - texts[1], texts[1] - texts[0]
        demand(
            not lost,
            f"{name}: {len(lost)} untouched row(s) lost or changed, such as {sorted(lost)[:1]} -> {sorted(come)[:1]}",
        )
        demand(not come, f"{name}: {len(come)} row(s) from nowhere, such as {sorted(come)[:1]}")


def _untouched(rows: pl.DataFrame, apart: pl.Expr) -> set[str]:
    mine = rows.select("row", hit=pl.col("ids").list.set_intersection(pl.lit(apart)).list.len() > 0)
    return set(mine.filter(~pl.col("hit"))["row"])


def money_by_currency(buckets: pl.DataFrame, object_name: str) -> dict[str, int]:
    mine = buckets.filter(
        pl.col("object") == object_name, pl.col("currency") != "", pl.col("amount_minor").is_not_null()
    )
    summed = mine.group_by("currency").agg(pl.col("amount_minor").sum()).filter(pl.col("amount_minor") != 0)
    return dict(summed.iter_rows())


def rows_by_bucket(buckets: pl.DataFrame, object_name: str) -> dict[str, int]:
    mine = buckets.filter(pl.col("object") == object_name).group_by("bucket").agg(pl.col("rows").sum())
    return dict(mine.iter_rows())
