"""Spec 09, Stripe: complete, restartable, incremental, and plain about what is missing; against a server on loopback."""

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.record import PullRecord
from recon_kit.extract.pulling.retrying import Patience
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.stripe_api import client, pull_stripe, workers, write_raw
from recon_kit.extract.stripe_api.changes import made_in_a_pause
from recon_kit.extract.stripe_api.client import requests_per_second
from recon_kit.extract.timed_adapter import TimeOuts
from recon_kit.policy import Policy
from tests.loopback import stripe_server
from tests.loopback.stripe_company import StripeCompany
from tests.world import build_world

KEY = "rk_live_canary51AbCdEfGh"
QUICK = Patience(TimeOuts(connect=2, read=1, whole=3), attempts=4, total=20, first_wait=0.01, longest_wait=0.05)
FAST = Policy(stripe_requests_per_second=1000)
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    build_world(7, 40).render(folder, shape="new", gzip=False)
    _lengthen(folder / "stripe" / "invoices.jsonl", "lines", 250)
    _lengthen(folder / "stripe" / "subscriptions.jsonl", "items", 120)
    return folder


def _lengthen(file: Path, field: str, length: int) -> None:
    """Give the second object an embedded list of so many elements."""
    lines = file.read_text(encoding="utf-8").splitlines()
    changed = json.loads(lines[1])
    model = changed[field]["data"][0]
    changed[field]["data"] = [model | {"id": f"{model['id']}{number:03d}"} for number in range(length)]
    changed[field]["total_count"] = length
    lines[1] = json.dumps(changed, separators=(",", ":"))
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def quiet_server(company: Path) -> Iterator[Any]:
    with stripe_server(company) as url:
        yield url


@pytest.fixture
def server(quiet_server: Any) -> Any:
    """The server, without faults and with all permissions."""
    quiet_server.plan_faults([])
    quiet_server.control("without", [])
    quiet_server.reset()
    return quiet_server


def environment(url: str, key: str = KEY) -> dict[str, str]:
    return {"STRIPE_API_KEY": key, "RECON_STRIPE_API_BASE": str(url)}


def pull(url: str, folder: Path, policy: Policy = FAST, *, key: str = KEY) -> PullRecord:
    return pull_stripe(folder, policy, environment=environment(url, key), show_progress=False, patience=QUICK)


def pulled(folder: Path, record: PullRecord) -> dict[str, list[Any]]:
    """Every object's records as they lie in ``raw/``, sorted by their text."""
    files = write_raw(Snapshots(folder, "stripe").named(record.snapshot), folder / f"raw {record.snapshot}")
    return {file.name.split(".")[0]: _sorted(gzip.open(file, "rt", encoding="utf-8")) for file in files}


def expected(company: StripeCompany, folder: Path) -> dict[str, list[Any]]:
    """What the same company says in files."""
    company.write(folder)
    return {file.stem: _sorted(file.open(encoding="utf-8")) for file in (folder / "stripe").iterdir()}


def _sorted(lines: Any) -> list[Any]:
    with lines:
        found = list(map(json.loads, lines))
    for event in (each for each in found if each.get("object") == "event"):
        event["data"]["object"].get("lines", {}).pop("total_count", None)  # the server leaves it in payloads
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))


def differing(found: dict[str, list[Any]], wanted: dict[str, list[Any]]) -> dict[str, tuple[int, int]]:
    names = found.keys() | wanted.keys()
    return {
        name: (len(found.get(name, [])), len(wanted.get(name, [])))
        for name in names
        if found.get(name) != wanted.get(name)
    }


# Complete ----------------------------------------------------------------------------------------------------------------


def test_what_is_pulled_equals_object_for_object_what_the_files_say(server, company, tmp_path):
    record = pull(server, tmp_path)
    found = pulled(tmp_path, record)
    assert record.complete
    assert differing(found, expected(StripeCompany(company), tmp_path / "wanted")) == {}
    assert record.rows == {name: len(rows) for name, rows in found.items()}
    assert any(len(rows) > 100 for rows in found.values()), "the company is too small to test paging"
    assert len(found["invoice_lines"]) > 200, "the company has no invoice with several pages of lines"
    assert max(len(each["items"]["data"]) for each in found["subscriptions"]) > 110


def test_nothing_is_fetched_twice_and_few_requests_are_wasted(server, tmp_path):
    record = pull(server, tmp_path)
    counted = server.counters()
    assert counted["total"] == record.requests
    pages = sum(-(-rows // 100) or 1 for name, rows in record.rows.items() if name != "payout_balance_transactions")
    inside = counted["requests"]["balance_transactions?payout"] + counted["requests"].get("invoices/id/lines", 0)
    assert record.requests - inside < 2 * pages + 40


def test_more_open_lists_than_are_held_in_memory_are_all_fetched(server, company, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_QUEUE", 3)
    record = pull(server, tmp_path)
    assert differing(pulled(tmp_path, record), expected(StripeCompany(company), tmp_path / "wanted")) == {}


def test_a_second_pull_of_an_unchanged_company_gives_the_same_bytes(server, tmp_path):
    first, second = pull(server, tmp_path / "a"), pull(server, tmp_path / "b")
    files = [
        {
            file.name: file.read_bytes()
            for file in write_raw(Snapshots(home, "stripe").named(record.snapshot), home / "raw")
        }
        for home, record in ((tmp_path / "a", first), (tmp_path / "b", second))
    ]
    assert files[0] == files[1]


def test_snapshots_are_private_to_the_user(server, tmp_path):
    pull(server, tmp_path / "snapshots")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "snapshots").rglob("*") if path.is_dir()}
    assert set(modes.values()) == {0}


# Interrupted -------------------------------------------------------------------------------------------------------------

PULLING = """
import sys
from pathlib import Path
from recon_kit.extract.stripe_api import pull_stripe
from recon_kit.policy import Policy
environment = {"STRIPE_API_KEY": sys.argv[2], "RECON_STRIPE_API_BASE": sys.argv[1]}
pull_stripe(Path(sys.argv[3]), Policy(stripe_requests_per_second=200), environment=environment, show_progress=False)
"""


def _records_kept(folder: Path) -> int:
    stores = list(folder.glob("stripe/*.partial/objects.sqlite"))
    if not stores:
        return 0
    try:
        with closing(sqlite3.connect(f"{stores[0].as_uri()}?mode=ro", uri=True)) as store:
            return store.execute("select count(*) from records").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("kept", [1, 400, 1200])
def test_a_pull_that_was_killed_goes_on_where_it_was(server, company, tmp_path, kept):
    server.control("latency", 0.05)
    command = [sys.executable, "-c", PULLING, str(server), KEY, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    try:
        deadline = time.monotonic() + 30
        while _records_kept(tmp_path) < kept and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        server.control("latency", 0)
    assert process.returncode == -signal.SIGKILL, "it was through before it was killed"
    rows = _records_kept(tmp_path)
    server.reset()
    record = pull(server, tmp_path)
    assert record.complete
    assert differing(pulled(tmp_path, record), expected(StripeCompany(company), tmp_path / "wanted")) == {}
    assert rows >= kept
    assert server.counters()["total"] < record.requests, "what was fetched before the kill was fetched again"
    assert not list(tmp_path.glob("stripe/*.partial"))


def test_two_pulls_at_once_are_refused(server, tmp_path):
    with Snapshots(tmp_path, "stripe").locked(), pytest.raises(PullStopped, match="Another pull from stripe"):
        pull(server, tmp_path)


# Faults ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["429", "429_retry_after", "500", "503", "html_200", "html_502", "empty_200", "reset", "reset_in_body", "torn", "torn_chunk", "slow", "late", "hang"],
)  # fmt: skip
def test_a_fault_that_passes_leaves_no_trace(server, company, tmp_path, kind):
    subjects = {"invoices": 1, "events": 3, "prices": 1, "balance_transactions?payout": 2, "balance": 1}
    server.plan_faults([{"kind": kind, "subject": each, "at": at, "times": 1} for each, at in subjects.items()])
    record = pull(server, tmp_path)
    assert record.complete
    assert differing(pulled(tmp_path, record), expected(StripeCompany(company), tmp_path / "wanted")) == {}
    assert record.retries >= (0 if kind in {"slow", "late"} else 1)


@pytest.mark.parametrize("kind", ["500", "torn", "html_200", "reset", "hang"])
@pytest.mark.parametrize("at", [1, 3])
def test_what_fails_for_good_is_named_and_fetched_by_the_next_pull(server, company, tmp_path, kind, at):
    server.plan_faults([{"kind": kind, "subject": "charges", "at": at, "times": None}])
    record = pull(server, tmp_path)
    wanted = expected(StripeCompany(company), tmp_path / "wanted")
    assert not record.complete
    assert {each.object_name for each in record.missing} == {"charges"}
    assert all(each.attempts == QUICK.attempts and "/v1/charges" in each.shard for each in record.missing)
    assert differing(pulled(tmp_path, record), wanted).keys() == {"charges"}
    assert Snapshots(tmp_path, "stripe").newest() is None
    _missing_ranges_hold_what_is_missing(tmp_path, record, wanted)
    server.plan_faults([])
    again = pull(server, tmp_path)
    assert again.complete
    assert again.snapshot == record.snapshot
    assert differing(pulled(tmp_path / "", again), wanted) == {}


def _missing_ranges_hold_what_is_missing(folder: Path, record: PullRecord, wanted: dict[str, list[Any]]) -> None:
    known = {each["id"] for each in pulled(folder, record)["charges"]}
    for charge in wanted["charges"]:
        if charge["id"] not in known:
            assert any(
                (each.gte or 0) <= charge["created"] < (each.lt or charge["created"] + 1) for each in record.missing
            )


def test_when_nothing_is_answered_any_more_the_pull_ends_soon_and_says_what_is_missing(server, tmp_path):
    server.plan_faults([{"kind": "reset", "subject": "*", "at": 25, "times": None}])
    began = time.monotonic()
    record = pull(server, tmp_path)
    assert time.monotonic() - began < 30
    assert not record.complete
    server.plan_faults([])
    assert pull(server, tmp_path).complete


def test_tries_in_vain_are_counted_among_the_requests(server, tmp_path):
    server.plan_faults([{"kind": "500", "subject": "*", "at": 2, "times": None}])
    record = pull(server, tmp_path)
    assert not record.complete
    assert record.requests == server.counters()["total"]


def test_a_refused_key_stops_the_pull_and_is_not_shown(server, tmp_path):
    server.plan_faults([{"kind": "401", "subject": "charges", "at": 2, "times": None}])
    with pytest.raises(PullStopped) as stopped:
        pull(server, tmp_path)
    assert "STRIPE_API_KEY" in str(stopped.value)
    assert "run again" in str(stopped.value)
    assert KEY not in repr(stopped.value)
    server.plan_faults([])
    assert pull(server, tmp_path).complete


def test_secrets_are_written_nowhere(server, tmp_path, caplog):
    caplog.set_level("DEBUG")
    server.plan_faults([{"kind": "500", "subject": "charges", "at": 1, "times": None}])
    pull(server, tmp_path)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert KEY.encode() not in written
    assert KEY not in caplog.text


# Permissions and modes ---------------------------------------------------------------------------------------------------


def test_an_object_the_key_may_not_read_is_absent_with_the_permission_it_needs(server, company, tmp_path):
    server.control("without", ["rak_charge_read"])
    record = pull(server, tmp_path)
    assert record.complete
    assert "rak_charge_read" in record.absent["charges"]
    assert "charges" not in pulled(tmp_path, record)
    server.control("without", [])
    again = pull(server, tmp_path)
    assert again.kind == "incremental"
    assert differing(pulled(tmp_path, again), expected(StripeCompany(company), tmp_path / "wanted")) == {}


def test_what_payouts_consist_of_is_fetched_once_the_key_may_read_it(server, company, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "_QUEUE", 5)
    server.control("without", ["rak_balance_read"])
    record = pull(server, tmp_path)
    assert {"balance_transactions", "payout_balance_transactions"} <= record.absent.keys()
    server.control("without", [])
    again = pull(server, tmp_path)
    assert again.kind == "incremental"
    assert differing(pulled(tmp_path, again), expected(StripeCompany(company), tmp_path / "wanted")) == {}


def test_all_missing_permissions_are_named_at_once(server, tmp_path):
    server.control("without", ["rak_customer_read", "rak_invoice_read", "rak_dispute_read"])
    with pytest.raises(PullStopped):
        pull(server, tmp_path)
    with pytest.raises(PullStopped) as stopped:
        pull(server, tmp_path)
    assert all(
        name in str(stopped.value)
        for name in ("customers", "rak_customer_read", "rak_invoice_read", "rak_dispute_read")
    )
    server.control("without", [])
    assert pull(server, tmp_path).complete


def test_a_permission_lost_midway_makes_the_pull_incomplete(server, tmp_path):
    server.plan_faults([{"kind": "403", "subject": "charges", "at": 3, "times": None}])
    record = pull(server, tmp_path)
    assert not record.complete
    assert {each.object_name for each in record.missing} == {"charges"}


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("", "STRIPE_API_KEY is not set"),
        ("pk_live_abcdefgh12345", "sk_ or rk_"),
        ("rk_test_abcdefgh12345", "stripe_mode"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_before_any_request(server, tmp_path, key, says):
    with pytest.raises(PullStopped, match=says):
        pull(server, tmp_path, key=key)
    assert server.counters()["total"] == 0


def test_an_address_that_would_show_the_key_is_refused(tmp_path):
    with pytest.raises(ValueError, match="RECON_STRIPE_API_BASE"):
        pull("http://stripe.example", tmp_path)


def test_an_object_of_the_other_mode_stops_the_pull(company, tmp_path):
    with stripe_server(company) as url:
        url.change(
            {"op": "add", "list": "customers", "object": {"id": "cus_strayed", "livemode": False}, "event": None}
        )
        with pytest.raises(PullStopped, match="cus_strayed is of test mode"):
            pull(url, tmp_path)


# Incremental -------------------------------------------------------------------------------------------------------------


def test_what_changed_is_merged_into_a_copy_of_the_last_snapshot(company, tmp_path):
    now = int(time.time())
    mirror = StripeCompany(company)
    customers = list(mirror.tables["customers"].rows["id"])
    invoice = mirror.tables["invoices"].rows["id"][0]
    subscription = mirror.tables["subscriptions"].rows["id"][3]
    pending = next(each for each in _objects(mirror, "balance_transactions"))
    charge = mirror.tables["charges"].rows["id"][0]
    coupon = mirror.tables["coupons"].rows["id"][0]
    price = mirror.tables["prices"].rows["id"][0]
    with stripe_server(company) as url:
        both = Both(url, mirror, now)
        both.change({"op": "update", "list": "balance_transactions", "id": pending["id"], "set": {"status": "pending"}})
        first = pull(url, tmp_path)
        both.change(
            {"op": "add", "list": "customers", "object": {"id": "cus_new", "livemode": True, "name": "New"}},
            {"op": "update", "list": "subscriptions", "id": subscription, "set": {"status": "canceled"}},
            {"op": "update", "list": "invoices", "id": invoice, "set": {"number": "CHANGED"}},
            {"op": "delete", "list": "customers", "id": customers[-1]},
            {
                "op": "update",
                "list": "charges",
                "id": charge,
                "set": {"amount_refunded": 100},
                "event": "charge.refunded",
            },
            {"op": "update", "list": "balance_transactions", "id": pending["id"], "set": {"status": "available"}},
            {"op": "update", "list": "prices", "id": price, "set": {"nickname": "Changed"}, "event": None},
            {"op": "delete", "list": "coupons", "id": coupon},
        )
        url.change({"op": "forget_events", "before": now - 30 * 86_400})
        url.reset()
        second = pull(url, tmp_path)
        third = pull(url, tmp_path)
    found = pulled(tmp_path, second)
    assert (first.kind, second.kind, second.lineage) == ("full", "incremental", (first.snapshot,))
    assert third.lineage == (second.snapshot, first.snapshot)
    assert differing(found, expected(mirror, tmp_path / "wanted")) == {}
    assert differing(pulled(tmp_path, third), found) == {}
    assert second.requests < first.requests / 2


class Both:
    """Changes a server and its mirror alike."""

    def __init__(self, url: Any, mirror: StripeCompany, at: int) -> None:
        self.url, self.mirror, self.at = url, mirror, at

    def change(self, *operations: dict[str, object]) -> None:
        for operation in operations:
            self.url.change(operation | {"at": self.at})
            self.mirror.change(operation | {"at": self.at}, self.at)


def _objects(company: StripeCompany, name: str) -> Iterator[dict[str, Any]]:
    table = company.tables[name]
    return (json.loads(table.text(position)) for position in range(len(table)))


def test_a_gap_longer_than_the_event_horizon_forces_a_full_pull_that_keeps_the_events(company, tmp_path):
    with stripe_server(company) as url:
        first = pull(url, tmp_path)
        _age(tmp_path, first, days=31)
        url.change({"op": "forget_events", "before": int(time.time()) - 30 * 86_400})
        second = pull(url, tmp_path)
    assert second.kind == "full"
    assert "31 days old" in second.why_full
    assert second.lineage == ()
    assert second.rows["events"] == first.rows["events"] > 0


def _age(folder: Path, record: PullRecord, *, days: int) -> None:
    snapshot = Snapshots(folder, "stripe").named(record.snapshot)
    with snapshot.open() as store:
        store.set_facts(began=store.fact("began") - days * 86_400)
        store.seal()


def test_another_account_is_never_merged_into_the_last_snapshot(company, tmp_path):
    build_world(8, 12).render(tmp_path / "other", shape="new", gzip=False)
    with stripe_server(company) as url:
        both_now = int(time.time())
        url.change({"op": "add", "list": "customers", "object": {"id": "cus_1", "livemode": True}, "at": both_now})
        pull(url, tmp_path)
    with stripe_server(tmp_path / "other") as url:
        second = pull(url, tmp_path)
    assert second.kind == "full"
    assert "another Stripe account" in second.why_full
    assert differing(pulled(tmp_path, second), expected(StripeCompany(tmp_path / "other"), tmp_path / "wanted")) == {}


@pytest.mark.parametrize("is_first", [True, False])
def test_a_pull_that_goes_on_after_a_pause_holds_what_changed_in_it(company, tmp_path, is_first):
    mirror = StripeCompany(company)
    lost = {name: mirror.tables[name].rows["id"][0] for name in ("customers", "invoices")}
    payment, price = next(_objects(mirror, "balance_transactions")), next(_objects(mirror, "prices"))
    with stripe_server(company) as url:
        if not is_first:
            assert pull(url, tmp_path).complete
        url.plan_faults([{"kind": "500", "subject": "subscription_schedules", "times": None}])
        assert not pull(url, tmp_path).complete
        url.plan_faults([])
        now = int(time.time())
        payment |= {"id": "txn_new", "created": now}
        Both(url, mirror, now).change(
            {"op": "add", "list": "balance_transactions", "object": payment, "event": None},
            {"op": "add", "list": "prices", "object": price | {"id": "price_new", "created": now}},
            {"op": "update", "list": "invoices", "id": lost["invoices"], "set": {"number": "CHANGED"}},
            {"op": "delete", "list": "customers", "id": lost["customers"]},
        )
        record = pull(url, tmp_path)
    assert record.complete
    assert record.kind == ("full" if is_first else "incremental")
    assert differing(pulled(tmp_path, record), expected(mirror, tmp_path / "wanted")) == {}


def test_a_second_pause_leaves_open_what_the_first_one_brought():
    first, second = ({shard.key for shard in made_in_a_pause(since)} for since in (1_000, 2_000))
    assert {key.split()[0] for key in first} == {key.split()[0] for key in second} > {"charges", "balance"}
    assert not first & second


def test_what_answers_a_list_but_not_single_objects_loses_none(company, tmp_path):
    now, mirror = int(time.time()), StripeCompany(company)
    changed, deleted = mirror.tables["customers"].rows["id"][:2]
    with stripe_server(company) as url:
        both = Both(url, mirror, now)
        pull(url, tmp_path)
        both.change(
            {"op": "update", "list": "customers", "id": changed, "set": {"name": "Changed"}},
            {"op": "delete", "list": "customers", "id": deleted},
        )
        url.plan_faults([{"kind": "404", "subject": "*/id", "times": None}])
        record = pull(url, tmp_path)
    assert (record.kind, record.complete) == ("incremental", True)
    assert differing(pulled(tmp_path, record), expected(mirror, tmp_path / "wanted")) == {}


def test_what_happens_by_a_clock_that_lags_is_found_too(company, tmp_path):
    mirror = StripeCompany(company)
    changed, newest = mirror.tables["customers"].rows["id"][0], int(time.time()) - 5 * 86_400
    with stripe_server(company) as url:
        both = Both(url, mirror, newest)
        both.change({"op": "update", "list": "customers", "id": changed, "set": {"name": "Before"}})
        url.change({"op": "forget_events", "before": newest})
        pull(url, tmp_path)
        both.at += 3_600
        both.change({"op": "update", "list": "customers", "id": changed, "set": {"name": "After"}})
        record = pull(url, tmp_path)
    assert record.kind == "incremental"
    assert {each["id"]: each for each in pulled(tmp_path, record)["customers"]}[changed]["name"] == "After"


# Pace --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "given", "rate"),
    [("live", {}, 80), ("test", {}, 20), ("test", {"stripe_requests_per_second": 24}, 24), ("live", {"stripe_requests_per_second": 5}, 5)],
)  # fmt: skip
def test_the_rate_is_that_of_the_policy_and_less_with_a_test_key(mode, given, rate):
    assert requests_per_second(Policy(stripe_mode=mode, **given)) == rate


def test_a_server_that_allows_less_than_wanted_is_not_stormed(company, tmp_path):
    with stripe_server(company, rate=30, retry_after=1) as url:
        record = pull(url, tmp_path, Policy(stripe_requests_per_second=60))
    assert record.complete
    assert record.rate_limited < 0.15 * record.requests


@pytest.mark.parametrize(
    ("told", "seconds"), [("2", 2), ("900", 60), ("-1", None), ("nan", None), ("soon", None), ("", None)]
)
def test_a_wait_that_makes_no_sense_is_not_obeyed(told, seconds):
    assert client._seconds({"Retry-After": told}) == seconds


# Counted -----------------------------------------------------------------------------------------------------------------


def test_lists_are_held_against_the_count_that_stripe_gives(company, tmp_path):
    with stripe_server(company, total_count=True) as url:
        record = pull(url, tmp_path)
        assert record.complete
        assert record.counted_by_api["invoices.lines"] > 250
        _lose_a_line(tmp_path, record)
        again = pull(url, tmp_path)
        assert not again.complete
        assert "but lists" in again.missing[0].error
        assert again.missing[0].object_name == "invoices"
        assert pull(url, tmp_path).complete


def _lose_a_line(folder: Path, record: PullRecord) -> None:
    with Snapshots(folder, "stripe").named(record.snapshot).open() as store:
        store.remove("invoice_lines", [next(iter(store.ids("invoice_lines")))])
        store.seal()


def test_an_object_deleted_while_its_list_is_paged_loses_nothing(company, tmp_path):
    shutil.copytree(company, tmp_path / "company")
    file = tmp_path / "company" / "stripe" / "products.jsonl"
    product = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    many = [product | {"id": f"prod_{number:05d}", "created": 1_600_000_000 + number} for number in range(250)]
    with file.open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in many)
    customers = tmp_path / "company" / "stripe" / "customers.jsonl"
    model = json.loads(customers.read_text(encoding="utf-8").splitlines()[0])
    made = [model | {"id": f"cus_{number:05d}", "created": 1_600_000_000} for number in range(250)]
    with customers.open("a", encoding="utf-8") as lines:
        lines.writelines(json.dumps(each, separators=(",", ":")) + "\n" for each in made)
    with stripe_server(tmp_path / "company") as url:
        cursors = _cursors_after_a_page(url, tmp_path)
        mirror = StripeCompany(tmp_path / "company")
        now = int(time.time())
        for name in ("customers", "products"):
            Both(url, mirror, now).change({"op": "delete", "list": name, "id": cursors[name], "event": None})
        record = pull(url, tmp_path)
        gone = {("customers", cursors["customers"]), ("products", cursors["products"])}
    assert record.complete
    found = pulled(tmp_path, record)
    kept = {name: [each for each in found[name] if (name, each.get("id")) not in gone] for name in found}
    assert differing(kept, expected(mirror, tmp_path / "wanted")) == {}


def _cursors_after_a_page(url: Any, folder: Path) -> dict[str, str]:
    """Pull but for the lists of customers and products, of which only the first page comes; where they go on."""
    url.plan_faults([{"kind": "500", "subject": name, "at": 2, "times": None} for name in ("customers", "products")])
    assert not pull(url, folder).complete
    url.plan_faults([])
    with Snapshots(folder, "stripe").partial().open() as store:
        return {letter.shard.object_name: letter.shard.after for letter in store.dead()}
