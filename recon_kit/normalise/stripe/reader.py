"""Read one Stripe object up to the point where its own rules apply."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit.normalise.stripe.buckets import Placed, place_first, place_rest, with_faults, with_money
from recon_kit.normalise.stripe.history import History, restore_state
from recon_kit.normalise.stripe.paths import Shape
from recon_kit.normalise.stripe.records import Pull, records_and_elements, records_of, unlisted, with_changed_elements
from recon_kit.quarantine import Rule
from recon_kit.schemas.raw import STRIPE, STRIPE_OBJECTS
from recon_kit.schemas.table import SchemaError

RAW = {raw.name: raw for raw in STRIPE_OBJECTS}


@dataclass(frozen=True)
class Reader:
    """What every object is read with: the pull, the history, and the mode of objects that do not say theirs."""

    pull: Pull
    history: History
    source_mode: str

    def read(
        self,
        object_name: str,
        shape: Shape,
        *,
        object_type: str,
        required: tuple[str, ...] = (),
        modes: pl.DataFrame | None = None,
        parent: str | None = None,
    ) -> pl.DataFrame:
        """Read an object, place what content does not matter for, and wind the rest back to as_of.

        Args:
            object_name: as its file is called.
            shape: what to read.
            object_type: what ``object`` says inside it.
            required: fields that at least one record must have.
            modes: ``parent_id``, ``livemode`` of other objects, for records that do not say their mode themselves.
            parent: the column of these records that names such an object.

        Returns:
            The records, with ``key`` for ``id`` and ISO ``currency``.

        Raises:
            SchemaError: no record at all has a required field.
        """
        records = records_of(self.pull, object_name, shape)
        _require(object_name, shape, records, required)
        return self._wind_back(_inherit(records, modes, parent), object_name, shape, object_type)[0]

    def read_with_elements(
        self, object_name: str, shape: Shape, inner: Shape, *, object_type: str, required: tuple[str, ...]
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Read an object and a list inside it; arguments as ``read``.

        Returns:
            (the records, with ``unlisted`` where their list is none; the elements of their lists, with ``file`` and
            ``line`` of the record; the texts that replaced those of the file: ``file``, ``line``, ``text``).
        """
        read, elements = records_and_elements(self.pull, object_name, shape, inner)
        _require(object_name, shape, read, required)
        records = with_faults(read, unlisted(self.pull, read, inner), "unlisted")
        wound, patched = self._wind_back(records, object_name, shape, object_type)
        return wound, with_changed_elements(self.pull, elements, inner, patched), patched

    def _wind_back(
        self, records: pl.DataFrame, object_name: str, shape: Shape, object_type: str
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        named = with_money(records, RAW[object_name])
        named = named.rename({"id": "key"}) if "id" in named.columns else named.with_columns(_line_key())
        named = named if "created_at" in named.columns else named.with_columns(_never("created"))
        placed = place_first(named, self.pull, source_mode=self.source_mode)
        wound, patched = restore_state(self.pull, placed, shape, self.history, object_type=object_type)
        return wound if "currency" in wound.columns else wound.with_columns(_no_text("currency")), patched

    def place(self, records: pl.DataFrame, object_name: str, rules: list[Rule]) -> Placed:
        """Quarantine what breaks a rule and accept the rest."""
        return place_rest(records, self.pull, RAW[object_name], rules)


def _no_text(name: str) -> pl.Expr:
    return pl.lit(None, dtype=pl.String).alias(name)


def _never(stem: str) -> list[pl.Expr]:
    return [_no_text(f"{stem}_seconds"), pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias(f"{stem}_at")]


def _line_key() -> pl.Expr:
    """Objects without id are named by what they link."""
    return pl.concat_str("payout_id", "balance_transaction_id", separator=" ").alias("key")


def _inherit(records: pl.DataFrame, modes: pl.DataFrame | None, parent: str | None) -> pl.DataFrame:
    if modes is None or parent is None:
        return records
    parents = modes.select(pl.col("parent_id").alias(parent), parent_mode="livemode").drop_nulls()
    joined = records.join(parents.unique(parent, keep="none"), on=parent, how="left", validate="m:1")
    return joined.with_columns(livemode=pl.coalesce("livemode", "parent_mode")).drop("parent_mode")


def _require(object_name: str, shape: Shape, records: pl.DataFrame, required: tuple[str, ...]) -> None:
    usable = records.filter("is_object")
    if usable.is_empty():
        return
    absent = [one.paths[0] for one in shape.fields if one.name in required and _is_absent(usable, one.name)]
    if absent:
        message = (
            f"None of the {usable.height} records of {STRIPE}/{object_name} has {' or '.join(absent)}. "
            "Is this the file it is named after? Pull the object again with all its fields."
        )
        raise SchemaError(message)


def _is_absent(records: pl.DataFrame, name: str) -> bool:
    columns = [column for column in (name, f"{name}_minor") if column in records.columns]
    return all(records[column].null_count() == records.height for column in columns)
