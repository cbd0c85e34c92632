"""Stripe's objects from raw files: found by id, by time and by filter; their bytes stay as they are on disk."""

import gzip
import json
import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

Position = int
BASIC = {"id": pl.String, "created": pl.Int64, "livemode": pl.Boolean}
FLAGS = frozenset(("active", "inclusive", "automatic"))
ABOUT_OTHERS = frozenset(("payout", "types", "subscription"))  # filters that no column of the object answers
PLACE = {"buffer": pl.Int32, "start": pl.Int64, "stop": pl.Int64}
CHUNK = 1 << 24
EMBEDDED = {"invoices": "lines", "subscriptions": "items", "credit_notes": "lines"}
CUT = 10  # objects of an embedded list


def _bytes_of(path: Path) -> bytes | mmap.mmap:
    """Bytes of a file; of a plain one without reading it."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    if not path.stat().st_size:
        return b""
    with path.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)


def compact(content: object) -> bytes:
    """JSON without layout."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _line_ends(buffer: bytes | mmap.mmap) -> np.ndarray:
    """Where lines end, read piece by piece: a whole file may be larger than what a processor keeps at hand."""
    held = np.frombuffer(buffer, np.uint8)
    found = [np.flatnonzero(held[start : start + CHUNK] == 10) + start for start in range(0, len(held), CHUNK)]
    ends = np.concatenate(found) if found else np.array([], np.int64)
    return ends if not len(held) or held[-1] == 10 else np.append(ends, len(held))


def _rows(
    buffer: bytes | mmap.mmap, number: int, source: Path | bytes, columns: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """One row per line of a buffer: what can be asked for, and where the text is."""
    ends = _line_ends(buffer)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    kept = ends > starts
    read = pl.read_ndjson(source, schema=columns) if len(ends) else pl.DataFrame(schema=columns)
    return read.with_columns(
        buffer=pl.lit(number, pl.Int32),
        start=pl.Series(starts[kept], dtype=pl.Int64),
        stop=pl.Series(ends[kept], dtype=pl.Int64),
    )


class ObjectTable:
    """One list: newest first, ties by id."""

    def __init__(self, name: str, filters: Sequence[str] = ()) -> None:
        self.name = name
        named = [*filters, *(["automatic"] if name == "payouts" else [])]
        self.columns = BASIC | {
            column: pl.Boolean if column in FLAGS else pl.String for column in named if column not in ABOUT_OTHERS
        }
        self.buffers: list[bytes | mmap.mmap] = []
        self.rows = pl.DataFrame(schema=self.columns | PLACE)
        self.deleted: set[str] = set()
        self.generation = 0
        self._sorted()

    def add_files(self, paths: Sequence[Path], *, livemode: bool) -> None:
        """Add the objects of raw files that belong to a mode."""
        for path in paths:
            buffer = _bytes_of(path)
            if b'": ' in buffer[: buffer.find(b"\n")]:  # spaced: what is looked for in texts has no blanks
                buffer = b"".join(compact(json.loads(line)) + b"\n" for line in buffer[:].splitlines() if line.strip())
            self._add(buffer, path if isinstance(buffer, mmap.mmap) else buffer)
        self.rows = self.rows.filter(pl.col("livemode").is_null() | (pl.col("livemode") == livemode))
        self._sorted()

    def put(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Add objects, in place of those that have their ids."""
        ids = [found["id"] for found in objects]
        self.rows = self.rows.filter(~pl.col("id").is_in(ids))
        self.deleted.difference_update(ids)
        text = b"".join(compact(found) + b"\n" for found in objects)
        self._add(text, text)
        self._sorted()

    def remove(self, own: str) -> None:
        """Take an object away."""
        self.rows = self.rows.filter(pl.col("id") != own)
        self.deleted.add(own)
        self._sorted()

    def _add(self, buffer: bytes | mmap.mmap, source: Path | bytes) -> None:
        self.buffers.append(buffer)
        self.rows = pl.concat([self.rows, _rows(buffer, len(self.buffers) - 1, source, self.columns)])

    def _sorted(self) -> None:
        """Order the rows and forget what was derived from their order."""
        ordered = self.rows.unique("id", keep="first", maintain_order=True)
        self.rows = ordered.sort(pl.col("created").fill_null(0), "id", descending=[True, False], maintain_order=True)
        self.negated = -self.rows["created"].fill_null(0).to_numpy()
        self.buffer, self.start, self.stop = (self.rows[column].to_numpy() for column in PLACE)
        by_id = self.rows.select("id").with_row_index().sort("id")
        self.ids = by_id["id"].to_numpy().astype("S") if by_id.height else np.array([], "S1")
        self.at = by_id["index"].to_numpy()
        self.filtered: dict[tuple[tuple[str, object], ...], np.ndarray] = {}
        self.generation += 1

    def __len__(self) -> int:
        return len(self.start)

    def find(self, own: str) -> Position | None:
        """Where an id is."""
        name = own.encode()
        found = int(np.searchsorted(self.ids, name))
        return int(self.at[found]) if found < len(self.ids) and self.ids[found] == name else None

    def text(self, position: Position) -> bytes:
        """JSON of an object as it is stored."""
        return self.buffers[self.buffer[position]][self.start[position] : self.stop[position]]

    def read(self, own: str) -> dict[str, Any] | None:
        """An object read; none when it is not there."""
        position = self.find(own)
        return None if position is None else json.loads(self.text(position))

    def between(self, created: Mapping[str, int]) -> tuple[int, int]:
        """Positions of a range of time, as a half-open range."""
        first, last = 0, len(self)
        for bound, at in created.items():
            if bound in ("lt", "lte"):
                first = max(first, int(np.searchsorted(self.negated, -at, "right" if bound == "lt" else "left")))
            else:
                last = min(last, int(np.searchsorted(self.negated, -at, "left" if bound == "gt" else "right")))
        return first, max(first, last)

    def matching(self, **filters: object) -> np.ndarray | None:
        """Positions that a filter leaves, ascending; none when there is no filter."""
        key = tuple(sorted(filters.items(), key=lambda pair: pair[0]))
        if not key:
            return None
        if key not in self.filtered:
            billed = filters.pop("subscription", None)
            found = (
                self.rows.with_row_index().filter(*(_is(*pair) for pair in filters.items()))
                if filters
                else self.rows.with_row_index()
            )
            places = found["index"].to_numpy().astype(np.int64)
            self.filtered[key] = (
                places
                if billed is None
                else np.array([place for place in places if self._bills(int(place), str(billed))], np.int64)
            )
        return self.filtered[key]

    def _bills(self, position: Position, subscription: str) -> bool:
        """Whether an invoice is of a subscription, which it names in one of two places."""
        text = self.text(position)
        if subscription.encode() not in text:
            return False
        found = json.loads(text)
        details = (found.get("parent") or {}).get("subscription_details") or {}
        return subscription in (found.get("subscription"), details.get("subscription"))


def _is(column: str, value: object) -> pl.Expr:
    """Equality of a filter; of several values too."""
    if column == "not_status":
        return pl.col("status") != value
    return pl.col(column).is_in(list(value)) if isinstance(value, tuple) else pl.col(column) == value
