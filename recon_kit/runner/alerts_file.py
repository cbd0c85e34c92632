"""``alerts.jsonl``: the alerts of a close, one JSON object a line, for those who read files rather than messages."""

from __future__ import annotations

import io
import json
from pathlib import Path

import polars as pl

from recon_kit import close
from recon_kit.artifacts import CloseFolder, write_atomically
from recon_kit.policy import SettingsError
from recon_kit.run import Run
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import SchemaError, frame_schema

ALERTS_FILE = "alerts.jsonl"


def write_alerts(folder: CloseFolder) -> None:
    """Write the table ``alerts`` as JSON lines beside the manifest; a close without that table has no such file."""
    if folder.has_table("alerts"):
        _write(folder.path, folder.read_table("alerts").collect())


def write_stopped_alerts(run: Run, fault: Exception) -> None:
    """Write the alerts of a close that stopped while it read the systems, into the folder it leaves behind.

    Args:
        run: the close; the table ``dead_letter`` is read where it was still written.
        fault: what stopped it.
    """
    parts = run.read("dead_letter").collect() if run.folder.has_table("dead_letter") else TABLES["dead_letter"].empty()
    _write(run.folder.path, close.alerts_of_stopped(str(fault), parts, as_of=run.as_of, policy=run.policy))


def _write(folder: Path, alerts: pl.DataFrame) -> None:
    write_atomically(folder / ALERTS_FILE, alerts_text(alerts).encode())


def alerts_text(alerts: pl.DataFrame) -> str:
    """Write rows of ``alerts`` as JSON lines, in their order; equal rows give equal text."""
    rows = alerts.with_columns(pl.col(pl.Date).cast(pl.String)).iter_rows(named=True)
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def read_alerts(folder: Path) -> pl.DataFrame:
    """Read the alerts of a close, or of one that stopped.

    Returns:
        Rows of ``alerts``.

    Raises:
        SettingsError: the file is missing or is not what a close writes.
    """
    path = folder / ALERTS_FILE
    if not path.is_file():
        raise SettingsError(f"{folder.name} has no {ALERTS_FILE}: give a close folder, or run `recon close` again.")
    table = TABLES["alerts"]
    kinds = frame_schema(table.schema)
    texts = {name: pl.String() if kind == pl.Date else kind for name, kind in kinds.items()}
    days = [pl.col(name).str.to_date() for name, kind in kinds.items() if kind == pl.Date]
    if not path.stat().st_size:
        return table.empty()
    try:
        return table.conform(pl.read_ndjson(io.BytesIO(path.read_bytes()), schema=texts).with_columns(days))
    except (pl.exceptions.PolarsError, SchemaError) as fault:
        raise SettingsError(f"{ALERTS_FILE} of {folder.name} is not as a close writes it: {fault}") from fault
