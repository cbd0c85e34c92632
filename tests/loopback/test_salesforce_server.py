"""The unmodified simple-salesforce library against the loopback server."""

import csv
import io
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import SFType
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceOperationError,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.loopback import salesforce_server
from tests.loopback.company import write_as_served


def rows_of(folder: Path, name: str) -> dict[str, dict[str, str]]:
    """Rows of a raw file by id; a row that an export repeats is one row."""
    with (folder / "salesforce" / f"{name}.csv").open(encoding="utf-8", newline="") as opened:
        return {row["Id"]: row for row in csv.DictReader(opened)}


def cell(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def flat(record: dict) -> dict[str, str]:
    """A record as a row of the CSV."""
    row = {}
    for name, value in record.items():
        if isinstance(value, dict):
            row |= {f"{name}.{inner}": cell(held) for inner, held in value.items() if inner != "attributes"}
        elif name != "attributes":
            row[name] = cell(value)
    return row


@pytest.fixture(scope="module")
def org(company):
    """A server that no test changes."""
    with salesforce_server(company) as url:
        yield url


@pytest.fixture(scope="module")
def keys() -> tuple[str, str]:
    """A private key and its public one."""
    made = rsa.generate_private_key(65537, 2048)
    private = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


OBJECTS = ["Account", "Contact", "Contract", "Opportunity", "OpportunityHistory", "OpportunityLineItem"]


@pytest.mark.parametrize("name", OBJECTS)
def test_rest_and_bulk_give_every_row_as_it_is(org, company, salesforce, name, tmp_path):
    client, expected = (
        salesforce(org, parse_float=Decimal),
        rows_of(company, name),
    )
    fields = next(iter(expected.values())).keys()
    query = f"SELECT {', '.join(fields)} FROM {name}"  # noqa: S608 no database
    found = [
        flat(record)
        for record in client.query_all_iter(
            query, include_deleted=True, headers={"Sforce-Query-Options": "batchSize=200"}
        )
    ]
    assert {row["Id"]: {field: row.get(field, "") for field in fields} for row in found} == expected
    assert len(found) == len(expected)
    pages = list(getattr(client.bulk2, name).query_all(query, max_records=70, wait=0.01))
    assert len(pages) == -(-len(expected) // 70)
    assert {row["Id"]: row for page in pages for row in csv.DictReader(io.StringIO(page))} == expected
    assert client.query(f"SELECT COUNT() FROM {name}", include_deleted=True)["totalSize"] == len(expected)  # noqa: S608 no database


def test_deleted_and_merged_rows_come_with_query_all_only(org, company, salesforce):
    client = salesforce(org)
    live = [row for row in rows_of(company, "Account").values() if row["IsDeleted"] == "false"]
    merged = {key: row["MasterRecordId"] for key, row in rows_of(company, "Account").items() if row["MasterRecordId"]}
    assert merged
    assert client.query("SELECT COUNT() FROM Account")["totalSize"] == len(live) < len(rows_of(company, "Account"))
    found = client.query_all("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", include_deleted=True)[
        "records"
    ]
    assert {row["Id"]: row["MasterRecordId"] for row in found} == merged
    assert client.query("SELECT Id FROM Account WHERE IsDeleted = true")["records"] == []
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        client.Account.get(next(iter(merged)))
    assert client.Account.get(live[0]["Id"])["Name"] == live[0]["Name"]


def test_describe_tells_types_and_where_references_lead(org, salesforce):
    told = {field["name"]: field for field in salesforce(org).Opportunity.describe()["fields"]}
    kinds = {
        "Id": "id",
        "Amount": "currency",
        "IsWon": "boolean",
        "CloseDate": "date",
        "SystemModstamp": "datetime",
        "OwnerId": "reference",
        "StageName": "picklist",
    }
    assert {name: told[name]["type"] for name in kinds} == kinds
    assert (told["OwnerId"]["referenceTo"], told["OwnerId"]["relationshipName"]) == (["User"], "Owner")
    assert told["Contract_Start_Date__c"]["custom"] is True
    assert "Owner.Name" not in told
    assert {"User", "Product2", *OBJECTS} == {one["name"] for one in salesforce(org).describe()["sobjects"]}
    with pytest.raises(SalesforceResourceNotFound, match="NOT_FOUND"):
        salesforce(org).Nothing__c.describe()


CONDITIONS = [
    ("StageName = 'closed won'", lambda row: row["StageName"] == "Closed Won"),
    (
        "StageName != 'Closed Won' AND Amount >= 10000",
        lambda row: row["StageName"] != "Closed Won" and float(row["Amount"] or 0) >= 10000,
    ),
    (
        "Amount < 5000 OR CurrencyIsoCode IN ('EUR', 'GBP')",
        lambda row: (row["Amount"] and float(row["Amount"]) < 5000) or row["CurrencyIsoCode"] in ("EUR", "GBP"),
    ),
    ("ContractId = null", lambda row: not row["ContractId"]),
    (
        "ContractId != null AND (CloseDate > 2026-01-01 OR CloseDate <= 2025-06-30)",
        lambda row: row["ContractId"] and (row["CloseDate"] > "2026-01-01" or row["CloseDate"] <= "2025-06-30"),
    ),
    ("SystemModstamp >= 2026-03-01T00:00:00Z", lambda row: row["SystemModstamp"] >= "2026-03-01"),
    (
        "SystemModstamp >= 2026-03-01T02:00:00.000+02:00 AND IsWon = TRUE",
        lambda row: row["SystemModstamp"] >= "2026-03-01" and row["IsWon"] == "true",
    ),
    ("NOT (IsWon = true)", lambda row: row["IsWon"] == "false"),
    ("CurrencyIsoCode NOT IN ('USD')", lambda row: row["CurrencyIsoCode"] != "USD"),
    ("Owner.Name = 'Tom Okonjo'", lambda row: row["Owner.Name"] == "Tom Okonjo"),
]


@pytest.mark.parametrize(("condition", "is_kept"), CONDITIONS)
def test_conditions_keep_what_they_say(org, company, salesforce, condition, is_kept):
    expected = sorted(
        key for key, row in rows_of(company, "Opportunity").items() if is_kept(row) and row["IsDeleted"] == "false"
    )
    assert 0 < len(expected) < len(rows_of(company, "Opportunity"))
    found = salesforce(org).query_all(f"SELECT Id FROM Opportunity WHERE {condition} ORDER BY Id")["records"]  # noqa: S608 no database
    assert [row["Id"] for row in found] == expected


def test_order_limit_offset_and_ids_of_fifteen_characters(org, company, salesforce):
    client = salesforce(org)
    expected = sorted(
        rows_of(company, "Opportunity").values(), key=lambda row: (row["CloseDate"], row["Id"]), reverse=True
    )
    found = client.query("SELECT Id, Account.Name FROM Opportunity ORDER BY CloseDate DESC, Id DESC LIMIT 3 OFFSET 1")[
        "records"
    ]
    assert [row["Id"] for row in found] == [row["Id"] for row in expected[1:4]]
    assert found[0]["Account"]["Name"] == rows_of(company, "Account")[expected[1]["AccountId"]]["Name"]
    assert found[0]["Account"]["attributes"]["type"] == "Account"
    assert client.query(f"SELECT Id FROM Opportunity WHERE Id = '{expected[0]['Id'][:15]}'")["totalSize"] == 1  # noqa: S608 no database


REFUSED = [
    ("SELECT Colour__c FROM Account", "INVALID_FIELD", "No such column 'Colour__c' on entity 'Account'"),
    ("SELECT Id FROM Colour__c", "INVALID_TYPE", "sObject type 'Colour__c' is not supported"),
    ("SELECT Boss.Name FROM Account", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
    ("SELECT Id, Name, id FROM Account", "INVALID_FIELD", "duplicate field selected: Id"),
    (
        "SELECT Id FROM Account WHERE SystemModstamp > '2026-01-01'",
        "INVALID_FIELD",
        "must be of type dateTime and should not be enclosed in quotes",
    ),
    ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD", "should be enclosed in quotes"),
    (
        "SELECT Id FROM Account WHERE IsDeleted = false AND Name = 'a' OR Name = 'b'",
        "MALFORMED_QUERY",
        "unexpected token",
    ),
    ("SELECT Id FROM", "MALFORMED_QUERY", "unexpected token"),
    ("SELECT Id FROM Account GROUP BY Name", "MALFORMED_QUERY", "unexpected token: 'GROUP'"),
]


@pytest.mark.parametrize(("query", "code", "message"), REFUSED)
def test_what_salesforce_refuses_is_refused_with_its_code(org, salesforce, query, code, message):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        salesforce(org).query(query)
    assert caught.value.content[0]["errorCode"] == code
    assert message in caught.value.content[0]["message"]


def test_absent_objects_and_hidden_fields(company, salesforce):
    with salesforce_server(company, without=["Contract"], hidden={"Account": ["VAT_Number__c"]}) as url:
        client = salesforce(url)
        with pytest.raises(SalesforceResourceNotFound):
            client.Contract.describe()
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_TYPE"):
            client.query("SELECT Id FROM Contract")
        assert "VAT_Number__c" not in {field["name"] for field in client.Account.describe()["fields"]}
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
            client.query("SELECT VAT_Number__c FROM Account")
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
            client.bulk2.Account.query("SELECT VAT_Number__c FROM Account", wait=0.01).__next__()


def test_logins(company, salesforce, keys):
    private, public = keys
    known = {
        "client_id": "id",
        "client_secret": "secret",
        "username": "a@b.example",
        "password": "pass",
        "security_token": "tok",
        "public_key": public,
    }
    stranger = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with salesforce_server(company, **known) as url:
        good = [
            {"consumer_key": "id", "consumer_secret": "secret", "domain": "acme.my"},
            {"username": "a@b.example", "consumer_key": "id", "privatekey": private},
            {"username": "a@b.example", "consumer_key": "id", "privatekey": private, "domain": "test"},
            {"username": "a@b.example", "password": "pass", "consumer_key": "id", "consumer_secret": "secret"},
            {"username": "a@b.example", "password": "pass", "security_token": "tok", "version": "59.0"},
        ]
        for credentials in good:
            assert salesforce(url, **credentials).query("SELECT COUNT() FROM Account")["totalSize"] > 0
        bad = [
            ({"consumer_key": "id", "consumer_secret": "wrong", "domain": "acme.my"}, "invalid client credentials"),
            ({"consumer_key": "other", "consumer_secret": "secret", "domain": "acme.my"}, "client identifier invalid"),
            ({"username": "a@b.example", "consumer_key": "id", "privatekey": stranger.decode()}, "invalid assertion"),
            (
                {"username": "a@b.example", "password": "wrong", "consumer_key": "id", "consumer_secret": "secret"},
                "authentication failure",
            ),
            (
                {"username": "a@b.example", "password": "pass", "security_token": "old", "version": "59.0"},
                "Invalid username, password, security token",
            ),
            (
                {"username": "a@b.example", "password": "pass", "security_token": "tok", "version": "65.0"},
                "not available in API version 65.0",
            ),
        ]
        for credentials, message in bad:
            with pytest.raises(SalesforceAuthenticationFailed, match=message):
                salesforce(url, **credentials)
        with pytest.warns(UserWarning, match="self-authorize"), pytest.raises(SalesforceAuthenticationFailed):
            salesforce(url, username="other@b.example", consumer_key="id", privatekey=private)


def test_versions_that_the_org_does_not_speak(org, salesforce):
    login = {"consumer_key": "id", "consumer_secret": "secret", "domain": "acme.my"}
    with pytest.raises(SalesforceResourceNotFound):
        salesforce(org, version="99.0", **login).query("SELECT Id FROM Account")
    with pytest.raises(Exception, match="UNSUPPORTED_API_VERSION"):
        salesforce(org, version="20.0", **login).query("SELECT Id FROM Account")


def test_a_session_ends_in_the_middle_and_the_cursor_goes_on(company, salesforce):
    with salesforce_server(company, session_requests=3) as url:
        client = salesforce(url)
        found = [
            row["Id"]
            for row in client.query_all_iter(
                "SELECT Id FROM OpportunityHistory", headers={"Sforce-Query-Options": "batchSize=200"}
            )
        ]
        assert sorted(found) == sorted(
            key for key, row in rows_of(company, "OpportunityHistory").items() if row["IsDeleted"] == "false"
        )
        for _ in range(3):
            client.query("SELECT COUNT() FROM Account")
        assert url.counters()["requests"]["token"] > 1
        handler = client.bulk2  # Bulk keeps the session it was made with
        url.control("end_sessions")
        with pytest.raises(SalesforceExpiredSession):
            next(handler.Account.query("SELECT Id FROM Account", wait=0.01))


def test_bulk_jobs_go_through_their_states(company, salesforce, tmp_path):
    with salesforce_server(company, bulk_polls=3, bulk_page=100) as url:
        bulk = salesforce(url).bulk2.Account
        made = bulk._client.create_job("queryAll", "SELECT Id, Name FROM Account")
        assert made["state"] == "UploadComplete"
        with pytest.raises(SalesforceMalformedRequest, match="INVALIDJOBSTATE"):
            bulk._client.get_query_results(made["id"])
        states = [bulk._client.get_job(made["id"], is_query=True)["state"] for _ in range(3)]
        assert states == ["InProgress", "InProgress", "JobComplete"]
        first = bulk._client.get_query_results(made["id"])
        assert first["number_of_records"] == 100
        rest = bulk._client.get_query_results(made["id"], locator=first["locator"])
        assert rest["locator"] == ""
        assert first["number_of_records"] + rest["number_of_records"] == len(rows_of(company, "Account"))
        with pytest.raises(SalesforceMalformedRequest, match="INVALID_LOCATOR"):
            bulk._client.get_query_results(made["id"], locator="nonsense!")
        files = bulk.download("SELECT Id FROM Contact", path=str(tmp_path), max_records=150, wait=0.01)
        assert sum(page["number_of_records"] for page in files) == sum(
            row["IsDeleted"] == "false" for row in rows_of(company, "Contact").values()
        )
        aborted = bulk._client.create_job("query", "SELECT Id FROM Account")
        assert bulk._client.abort_job(aborted["id"], is_query=True)["state"] == "Aborted"
        url.control("expire_jobs")
        with pytest.raises(SalesforceResourceNotFound):
            bulk._client.get_query_results(made["id"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT COUNT() FROM Account", "Aggregate"),
        ("SELECT Id, BillingAddress FROM Account", "compound data not supported"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
    ],
)
def test_bulk_refuses_what_only_rest_can(org, salesforce, query, message):
    with pytest.raises(SalesforceMalformedRequest, match=message):
        salesforce(org).bulk2.Account._client.create_job("query", query)


def test_the_compound_address_comes_by_rest(org, salesforce):
    found = salesforce(org).query("SELECT BillingAddress, BillingCity FROM Account LIMIT 1")["records"][0]
    assert found["BillingAddress"]["city"] == found["BillingCity"]


@pytest.mark.parametrize(
    ("kind", "subject", "error"),
    [
        ("job_failed", "bulk_create:Account", SalesforceOperationError),
        ("job_failed", "bulk_poll:Account", SalesforceOperationError),
        ("job_aborted", "bulk_poll:Account", SalesforceOperationError),
        ("job_expired", "bulk_results:Account", SalesforceResourceNotFound),
        ("limit_exceeded", "bulk_create:Account", SalesforceRefusedRequest),
    ],
)
def test_ill_fated_jobs(company, salesforce, kind, subject, error):
    with salesforce_server(company, faults=[{"kind": kind, "subject": subject}]) as url:
        bulk = salesforce(url).bulk2.Account
        with pytest.raises(error):
            list(bulk.query("SELECT Id FROM Account", wait=0.01))
        assert len(list(bulk.query("SELECT Id FROM Account", wait=0.01))) == 1


def test_limits_fall_and_refuse_at_last(company, salesforce):
    with salesforce_server(company, daily=4, bulk_jobs=1) as url:
        client = salesforce(url)
        assert client.limits()["DailyApiRequests"]["Remaining"] == 3
        client.query("SELECT COUNT() FROM Account")
        assert client.api_usage["api-usage"].used == 14_998
        job = client.bulk2.Account._client
        job.create_job("query", "SELECT Id FROM Account")
        with pytest.raises(SalesforceMalformedRequest, match="EXCEEDED_QUOTA"):
            job.create_job("query", "SELECT Id FROM Account")
        with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
            client.query("SELECT COUNT() FROM Account")


def test_changes_merges_and_purges(company, salesforce, tmp_path):
    live = [key for key, row in rows_of(company, "Account").items() if row["IsDeleted"] == "false"]
    contact = next(row for row in rows_of(company, "Contact").values() if row["AccountId"] == live[0])
    at = 1_800_000_000
    operations = [
        {"op": "merge", "object": "Account", "id": live[0], "into": live[1], "at": at},
        {"op": "update", "object": "Account", "id": live[2], "set": {"Name": 'New "Name"'}, "at": at + 1},
        {"op": "purge", "object": "Account", "id": live[3]},
        {"op": "delete", "object": "Account", "id": live[4], "at": at + 2},
        {"op": "add", "object": "Account", "row": {"Id": "001Qy0000NEWNEW1IAA", "Name": "New"}, "at": at + 3},
    ]
    with salesforce_server(company) as url:
        client = salesforce(url)
        before = client.query("SELECT COUNT() FROM Account")["totalSize"]
        url.change(*operations)
        assert client.query("SELECT COUNT() FROM Account")["totalSize"] == before - 2
        changed = client.query_all(
            "SELECT Id, Name, IsDeleted, MasterRecordId FROM Account WHERE SystemModstamp >= 2027-01-15T08:00:00Z ORDER BY SystemModstamp",
            include_deleted=True,
        )["records"]
        assert [(row["Id"], row["IsDeleted"], row["MasterRecordId"]) for row in changed] == [
            (live[0], True, live[1]),
            (live[2], False, None),
            (live[4], True, None),
            ("001Qy0000NEWNEW1IAA", False, None),
        ]
        assert client.Contact.get(contact["Id"])["AccountId"] == live[1]
        write_as_served(company, tmp_path, salesforce=operations)
        fields = ", ".join(field["name"] for field in client.Account.describe()["fields"] if field["type"] != "address")
        pages = client.bulk2.Account.query_all(f"SELECT {fields} FROM Account", wait=0.01)  # noqa: S608 no database
        found = {row["Id"]: row for page in pages for row in csv.DictReader(io.StringIO(page))}
        expected = rows_of(tmp_path, "Account")
        assert found == {key: {name: row[name] for name in fields.split(", ")} for key, row in expected.items()}


def test_open_queries_and_jobs_keep_their_rows_when_the_org_changes(company, salesforce):
    with salesforce_server(company, bulk_page=300) as url:
        client = salesforce(url)
        query, small = (
            "SELECT Id, StageName FROM OpportunityHistory ORDER BY Id",
            {"Sforce-Query-Options": "batchSize=200"},
        )
        expected = [(row["Id"], row["StageName"]) for row in client.query_all(query)["records"]]
        job = client.bulk2.OpportunityHistory._client
        own = job.create_job("query", query)["id"]
        job.wait_for_job(own, is_query=True, wait=0.01)
        page = client.query(query, headers=small)
        found = [(row["Id"], row["StageName"]) for row in page["records"]]
        for key, _ in expected[-3:]:
            url.change({"op": "purge", "object": "OpportunityHistory", "id": key})
        while not page["done"]:
            page = client.query_more(page["nextRecordsUrl"], identifier_is_url=True)
            found += [(row["Id"], row["StageName"]) for row in page["records"]]
        assert found == expected
        first = job.get_query_results(own)
        rest = job.get_query_results(own, locator=first["locator"], max_records=10_000)
        texts = (row for part in (first, rest) for row in csv.DictReader(io.StringIO(part["records"])))
        assert [row["Id"] for row in texts][:300] == [key for key, _ in expected[:300]]
        assert client.query("SELECT COUNT() FROM OpportunityHistory")["totalSize"] == len(expected) - 3


def test_a_missing_row_is_not_found(org, salesforce):
    account: SFType = salesforce(org).Account
    with pytest.raises(SalesforceResourceNotFound, match="NOT_FOUND"):
        account.get("001000000000000AAA")
