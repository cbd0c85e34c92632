"""Org: what the Salesforce files of a close say about some records, and which column a field of ours is written to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.asof import end_of_day
from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF, columns_named
from recon_kit.normalise.salesforce import field_map
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.files import read_object
from recon_kit.normalise.salesforce.records import map_records, settle_repeats, system_columns
from recon_kit.salesforce_id import long_id
from recon_kit.schemas.raw import SALESFORCE, SALESFORCE_OBJECTS

if TYPE_CHECKING:
    from recon_kit.normalise.salesforce.files import RawRecords
    from recon_kit.run import Run


@dataclass(frozen=True)
class OrgRecords:
    """Some records of one object as its files have them.

    Attributes:
        part: of the field map: ``account``, ``contract`` or ``line``.
        sources: per key of ours, the columns that are there, in order of precedence.
        order: per key of ours, the columns that the map names.
        records: one row per record that stands: ``match_id`` (18 characters), ``id`` as written, ``<key>_text``,
            ``<key>_source``, ``has_items`` (Salesforce sums an opportunity's amount up from its products). Empty where
            the object has no file, or its records no id of their own.
        in_use: per column of a status, the values that any record of the object has.
    """

    part: str
    sources: dict[str, list[str]]
    order: dict[str, list[str]]
    records: pl.DataFrame
    in_use: dict[str, list[str]]

    @property
    def object_name(self) -> str:
        """The API name of the object."""
        return OBJECT_OF[self.part]

    def column(self, key: str) -> str | None:
        """Return the column that a field of ours is written to so that it is read first; none where there is none.

        A column of another record (``Contract.EndDate``) cannot be written here, nor what it takes precedence over.
        """
        first = self.order[key][0] if self.order[key] else ""
        is_own = "." not in first.removeprefix(f"{self.object_name}.")
        own = [name for name in self.sources[key] if "." not in name]
        return own[0] if own and is_own else None

    def serves_only(self, key: str, column: str) -> bool:
        """Tell whether no other field of ours is read from a column."""
        return not any(column in columns for other, columns in self.sources.items() if other != key)


@dataclass(frozen=True)
class Org:
    """The Salesforce files of a close, each object read once."""

    run: Run
    _read: dict[str, RawRecords] = field(default_factory=dict)

    def records(self, part: str, wanted: pl.Series, *, statuses: tuple[str, ...] = ()) -> OrgRecords:
        """Take the records of one object that corrections are about.

        Args:
            part: of the field map.
            wanted: ids of records, of 15 or 18 characters.
            statuses: keys whose values in use are wanted.
        """
        if part not in self._read:
            described = next(one for one in SALESFORCE_OBJECTS if one.name == OBJECT_OF[part])
            self._read[part] = read_object(self.run.folder.raw / SALESFORCE, described)
        return _chosen(self.run, part, self._read[part], wanted, statuses)


def _chosen(run: Run, part: str, raw: RawRecords, wanted: pl.Series, statuses: tuple[str, ...]) -> OrgRecords:
    overrides = {str(name): keys for name, keys in run.params.fields.items()}
    sources = field_map.resolve(part, {} if raw.is_absent else overrides, raw.columns)
    sources["has_items"] = columns_named(["HasOpportunityLineItem"], raw.columns, OBJECT_OF[part])
    in_use = {name: _values(raw.records[name]) for key in statuses for name in sources[key]}
    keys = pl.select(key=long_id(pl.lit(wanted.drop_nulls().unique(), dtype=pl.String)))["key"]
    named = read.match_key(read.filled(pl.col(sources["id"][0]))) if sources["id"] else pl.lit(None, dtype=pl.String)
    few = replace(raw, records=raw.records.filter(named.is_in(keys.implode())))
    records = map_records(few, sources)
    for step in system_columns(run.policy.timezone, end_of_day(run.as_of, run.policy.timezone)):
        records = records.with_columns(**step)
    stands = settle_repeats(records).filter(pl.col("bucket").is_null() & ~pl.col("is_conflicting"))
    order = {**DEFAULT_FIELDS[part], **overrides.get(part, {})}
    stands = stands.with_columns(has_items=read.boolean(pl.col("has_items_text")).fill_null(value=False))
    return OrgRecords(part, sources, {key: list(names) for key, names in order.items()}, stands, in_use)


def _values(column: pl.Series) -> list[str]:
    return sorted(pl.select(value=read.filled(pl.lit(column)))["value"].drop_nulls().unique().to_list())
