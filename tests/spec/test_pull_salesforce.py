"""Spec 09, Salesforce: what is asked for, what comes, and what a fault, a kill or a change in between makes of it."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from recon_kit.extract.pulling.faults import PullStopped
from recon_kit.extract.pulling.snapshots import Snapshots
from recon_kit.extract.salesforce_api import planning, session
from recon_kit.extract.salesforce_api.cells import records_of_csv, records_of_json
from recon_kit.extract.salesforce_api.credentials import WAYS, credentials
from recon_kit.extract.salesforce_api.fields import select_fields
from recon_kit.params import SAMPLE_FOLDER
from recon_kit.policy import SettingsError
from tests.loopback import salesforce_server
from tests.pulling_salesforce import HASTE, PARAMS, SECRETS, Puller, differences, environment, open_shards, told

STAMPS = ["LastModifiedDate", "SystemModstamp"]
OBJECTS = ["Account", "Contact", "Contract", "Opportunity", "OpportunityHistory", "OpportunityLineItem"]


@pytest.fixture(scope="module")
def org():
    """A server whose content no test changes."""
    with salesforce_server(SAMPLE_FOLDER, bulk_page=60, batch=200) as url:
        yield url


@pytest.fixture
def calm(org):
    """The same, without faults."""
    org.plan_faults([])
    org.reset()
    return org


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    return told(tmp_path_factory.mktemp("told"))


@pytest.fixture
def by_bulk(monkeypatch):
    """Objects of more than 100 rows are large."""
    monkeypatch.setattr(planning, "ROWS_FOR_BULK", 100)


def asked(url, word):
    """How often something was asked for, by object."""
    counted = url.counters()["requests"]
    return {
        subject.partition(":")[2]: number for subject, number in counted.items() if subject.partition(":")[0] == word
    }


# What comes ----------------------------------------------------------------------------------------------------------


def test_what_is_pulled_is_what_the_org_has(calm, expected, tmp_path):
    record = Puller(tmp_path, calm).pull()
    assert differences(Puller(tmp_path, calm).raw(), expected) == []
    assert record.complete
    assert record.why_full == "there is no snapshot yet"
    assert record.rows == {name: len(rows) for name, rows in expected.items()}
    assert record.counted_by_api == {
        name: sum(row["IsDeleted"] == "false" for row in rows.values()) for name, rows in expected.items()
    }
    assert asked(calm, "query").keys() == set(OBJECTS), "small objects come over REST"
    assert asked(calm, "bulk_create") == {}


def test_large_objects_come_by_bulk_jobs_and_give_the_same_bytes(calm, by_bulk, expected, tmp_path):
    record = Puller(tmp_path / "bulk", calm).pull()
    assert record.complete
    assert differences(Puller(tmp_path / "bulk", calm).raw(), expected) == []
    assert asked(calm, "bulk_create").keys() == set(OBJECTS) - {"Contract"}
    assert asked(calm, "query").keys() == {"Contract"}
    planning.ROWS_FOR_BULK = 10**9
    Puller(tmp_path / "rest", calm).pull()
    Puller(tmp_path / "rest", calm).raw()
    for file in sorted((tmp_path / "rest" / "raw" / "salesforce").iterdir()):
        assert file.read_bytes() == (tmp_path / "bulk" / "raw" / "salesforce" / file.name).read_bytes(), file.name


def test_jobs_run_side_by_side_and_are_not_waited_for_one_by_one(by_bulk, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, bulk_polls=4) as url:
        began = time.monotonic()
        assert Puller(tmp_path, url).pull().complete
        assert time.monotonic() - began < 5 * 1.5, "five jobs of at least 1.5 seconds each"
        created = url.control("jobs")
    assert len(created) == 5


def test_deleted_and_merged_accounts_come_too(calm, tmp_path):
    Puller(tmp_path, calm).pull()
    merged = [row for row in Puller(tmp_path, calm).raw()["Account"].values() if row["MasterRecordId"]]
    assert merged
    assert all(row["IsDeleted"] == "true" for row in merged)


# Cells ---------------------------------------------------------------------------------------------------------------

DESCRIBED = {
    "fields": [
        {"name": "Id", "type": "id"},
        {"name": "IsDeleted", "type": "boolean"},
        {"name": "Name", "type": "string"},
        {"name": "Amount", "type": "currency"},
        {"name": "Description", "type": "textarea"},
        {"name": "BillingAddress", "type": "address"},
        {"name": "OwnerId", "type": "reference", "relationshipName": "Owner", "referenceTo": ["User"]},
        {"name": "SystemModstamp", "type": "datetime"},
    ]
}
USER = {"fields": [{"name": "Name", "type": "string"}, {"name": "SystemModstamp", "type": "datetime"}]}

#   column         as REST gives it                        as a Bulk job gives it          in the file
CELLS = [
    ("IsDeleted",   "false",                                "false",                        "false"),
    ("Name",        "null",                                 '""',                           ""),
    ("Name",        '"a \\"b\\", c"',                       '"a ""b"", c"',                 'a "b", c'),
    ("Description", '"one\\r\\ntwo\\n"',                    '"one\r\ntwo\n"',               "one\r\ntwo\n"),
    ("Description", '"1.0E7"',                              '"1.0E7"',                      "1.0E7"),
    ("Amount",      "12000.50",                             '"12000.50"',                   "12000.50"),
    ("Amount",      "1.0E7",                                '"1.0E7"',                      "10000000"),
    ("Amount",      "-1.25e-3",                             '"-1.25e-3"',                   "-0.00125"),
    ("Amount",      "123456789012345678.01",                '"123456789012345678.01"',      "123456789012345678.01"),
    ("Owner.Name",  '{"attributes": {}, "Name": "Jo Doe"}', '"Jo Doe"',                     "Jo Doe"),
    ("Owner.Name",  "null",                                 '""',                           ""),
]  # fmt: skip


@pytest.mark.parametrize(("column", "json_text", "csv_cell", "cell"), CELLS)
def test_both_ways_give_the_same_cell(column, json_text, csv_cell, cell):
    chosen = select_fields("Opportunity", DESCRIBED, {}, {"User": USER}.get)
    key = column.partition(".")[0]
    row = json.loads(f'{{"Id": "006A", "{key}": {json_text}}}', parse_float=Decimal)
    header = ",".join(chosen.columns)
    line = ",".join({"Id": '"006A"', column: csv_cell}.get(name, '""') for name in chosen.columns)
    by_rest, by_job = records_of_json([row], chosen), records_of_csv(f"{header}\n{line}\n", chosen)
    place = chosen.columns.index(column)
    assert json.loads(by_rest[0].text)[place] == json.loads(by_job[0].text)[place] == cell


def test_only_fields_that_exist_are_asked_for():
    chosen = select_fields(
        "Opportunity", DESCRIBED, {"contract": {"note": ["Why__c", "Description"]}}, {"User": USER}.get
    )
    assert chosen.columns == (
        "Id",
        "IsDeleted",
        "Name",
        "Amount",
        "Description",
        "OwnerId",
        "Owner.Name",
        "SystemModstamp",
    )


def test_related_fields_of_a_hidden_object_are_believed():
    chosen = select_fields("Opportunity", DESCRIBED, {"contract": {"note": ["Owner.Team*__c"]}}, {}.get)
    assert [name for name in chosen.columns if "." in name] == ["Owner.Name", "Owner.Email"]


def test_an_object_with_a_formula_is_asked_for_in_full():
    formula = {"name": "Billing_System__c", "type": "string", "calculated": True}
    chosen = select_fields("Opportunity", {"fields": [*DESCRIBED["fields"], formula]}, {}, {"User": USER}.get)
    assert chosen.has_formulas
    assert not select_fields("Opportunity", DESCRIBED, {}, {"User": USER}.get).has_formulas
    assert "formula" in planning._why_not_changes(chosen, chosen.columns)


# Faults --------------------------------------------------------------------------------------------------------------

#   kind               subject                    request  times
PASSING = [
    ("html_502",        "token",                         1, 1),
    ("500",             "token",                         1, 2),
    ("503",             "describe:Account",              1, 2),
    ("html_200",        "describe:Opportunity",          1, 1),
    ("empty_200",       "count:Account",                 1, 1),
    ("torn",            "limits",                        1, 1),
    ("500",             "query:Account",                 1, 2),
    ("html_200",        "query:Account",                 1, 1),
    ("reset",           "query_more:OpportunityHistory", 1, 1),
    ("reset_in_body",   "query_more:OpportunityHistory", 2, 1),
    ("torn",            "query_more:Contact",            1, 2),
    ("torn_chunk",      "query:Opportunity",             1, 1),
    ("slow",            "query:Contact",                 1, 1),
    ("hang",            "query_more:OpportunityHistory", 1, 1),
    ("401",             "query_more:OpportunityHistory", 1, 1),
    ("session_expired", "query_more:OpportunityHistory", 1, 1),
    ("session_expired", "count:Contract",                2, 1),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "at", "times"), PASSING)
def test_a_fault_that_passes_costs_nothing(kind, subject, at, times, calm, expected, tmp_path):
    calm.plan_faults([{"kind": kind, "subject": subject, "at": at, "times": times, "seconds": 2}])
    record = Puller(tmp_path, calm).pull()
    assert calm.counters()["faults_left"] == 0, "the fault was never met"
    assert (record.complete, record.missing) == (True, ())
    assert differences(Puller(tmp_path, calm).raw(), expected) == []


PASSING_IN_JOBS = [
    ("503",             "bulk_create:Account",           1, 2),
    ("403",             "bulk_create:Account",           1, 1),
    ("empty_200",       "bulk_create:Contact",           1, 1),
    ("html_200",        "bulk_poll:Account",             1, 1),
    ("job_failed",      "bulk_create:Account",           1, 1),
    ("job_aborted",     "bulk_poll:Opportunity",         1, 1),
    ("job_expired",     "bulk_poll:Contact",             1, 1),
    ("job_expired",     "bulk_results:OpportunityHistory", 3, 1),
    ("html_200",        "bulk_results:OpportunityHistory", 2, 1),
    ("empty_200",       "bulk_results:OpportunityHistory", 2, 1),
    ("torn",            "bulk_results:OpportunityHistory", 2, 1),
    ("torn_chunk",      "bulk_results:Account",          1, 1),
    ("hang",            "bulk_results:Account",          1, 1),
    ("401",             "bulk_results:OpportunityHistory", 4, 1),
    ("session_expired", "bulk_results:OpportunityHistory", 4, 1),
    ("session_expired", "bulk_poll:Account",             1, 1),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "at", "times"), PASSING_IN_JOBS)
def test_a_fault_of_a_job_that_passes_costs_nothing(kind, subject, at, times, calm, by_bulk, expected, tmp_path):
    test_a_fault_that_passes_costs_nothing(kind, subject, at, times, calm, expected, tmp_path)


def test_a_session_that_ends_every_few_requests_is_renewed(by_bulk, expected, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, session_requests=7, bulk_page=60, batch=200) as url:
        assert Puller(tmp_path, url).pull().complete
        assert differences(Puller(tmp_path, url).raw(), expected) == []
        assert url.counters()["requests"]["token"] > 5


#   kind          subject                        what is missing                   why
LASTING = [
    ("500",        "query:Contact",                "Contact",            "UNKNOWN_EXCEPTION"),
    ("torn",       "query_more:OpportunityHistory", "OpportunityHistory", "cut short"),
    ("hang",       "query:Opportunity",            "Opportunity",        "in the time allowed"),
    ("403",        "query:Account",                "Account",            "INSUFFICIENT_ACCESS"),
    ("html_200",   "query_more:Contact",           "Contact",            "no JSON"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subject", "missing", "why"), LASTING)
def test_a_fault_that_stays_leaves_an_incomplete_pull_that_the_next_one_completes(
    kind, subject, missing, why, calm, expected, tmp_path
):
    calm.plan_faults([{"kind": kind, "subject": subject, "at": 1, "times": None, "seconds": 5}])
    record = Puller(tmp_path, calm).pull()
    assert not record.complete
    assert [each.object_name for each in record.missing] == [missing]
    assert why in record.missing[0].error
    assert Snapshots(tmp_path, "salesforce").newest() is None
    others = Puller(tmp_path, calm).raw(record.snapshot)
    assert differences({name: rows for name, rows in others.items() if name != missing}, expected | {missing: {}}) == [
        f"{missing}: not pulled"
    ]
    calm.plan_faults([])
    calm.reset()
    again = Puller(tmp_path, calm).pull()
    assert (again.complete, again.snapshot) == (True, record.snapshot)
    assert differences(Puller(tmp_path, calm).raw(), expected) == []


@pytest.mark.parametrize(
    ("subject", "missing"), [("bulk_poll:Account", "Account"), ("bulk_results:Contact", "Contact")]
)
def test_a_job_that_never_succeeds_is_given_up(subject, missing, calm, by_bulk, tmp_path):
    kind = "job_failed" if "poll" in subject else "job_expired"
    calm.plan_faults([{"kind": kind, "subject": subject, "at": 1, "times": None}])
    record = Puller(tmp_path, calm).pull()
    assert [each.object_name for each in record.missing] == [missing]
    assert 3 <= asked(calm, "bulk_create")[missing] <= 4


def test_a_job_that_is_never_done_is_given_up_in_time(by_bulk, tmp_path):
    hurried = dataclasses.replace(HASTE, total=0.3)
    with salesforce_server(SAMPLE_FOLDER, bulk_polls=10**6) as url:
        began = time.monotonic()
        record = Puller(tmp_path, url).pull(hurried)
        assert time.monotonic() - began < 20
    assert {each.object_name for each in record.missing} == set(OBJECTS) - {"Contract"}
    assert all("was not done after" in each.error for each in record.missing)


# Limits --------------------------------------------------------------------------------------------------------------


def test_a_pull_leaves_requests_to_others(tmp_path):
    with salesforce_server(SAMPLE_FOLDER, daily=1_500) as url, pytest.raises(PullStopped) as stopped:
        Puller(tmp_path, url).pull()
    assert re.search(r"1,4\d\d of 15,000 API requests left .* leaves 10% to others", str(stopped.value))


def test_a_limit_met_on_the_way_stops_the_pull_and_the_next_one_goes_on(calm, expected, tmp_path):
    calm.plan_faults([{"kind": "limit_exceeded", "subject": "query_more:OpportunityHistory", "at": 1, "times": None}])
    with pytest.raises(PullStopped, match="REQUEST_LIMIT_EXCEEDED"):
        Puller(tmp_path, calm).pull()
    calm.plan_faults([])
    calm.reset()
    record = Puller(tmp_path, calm).pull()
    assert record.complete
    assert differences(Puller(tmp_path, calm).raw(), expected) == []


def test_without_bulk_jobs_left_rest_does_it(by_bulk, expected, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, bulk_jobs=2) as url:
        assert Puller(tmp_path, url).pull().complete
        assert asked(url, "bulk_create") == {}
        assert differences(Puller(tmp_path, url).raw(), expected) == []


# Interruptions -------------------------------------------------------------------------------------------------------

PULL = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from recon_kit.extract.salesforce_api import planning
from tests.pulling_salesforce import Puller
planning.ROWS_FOR_BULK = int(sys.argv[4])
Puller(Path(sys.argv[1]), sys.argv[2]).pull()
"""


@pytest.mark.parametrize(("threshold", "requests"), [(10**9, 18), (10**9, 21), (100, 22), (100, 45)])
def test_a_killed_pull_goes_on_where_it_was(threshold, requests, by_bulk, expected, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, bulk_page=60, batch=200, latency=0.02) as url:
        root = str(Path(__file__).parents[2])
        running = subprocess.Popen([sys.executable, "-c", PULL, str(tmp_path), str(url), root, str(threshold)])
        while url.counters()["total"] < requests and running.poll() is None:
            time.sleep(0.005)
        os.kill(running.pid, signal.SIGKILL)
        running.wait()
        left = [shard["object_name"] for shard in open_shards(tmp_path)]
        assert left, "it was killed too late"
        url.reset()
        record = Puller(tmp_path, url).pull()
        assert record.complete
        assert differences(Puller(tmp_path, url).raw(), expected) == []
        assert len(Snapshots(tmp_path, "salesforce").finished()) == 1
        again = asked(url, "bulk_create").keys() | {name for name, number in asked(url, "query").items() if number > 1}
        assert again <= set(left), "what was fetched before the kill is only asked for what changed since"


# Incremental ---------------------------------------------------------------------------------------------------------


def some(expected, name, number, **equal):
    """Ids of some rows."""
    live = {"IsDeleted": "false"} | equal
    return [one for one, row in expected[name].items() if all(row[key] == value for key, value in live.items())][
        :number
    ]


def test_changes_are_merged_into_a_copy(expected, tmp_path):
    first, second, third, fourth, fifth = some(expected, "Account", 5)
    gone, *_ = some(expected, "Opportunity", 1)
    now = int(time.time())
    changes = [
        {"op": "update", "object": "Account", "id": first, "set": {"Name": 'Renamed, "Inc"\nof two lines'}},
        {"op": "add", "object": "Contact", "row": {"Id": "003Qy00000NEW00IAG", "AccountId": second, "Email": "new@acme.example"}},
        {"op": "delete", "object": "Account", "id": third},
        {"op": "merge", "object": "Account", "id": fourth, "into": fifth},
        {"op": "delete", "object": "Opportunity", "id": gone},
        {"op": "undelete", "object": "Account", "id": third},
    ]  # fmt: skip
    changes = [change | {"at": now + 5} for change in changes]
    with salesforce_server(SAMPLE_FOLDER) as url:
        puller = Puller(tmp_path / "pulls", url)
        earlier = puller.pull()
        kept = puller.raw(earlier.snapshot)
        url.change(*changes)
        url.reset()
        record = puller.pull()
        assert (record.kind, record.lineage, record.complete) == ("incremental", (earlier.snapshot,), True)
        assert differences(puller.raw(), told(tmp_path / "told", *changes)) == []
        assert puller.raw(earlier.snapshot) == kept, "the snapshot before stays as it was"
        assert all(" WHERE SystemModstamp >= " in query for query in record.queries.values())
        assert url.counters()["bytes_sent"] < 400_000


@pytest.mark.parametrize("name", ["Account", "OpportunityHistory"])
def test_purged_rows_leave_no_trace_so_their_object_is_pulled_in_full(name, expected, tmp_path):
    purged = some(expected, name, 2)
    changes = [{"op": "purge", "object": name, "id": one, "at": int(time.time())} for one in purged]
    with salesforce_server(SAMPLE_FOLDER) as url:
        puller = Puller(tmp_path / "pulls", url)
        puller.pull()
        url.change(*changes)
        url.reset()
        assert puller.pull().complete
        assert differences(puller.raw(), told(tmp_path / "told", *changes)) == []
        assert asked(url, "query")[name] == 2, "once for changes, once for all"
        assert asked(url, "query")["Contract"] == 1


def test_rows_that_are_made_while_others_are_fetched_are_not_missed(expected, tmp_path):
    made = {"Id": "001Qy00000NEW00IAG", "Name": "Made meanwhile"}
    change = {"op": "add", "object": "Account", "row": made, "at": int(time.time())}
    with salesforce_server(SAMPLE_FOLDER, bulk_polls=4) as url:
        root = str(Path(__file__).parents[2])
        running = subprocess.Popen([sys.executable, "-c", PULL, str(tmp_path / "pulls"), str(url), root, "100"])
        while not asked(url, "bulk_poll"):
            time.sleep(0.01)
        url.change(change)
        assert running.wait() == 0
        assert asked(url, "query") == {"Account": 1, "Contract": 1}, "what changed since the pull began"
        assert differences(Puller(tmp_path / "pulls", url).raw(), told(tmp_path / "told", change)) == []


def test_a_renamed_product_reaches_lines_that_did_not_change(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(SAMPLE_FOLDER / "salesforce", source / "salesforce")
    lines = pl.read_csv(source / "salesforce" / "OpportunityLineItem.csv", infer_schema=False)
    stamped = lines.with_columns(pl.lit("2024-01-01T00:00:00.000+0000").alias("Product2.LastModifiedDate"))
    stamped.write_csv(source / "salesforce" / "OpportunityLineItem.csv")
    product = lines["Product2Id"][0]
    rename = {"op": "update", "object": "Product2", "id": product, "set": {"Name": "Renamed"}, "at": int(time.time())}
    shown = [
        {"op": "update", "object": "OpportunityLineItem", "id": row["Id"], "set": {"Product2.Name": "Renamed"} | {name: row[name] for name in STAMPS}}
        for row in lines.filter(pl.col("Product2Id") == product).iter_rows(named=True)
    ]  # fmt: skip
    with salesforce_server(source) as url:
        puller = Puller(tmp_path / "pulls", url)
        puller.pull()
        url.change(rename, *shown)
        assert puller.pull().kind == "incremental"
        rows = puller.raw()["OpportunityLineItem"]
    told_names = {one: row["Product2.Name"] for one, row in rows.items()}
    assert {one for one, name in told_names.items() if name == "Renamed"} == {change["id"] for change in shown}


def test_another_org_or_other_fields_are_not_merged(calm, tmp_path):
    Puller(tmp_path, calm).pull()
    mapped = PARAMS.model_copy(update={"fields": {"account": {"city": ["BillingStreet"]}}})
    record = Puller(tmp_path, calm, mapped).pull()
    assert record.kind == "incremental"
    assert record.notes == ("Account was pulled in full: its fields are others than in the last snapshot.",)
    with salesforce_server(SAMPLE_FOLDER, instance="other.my.salesforce.com") as other:
        assert Puller(tmp_path, other).pull().why_full == "the last snapshot is of another org"


def test_an_org_is_the_same_behind_another_port(tmp_path):
    kinds = []
    for port in (8443, 9443):
        with salesforce_server(SAMPLE_FOLDER, instance=f"gate.acme.example:{port}") as url:
            kinds.append(Puller(tmp_path, url).pull().kind)
    assert kinds == ["full", "incremental"]


# What cannot be pulled -----------------------------------------------------------------------------------------------


def test_an_org_without_an_optional_object_or_field_is_pulled_without(expected, tmp_path):
    hidden = {"Account": ["VAT_Number__c", "Owner.Name"], "Opportunity": ["Payment_Terms__c"]}
    with salesforce_server(SAMPLE_FOLDER, without=["Contract", "OpportunityLineItem"], hidden=hidden) as url:
        puller = Puller(tmp_path, url)
        record = puller.pull()
        rows = puller.raw()
    assert record.complete
    assert record.absent.keys() == {"Contract", "OpportunityLineItem"}
    assert "NOT_FOUND" in record.absent["Contract"]
    assert rows.keys() == set(OBJECTS) - record.absent.keys()
    assert "VAT_Number__c" not in next(iter(rows["Account"].values()))
    assert "Payment_Terms__c" not in next(iter(rows["Opportunity"].values()))


def test_an_object_that_cannot_be_counted_does_not_keep_the_others_out(expected, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, faults=[{"kind": "500", "subject": "count:Contract", "times": None}]) as url:
        puller = Puller(tmp_path, url)
        record = puller.pull()
    assert [(each.object_name, each.shard) for each in record.missing] == [("Contract", "count of live rows")]
    assert record.rows == {name: len(rows) for name, rows in expected.items()}


def test_names_of_a_related_object_that_is_hidden_are_left_out_where_they_are_refused(expected, tmp_path):
    with salesforce_server(SAMPLE_FOLDER, without=["Product2"]) as url:
        puller = Puller(tmp_path, url)
        record = puller.pull()
        rows = puller.raw()
    assert record.complete
    assert [name for name in next(iter(rows["OpportunityLineItem"].values())) if name.startswith("Product2.")] == []
    assert rows["OpportunityLineItem"].keys() == expected["OpportunityLineItem"].keys()
    assert differences(rows | {"OpportunityLineItem": expected["OpportunityLineItem"]}, expected) == []


def test_everything_required_that_is_missing_stands_in_one_message(tmp_path):
    hidden = {"Opportunity": ["Amount", "CloseDate", "IsWon", "StageName"]}
    mapped = PARAMS.model_copy(update={"fields": {"contract": {"note": ["Notiz__c"]}}})
    with (
        salesforce_server(SAMPLE_FOLDER, without=["Account"], hidden=hidden) as url,
        pytest.raises(PullStopped) as stopped,
    ):
        Puller(tmp_path, url, mapped).pull()
    words = str(stopped.value).splitlines()
    assert [line.split(" that ")[0] for line in words if "required" not in line] == [
        "Opportunity has no field IsWon",
        "Opportunity has no field CloseDate",
        "Opportunity has no field Amount",
        "Opportunity has no field Notiz__c",
    ]
    assert "does not show the required object Account" in words[0]
    assert "name the right one in params under fields.contract.note" in words[-1]
    assert Snapshots(tmp_path, "salesforce").partial() is None


def test_an_object_that_salesforce_refuses_to_describe_is_not_taken_for_absent(calm, tmp_path):
    calm.plan_faults([{"kind": "403", "subject": "describe:Contract", "at": 1, "times": None}])
    with pytest.raises(PullStopped, match=r"refuses to describe Contract \(INSUFFICIENT_ACCESS"):
        Puller(tmp_path, calm).pull()


def test_an_unknown_api_version_is_told(calm, tmp_path, monkeypatch):
    def of_tomorrow(given):
        return dataclasses.replace(credentials(given), api_version="99.0")

    monkeypatch.setattr(session, "credentials", of_tomorrow)
    with pytest.raises(PullStopped, match=r"does not know Salesforce API version 99\.0; it knows 31\.0 to 65\.0"):
        Puller(tmp_path, calm).pull()


def test_a_sandbox_is_told(tmp_path):
    with salesforce_server(SAMPLE_FOLDER, instance="acme--uat.sandbox.my.salesforce.com") as url:
        record = Puller(tmp_path, url).pull()
    assert record.mode == "test"
    assert "sandbox" in record.notes[-1]


# Logging in ----------------------------------------------------------------------------------------------------------


def key_pair(folder):
    """A private key in a file, and the public one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    file = folder / "key.pem"
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return file, public.decode()


@pytest.mark.parametrize("domain", ["", "login", "test", "acme.my", "https://acme--uat.sandbox.my.salesforce.com/"])
def test_a_signed_assertion_logs_in(domain, tmp_path):
    file, public = key_pair(tmp_path)
    audience = "test.salesforce.com" if domain == "test" or "sandbox" in domain else "acme.my.salesforce.com"
    given = {
        "SALESFORCE_USERNAME": "pull@acme.example",
        "SALESFORCE_CLIENT_ID": "app",
        "SALESFORCE_PRIVATE_KEY_FILE": str(file),
        "SALESFORCE_DOMAIN": domain,
    }
    with salesforce_server(
        SAMPLE_FOLDER, public_key=public, client_id="app", username="pull@acme.example", instance=audience
    ) as url:
        opened = session.Session(given | {"RECON_SALESFORCE_BASE_URL": url}, HASTE)
        assert opened.count("Account") > 0


def test_user_name_and_token_log_in_with_a_warning(calm):
    given = {
        "SALESFORCE_USERNAME": "u",
        "SALESFORCE_PASSWORD": "p",
        "SALESFORCE_SECURITY_TOKEN": "t",
        "RECON_SALESFORCE_BASE_URL": calm,
    }
    with pytest.warns(FutureWarning, match="retires"):
        opened = session.Session(given, HASTE)
    assert (opened.api_version, opened.count("Account") > 0) == ("64.0", True)


#   what is set                                                            what the message says
INCOMPLETE = [
    ({},                                                                     "SALESFORCE_DOMAIN, SALESFORCE_CLIENT_ID, SALESFORCE_CLIENT_SECRET not set"),
    ({"SALESFORCE_DOMAIN": "acme.my", "SALESFORCE_CLIENT_ID": "id"},         "client credentials: SALESFORCE_CLIENT_SECRET not set"),
    ({"SALESFORCE_CLIENT_ID": "id", "SALESFORCE_CLIENT_SECRET": " "},        "SALESFORCE_DOMAIN, SALESFORCE_CLIENT_SECRET not set"),
    ({"SALESFORCE_USERNAME": "u", "SALESFORCE_CLIENT_ID": "id"},             "JWT: SALESFORCE_PRIVATE_KEY_FILE not set"),
    ({"SALESFORCE_DOMAIN": "login", **SECRETS},                              "need the org's own domain"),
    ({"SALESFORCE_USERNAME": "u", "SALESFORCE_CLIENT_ID": "id", "SALESFORCE_PRIVATE_KEY_FILE": "/absent.pem"}, "SALESFORCE_PRIVATE_KEY_FILE names cannot be read"),
    ({"SALESFORCE_DOMAIN": "a", **SECRETS, "RECON_SALESFORCE_BASE_URL": "http://salesforce.example"},          "RECON_SALESFORCE_BASE_URL must be an https address"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "words"), INCOMPLETE)
def test_what_lacks_in_the_environment_is_named(given, words, tmp_path):
    with pytest.raises(SettingsError, match=re.escape(words)):
        session.Session(given, HASTE)


def test_a_key_file_that_holds_no_key_is_told(calm, tmp_path):
    (tmp_path / "key.pem").write_text("canary, not a key")
    given = dict.fromkeys(WAYS["JWT"], "x") | {
        "SALESFORCE_PRIVATE_KEY_FILE": str(tmp_path / "key.pem"),
        "RECON_SALESFORCE_BASE_URL": calm,
    }
    with pytest.raises(SettingsError, match="holds no usable private key") as told_:
        session.Session(given, HASTE).log_in()
    assert "canary" not in str(told_.value)


def test_refused_credentials_are_told_without_them(tmp_path):
    with salesforce_server(SAMPLE_FOLDER, client_id="another") as url, pytest.raises(PullStopped) as stopped:
        Puller(tmp_path, url).pull()
    assert "client credentials (invalid_client_id: client identifier invalid)" in str(stopped.value)
    assert not any(secret in str(stopped.value) for secret in SECRETS.values())
    assert stopped.value.__suppress_context__


def test_a_login_in_a_netrc_file_does_not_take_the_tokens_place(calm, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login somebody password canary\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert Puller(tmp_path, calm).pull().complete


def test_nothing_written_holds_a_secret(calm, tmp_path, caplog):
    caplog.set_level(0)
    calm.plan_faults([{"kind": "500", "subject": "query:Contact", "at": 1, "times": None}])
    Puller(tmp_path, calm).pull()
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()) + caplog.text.encode()
    assert b"UNKNOWN_EXCEPTION" in written
    assert not [secret for secret in (*SECRETS.values(), "loopbackSessionToken") if secret.encode() in written]


def test_the_login_gives_no_advice_that_quotes_the_client(tmp_path):
    file, public = key_pair(tmp_path)
    given = {
        "SALESFORCE_USERNAME": "stranger",
        "SALESFORCE_CLIENT_ID": "canary",
        "SALESFORCE_PRIVATE_KEY_FILE": str(file),
    }
    given |= {"SALESFORCE_DOMAIN": "", "SALESFORCE_CLIENT_SECRET": ""}
    with salesforce_server(SAMPLE_FOLDER, public_key=public, username="known") as url, warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PullStopped, match="refuses the login by JWT"):
            Puller(tmp_path, url).pull(**given)


def test_environment_of_the_tests_is_complete():
    assert credentials(environment("http://127.0.0.1:1")).way == "client credentials"
