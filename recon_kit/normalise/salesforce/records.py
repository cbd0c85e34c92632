"""Records of one Salesforce object under our names, and the one bucket each of them goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.asof import is_after
from recon_kit.csv_text import FILE, LINE
from recon_kit.normalise.salesforce import values as read
from recon_kit.normalise.salesforce.files import CONTENT, FILE_ORDER, RawRecords, raw_texts
from recon_kit.quarantine import Rule, broken_rules, bucket_totals
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import SALESFORCE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    Sources = Mapping[str, Sequence[str]]

DELETED, AFTER_AS_OF = "deleted", "after_as_of"
_PLACES = ["file", "line"]


@dataclass(frozen=True)
class Settled:
    """Where every record of an object went.

    Attributes:
        accepted: the accepted records with their columns.
        left_out: ``match_id`` and ``exclusion`` of the excluded ones, for what hangs on them.
        quarantine: rows of ``quarantine``.
        excluded: rows of ``excluded``.
        buckets: rows of ``buckets``.
    """

    accepted: pl.DataFrame
    left_out: pl.DataFrame
    quarantine: pl.DataFrame = field(default_factory=TABLES["quarantine"].empty)
    excluded: pl.DataFrame = field(default_factory=TABLES["excluded"].empty)
    buckets: pl.DataFrame = field(default_factory=TABLES["buckets"].empty)


def map_records(raw: RawRecords, sources: Sources, *, parent: str | None = None) -> pl.DataFrame:
    """Bring the records of an object under our names.

    Args:
        raw: the object's records.
        sources: per key of ours, the present columns in order of precedence.
        parent: the key by which records are numbered when the export has no Id.

    Returns:
        One row per record: ``file``, ``line``, ``file_order``, ``content``, ``<key>_text`` (first filled column,
        trimmed), ``<key>_source`` (that column's name), ``id``, ``match_id`` (the form in which ids are compared).
    """
    used = sorted({column for columns in sources.values() for column in columns})
    trimmed = raw.records.with_columns(read.filled(pl.col(column)) for column in used)
    mapped = trimmed.select(
        file=FILE,
        line=LINE,
        file_order=FILE_ORDER,
        content=CONTENT,
        **{f"{key}_text": _first(columns) for key, columns in sources.items()},
        **{f"{key}_source": _source(columns) for key, columns in sources.items()},
    )
    if parent is not None and not sources["id"]:
        mapped = _number(mapped, parent)
    return mapped.with_columns(id="id_text", match_id=read.match_key(pl.col("id_text")))


def _first(columns: Sequence[str]) -> pl.Expr:
    return pl.coalesce(*[pl.col(column) for column in columns], pl.lit(None, dtype=pl.String))


def _source(columns: Sequence[str]) -> pl.Expr:
    named = [pl.when(pl.col(column).is_not_null()).then(pl.lit(column)) for column in columns]
    return pl.coalesce(*named, pl.lit(None, dtype=pl.String))


def _number(mapped: pl.DataFrame, parent: str) -> pl.DataFrame:
    """Name records without Id after their parent, numbered by content so that their order does not matter."""
    texts = sorted(name for name in mapped.columns if name.endswith("_text") and name != "id_text")
    rank = pl.int_range(1, pl.len() + 1).over(f"{parent}_text", order_by=texts)
    name = pl.format("{}-{}", pl.col(f"{parent}_text").fill_null("none"), rank)
    return mapped.sort(texts, nulls_last=True, maintain_order=True).with_columns(
        id_text=name, content=pl.int_range(pl.len()).cast(pl.UInt64)
    )


def settle_repeats(records: pl.DataFrame) -> pl.DataFrame:
    """Decide between records of the same id.

    In one file, identical ones count once and differing ones are all in doubt. Across files the newer by
    SystemModstamp, LastModifiedDate, then file name stands; the older is superseded.

    Args:
        records: with ``match_id``, ``content``, ``file_order``, ``line``, ``stamped_at``, ``modified_at``.

    Returns:
        The same rows with ``bucket`` (``duplicate``, ``superseded``, or null: not decided yet) and ``is_conflicting``.
    """
    repeated = pl.col("match_id").is_not_null() & pl.col("match_id").is_duplicated()
    undecided = {"bucket": pl.lit(None, dtype=pl.String), "is_conflicting": pl.lit(value=False)}
    alone = records.filter(~repeated).with_columns(**undecided)
    several = records.filter(repeated).with_columns(**undecided)
    if several.is_empty():
        return alone
    same_file = pl.int_range(pl.len()).over("match_id", "file_order", "content", order_by="line") > 0
    several = several.with_columns(bucket=pl.when(same_file).then(pl.lit("duplicate")))
    differ = pl.col("content").n_unique().over("match_id", "file_order") > 1
    several = several.with_columns(is_conflicting=pl.col("bucket").is_null() & differ)
    doubtful = several.filter(pl.col("bucket").is_not_null() | pl.col("is_conflicting"))
    sound = several.filter(pl.col("bucket").is_null() & ~pl.col("is_conflicting"))
    return pl.concat([alone, doubtful, _newest(sound)])


def _newest(records: pl.DataFrame) -> pl.DataFrame:
    age = ["stamped_at", "modified_at", "file_order"]
    ordered = records.sort(age, descending=True, nulls_last=True)
    copy = pl.int_range(pl.len()).over("match_id", "content") > 0
    marked = ordered.with_columns(bucket=pl.when(copy).then(pl.lit("duplicate")))
    copies, single = marked.filter(pl.col("bucket").is_not_null()), marked.filter(pl.col("bucket").is_null())
    older = pl.int_range(pl.len()).over("match_id") > 0
    return pl.concat([copies, single.with_columns(bucket=pl.when(older).then(pl.lit("superseded")))])


def exclude(records: pl.DataFrame, cutoff: dt.datetime, *, keep_deleted: bool = False) -> pl.DataFrame:
    """Mark what was created after as_of, and what was deleted by then.

    Args:
        records: with ``bucket``, ``created_at``, ``is_deleted`` (on as_of), ``parent_exclusion`` if they have a parent.
        cutoff: the end of as_of.
        keep_deleted: whether deleted records stay (accounts do: merges lead through them).

    Returns:
        The same rows with ``exclusion``: the reason, or null.
    """
    late = pl.when(is_after(pl.col("created_at"), cutoff)).then(pl.lit(AFTER_AS_OF))
    gone = pl.when(pl.col("is_deleted") & pl.lit(not keep_deleted)).then(pl.lit(DELETED))
    given = pl.col("parent_exclusion") if "parent_exclusion" in records.columns else pl.lit(None, dtype=pl.String)
    decided = pl.col("bucket").is_not_null() | pl.col("is_conflicting")
    return records.with_columns(exclusion=pl.when(~decided).then(pl.coalesce(late, gone, given)))


def settle(raw: RawRecords, records: pl.DataFrame, rules: list[Rule]) -> Settled:
    """Put every record of an object into its bucket.

    Args:
        raw: the object as read.
        records: with ``bucket``, ``is_conflicting``, ``exclusion``, ``amount_minor``, ``currency``, ``id``,
            ``match_id``.
        rules: what a record must keep to be accepted.

    Conserves:
        rows of ``buckets`` == records of the files; their money == what can be parsed, per currency.
    """
    name = raw.object_name
    open_records = pl.col("bucket").is_null() & pl.col("exclusion").is_null()
    checked = records.filter(open_records).with_columns(key="id", raw=pl.lit(None, dtype=pl.String))
    faults = broken_rules(checked, [*_IDENTITY, *rules], source=SALESFORCE, object_name=name)
    faulty = faults.select(_PLACES).unique().with_columns(is_faulty=pl.lit(value=True))
    placed = records.join(faulty, on=_PLACES, how="left", validate="1:1").with_columns(
        bucket=pl.coalesce(
            "bucket",
            pl.when(pl.col("exclusion").is_not_null()).then(pl.lit("excluded")),
            pl.when("is_faulty").then(pl.lit("quarantined")),
            pl.lit("accepted"),
        )
    )
    left_out = placed.filter(pl.col("bucket") == "excluded")
    malformed = _malformed(raw)
    reading = pl.concat(
        [
            placed.select("bucket", "currency", "amount_minor"),
            malformed.select(bucket=pl.lit("quarantined"), currency="currency", amount_minor="amount_minor"),
        ]
    )
    return Settled(
        accepted=placed.filter(pl.col("bucket") == "accepted"),
        left_out=left_out.filter(pl.col("match_id").is_not_null()).select("match_id", "exclusion"),
        quarantine=pl.concat([_with_raw(raw, faults), malformed]).with_columns(_whole_path()),
        excluded=left_out.select(source=pl.lit(SALESFORCE), object=pl.lit(name), key="id", reason="exclusion"),
        buckets=bucket_totals(reading, source=SALESFORCE, object_name=name),
    )


_IDENTITY = [
    Rule(
        "missing_key", "Id", pl.col("id"), pl.col("id").is_null(), "The record has no Id. Export it again with its Id."
    ),
    Rule(
        "unreadable_key",
        "Id",
        pl.col("id"),
        pl.col("id").str.contains(r"[^\x21-\x7e]"),
        "The Id holds a blank or a letter that no Id of Salesforce has. Is this the footer of a report? Remove the "
        "line, or correct the Id.",
    ),
    Rule(
        "conflicting_duplicate",
        "Id",
        pl.col("id"),
        pl.col("is_conflicting"),
        "The Id stands more than once in this file with different content. Export each record once.",
    ),
]


def _whole_path() -> pl.Expr:
    return pl.concat_str(pl.lit(f"{SALESFORCE}/"), "file").alias("file")


def _with_raw(raw: RawRecords, faults: pl.DataFrame) -> pl.DataFrame:
    texts = raw_texts(raw, faults)
    joined = faults.drop("raw").join(texts, on=_PLACES, how="left", validate="m:1")
    return joined.select(faults.columns)


def _malformed(raw: RawRecords) -> pl.DataFrame:
    schema = TABLES["quarantine"].empty().schema
    rows = raw.malformed.select(
        source=pl.lit(SALESFORCE),
        object=pl.lit(raw.object_name),
        file=FILE,
        line=LINE,
        rule=pl.lit("malformed_row"),
        reason="reason",
        raw=pl.col("raw").str.head(2000),
    )
    missing = {name: pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name not in rows.columns}
    return rows.with_columns(missing.values()).select(list(schema))


def unreadable(key: str, value: pl.Expr, sources: Sources, *, rule: str, reason: str) -> list[Rule]:
    """Make the rules that a key's text, where there is one, can be read: one for each column it may come from."""
    text = pl.col(f"{key}_text")
    return [
        Rule(rule, column, text, (pl.col(f"{key}_source") == column) & value.is_null(), reason)
        for column in sources[key]
    ]


def moments(timezone: str, *keys: str) -> dict[str, pl.Expr]:
    """Read the system's own instants: creation, last modification, stamp."""
    return {key: read.moment(pl.col(f"{key}_text"), timezone) for key in keys}


SYSTEM_MOMENTS = ("created_at", "modified_at", "stamped_at")


def system_columns(timezone: str, cutoff: dt.datetime) -> list[dict[str, pl.Expr]]:
    """Read what the system says about a record: when it was made and changed, and whether it was deleted by as_of.

    Returns:
        Two steps of columns. A deletion is a record's last change, so one that was last changed after as_of was not
        deleted then.
    """
    deleted = read.boolean(pl.col("is_deleted_text")).fill_null(value=False)
    changed = pl.coalesce("stamped_at", "modified_at")
    return [moments(timezone, *SYSTEM_MOMENTS), {"is_deleted": deleted & ~is_after(changed, cutoff)}]


def system_rules(sources: Sources) -> list[Rule]:
    """Make the rules that what the system says about a record can be read."""
    when = "The date and time cannot be read. Write it as 2026-10-31T08:15:00.000Z."
    yes_no = "The value is neither true nor false. Export the field again."
    rules = [
        rule
        for key in SYSTEM_MOMENTS
        for rule in unreadable(key, pl.col(key), sources, rule="unreadable_date", reason=when)
    ]
    flag = read.boolean(pl.col("is_deleted_text"))
    return rules + unreadable("is_deleted", flag, sources, rule="unreadable_boolean", reason=yes_no)
