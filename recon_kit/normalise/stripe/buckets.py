"""Buckets of Stripe records: each record read goes to exactly one, decided in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.asof import is_after
from recon_kit.normalise.stripe.files import texts_of
from recon_kit.normalise.stripe.records import Pull
from recon_kit.normalise.stripe.rules import readable_flag
from recon_kit.quarantine import Rule, broken_rules, bucket_totals
from recon_kit.schemas import TABLES
from recon_kit.schemas.raw import STRIPE, RawObject

if TYPE_CHECKING:
    from collections.abc import Sequence

MALFORMED = Rule(
    name="malformed_json",
    field="",
    value=pl.lit(None, dtype=pl.String),
    fails=pl.col("cause") == "malformed_json",
    reason="The line is not one JSON object in UTF-8, or names a key twice. Pull the object again, or mend the line.",
)
CONFLICT = Rule(
    name="conflicting_duplicate",
    field="id",
    value=pl.col("key"),
    fails=pl.col("cause") == "conflicting_duplicate",
    reason="The same id stands in one file with different content, so neither is used. Pull the object again.",
)
OTHER_MODE = "other_mode"
AFTER_AS_OF = "after_as_of"
_BUCKET_OF = {
    "malformed_json": "quarantined",
    "conflicting_duplicate": "quarantined",
    OTHER_MODE: "excluded",
    AFTER_AS_OF: "excluded",
    "duplicate": "duplicate",
    "superseded": "superseded",
}


@dataclass(frozen=True)
class Placed:
    """Where the records of one object went.

    Attributes:
        accepted: records that become rows.
        later: records after as_of, for what they tell of the time before.
        decided: ``key``, ``bucket``, ``cause`` of every record.
        quarantine: rows of ``quarantine``.
        excluded: rows of ``excluded``.
        buckets: rows of ``buckets``.
    """

    accepted: pl.DataFrame
    later: pl.DataFrame
    decided: pl.DataFrame
    quarantine: pl.DataFrame = field(default_factory=TABLES["quarantine"].empty)
    excluded: pl.DataFrame = field(default_factory=TABLES["excluded"].empty)
    buckets: pl.DataFrame = field(default_factory=TABLES["buckets"].empty)


def with_money(records: pl.DataFrame, raw_object: RawObject) -> pl.DataFrame:
    """Add the money a record carries: ``amount_minor`` and ``money_currency``, null where it cannot be parsed."""
    if raw_object.money is None:
        empty = pl.lit(None, dtype=pl.Int64).alias("amount_minor")
        return records.with_columns(empty, pl.lit(None, dtype=pl.String).alias("money_currency"))
    amount, currency = raw_object.money
    priced = pl.when(pl.col(f"{amount}_minor").is_not_null()).then(currency)
    return records.with_columns(priced.alias("money_currency"), amount_minor=f"{amount}_minor")


def place_first(records: pl.DataFrame, pull: Pull, *, source_mode: str) -> pl.DataFrame:
    """Decide what content does not matter for: broken lines, the other mode, duplicates, what came after as_of.

    Args:
        records: of one object, with ``key``, ``livemode`` and ``created_at``.
        pull: the reading.
        source_mode: ``live`` or ``test``, the mode of objects that do not say theirs.

    Returns:
        The records with ``bucket`` and ``cause``, both null where still undecided.
    """
    mode = pl.col("livemode").replace_strict({"true": "live", "false": "test"}, default=source_mode)
    causes = (
        pl.when(~pl.col("is_object"))
        .then(pl.lit("malformed_json"))
        .when(mode != pull.policy.stripe_mode)
        .then(pl.lit(OTHER_MODE))
    )
    known = _sort_out_repeats(records.with_columns(causes.alias("cause")))
    late = pl.col("cause").is_null() & is_after(pl.col("created_at"), pull.cutoff)
    return known.with_columns(pl.when(late).then(pl.lit(AFTER_AS_OF)).otherwise("cause").alias("cause")).with_columns(
        pl.col("cause").replace_strict(_BUCKET_OF, default=None, return_dtype=pl.String).alias("bucket")
    )


def _sort_out_repeats(records: pl.DataFrame) -> pl.DataFrame:
    """Mark byte-identical repeats, conflicts inside one file, and what a newer file replaces."""
    repeated = records.filter(pl.col("cause").is_null()).filter(_identity().is_duplicated())
    if repeated.is_empty():
        return records
    newest_first = repeated.select("file", "file_no", "line", "digest", identity=_identity()).sort(
        "identity", "file_no", "line", descending=[False, True, False]
    )
    same = newest_first.with_columns(is_copy=~pl.struct("identity", "digest").is_first_distinct())
    originals = same.filter(~pl.col("is_copy")).with_columns(
        versions=pl.len().over("identity", "file_no"), newest=pl.col("file_no").max().over("identity")
    )
    verdicts = pl.concat(
        [
            same.filter("is_copy").select("file", "line", verdict=pl.lit("duplicate")),
            originals.filter(pl.col("versions") > 1).select("file", "line", verdict=pl.lit("conflicting_duplicate")),
            originals.filter(pl.col("versions") == 1, pl.col("file_no") < pl.col("newest")).select(
                "file", "line", verdict=pl.lit("superseded")
            ),
        ]
    )
    joined = records.join(verdicts, on=["file", "line"], how="left", validate="1:1")
    return joined.with_columns(pl.coalesce("cause", "verdict").alias("cause")).drop("verdict")


def _identity() -> pl.Expr:
    return pl.coalesce("key", pl.format("bytes {}", pl.col("digest")))


def place_rest(records: pl.DataFrame, pull: Pull, raw_object: RawObject, rules: Sequence[Rule]) -> Placed:
    """Quarantine what breaks a rule, accept the rest, and count every bucket.

    Args:
        records: from ``place_first``, wound back to as_of, with what the rules look at.
        pull: the reading.
        raw_object: the object.
        rules: what an accepted record must pass.

    Conserves:
        Rows of all buckets == rows read; their money == the parseable money read, per currency. Objects restored from
        events were not read from a file of theirs, so they are accepted without being counted.
    """
    rules = [*rules, readable_flag("livemode")] if "livemode" in records.columns else rules
    open_ = pl.col("bucket").is_null()
    breaks = pl.any_horizontal([rule.fails.fill_null(value=False) for rule in rules]) if rules else pl.lit(value=False)
    placed = records.with_columns(
        pl.when(~open_)
        .then("bucket")
        .when(breaks)
        .then(pl.lit("quarantined"))
        .otherwise(pl.lit("accepted"))
        .alias("bucket")
    )
    read = placed.filter(~pl.col("is_restored"))
    name = raw_object.name
    return Placed(
        accepted=placed.filter(pl.col("bucket") == "accepted"),
        later=placed.filter(pl.col("cause") == AFTER_AS_OF),
        decided=placed.select("key", "bucket", "cause"),
        quarantine=_quarantine_rows(read.filter(pl.col("bucket") == "quarantined"), pull, name, rules),
        excluded=read.filter(pl.col("bucket") == "excluded").select(
            source=pl.lit(STRIPE), object=pl.lit(name), key="key", reason="cause"
        ),
        buckets=bucket_totals(
            read.select("bucket", "amount_minor", pl.col("money_currency").alias("currency")),
            source=STRIPE,
            object_name=name,
        ),
    )


def with_faults(records: pl.DataFrame, faults: pl.DataFrame, column: str) -> pl.DataFrame:
    """Put what is wrong inside a record beside it.

    Args:
        records: of one object.
        faults: ``file``, ``line`` and ``column`` of the faulty ones.
        column: what the fault is called; null where there is none.
    """
    if faults.is_empty():
        return records.with_columns(pl.lit(None, dtype=pl.String).alias(column))
    return records.join(faults, on=["file", "line"], how="left", validate="1:1")


def _quarantine_rows(faulty: pl.DataFrame, pull: Pull, object_name: str, rules: Sequence[Rule]) -> pl.DataFrame:
    if faulty.is_empty():
        return TABLES["quarantine"].empty()
    texts = texts_of(pull.connection, pull.snapshot, faulty.select("file", "line", "digest")).rename({"text": "raw"})
    shown = faulty.join(texts, on=["file", "line"], how="left", validate="1:1")
    early, late = shown.filter(pl.col("cause").is_not_null()), shown.filter(pl.col("cause").is_null())
    found = [
        broken_rules(rows, list(tests), source=STRIPE, object_name=object_name)
        for rows, tests in ((early, [MALFORMED, CONFLICT]), (late, rules))
    ]
    return pl.concat(found)
