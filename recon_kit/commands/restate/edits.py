"""Edits: which fields of an edited record differ, for as many records as a person reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from recon_kit.commands.restate.records import BOOKS, DIGEST, EDITED, RECORD_KEY, TEXT, keyed_records, raw_objects
from recon_kit.schemas.raw import STRIPE

SHOWN_RECORDS = 200
_SHOWN_FIELDS = 5
_LONGEST = 60
_NOTHING = "empty"
_WRITTEN_OTHERWISE = "the same, written otherwise"
_SCHEMA = dict.fromkeys(("source", "object", "key", "fields"), pl.String())
Values = dict[str, str]


def edited_fields(old: Path, new: Path, changes: pl.DataFrame, limit: int = SHOWN_RECORDS) -> pl.DataFrame:
    """Say what differs in the edited records, at most ``limit`` of them.

    Args:
        old: the older ``raw/`` folder.
        new: the newer one.
        changes: what ``changed_records`` returns for both.
        limit: so many records are told.

    Returns:
        One row per edited record of Stripe, Salesforce or the rates, sorted: ``source``, ``object``, ``key``, and
        ``fields``, such as ``Amount: 24000 → 27600``.
    """
    chosen = changes.filter(pl.col("change") == EDITED, ~pl.col("source").is_in(BOOKS)).head(limit)
    before, after = raw_objects(old), raw_objects(new)
    rows = []
    for (source, name), group in chosen.group_by("source", "object", maintain_order=True):
        place, keys = (str(source), str(name)), group["key"].to_list()
        was, now = (_values(files[place], *place, keys) for files in (before, after))
        rows += [(*place, key, _told(was[key], now[key])) for key in keys]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def _values(files: Sequence[Path], source: str, name: str, keys: Sequence[str]) -> dict[str, Values]:
    """Read the chosen records as text by field; of a record that stands several times the last."""
    found: dict[str, Values] = {}
    for file in files:
        for portion in keyed_records(file, source, name):
            mine = portion.filter(pl.col(RECORD_KEY).is_in(keys))
            found |= {row[RECORD_KEY]: _fields(source, row) for row in mine.iter_rows(named=True)}
    return found


def _fields(source: str, row: Mapping[str, object]) -> Values:
    if source == STRIPE:
        return dict(_flat("", json.loads(str(row[TEXT]))))
    return {name: str(value) for name, value in row.items() if value and name not in {RECORD_KEY, DIGEST}}


def _flat(path: str, value: object) -> Iterator[tuple[str, str]]:
    """Name every value of an object by its path, such as ``items.data.0.quantity``."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inside:
        yield from _flat(f"{path}.{name}" if path else str(name), part)
    if not isinstance(value, dict | list) and value is not None:
        yield path, value if isinstance(value, str) else json.dumps(value)


def _told(was: Values, now: Values) -> str:
    names = [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]
    told = [f"{name}: {_short(was.get(name))} → {_short(now.get(name))}" for name in names[:_SHOWN_FIELDS]]
    more = [f"and {len(names) - _SHOWN_FIELDS} more"] if len(names) > _SHOWN_FIELDS else []
    return "; ".join([*told, *more]) or _WRITTEN_OTHERWISE


def _short(value: str | None) -> str:
    if not value:
        return _NOTHING
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
