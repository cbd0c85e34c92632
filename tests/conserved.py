"""Conservation of one reading: what extract counts in the files against where normalise put the records."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import polars as pl

from recon_kit.artifacts import CloseFolder
from recon_kit.extract.control_totals import count_sources
from recon_kit.extract.report import completeness
from recon_kit.normalise.conservation import conservation
from recon_kit.policy import Policy, build_policy

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.quarantine import Reading


def broken_controls(close_dir: Path, reading: Reading, policy: Policy | None = None) -> list[tuple[Any, ...]]:
    """The equations of rows and money that do not hold for the files in ``close_dir/raw``; empty where all do."""
    counted_by = policy or build_policy({})
    sources, totals = count_sources(CloseFolder(close_dir), SimpleNamespace(fields={}), counted_by)
    tables = reading.tables | {"notes": reading.notes}
    systems = reading.buckets["source"].unique().to_list()
    read = sources.filter(pl.col("source").is_in(systems)), totals.filter(pl.col("source").is_in(systems))
    held = conservation(read[1], reading.buckets, tables)
    of_rows = [(one.control_id, one.left_rows, one.right_rows) for one in completeness(*read)]
    columns = ["control_id", "left_minor", "right_minor", "left_rows", "right_rows"]
    return [
        *held.filter(~pl.col("passes")).select(columns).rows(),
        *(told for told in of_rows if told[1] != told[2]),
    ]
