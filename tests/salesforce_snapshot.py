"""Small Salesforce snapshots: files from the few columns a test cares about."""

from __future__ import annotations

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

from recon_kit.normalise.salesforce import read_salesforce
from recon_kit.policy import build_policy
from recon_kit.quarantine import Reading

AS_OF = dt.date(2026, 10, 31)
ACME = {"Id": "A1", "Name": "Acme"}
DEAL = {
    "Id": "O1",
    "AccountId": "A1",
    "Name": "Acme platform",
    "Amount": "12000.00",
    "CloseDate": "2026-01-15",
    "StageName": "Closed Won",
    "IsWon": "true",
    "Type": "New",
}


def csv_text(rows: list[dict[str, str]]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_snapshot(folder: Path, files: dict[str, Any]) -> Path:
    """Write ``salesforce/<name>.csv`` from rows, from text, or from bytes."""
    (folder / "salesforce").mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        text = csv_text(content) if isinstance(content, list) else content
        path = folder / "salesforce" / f"{name}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def read_files(
    folder: Path,
    files: dict[str, Any] | None = None,
    *,
    policy: dict[str, Any] | None = None,
    as_of: dt.date = AS_OF,
    fields: dict[str, dict[str, list[str]]] | None = None,
    **rows: Any,
) -> Reading:
    """Write a snapshot (account Acme and one won opportunity unless said otherwise) and read it."""
    content = {"Account": [ACME], "Opportunity": [DEAL], **(files or {}), **rows}
    write_snapshot(folder, {name: rows for name, rows in content.items() if rows is not None})
    return read_salesforce(folder, policy=build_policy(policy or {}), as_of=as_of, fields=fields or {})


def only(reading: Reading, table: str) -> dict[str, Any]:
    """The one row of a table."""
    frame = reading.tables[table]
    assert frame.height == 1, frame
    return frame.row(0, named=True)


def one_deal(folder: Path, columns: dict[str, str] | None = None, **given: Any) -> dict[str, Any]:
    """The contract of the usual opportunity with some columns changed."""
    return only(read_files(folder, Opportunity=[DEAL | (columns or {})], **given), "contracts")


def placed(reading: Reading) -> dict[tuple[str, str], int]:
    """Rows by (object, bucket)."""
    counts = reading.buckets.group_by("object", "bucket").agg(rows="rows")
    return {(name, bucket): sum(rows) for name, bucket, rows in counts.iter_rows()}


def faults(reading: Reading) -> set[tuple[str, str | None, str, str | None, int]]:
    """(object, key, rule, field, line) of every fault."""
    return set(reading.quarantine.select("object", "key", "rule", "field", "line").iter_rows())
