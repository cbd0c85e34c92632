"""Engines: where Splink computes, on DuckDB by default and on Spark when asked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from recon_kit.resolve.model.settings import Engine

MEMORY_LIMIT = "6GB"
"""What DuckDB may hold before it writes to disk."""


@contextmanager
def splink_api(engine: Engine, threads: int | None = None) -> Iterator[Any]:
    """Open Splink's interface to an engine, and close it with everything it wrote.

    Args:
        engine: ``duckdb`` or ``spark``.
        threads: how many threads compute; none: as many as the machine has. The result does not depend on it.

    Raises:
        ModuleNotFoundError: for ``spark`` where pyspark is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="recon-links-") as folder:
        opened = _on_spark(folder, threads) if engine == "spark" else _on_duckdb(folder, threads)
        with opened as api:
            yield api


@contextmanager
def _on_duckdb(folder: str, threads: int | None) -> Iterator[Any]:
    import duckdb  # noqa: PLC0415  (one engine is loaded, not both)
    from splink import DuckDBAPI  # noqa: PLC0415

    config: dict[str, Any] = {"memory_limit": MEMORY_LIMIT, "temp_directory": folder}
    with duckdb.connect(config=config | ({"threads": threads} if threads else {})) as connection:
        yield DuckDBAPI(connection=connection)


@contextmanager
def _on_spark(folder: str, threads: int | None) -> Iterator[Any]:
    from pyspark.sql import SparkSession  # noqa: PLC0415  (an extra: most closes run without it)
    from splink.internals.spark.database_api import SparkAPI  # noqa: PLC0415

    parts = str(threads or os.cpu_count() or 1)
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": parts,
        "spark.default.parallelism": parts,
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder,
        "spark.driver.memory": "4g",
    }
    builder = SparkSession.builder.master(f"local[{parts}]").appName("recon-kit")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setCheckpointDir(folder)
    try:
        yield SparkAPI(spark_session=session, num_partitions_on_repartition=int(parts))  # type: ignore[no-untyped-call]
    finally:
        session.stop()


def plain_table(frame: pl.DataFrame) -> pa.Table:
    """Write a frame as an Arrow table of types that both engines read."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return table.cast(pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema]))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    return pa.string() if pa.types.is_large_string(kind) else kind
