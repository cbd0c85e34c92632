"""Quarantine: every record read goes to exactly one bucket, in rows and in money, with its reasons.

A *reading* is a frame with one row per record read: ``file``, ``line``, ``key``, ``bucket``, ``currency``,
``amount_minor`` (null where the object carries no money or it cannot be parsed).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from recon_kit.schemas import TABLES

RAW_LIMIT = 2_000
"""Characters of a faulty record that are kept in ``quarantine.raw``."""


@dataclass(frozen=True)
class Rule:
    """One test a record must pass.

    Attributes:
        name: stable name, such as ``money_exact``.
        field: the source's field it looks at.
        value: expression of the offending value as text.
        fails: true where the record breaks the rule; null counts as false.
        reason: what is wrong and what to do, in words.
    """

    name: str
    field: str
    value: pl.Expr
    fails: pl.Expr
    reason: str


@dataclass(frozen=True)
class Reading:
    """What reading one system gave: its canonical tables and where every record went.

    Attributes:
        tables: frames by table name; they may carry working columns that the table does not declare.
        quarantine: rows of ``quarantine``.
        excluded: rows of ``excluded``.
        buckets: rows of ``buckets``.
        not_testable: rows of ``not_testable`` (without ``room``).
        notes: rows of ``notes``.
    """

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    quarantine: pl.DataFrame = field(default_factory=TABLES["quarantine"].empty)
    excluded: pl.DataFrame = field(default_factory=TABLES["excluded"].empty)
    buckets: pl.DataFrame = field(default_factory=TABLES["buckets"].empty)
    not_testable: pl.DataFrame = field(default_factory=lambda: TABLES["not_testable"].empty().drop("room"))
    notes: pl.DataFrame = field(default_factory=TABLES["notes"].empty)


def broken_rules(records: pl.DataFrame, rules: list[Rule], *, source: str, object_name: str) -> pl.DataFrame:
    """List every rule that every record breaks.

    Args:
        records: rows with ``file``, ``line``, ``key``, ``raw``, ``amount_minor``, ``currency`` and what the rules use.
        rules: the tests.
        source: ``stripe``, ``salesforce`` and so on.
        object_name: the source's name of the object.

    Returns:
        One row per (record, broken rule) with the columns of ``quarantine``.
    """
    schema = TABLES["quarantine"].empty().schema
    found = [
        records.filter(rule.fails.fill_null(value=False)).select(
            source=pl.lit(source),
            object=pl.lit(object_name),
            key=pl.col("key"),
            file=pl.col("file"),
            line=pl.col("line").cast(pl.Int64),
            field=pl.lit(rule.field),
            value=rule.value.cast(pl.String).str.head(RAW_LIMIT),
            rule=pl.lit(rule.name),
            reason=pl.lit(rule.reason),
            raw=pl.col("raw").cast(pl.String).str.head(RAW_LIMIT),
            amount_minor=pl.col("amount_minor").cast(pl.Int64),
            currency=pl.col("currency").cast(pl.String),
        )
        for rule in rules
    ]
    return pl.concat([pl.DataFrame(schema=schema), *found])


def bucket_totals(reading: pl.DataFrame, *, source: str, object_name: str) -> pl.DataFrame:
    """Sum a reading by bucket and currency.

    Returns:
        One row per (bucket, currency): columns of ``buckets``. ``amount_minor`` is null where nothing could be parsed.

    Conserves:
        sum(rows) == rows of the reading; sum(amount_minor) == its parseable money, per currency.
    """
    summed = reading.group_by("bucket", pl.col("currency").fill_null("")).agg(
        rows=pl.len().cast(pl.Int64),
        amount_minor=pl.when(pl.col("amount_minor").count() > 0).then(pl.col("amount_minor").sum()),
    )
    return summed.select(
        source=pl.lit(source),
        object=pl.lit(object_name),
        bucket="bucket",
        currency="currency",
        rows="rows",
        amount_minor=pl.col("amount_minor").cast(pl.Int64),
    ).sort("source", "object", "bucket", "currency")
