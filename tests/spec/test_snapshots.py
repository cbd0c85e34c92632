"""Snapshots on disk: how many are kept, and what a part that failed may concern."""

import json
from pathlib import Path

import pytest

from recon_kit.extract.pull_exposure import with_exposure
from recon_kit.extract.pull_report import IncompleteExtract, require_complete
from recon_kit.extract.pulling.record import Missing, PullRecord
from recon_kit.extract.pulling.shards import Record
from recon_kit.extract.pulling.snapshots import KEPT, Snapshot, Snapshots
from recon_kit.extract.stripe_api import write_raw
from recon_kit.params import read_params
from recon_kit.policy import Policy
from tests.whole_close import write_params

DAY = 86_400


def record(name: str, *missing: Missing) -> PullRecord:
    return PullRecord(
        system="stripe",
        snapshot=name,
        kind="full",
        started_at="2026-10-31T00:00:00+00:00",
        finished_at="2026-10-31T00:01:00+00:00",
        api_version="2026-10-28.endive",
        mode="live",
        missing=missing,
        complete=not missing,
    )


def opened(folder: Path) -> Snapshots:
    snapshots = Snapshots(folder / "kept", "stripe")
    with snapshots.locked():
        return snapshots


def finished(snapshots: Snapshots, day: int, *records: Record) -> Snapshot:
    snapshot = snapshots.begin(f"2026-10-{day:02d}T00:00:00+00:00")
    with snapshot.open() as store:
        store.keep("invoices", records)
        store.set_facts(answered=["invoices"])
        store.seal()
    return snapshots.finish(snapshot, record(snapshot.name))


def invoice(number: int, total: int, currency: str = "usd", *, day: int = 0) -> Record:
    said = {"id": f"in_{number}", "object": "invoice", "created": day * DAY + 1, "total": total, "currency": currency}
    return Record(f"in_{number}", day * DAY + 1, json.dumps(said))


def test_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    names = [finished(snapshots, day).name for day in range(1, KEPT + 4)]
    assert [one.name for one in snapshots.finished()] == names[-KEPT:]


@pytest.mark.parametrize(
    ("begin", "end", "money"),
    [
        (None, None, {"EUR": 700, "USD": 350}),
        (2 * DAY, None, {"EUR": 700, "USD": 250}),
        (2 * DAY, 3 * DAY, {"USD": 250}),
        (9 * DAY, None, {}),
    ],
)
def test_a_missing_range_names_the_money_it_held_before(
    tmp_path: Path, begin: int | None, end: int | None, money: dict[str, int]
) -> None:
    snapshots = opened(tmp_path)
    held = [invoice(1, 100, day=1), invoice(2, 250, day=2), invoice(3, 700, "eur", day=3)]
    finished(snapshots, 1, *held)
    partial = snapshots.begin("2026-10-31T00:00:00+00:00")
    lost = Missing("invoices", "part", "HTTP 500", attempts=8, gte=begin, lt=end)
    params = read_params(write_params(tmp_path, tmp_path))
    told = with_exposure(record(partial.name, lost), snapshots, write_raw, params, Policy())
    assert dict(told.missing[0].exposed) == money


def test_without_a_snapshot_before_no_money_is_told(tmp_path: Path) -> None:
    snapshots = opened(tmp_path)
    partial = snapshots.begin("2026-10-31T00:00:00+00:00")
    lost = record(partial.name, Missing("invoices", "part", "HTTP 500", attempts=8))
    params = read_params(write_params(tmp_path, tmp_path))
    assert with_exposure(lost, snapshots, write_raw, params, Policy()) == lost


def test_an_error_that_is_a_sentence_ends_once() -> None:
    short = record("20261031T000000Z", Missing("invoices", "all", "No such column.", 1))
    with pytest.raises(IncompleteExtract, match=r"all: No such column\. Run again"):
        require_complete([short], allow_incomplete=False)
