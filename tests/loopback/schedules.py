"""One pull through a seeded schedule of faults: ``python -m tests.loopback.schedules COMPANY SEED``.

Even seeds pull from Stripe, odd ones from Salesforce; every third is killed (SIGKILL) at a moment of its seed and goes
on. Each pull must end complete and identical, or incomplete and naming every object that is not whole, or stop with
words; the pull after the last fault must be complete and identical. What does not hold is printed, one line each.
"""

import csv
import dataclasses
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recon_kit.extract import salesforce_api, stripe_api
from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.record import PullRecord
from recon_kit.extract.pulling.retrying import Patience
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.salesforce_api import planning
from recon_kit.extract.timed_adapter import TimeOuts
from recon_kit.params import read_params
from recon_kit.policy import Policy
from tests.loopback import Running, salesforce_server, stripe_server
from tests.loopback.company import write_as_served
from tests.loopback.faults import SALESFORCE_KINDS, STRIPE_KINDS, seeded_faults

ROOT = Path(__file__).parents[2]
ROUNDS, FAULTS = 2, 4
HASTE = Patience(TimeOuts(connect=2, read=0.7, whole=2), attempts=3, total=10, first_wait=0.01, longest_wait=0.05)
ENVIRONMENT = {
    "STRIPE_API_KEY": "rk_live_canary51Schedules",
    "SALESFORCE_DOMAIN": "acme.my",
    "SALESFORCE_CLIENT_ID": "client",
    "SALESFORCE_CLIENT_SECRET": "canary-of-schedules",
}


@dataclass(frozen=True)
class System:
    """How one of the two is served, pulled and compared."""

    name: str
    address: str
    serve: Callable[..., AbstractContextManager[Running]]
    subjects: tuple[str, ...]
    kinds: tuple[str, ...]

    def pull(self, folder: Path, url: str) -> PullRecord:
        """Pull with little patience."""
        how: dict[str, Any] = {
            "environment": {**ENVIRONMENT, self.address: url},
            "show_progress": False,
            "patience": HASTE,
        }
        if self.name == "stripe":
            return stripe_api.pull_stripe(folder, Policy(stripe_requests_per_second=1000), **how)
        return salesforce_api.pull_salesforce(folder, read_params(), Policy(), **how)

    def written(self, folder: Path, record: PullRecord) -> dict[str, dict[str, Any]]:
        """What a pull brought, by object and id."""
        raw = Path(tempfile.mkdtemp(dir=folder))
        write_raw = stripe_api.write_raw if self.name == "stripe" else salesforce_api.write_raw
        write_raw(Snapshots(folder, self.name).named(record.snapshot), raw)
        return records_of(raw / self.name)


STRIPE = System(
    "stripe",
    "RECON_STRIPE_API_BASE",
    stripe_server,
    ("customers", "subscriptions", "invoices", "charges", "events", "invoices/id/lines", "balance*", "p*", "*"),
    STRIPE_KINDS,
)
SALESFORCE = System(
    "salesforce",
    "RECON_SALESFORCE_BASE_URL",
    salesforce_server,
    ("token", "limits", "describe:*", "count:*", "query:*", "query_more:*", "bulk_create:*", "bulk_poll:*", "bulk_results:*"),
    SALESFORCE_KINDS,
)  # fmt: skip


def records_of(folder: Path) -> dict[str, dict[str, Any]]:
    """Read raw files as records by object and id; a record without an id goes by its content."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(folder.iterdir()):
        rows = list(_rows(file))
        name = file.name.split(".")[0]
        found[name] = {_key(row): row for row in rows}
        assert len(found[name]) == len(rows), f"{file.name} has a record twice"
    return found


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".csv":
        with file.open(encoding="utf-8", newline="") as opened:
            yield from csv.DictReader(opened)
        return
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("object") == "event":
                row["data"]["object"].get("lines", {}).pop("total_count", None)  # stays in payloads, as served
            yield row


def _key(row: dict[str, Any]) -> str:
    return str(row.get("id") or row.get("Id") or json.dumps(row, sort_keys=True))


def differing(found: dict[str, dict[str, Any]], wanted: dict[str, dict[str, Any]]) -> set[str]:
    """Objects whose records are not those wanted; of Salesforce only the columns that were asked for count."""
    return {name for name in found.keys() | wanted.keys() if _differs(found.get(name), wanted.get(name))}


def _differs(found: dict[str, Any] | None, wanted: dict[str, Any] | None) -> bool:
    if not found or not wanted:
        return (found or {}) != (wanted or {})
    if found.keys() != wanted.keys():
        return True
    is_row = "Id" in next(iter(found.values()))
    return any(
        any(wanted[one][column] != cell for column, cell in row.items()) if is_row else row != wanted[one]
        for one, row in found.items()
    )


def run(company: Path, seed: int) -> list[str]:
    """Run one schedule; returns what does not hold."""
    system, chosen = (STRIPE, SALESFORCE)[seed % 2], random.Random(f"schedule {seed}")
    faults: list[str] = []
    with tempfile.TemporaryDirectory() as scratch, system.serve(company) as url:
        folder = Path(scratch)
        write_as_served(company, folder / "wanted")
        wanted = records_of(folder / "wanted" / system.name)
        for number in range(ROUNDS):
            planned = seeded_faults(
                seed * ROUNDS + number, system.subjects, system.kinds, count=FAULTS, hang_seconds=3.0
            )
            url.plan_faults(planned)
            if seed % 3 == 0:
                _killed(company, seed, folder, str(url), after=chosen.uniform(0.2, 2.5))
            faults += [f"seed {seed} round {number}: {one}" for one in _judged(system, folder, str(url), wanted)]
        url.plan_faults([])
        record = system.pull(folder, str(url))
        if not record.complete or record.absent:
            faults.append(f"seed {seed}: not whole after the last fault: {record.missing} {record.absent}")
        faults += [
            f"seed {seed}: {name} differs in the end" for name in differing(system.written(folder, record), wanted)
        ]
    return faults


def _judged(system: System, folder: Path, url: str, wanted: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Pull, and hold what the record says against what came."""
    try:
        record = system.pull(folder, url)
    except PullStopped as said:
        if len(str(said)) < 20 or any(secret in str(said) for secret in ENVIRONMENT.values() if "canary" in secret):
            yield f"it stopped without words, or showed a secret: {said}"
        return
    named = {_object(missing.object_name) for missing in record.missing} | set(record.absent)
    for name in sorted(differing(system.written(folder, record), wanted) - named):
        yield f"{name} is not whole, and the record names {sorted(named) or 'nothing'}"
    if record.complete != (not record.missing):
        yield f"complete is {record.complete}, missing {record.missing}"


def _object(name: str) -> str:
    """Items of a subscription are put into it."""
    return "subscriptions" if name.startswith("subscription_items") else name


def _killed(company: Path, seed: int, folder: Path, url: str, *, after: float) -> None:
    """Begin a pull in a process of its own and kill it."""
    command = [sys.executable, "-m", "tests.loopback.schedules", str(company), str(seed), str(folder), url]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(1.0 + after)
        process.kill()


def main(arguments: list[str]) -> None:
    """Run a schedule, or only its pull."""
    planning.ROWS_FOR_BULK = 60  # so that a small org has objects of both kinds; here, in a process of its own
    company, seed = Path(arguments[0]), int(arguments[1])
    if len(arguments) > 2:
        record = (STRIPE, SALESFORCE)[seed % 2].pull(Path(arguments[2]), arguments[3])
        print(json.dumps(dataclasses.asdict(record)["rows"]))
        return
    for fault in run(company, seed):
        print(fault)


if __name__ == "__main__":
    main(sys.argv[1:])
