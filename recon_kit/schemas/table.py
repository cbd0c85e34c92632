"""What a table of the close folder is: a name, a schema whose docstring states the grain, a key."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    import dataframely as dy


class SchemaError(ValueError):
    """A frame that does not have the columns its table promises; a fault of a whole file, not of a row."""


@dataclass(frozen=True)
class Table:
    """One table: ``name`` of its Parquet file, its ``schema``, and what to sort by where that is not the key."""

    name: str
    schema: type[dy.Schema]
    order: tuple[str, ...] = ()
    largest_first: tuple[str, ...] = ()

    @property
    def key(self) -> list[str]:
        """The columns that identify a row; empty where rows have no identity of their own."""
        return self.schema.primary_key()

    @property
    def columns(self) -> list[str]:
        """The columns in their declared order."""
        return self.schema.column_names()

    @property
    def grain(self) -> str:
        """The first sentence of the schema: what one row is."""
        return (self.schema.__doc__ or "").strip().splitlines()[0]

    def empty(self) -> pl.DataFrame:
        """Make the table without rows."""
        return self.schema.create_empty()

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Check a frame against the schema and put its rows and columns in their declared order.

        Raises:
            SchemaError: a column is missing, has another type, is null where it must not be, or a key occurs twice;
                the message names the table, the fault, how many rows, and the first three.
        """
        self._require_columns(frame)
        chosen = frame.select(self.columns)
        kept, failures = self.schema.filter(chosen)
        if len(failures) > 0:
            raise SchemaError(self._describe(failures))
        columns = self._sort_columns()
        descending = [name in self.largest_first for name in columns]
        return kept.select(self.columns).sort(columns, descending=descending, nulls_last=True, maintain_order=True)

    def _sort_columns(self) -> list[str]:
        first, kinds = list(self.order) or self.key, frame_schema(self.schema)
        rest = [name for name in self.columns if name not in first and not isinstance(kinds[name], pl.List)]
        return first + rest

    def _require_columns(self, frame: pl.DataFrame) -> None:
        declared = frame_schema(self.schema)
        faults = [
            f"{name} is missing" if name not in frame.columns else f"{name} is {frame.schema[name]}, not {kind}"
            for name, kind in declared.items()
            if frame.schema.get(name) != kind
        ]
        if faults:
            message = f"Table {self.name}: " + "; ".join(faults) + "."
            raise SchemaError(message)

    def _describe(self, failures: dy.FailureInfo) -> str:
        counts = ", ".join(f"{rule} ({number} rows)" for rule, number in sorted(failures.counts().items()))
        shown = self.key or self.columns[:3]
        first = failures.invalid().select(shown).head(3).rows()
        return f"Table {self.name}: {counts}. First rows by {', '.join(shown)}: {first}."


@cache
def frame_schema(schema: type[dy.Schema]) -> pl.Schema:
    """Return the Polars types of a schema's columns."""
    return schema.create_empty().schema
