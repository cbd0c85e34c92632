"""Earlier closes of the sample company, for the weekly review: ``python -m tests.sample_closes`` writes data/sample/closes.

Each is the sample closed as of its own day, with the Salesforce records as they stood before somebody put them right:
:data:`MISTAKES`. What a review reads of a close is kept: its manifest and five tables.
"""

from __future__ import annotations

import csv
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from recon_kit.artifacts import MANIFEST, CloseFolder
from recon_kit.close.trend.closes import ALERTS, TABLES
from recon_kit.close.trend.review import SAMPLE_CLOSES
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.run import open_run
from recon_kit.runner import manifest as of_close
from recon_kit.runner.stages import chosen_stages
from tests.whole_close import run_cells

DAYS = ("2026-09-19", "2026-09-26", "2026-10-03", "2026-10-10", "2026-10-17", "2026-10-24")
Row = dict[str, str]


@dataclass(frozen=True)
class Mistake:
    """What Salesforce said wrongly of an account until a day: a file, the rows of the account, and what stood there."""

    account: str
    until: str
    file: str
    changed: Callable[[Row], Row]


def _not_won(row: Row) -> Row:
    return row | {"StageName": "Negotiation/Review", "IsWon": "false", "IsClosed": "false"}


def _at_three_quarters(*columns: str) -> Callable[[Row], Row]:
    return lambda row: row | {name: f"{float(row[name]) * 0.75:.2f}" for name in columns}


def _left(row: Row) -> Row:
    return row | {"Customer_Status__c": "Churned", "Churn_Date__c": "2026-09-10"}


def _unknown(row: Row) -> Row:
    blank = dict.fromkeys(("Website", "Phone", "Billing_Email__c", "VAT_Number__c", "Stripe_Customer_ID__c"), "")
    place = dict.fromkeys(("BillingStreet", "BillingCity", "BillingPostalCode"), "")
    return row | blank | place | {"Name": f"BH {row['Id'][9:13]}"}


def _without_address(row: Row) -> Row:
    return row | {"Email": ""}


def _begins(day: str) -> Callable[[Row], Row]:
    return lambda row: row | {"Contract_Start_Date__c": day}


MISTAKES = (
    Mistake("Brookhaven Energy", "2026-09-30", "Account", _unknown),
    Mistake("Brookhaven Energy", "2026-09-30", "Contact", _without_address),
    Mistake("Cobaltine Health", "2026-10-20", "Account", _unknown),
    Mistake("Cobaltine Health", "2026-10-20", "Contact", _without_address),
    Mistake("Osprey Ceramics Inc.", "2026-10-06", "Opportunity", _not_won),
    Mistake("Orchard Travel LLC", "2026-10-27", "Opportunity", _not_won),
    Mistake("Westbury Farms", "2026-10-28", "Opportunity", _at_three_quarters("Amount")),
    Mistake("Westbury Farms", "2026-10-28", "OpportunityLineItem", _at_three_quarters("UnitPrice", "TotalPrice")),
    Mistake("Highmoor Software", "2026-10-12", "Account", _left),
    Mistake("Granville Hospitality Corp.", "2026-10-27", "Opportunity", _begins("2026-08-21")),
)


def write_raw(folder: Path, day: str) -> Path:
    """Copy the sample's exports and put back the mistakes that stood on a day."""
    for system in ("stripe", "salesforce"):
        shutil.copytree(SAMPLE_FOLDER / system, folder / system)
    accounts = {row["Name"]: row["Id"] for row in _rows(folder, "Account")}
    deals = {row["Id"]: row["AccountId"] for row in _rows(folder, "Opportunity")}
    for mistake in MISTAKES:
        if day < mistake.until:
            _put_back(folder, mistake, accounts[mistake.account], deals)
    return folder


def _put_back(folder: Path, mistake: Mistake, account: str, deals: dict[str, str]) -> None:
    key = {"Account": "Id", "Opportunity": "AccountId", "Contact": "AccountId", "OpportunityLineItem": "OpportunityId"}[
        mistake.file
    ]
    rows = _rows(folder, mistake.file)
    owner = deals if key == "OpportunityId" else {}
    told = [mistake.changed(row) if owner.get(row[key], row[key]) == account else row for row in rows]
    assert told != rows, f"{mistake.file} has no row of {mistake.account}"
    with (folder / "salesforce" / f"{mistake.file}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writeheader()
        writer.writerows(told)


def _rows(folder: Path, name: str) -> list[Row]:
    with (folder / "salesforce" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_close(place: Path, day: str, previous: Path | None = None) -> Path:
    """Close the sample as of a day and keep what a review reads."""
    with tempfile.TemporaryDirectory() as made:
        raw = write_raw(Path(made) / "raw", day)
        files = {"kind": "files", "path": str(raw)}
        source = {"stripe": files, "salesforce": files}
        params = Path(made) / "params.yaml"
        params.write_text(yaml.safe_dump({"as_of": day, "source": source, "previous": str(previous or "none")}))
        close = CloseFolder(run_cells(params, Path(made) / day))
        run = open_run("close", params=str(params), close_dir=str(close.path))
        of_close.write_manifest(run, chosen_stages())
        shutil.rmtree(place / day, ignore_errors=True)
        (place / day / "tables").mkdir(parents=True)
        for name in (MANIFEST, *(f"tables/{table}.parquet" for table in (*TABLES, ALERTS))):
            shutil.copyfile(close.path / name, place / day / name)
    return place / day


if __name__ == "__main__":
    for number, as_of in enumerate(DAYS):
        before = SAMPLE_CLOSES / DAYS[number - 1] if number else None
        sys.stdout.write(f"{write_close(SAMPLE_CLOSES, as_of, before).name}\n")
