"""The store of a snapshot: one SQLite file with the records that were pulled and the shards that are still open."""

from __future__ import annotations

import json
import sqlite3
from itertools import chain
from typing import TYPE_CHECKING, Any, Self

from recon_kit.extract.pulling.shards import DeadLetter, Record, Shard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

_TABLES = """
create table if not exists records (
    object text not null, id text not null, at integer, parent text, text text not null
);
create unique index if not exists record_ids on records (object, id);
create index if not exists record_parents on records (object, parent) where parent is not null;
create table if not exists shards (
    number integer primary key, key text not null unique, shard text not null, error text, attempts integer
);
create table if not exists facts (name text primary key, value text not null) without rowid;
"""
_RECORD = "(?, ?, ?, ?, ?)"
_KEEP_FIRST = "on conflict do nothing"
_KEEP_LAST = "on conflict (object, id) do update set at = excluded.at, parent = excluded.parent, text = excluded.text"
_PORTION = 1_000
"""Rows that are read or written at a time: a statement for many waits once for the other threads, not once a row."""
_LOG_PAGES = 8_192
"""Pages of 4 KiB that the write-ahead log gathers before they are written to their place."""


class SnapshotStore:
    """The store of one snapshot, open for one thread.

    Every page is one transaction: its records are kept, its shard is closed and what remains of it is opened. A kill
    at any moment loses at most the pages in flight, and going on means to fetch what is open.
    """

    def __init__(self, file: Path, *, read_only: bool = False) -> None:
        mode = "ro" if read_only else "rwc"
        self._connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None)
        if not read_only:
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma synchronous = normal")
            self._connection.execute(f"pragma wal_autocheckpoint = {_LOG_PAGES}")
            self._connection.execute("pragma cache_size = -65536")
            self._connection.executescript(_TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was kept stays."""
        self._connection.close()

    def seal(self) -> None:
        """Write all into the one file, so that no write-ahead log lies beside it, and close it."""
        self._connection.execute("pragma wal_checkpoint(truncate)")
        self._connection.execute("pragma journal_mode = delete")
        self.close()

    # Shards ----------------------------------------------------------------------------------------------------------

    def add_shards(self, shards: Iterable[Shard], *, facts: Mapping[str, Any] | None = None) -> None:
        """Open shards in one transaction, with facts to be kept with them; a key that is known is replaced."""
        with self._transaction():
            self._open(shards)
            self._note(facts or {})

    def open_shards(self, limit: int | None = None, *, without: Collection[str] = ()) -> list[Shard]:
        """List the shards that are open, in the order they were opened.

        Args:
            limit: at most so many.
            without: keys to leave out, such as those in flight.
        """
        rows = self._connection.execute("select key, shard from shards where error is null order by number")
        found = (Shard.from_json(text) for key, text in rows if key not in without)
        return [shard for _, shard in zip(range(limit), found, strict=False)] if limit is not None else list(found)

    def count_open(self) -> int:
        """Count the shards that are open."""
        return int(self._one("select count(*) from shards where error is null"))

    def keep_page(
        self,
        shard: Shard,
        records: Iterable[Record],
        rest: Sequence[Shard] = (),
        *,
        facts: Mapping[str, Any] | None = None,
        childless: Iterable[tuple[str, str]] = (),
    ) -> int:
        """Keep a page in one transaction: its records, and ``rest`` instead of its shard.

        Args:
            shard: what was fetched; it is closed.
            records: of ``shard.object_name``; one whose id is known replaces what was known.
            rest: what remains of the shard, and shards that the page gave rise to.
            facts: to be kept with it.
            childless: (object, parent) whose records are removed first, because they are fetched anew.

        Returns:
            How many ids were new.
        """
        with self._transaction():
            self._connection.execute("delete from shards where key = ?", (shard.key,))
            self._connection.executemany("delete from records where object = ? and parent = ?", list(childless))
            new = self._keep(shard.object_name, records)
            self._open(rest)
            self._note(facts or {})
        return new

    def bury(self, shard: Shard, error: str, attempts: int) -> None:
        """Mark a shard as failed for good."""
        with self._transaction():
            self._open([shard])
            self._connection.execute(
                "update shards set error = ?, attempts = ? where key = ?", (error, attempts, shard.key)
            )

    def unbury(self) -> int:
        """Open the shards again that had failed; returns how many."""
        return self._connection.execute(
            "update shards set error = null, attempts = null where error is not null"
        ).rowcount

    def drop_shards(self, object_name: str) -> None:
        """Close what is open of an object, because it cannot be asked for."""
        keys = [(shard.key,) for shard in self.open_shards() if shard.object_name == object_name]
        with self._transaction():
            self._connection.executemany("delete from shards where key = ?", keys)

    def dead(self) -> list[DeadLetter]:
        """List the shards that failed for good, in the order they were opened."""
        rows = self._connection.execute(
            "select shard, error, attempts from shards where error is not null order by number"
        )
        return [DeadLetter(Shard.from_json(shard), error, attempts) for shard, error, attempts in rows]

    # Records ---------------------------------------------------------------------------------------------------------

    def keep(self, object_name: str, records: Iterable[Record]) -> int:
        """Keep records outside a page, in one transaction; returns how many ids were new."""
        with self._transaction():
            return self._keep(object_name, records)

    def remove(self, object_name: str, ids: Iterable[str] | None = None) -> None:
        """Remove records by id, or all of an object."""
        with self._transaction():
            if ids is None:
                self._connection.execute("delete from records where object = ?", (object_name,))
            else:
                pairs = [(object_name, one) for one in ids]
                self._connection.executemany("delete from records where object = ? and id = ?", pairs)

    def objects(self) -> dict[str, int]:
        """Count the records of every object that has any, by name."""
        return dict(self._connection.execute("select object, count(*) from records group by object order by object"))

    def count(self, object_name: str, *, since: int | None = None) -> int:
        """Count the records of an object, or those at or after a time."""
        begin = "" if since is None else f" and at >= {int(since)}"
        return int(self._one(f"select count(*) from records where object = ?{begin}", object_name))  # noqa: S608

    def get(self, object_name: str, record_id: str) -> Record | None:
        """Find one record."""
        found = self._connection.execute(
            "select id, at, text, parent from records where object = ? and id = ?", (object_name, record_id)
        ).fetchone()
        return Record(*found) if found else None

    def newest(self, object_name: str, *, since: int | None = None) -> Record | None:
        """Find the record of an object with the latest ``at``, unless it lies before a time."""
        found = self._connection.execute(
            "select id, at, text, parent from records where object = ? order by at desc limit 1", (object_name,)
        ).fetchone()
        return Record(*found) if found and (since is None or (found[1] or 0) >= since) else None

    def ids(self, object_name: str) -> Iterator[str]:
        """Yield the ids of an object, sorted."""
        for row in self.rows("select id from records where object = ? order by id", object_name):
            yield row[0]

    def records(self, object_name: str, *, newest_first: bool = False, since: int | None = None) -> Iterator[Record]:
        """Yield the records of an object; memory stays flat.

        Args:
            object_name: which.
            newest_first: by ``at`` from the newest and then by id; otherwise by id alone.
            since: only those at or after it.
        """
        order = "at desc, id" if newest_first else "id"
        begin = "" if since is None else f" and at >= {int(since)}"
        query = f"select id, at, text, parent from records where object = ?{begin} order by {order}"  # noqa: S608
        for row in self.rows(query, object_name):
            yield Record(*row)

    def where(self, object_name: str, **equal: str) -> Iterator[Record]:
        """Yield the records, by id, whose JSON text has these values at its top level."""
        tests = "".join(f" and json_extract(text, '$.{name}') = ?" for name in equal)
        query = f"select id, at, text, parent from records where object = ?{tests} order by id"  # noqa: S608
        for row in self.rows(query, object_name, *equal.values()):
            yield Record(*row)

    def rows(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query over ``records (object, id, at, parent, text)``; memory stays flat."""
        cursor = self._connection.cursor()
        cursor.arraysize = _PORTION
        cursor.execute(query, values)
        while found := cursor.fetchmany():
            yield from found

    def copy_records(self, source: Path, object_name: str) -> None:
        """Copy the records of an object from another store's file."""
        self._connection.execute("attach ? as other", (str(source),))
        columns = "object, id, at, parent, text"
        self._connection.execute(
            f"insert or ignore into records ({columns}) select {columns} from other.records where object = ?",  # noqa: S608
            (object_name,),
        )
        self._connection.execute("detach other")

    # Facts -----------------------------------------------------------------------------------------------------------

    def fact(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  (whatever JSON holds)
        """Read a small value that was kept with the snapshot."""
        found = self._connection.execute("select value from facts where name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else default

    def forget(self) -> None:
        """Drop every fact and shard, for a copy that a new pull begins from; records stay."""
        with self._transaction():
            self._connection.execute("delete from facts")
            self._connection.execute("delete from shards")

    def set_facts(self, **facts: Any) -> None:  # noqa: ANN401
        """Keep small values with the snapshot; anything JSON can hold."""
        with self._transaction():
            self._note(facts)

    # ------------------------------------------------------------------------------------------------------------------

    def _transaction(self) -> sqlite3.Connection:
        self._connection.execute("begin immediate")
        return self._connection

    def _one(self, query: str, *values: str) -> Any:  # noqa: ANN401
        return self._connection.execute(query, values).fetchone()[0]

    def _open(self, shards: Iterable[Shard]) -> None:
        rows = [(shard.key, shard.to_json()) for shard in shards]
        self._connection.executemany("insert or replace into shards (key, shard) values (?, ?)", rows)

    def _keep(self, object_name: str, records: Iterable[Record]) -> int:
        rows = [(object_name, record.id, record.at, record.parent, record.text) for record in records]
        new = self._insert(rows, _KEEP_FIRST)
        if new < len(rows):
            self._insert(rows, _KEEP_LAST)
        return new

    def _insert(self, rows: Sequence[tuple[Any, ...]], known: str) -> int:
        """Write rows; ``known`` says what becomes of those whose id is there. Returns how many were written."""
        written = 0
        for begin in range(0, len(rows), _PORTION):
            portion = rows[begin : begin + _PORTION]
            places = ", ".join([_RECORD] * len(portion))
            statement = f"insert into records (object, id, at, parent, text) values {places} {known}"  # noqa: S608
            written += self._connection.execute(statement, list(chain.from_iterable(portion))).rowcount
        return written

    def _note(self, facts: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in facts.items()]
        self._connection.executemany("insert or replace into facts (name, value) values (?, ?)", rows)
