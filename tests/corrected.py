"""Corrections made by hand: decide on what a close found, and load its files into raw Salesforce files as a tool would."""

from __future__ import annotations

import csv
from pathlib import Path

from recon_kit.commands.decide import Deciding, decide_gap, decide_link
from recon_kit.run import open_run
from recon_kit.runner.corrections import write_corrections
from tests.salesforce_snapshot import csv_text
from tests.small_close import close_again
from tests.whole_close import table, write_params

OBJECTS = ("Account", "Opportunity", "OpportunityLineItem")


def closed(folder: Path, raw: Path, **settings: object) -> Path:
    """Close raw files with a journal beside them, and write the corrections of that close."""
    params = write_params(folder, raw, decisions=str(folder / "decisions.jsonl"), **settings)
    close = close_again(params, folder / "closes" / str(settings.get("as_of", "2026-10-31")))
    write_corrections(open_run("close", params=str(params), close_dir=str(close)))
    return close


def _by(folder: Path, close: Path, decision: str) -> Deciding:
    return Deciding(decision, "Ann Lee", "=agreed with sales", close, journal=folder / "decisions.jsonl")


def accept(folder: Path, close: Path, *gap_ids: str) -> None:
    """Accept gaps; none named: all that are open."""
    for gap_id in gap_ids or table(close, "gaps").filter(state="open")["gap_id"]:
        decide_gap(gap_id, _by(folder, close, "accept"))


def confirm(folder: Path, close: Path, customer_id: str, account_id: str) -> None:
    """Confirm a link."""
    decide_link(customer_id, account_id, _by(folder, close, "confirm"))


def rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def load_files(close: Path) -> list[Path]:
    """The files for Data Loader among a close's corrections."""
    files = sorted((close / "corrections").glob("*.csv"))
    return [file for file in files if file.name.split("_")[0] in OBJECTS]


def loads(close: Path) -> dict[str, dict[str, dict[str, str]]]:
    """What the files for Data Loader set: by file, by record, by field."""
    return {file.name: {row.pop("Id"): row for row in rows(file)} for file in load_files(close)}


def load(close: Path, raw: Path) -> int:
    """Update the raw Salesforce files as Data Loader would: match by Id, set the other columns; count the cells."""
    cells = 0
    for file in load_files(close):
        target = raw / "salesforce" / f"{file.name.split('_')[0]}.csv"
        records = rows(target)
        by_id = {record["Id"]: record for record in records}
        for row in rows(file):
            record = by_id[row.pop("Id")]
            assert row.keys() <= record.keys(), "a field that the org does not have"
            assert all(row.values()), "a blank cell would clear a field"
            record.update(row)
            cells += len(row)
        target.write_text(csv_text(records), encoding="utf-8")
    return cells


def worklist(close: Path, system: str) -> list[dict[str, str]]:
    """The rows of a worklist."""
    return rows(close / "corrections" / f"{system}_worklist.csv")
