"""What a part of a pull that failed may concern: the money its records held in the snapshot before."""

from __future__ import annotations

import dataclasses
import datetime as dt
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from recon_kit.extract.control_totals import figures_of
from recon_kit.extract.raw_files import layout_files
from recon_kit.schemas.raw import STRIPE

if TYPE_CHECKING:
    from collections.abc import Callable

    from recon_kit.extract.pulling.record import Missing, PullRecord
    from recon_kit.extract.pulling.snapshots import Snapshot, Snapshots
    from recon_kit.params import Params
    from recon_kit.policy import Policy

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def with_exposure(
    record: PullRecord,
    snapshots: Snapshots,
    write_raw: Callable[[Snapshot, Path], object],
    params: Params,
    policy: Policy,
) -> PullRecord:
    """Add to each missing part the money that its records held in the snapshot before; nothing where there is none.

    Args:
        record: what a pull did.
        snapshots: of its system.
        write_raw: writes a snapshot's objects as raw files.
        params: the field map.
        policy: the currency of amounts without one.
    """
    before = snapshots.newest()
    if not record.missing or before is None or before.name == record.snapshot:
        return record
    with tempfile.TemporaryDirectory(prefix="recon-exposed-") as scratch, duckdb.connect() as connection:
        write_raw(before, Path(scratch))
        files, _ = layout_files(Path(scratch) / record.system, record.system)
        figures = {
            name: figures_of(connection, record.system, name, file, params=params, policy=policy)
            for file, name in files.items()
        }
        missing = [dataclasses.replace(one, exposed=_money_of(one, record.system, figures)) for one in record.missing]
    return dataclasses.replace(record, missing=tuple(missing))


def _money_of(missing: Missing, system: str, figures: dict[str, pl.DataFrame]) -> dict[str, int]:
    """Sum by currency what lay in the part; a list inside another object has none of its own.

    A part of Stripe's is a range of creation; one of Salesforce's goes by the last change, so the whole object counts.
    """
    if missing.parent is not None or missing.object_name not in figures:
        return {}
    known = figures[missing.object_name].drop_nulls(["currency", "amount_minor"])
    begin, end = (missing.gte, missing.lt) if system == STRIPE else (None, None)
    inside = known.filter(_since(begin), ~_since(end) if end is not None else True)
    return dict(inside.group_by("currency").agg(pl.col("amount_minor").sum()).sort("currency").iter_rows())


def _since(seconds: int | None) -> pl.Expr:
    if seconds is None:
        return pl.lit(value=True)
    return (pl.col("at") >= _EPOCH + dt.timedelta(seconds=seconds)).fill_null(value=False)
