"""Stripe events: the table of those up to as_of, and what the later ones tell about every object's state on as_of."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from recon_kit.asof import is_after
from recon_kit.normalise.stripe.buckets import AFTER_AS_OF, Placed, place_first, place_rest, with_money
from recon_kit.normalise.stripe.changed_fields import changed_fields
from recon_kit.normalise.stripe.files import texts_of
from recon_kit.normalise.stripe.paths import Shape
from recon_kit.normalise.stripe.records import PLACE, Columns, Pull, parse_texts, records_of
from recon_kit.normalise.stripe.rules import an_id, missing
from recon_kit.normalise.stripe.shapes_money import EVENTS
from recon_kit.normalise.stripe.values import day
from recon_kit.normalise.stripe.wind_back import LaterEvent, wind_back
from recon_kit.schemas.raw import RawObject

_WITHOUT_OLD_VALUE = r"\.(updated|paused|resumed)$"
_SCHEMA: Columns = {
    "key": pl.String,
    "type": pl.String,
    "object_id": pl.String,
    "object_type": pl.String,
    "created_at": pl.Datetime("us", "UTC"),
    "previous_attributes": pl.String,
    "payload": pl.String,
}


@dataclass(frozen=True)
class History:
    """What the events say.

    Attributes:
        placed: where the event records went; accepted ones are those up to as_of.
        earlier: rows of ``events``, with ``payload`` and ``previous_attributes`` as the event's API version says them.
        later: events after as_of, of the policy's mode, with ``payload``.
        is_known: whether the snapshot has any event at all.
    """

    placed: Placed
    earlier: pl.DataFrame
    later: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_SCHEMA))
    is_known: bool = False

    @cached_property
    def _undoable(self) -> dict[str, list[LaterEvent]]:
        told = self.later.filter(pl.col("previous_attributes").is_not_null() & pl.col("object_id").is_not_null())
        undoable: dict[str, list[LaterEvent]] = {}
        for row in told.iter_rows(named=True):
            event = LaterEvent(
                row["key"],
                int(row["created_at"].timestamp()),
                json.loads(row["previous_attributes"]),
                json.loads(row["payload"] or "{}"),
            )
            undoable.setdefault(row["object_id"], []).append(event)
        return undoable

    def undoable(self, object_id: str) -> list[LaterEvent]:
        """List the later events that tell what an object was before."""
        return self._undoable.get(object_id, [])

    def changed_ids(self, *also: str) -> pl.Series:
        """List the objects whose state on as_of events tell."""
        return pl.Series([*self._undoable, *also], dtype=pl.String)

    @property
    def unexplained(self) -> list[str]:
        """Objects that changed after as_of without any event telling the old value."""
        told = pl.col("previous_attributes").is_not_null() & (pl.col("previous_attributes") != "{}")
        silent = self.later.filter(pl.col("type").str.contains(_WITHOUT_OLD_VALUE), ~told)
        state_told = self.later.filter(told & pl.col("previous_attributes").str.contains('"status"', literal=True))
        of_state = pl.col("type").str.contains(r"\.(paused|resumed)$")
        excused = of_state & pl.col("object_id").is_in(state_told["object_id"].unique().implode())
        return silent.filter(~excused)["object_id"].drop_nulls().unique().sort().to_list()

    def deleted(self, object_type: str) -> pl.DataFrame:
        """List what was deleted after as_of: ``key``, ``object_id``, ``payload`` (its last state)."""
        gone = pl.col("type").str.ends_with(".deleted") & (pl.col("object_type") == object_type)
        return (
            self.later.filter(gone, pl.col("payload").is_not_null()).select("key", "object_id", "payload").sort("key")
        )


def read_history(pull: Pull, raw_object: RawObject, *, source_mode: str) -> History:
    """Read the events.

    Returns:
        The history. Events keep their payload only where a subscription changed: it is what proves a change of items.
    """
    records = with_money(records_of(pull, raw_object.name, EVENTS), raw_object).rename({"id": "key"})
    first = place_first(records, pull, source_mode=source_mode).with_columns(
        is_restored=pl.lit(value=False), currency=pl.lit(None, dtype=pl.String)
    )
    placed = place_rest(first, pull, raw_object, [an_id(), missing("type", "type")])
    with_payload = pl.col("type").str.starts_with("customer.subscription.")
    later = first.filter(pl.col("cause") == AFTER_AS_OF, pl.col("key").is_not_null())
    kept = _payloads(pull, placed.accepted, placed.accepted.filter(with_payload))
    return History(
        placed=placed,
        earlier=_table(kept.hstack(changed_fields(pull, kept).select("changed")), pull.timezone),
        later=_payloads(pull, later, later).select(_SCHEMA.keys()),
        is_known=first.height > 0,
    )


def _payloads(pull: Pull, events: pl.DataFrame, wanted: pl.DataFrame) -> pl.DataFrame:
    places = wanted.select("file", "line", "digest")
    found = texts_of(pull.connection, pull.snapshot, places, sql="try(json_extract(text, '$.data.object'))::varchar")
    return events.join(found.rename({"text": "payload"}), on=["file", "line"], how="left", validate="1:1")


def _table(events: pl.DataFrame, timezone: str) -> pl.DataFrame:
    return events.select(
        "type",
        "object_id",
        "object_type",
        "object_status",
        "created_at",
        "changed",
        "payload",
        "previous_attributes",
        event_id="key",
        created_on=day("created_at", timezone),
    )


def restore_state(
    pull: Pull, records: pl.DataFrame, shape: Shape, history: History, *, object_type: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Put every object of a kind into the state it had on as_of, and bring back those deleted since.

    Args:
        pull: the reading.
        records: from ``place_first``.
        shape: of the object.
        history: the later events.
        object_type: what ``object`` says in the object, such as ``subscription``.

    Returns:
        (the records, with ``is_restored`` on those brought back, and the fields of changed ones parsed again; the
        changed texts: ``file``, ``line``, ``text``). Money of the buckets stays as the file says it.
    """
    known = records.with_columns(is_restored=pl.lit(value=False))
    last = dict(history.deleted(object_type).select("object_id", "payload").iter_rows())
    places = known.filter(pl.col("bucket").is_null(), pl.col("key").is_in(history.changed_ids(*last).implode())).select(
        "file", "line", "digest", "key"
    )
    texts = texts_of(pull.connection, pull.snapshot, places).join(places, on=["file", "line"], validate="1:1")
    wound = [
        wind_back(last.get(key) or text, history.undoable(key)) for text, key in texts.select("text", "key").iter_rows()
    ]
    changed = texts.select("file", "line").with_columns(pl.Series("text", wound, dtype=pl.String))
    back = _brought_back(known, history, object_type)
    patched = pl.concat([changed.with_columns(is_restored=pl.lit(value=False)), back])
    if patched.is_empty():
        return known, patched.drop("is_restored")
    return _replaced(pull, known, shape, patched), patched.drop("is_restored")


def _brought_back(records: pl.DataFrame, history: History, object_type: str) -> pl.DataFrame:
    present = records.filter(pl.col("is_object"))["key"].drop_nulls()
    gone = history.deleted(object_type).filter(~pl.col("object_id").is_in(present.implode()))
    rows = gone.group_by("object_id", maintain_order=True).last()
    texts = [wind_back(text, history.undoable(key)) for key, text in rows.select("object_id", "payload").iter_rows()]
    return pl.DataFrame(
        {
            "file": ["events"] * rows.height,
            "line": range(1, rows.height + 1),
            "text": texts,
            "is_restored": [True] * rows.height,
        },
        schema=PLACE | {"text": pl.String, "is_restored": pl.Boolean},
    )


def _replaced(pull: Pull, records: pl.DataFrame, shape: Shape, patched: pl.DataFrame) -> pl.DataFrame:
    """Replace the fields of patched records by what their new text says."""
    parsed = parse_texts(pull, patched["text"], shape).drop("line", "digest", "is_object")
    fields = parsed.rename({"id": "key"})
    new = pl.concat([patched.drop("text"), fields], how="horizontal")
    kept_columns = [name for name in records.columns if name not in fields.columns and name != "is_restored"]
    old = records.select(kept_columns)
    joined = new.join(old, on=["file", "line"], how="left", validate="1:1").select(records.columns)
    joined = joined.with_columns(pl.col("is_object").fill_null(value=True))
    joined = joined.filter(~(pl.col("is_restored") & is_after(pl.col("created_at"), pull.cutoff)))
    untouched = records.join(patched, on=["file", "line"], how="anti")
    return pl.concat([untouched, joined])
