"""A pull from the loopback Salesforce, and what it should have brought."""

import csv
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from recon_kit.extract.pulling.retrying import Patience
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.salesforce_api import pull_salesforce, write_raw
from recon_kit.extract.timed_adapter import TimeOuts
from recon_kit.params import SAMPLE_FOLDER, Params, read_params, read_policy

from .loopback.salesforce_company import SalesforceCompany

PARAMS = read_params()
POLICY = read_policy(PARAMS)
HASTE = Patience(TimeOuts(connect=2, read=0.5, whole=1.5), attempts=3, total=10, first_wait=0.01, longest_wait=0.05)
SECRETS = {"SALESFORCE_CLIENT_ID": "canary-3MVG9-client-id", "SALESFORCE_CLIENT_SECRET": "canary-8F1C2-client-secret"}


def environment(url: str, **more: str) -> dict[str, str]:
    """Credentials that the server accepts."""
    return {"SALESFORCE_DOMAIN": "acme.my", **SECRETS, "RECON_SALESFORCE_BASE_URL": str(url), **more}


@dataclass
class Puller:
    """Pulls into one folder, as often as asked."""

    folder: Path
    url: str
    params: Params = PARAMS

    def pull(self, patience=HASTE, **more):
        return pull_salesforce(
            self.folder, self.params, POLICY, environment=environment(self.url, **more), patience=patience
        )

    def raw(self, name=None):
        """Rows of every object by name and Id, as written to the raw layout; of a snapshot, or the newest."""
        snapshots = Snapshots(self.folder, "salesforce")
        write_raw(snapshots.named(name) if name else snapshots.newest(), self.folder / "raw")
        return rows_of(self.folder / "raw")


def rows_of(folder: Path) -> dict[str, dict[str, dict[str, str]]]:
    """Rows of every object by name and Id."""
    found = {}
    for file in sorted((folder / "salesforce").glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
        found[file.stem] = {row["Id"]: row for row in rows}
        assert len(found[file.stem]) == len(rows), f"{file.name} has an Id twice"
    return found


def told(folder: Path, *operations, source=SAMPLE_FOLDER) -> dict[str, dict[str, dict[str, str]]]:
    """Rows that the org has after changes, all its columns."""
    company = SalesforceCompany(source)
    for operation in operations:
        company.change(operation, operation["at"])
    company.write(folder)
    return rows_of(folder)


def differences(pulled, expected) -> list[str]:
    """What was pulled and is not in the org, the other way round, or has other cells; columns are the pull's own."""
    faults = [f"{name}: not pulled" for name in expected.keys() - pulled.keys()]
    for name, rows in pulled.items():
        wanted = expected[name]
        faults += [f"{name} {one}: missing" for one in wanted.keys() - rows.keys()]
        faults += [f"{name} {one}: not in the org" for one in rows.keys() - wanted.keys()]
        for one in rows.keys() & wanted.keys():
            faults += [
                f"{name} {one}.{key}: {cell!r}, not {wanted[one][key]!r}"
                for key, cell in rows[one].items()
                if cell != wanted[one][key]
            ]
    return sorted(faults)


def open_shards(folder: Path) -> list[dict[str, object]]:
    """Shards of the partial snapshot that are open or dead."""
    partial = Snapshots(folder, "salesforce").partial()
    with sqlite3.connect(partial.file) as connection:
        return [json.loads(text) for (text,) in connection.execute("select shard from shards order by number")]
