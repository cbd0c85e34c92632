"""Reading Salesforce files: every record in one bucket, merges, churn, and the state on as_of."""

import datetime as dt
import random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recon_kit import csv_text as csv_files
from recon_kit import money
from recon_kit.schemas import TABLES
from recon_kit.schemas.table import SchemaError
from tests.salesforce_snapshot import ACME, DEAL, csv_text, faults, one_deal, only, placed, read_files

D = dt.date.fromisoformat
BEFORE, AFTER = "2026-10-31T23:59:59.000+0000", "2026-11-01T00:00:00.000+0000"


# ---------------------------------------------------------------- buckets

#    column changed on the opportunity                                  rule               field
FAULTS = [
    ({"Amount": "1.005"},                                               "money_exact",     "Amount"),
    ({"Amount": "12,000.00"},                                           "money_exact",     "Amount"),
    ({"Amount": "n/a"},                                                 "money_exact",     "Amount"),
    ({"Amount": "100.5", "CurrencyIsoCode": "JPY"},                     "money_exact",     "Amount"),
    ({"CurrencyIsoCode": "USX"},                                        "known_currency",  "CurrencyIsoCode"),
    ({"CloseDate": "2026-02-30"},                                       "unreadable_date", "CloseDate"),
    ({"CloseDate": "31.10.2026"},                                       "unreadable_date", "CloseDate"),
    ({"CloseDate": "0026-10-31"},                                       "unreadable_date", "CloseDate"),
    ({"CloseDate": ""},                                                 "missing_date",    "CloseDate"),
    ({"Contract_Start_Date__c": "soon"},                                "unreadable_date", "Contract_Start_Date__c"),
    ({"Contract_End_Date__c": "2026-13-01"},                            "unreadable_date", "Contract_End_Date__c"),
    ({"Discount_End_Date__c": "x"},                                     "unreadable_date", "Discount_End_Date__c"),
    ({"CreatedDate": "yesterday"},                                      "unreadable_date", "CreatedDate"),
    ({"Contract_Term_Months__c": "0"},                                  "term_positive",   "Contract_Term_Months__c"),
    ({"Contract_Term_Months__c": "-12"},                                "term_positive",   "Contract_Term_Months__c"),
    ({"Contract_Term_Months__c": "twelve"},                             "term_positive",   "Contract_Term_Months__c"),
    ({"Contract_Term_Months__c": "12.5"},                               "term_positive",   "Contract_Term_Months__c"),
    ({"Contract_End_Date__c": "2026-01-14"},                            "end_before_start", "Contract_End_Date__c"),
    ({"Discount_Percent__c": "120"},                                    "unreadable_percent", "Discount_Percent__c"),
    ({"IsWon": "maybe"},                                                "unreadable_boolean", "IsWon"),
    ({"AccountId": "A9"},                                               "dangling_reference", "AccountId"),
    ({"AccountId": ""},                                                 "missing_account", "AccountId"),
    ({"Id": ""},                                                        "missing_key",     "Id"),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "rule", "field"), FAULTS)
def test_a_faulty_opportunity_is_quarantined_with_its_reason(tmp_path, columns, rule, field):
    sound = DEAL | {"Id": "O2"}
    reading = read_files(tmp_path, Opportunity=[sound, DEAL | columns])
    assert {(found[2], found[3], found[4]) for found in faults(reading)} == {(rule, field, 3)}
    assert reading.tables["contracts"]["opportunity_id"].to_list() == ["O2"]
    assert placed(reading)["Opportunity", "quarantined"] == 1
    row = reading.quarantine.row(0, named=True)
    assert row["value"] == (columns.get(field) or None)
    assert row["raw"].startswith(columns.get("Id", "O1"))
    assert row["reason"].endswith((".", ")"))


def test_every_reason_of_a_faulty_record_is_listed(tmp_path):
    deal = DEAL | {"Amount": "x", "CloseDate": "y", "AccountId": "A9"}
    reading = read_files(tmp_path, Opportunity=[deal])
    rules = {found[2] for found in faults(reading)}
    assert rules == {"money_exact", "unreadable_date", "dangling_reference"}
    assert placed(reading)["Opportunity", "quarantined"] == 1


def test_quarantined_money_is_counted_where_it_can_be_read(tmp_path):
    reading = read_files(tmp_path, Opportunity=[DEAL | {"AccountId": "A9"}, DEAL | {"Id": "O2", "Amount": "x"}])
    row = reading.buckets.filter(pl.col("object") == "Opportunity").row(0, named=True)
    assert (row["bucket"], row["rows"], row["amount_minor"], row["currency"]) == ("quarantined", 2, 1_200_000, "USD")


#    object                 row of it                                                            rule
OTHER_FAULTS = [
    ("Account",             {"Id": "A2", "Name": "B", "Churn_Date__c": "later"},                 "unreadable_date"),
    ("Contact",             {"Id": "C1", "AccountId": "A9", "Email": "a@b.example"},             "dangling_reference"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O9", "TotalPrice": "1.00"},           "dangling_reference"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "", "TotalPrice": "1.00"},             "dangling_reference"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "TotalPrice": "1.005"},          "money_exact"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "UnitPrice": "cheap"},           "money_exact"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "Quantity": "ten"},              "unreadable_number"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "Start_Date__c": "x"},           "unreadable_date"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "End_Date__c": "2025-12-31"},    "end_before_start"),
    ("Contract",            {"Id": "S1", "StartDate": "x"},                                      "unreadable_date"),
    ("Contract",            {"Id": "S1", "ContractTerm": "0"},                                   "term_positive"),
    ("OpportunityHistory",  {"Id": "H1", "OpportunityId": "O9", "CreatedDate": BEFORE},          "dangling_reference"),
    ("OpportunityHistory",  {"Id": "H1", "OpportunityId": "O1", "CreatedDate": ""},              "missing_date"),
    ("OpportunityHistory",  {"Id": "H1", "OpportunityId": "O1", "CreatedDate": BEFORE, "Amount": "1.005"}, "money_exact"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "rule"), OTHER_FAULTS)
def test_a_faulty_record_of_another_object_is_quarantined(tmp_path, name, row, rule):
    rows = [ACME, row] if name == "Account" else [row]
    reading = read_files(tmp_path, {name: rows})
    assert {(found[0], found[1], found[2]) for found in faults(reading)} == {(name, row["Id"], rule)}
    assert placed(reading)[name, "quarantined"] == 1
    assert reading.tables["contracts"].height == 1


def test_a_child_of_a_quarantined_record_dangles(tmp_path):
    reading = read_files(
        tmp_path,
        Account=[ACME | {"CreatedDate": "never"}],
        OpportunityLineItem=[{"Id": "L1", "OpportunityId": "O1", "TotalPrice": "1.00"}],
    )
    assert {(found[0], found[2]) for found in faults(reading)} == {
        ("Account", "unreadable_date"),
        ("Opportunity", "dangling_reference"),
        ("OpportunityLineItem", "dangling_reference"),
    }


def test_a_contract_with_a_quarantined_line_says_so(tmp_path):
    lines = [
        {"Id": "L1", "OpportunityId": "O1", "TotalPrice": "600.00"},
        {"Id": "L2", "OpportunityId": "O1", "TotalPrice": "6oo.00"},
    ]
    reading = read_files(tmp_path, OpportunityLineItem=lines)
    contract = only(reading, "contracts")
    assert (contract["has_lines"], contract["has_faulty_lines"]) == (True, True)
    assert reading.not_testable.filter(pl.col("subject") == "opportunity")["id"].to_list() == ["O1"]


def test_identical_records_count_once(tmp_path):
    reading = read_files(tmp_path, Opportunity=[DEAL, DEAL, DEAL])
    assert reading.tables["contracts"].height == 1
    assert (placed(reading)["Opportunity", "accepted"], placed(reading)["Opportunity", "duplicate"]) == (1, 2)


def test_records_of_one_id_that_differ_in_one_file_are_all_quarantined(tmp_path):
    reading = read_files(tmp_path, Opportunity=[DEAL, DEAL | {"Amount": "1.00"}, DEAL, DEAL | {"Id": "O2"}])
    assert reading.tables["contracts"]["opportunity_id"].to_list() == ["O2"]
    assert {(found[2], found[4]) for found in faults(reading)} == {
        ("conflicting_duplicate", 2),
        ("conflicting_duplicate", 3),
    }
    assert placed(reading)["Opportunity", "duplicate"] == 1


#    older file's columns                  newer file's columns                   amount that stands
EXPORTS = [
    ({},                                   {},                                                    "2.00"),
    ({"LastModifiedDate": "2026-10-02T00:00:00Z"}, {"LastModifiedDate": "2026-10-01T00:00:00Z"}, "1.00"),
    ({"LastModifiedDate": "2026-10-01T00:00:00Z"}, {"LastModifiedDate": "2026-10-02T00:00:00Z"}, "2.00"),
    ({"SystemModstamp": "2026-10-09T00:00:00Z", "LastModifiedDate": "2026-10-01T00:00:00Z"},
     {"SystemModstamp": "2026-10-08T00:00:00Z", "LastModifiedDate": "2026-10-02T00:00:00Z"},      "1.00"),
]  # fmt: skip


@pytest.mark.parametrize(("older", "newer", "stands"), EXPORTS)
def test_of_two_exports_the_newer_record_stands(tmp_path, older, newer, stands):
    files = {
        "Opportunity_2026-09": [DEAL | {"Amount": "1.00"} | older],
        "Opportunity_2026-10": [DEAL | {"Amount": "2.00"} | newer],
    }
    reading = read_files(tmp_path, files, Opportunity=None)
    assert only(reading, "contracts")["amount_minor"] == int(float(stands) * 100)
    assert (placed(reading)["Opportunity", "accepted"], placed(reading)["Opportunity", "superseded"]) == (1, 1)


def test_the_same_record_in_two_exports_is_a_duplicate(tmp_path):
    reading = read_files(tmp_path, {"Opportunity-2026-09": [DEAL]})
    assert placed(reading)["Opportunity", "duplicate"] == 1


def test_files_of_other_objects_are_not_mixed_up(tmp_path):
    stray = {
        "OpportunityFieldHistory": [{"Id": "x"}],
        "Opportunity_backup": [DEAL | {"Id": "O9"}],
        "ContactRole": [{"Id": "y"}],
    }
    reading = read_files(tmp_path, stray)
    assert {name for name, _ in placed(reading)} == {"Account", "Opportunity"}
    assert only(reading, "contracts")["opportunity_id"] == "O1"


#    object                 row of it                                                                  reason
EXCLUDED = [
    ("Account",             {"Id": "A2", "Name": "B", "CreatedDate": AFTER},                           "after_as_of"),
    ("Opportunity",         DEAL | {"Id": "O2", "CreatedDate": AFTER},                                 "after_as_of"),
    ("Opportunity",         DEAL | {"Id": "O2", "IsDeleted": "true"},                                  "deleted"),
    ("Contact",             {"Id": "C1", "AccountId": "A1", "CreatedDate": AFTER},                     "after_as_of"),
    ("Contact",             {"Id": "C1", "AccountId": "A1", "IsDeleted": "true"},                      "deleted"),
    ("OpportunityLineItem", {"Id": "L1", "OpportunityId": "O1", "CreatedDate": AFTER},                 "after_as_of"),
    ("OpportunityHistory",  {"Id": "H1", "OpportunityId": "O1", "CreatedDate": AFTER},                 "after_as_of"),
    ("Contract",            {"Id": "S1", "CreatedDate": AFTER},                                        "after_as_of"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "reason"), EXCLUDED)
def test_what_is_later_or_deleted_is_excluded_and_counted(tmp_path, name, row, reason):
    rows = {"Account": [ACME, row], "Opportunity": [DEAL, row]}.get(name, [row])
    reading = read_files(tmp_path, {name: rows})
    assert reading.excluded.select("object", "key", "reason").rows() == [(name, row["Id"], reason)]
    assert placed(reading)[name, "excluded"] == 1
    assert reading.quarantine.is_empty()


def test_what_hangs_on_an_excluded_record_is_excluded_with_it(tmp_path):
    reading = read_files(
        tmp_path,
        Opportunity=[DEAL, DEAL | {"Id": "O2", "CreatedDate": AFTER}],
        OpportunityLineItem=[{"Id": "L1", "OpportunityId": "O2"}],
        OpportunityHistory=[{"Id": "H1", "OpportunityId": "O2", "CreatedDate": BEFORE}],
    )
    assert set(reading.excluded.select("object", "reason").iter_rows()) == {
        ("Opportunity", "after_as_of"),
        ("OpportunityLineItem", "after_as_of"),
        ("OpportunityHistory", "after_as_of"),
    }


def test_as_of_ends_at_midnight_of_the_policys_time_zone(tmp_path):
    deal = DEAL | {"CreatedDate": "2026-10-31T23:30:00.000Z"}
    utc = read_files(tmp_path, Opportunity=[deal])
    berlin = read_files(tmp_path, Opportunity=[deal], policy={"timezone": "Europe/Berlin"})
    assert (utc.tables["contracts"].height, berlin.tables["contracts"].height) == (1, 0)


# ---------------------------------------------------------------- files

HEADER = "Id,AccountId,Name,Amount,CloseDate,StageName\n"
GOOD = "O1,A1,Acme,12000.00,2026-01-15,Closed Won\n"

#    text of Opportunity.csv                                                              malformed lines   keys read
TEXTS = [
    (HEADER + GOOD,                                                                       [],        ["O1"]),
    (HEADER.replace("\n", "\r\n") + GOOD.replace("\n", "\r\n"),                           [],        ["O1"]),
    ("\ufeff" + HEADER + GOOD,                                                            [],        ["O1"]),
    (HEADER + "\n" + GOOD + "\n\n",                                                       [],        ["O1"]),
    (HEADER + GOOD.rstrip(),                                                              [],        ["O1"]),
    (HEADER + "O2,A1,too,few\n" + GOOD,                                                   [2],       ["O1"]),
    (HEADER + GOOD + "O2,A1,one,1.00,2026-01-15,Closed Won,extra\n",                      [3],       ["O1"]),
    (HEADER + 'O2,A1,"Line one\nline two",1.00,2026-01-15,Closed Won\nO3,A1\n' + GOOD,    [4],       ["O1", "O2"]),
    (HEADER + 'O2,A1,"open,1.00,2026-01-15,Closed Won\n' + GOOD,                          [2],       ["O1"]),
    (HEADER + 'O2,A1,"a ""b"" c",1.00,2026-01-15,Closed Won\n' + GOOD,                    [],        ["O1", "O2"]),
    (HEADER + 'O2,A1,5" pipe,1.00,2026-01-15,Closed Won\n' + GOOD,                        [],        ["O1", "O2"]),
    (HEADER + GOOD + 'O2,A1,"cut off',                                                    [3],       ["O1"]),
    (HEADER.replace(",", ";") + GOOD.replace(",", ";"),                                   [],        ["O1"]),
    (HEADER,                                                                              [],        []),
    (HEADER + f"O1,A1,{'x' * 2_000_000},12000.00,2026-01-15,Closed Won\n",                [],        ["O1"]),
]  # fmt: skip


@pytest.mark.parametrize("large", [1, csv_files.LARGE], ids=["fast pass first", "slow pass"])
@pytest.mark.parametrize(("text", "malformed", "keys"), TEXTS, ids=range(len(TEXTS)))
def test_files_as_they_come(tmp_path, monkeypatch, text, malformed, keys, large):
    monkeypatch.setattr(csv_files, "LARGE", large)
    reading = read_files(tmp_path, Opportunity=text)
    assert reading.tables["contracts"]["opportunity_id"].to_list() == keys
    assert sorted(reading.quarantine["line"]) == malformed
    assert set(reading.quarantine["rule"]) <= {"malformed_row"}


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        (HEADER + GOOD, True),
        (HEADER + 'O2,A1,"a\nb ""c"", d",1.00,2026-01-15,Closed Won\n' + GOOD, True),
        (HEADER + 'O2,A1,5" pipe,1.00,2026-01-15,Closed Won\n' + GOOD, True),
        (HEADER + "\n" + GOOD, False),
        (HEADER + GOOD + "O2\n", False),
        ((HEADER + "O2,A1,Müller,1.00,2026-01-15,Closed Won\n").encode("cp1252"), False),
    ],
)
def test_the_fast_pass_reads_what_the_slow_one_reads(tmp_path, text, is_plain):
    file = tmp_path / "Opportunity.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    slow, fast = csv_files.read_csv_text(file), csv_files._read_large(file)
    assert (fast is not None) is is_plain
    assert fast is None or (fast.header == slow.header and fast.records.equals(slow.records))


def test_many_open_quotes_spoil_their_own_lines_only(tmp_path):
    broken = "".join(f'X{n},A1,"open {n},1.00,2026-01-15,Closed Won\n' for n in range(80))
    sound = "".join(GOOD.replace("O1", f"O{n}") for n in range(20))
    reading = read_files(tmp_path, Opportunity=HEADER + broken + sound)
    assert (reading.tables["contracts"].height, placed(reading)["Opportunity", "quarantined"]) == (20, 80)


def test_line_numbers_count_physical_lines(tmp_path):
    text = HEADER + 'O2,A1,"one\ntwo\nthree",1.00,2026-01-15,Closed Won\n\nO3,A1,x,bad,2026-01-15,Closed Won\n'
    reading = read_files(tmp_path, Opportunity=text)
    assert faults(reading) == {("Opportunity", "O3", "money_exact", "Amount", 6)}
    assert reading.quarantine["raw"].to_list() == ["O3,A1,x,bad,2026-01-15,Closed Won"]


def test_the_raw_text_of_a_record_over_several_lines_is_kept(tmp_path):
    text = HEADER + 'O2,A1,"one\ntwo",bad,2026-01-15,Closed Won\n'
    reading = read_files(tmp_path, Opportunity=text)
    assert reading.quarantine["raw"].to_list() == ['O2,A1,"one\ntwo",bad,2026-01-15,Closed Won']


def test_a_file_that_is_not_utf8_is_read_as_cp1252_and_noted(tmp_path):
    reading = read_files(tmp_path, Account="Id,Name\nA1,Müller & Söhne – €\n".encode("cp1252"))
    assert only(reading, "accounts")["name"] == "Müller & Söhne – €"
    assert reading.notes.select("object", "subject").rows() == [("Account", "Account.csv")]
    assert "cp1252" in reading.notes["message"].item()


def test_a_missing_required_file_stops_with_its_name(tmp_path):
    for name in ("Account", "Opportunity"):
        with pytest.raises(SchemaError, match=f"{name}.csv is missing"):
            read_files(tmp_path / name, {name: None})
        with pytest.raises(SchemaError, match=f"{name}.csv has no header"):
            read_files(tmp_path / name, {name: ""})


def test_an_optional_file_that_is_missing_or_empty_is_an_empty_table(tmp_path):
    reading = read_files(tmp_path, OpportunityHistory="")
    untestable = reading.not_testable.filter(pl.col("subject") == "file")
    assert untestable["id"].to_list() == ["salesforce/OpportunityHistory.csv"]  # extract lists those that are not there
    assert reading.notes.is_empty()
    assert reading.tables["contacts"].is_empty()
    assert reading.tables["contract_lines"].is_empty()


def test_a_header_that_repeats_a_column_is_an_error(tmp_path):
    with pytest.raises(SchemaError, match=r"Opportunity\.csv.*Amount"):
        read_files(tmp_path, Opportunity="Id,AccountId,Amount,AMOUNT,CloseDate,IsWon\n")


def test_lines_without_an_id_column_are_told_apart(tmp_path):
    lines = [{"OpportunityId": "O1", "TotalPrice": price} for price in ("1.00", "1.00", "2.00")]
    reading = read_files(tmp_path, OpportunityLineItem=lines)
    assert reading.tables["contract_lines"]["total_price_minor"].sort().to_list() == [100, 100, 200]


# ---------------------------------------------------------------- merges

#    accounts (id, deleted, merged into)                                              survivor of A1
MERGES = [
    ([("A1", "false", "")],                                                           "A1"),
    ([("A1", "true", "A2"), ("A2", "false", "")],                                     "A2"),
    ([("A1", "true", "A2"), ("A2", "true", "A3"), ("A3", "false", "")],               "A3"),
    ([("A1", "true", "A9")],                                                          None),
    ([("A1", "true", "")],                                                            None),
    ([("A1", "true", "A2"), ("A2", "true", "A1")],                                    None),
    ([("A1", "true", "A1")],                                                          None),
    ([("A1", "true", "A2"), ("A2", "true", "")],                                      None),
    ([("A1", "false", "A2"), ("A2", "false", "")],                                    "A1"),
]  # fmt: skip


@pytest.mark.parametrize(("accounts", "survivor"), MERGES)
def test_merges_lead_to_the_account_that_stands(tmp_path, accounts, survivor):
    rows = [{"Id": i, "Name": i, "IsDeleted": gone, "MasterRecordId": into} for i, gone, into in accounts]
    reading = read_files(tmp_path, Account=rows, Contact=[{"Id": "C1", "AccountId": "A1", "Email": "a@b.example"}])
    by_id = {row["account_id"]: row for row in reading.tables["accounts"].iter_rows(named=True)}
    assert by_id["A1"]["survivor_id"] == survivor
    if survivor is None:
        assert {(found[0], found[2]) for found in faults(reading)} == {("Opportunity", "dangling_reference")}
        return
    contract = only(reading, "contracts")
    assert (contract["account_id"], contract["account_id_as_given"]) == (survivor, "A1")
    assert by_id[survivor]["contact_emails"] == ["a@b.example"]


def test_a_long_chain_of_merges_is_followed(tmp_path):
    rows = [{"Id": f"A{n}", "Name": "x", "IsDeleted": "true", "MasterRecordId": f"A{n + 1}"} for n in range(1, 200)]
    reading = read_files(tmp_path, Account=[*rows, {"Id": "A200", "Name": "x", "IsDeleted": "false"}])
    assert only(reading, "contracts")["account_id"] == "A200"


# ---------------------------------------------------------------- churn

#    account's columns                                                                       contract's end   churned_on    source
CHURN = [
    ({"Customer_Status__c": "Churned", "Churn_Date__c": "2026-09-30"},                       "2026-12-31",    "2026-09-30", "Churn_Date__c"),
    ({"Customer_Status__c": "churned", "Churn_Date__c": "2026-10-31"},                       "2026-12-31",    "2026-10-31", "Churn_Date__c"),
    ({"Customer_Status__c": "Churned", "Churn_Date__c": "2026-11-01"},                       "2026-12-31",    None,         None),
    ({"Customer_Status__c": "Churned"},                                                      "2026-06-30",    "2026-06-30", "end of the last won contract"),
    ({"Customer_Status__c": "Churned", "LastModifiedDate": "2026-08-05T10:00:00Z"},          "2026-12-31",    "2026-08-05", "LastModifiedDate"),
    ({"Customer_Status__c": "Churned", "LastModifiedDate": AFTER},                           "2026-12-31",    None,         None),
    ({"Customer_Status__c": "Churned"},                                                      "2026-12-31",    "2026-10-31", "as_of"),
    ({"Customer_Status__c": "Active", "Type": "Former Customer", "Churn_Date__c": "2026-09-30"}, "2026-12-31", None,        None),
    ({"Customer_Status__c": "", "Type": "Former Customer", "Churn_Date__c": "2026-09-30"},   "2026-12-31",    "2026-09-30", "Churn_Date__c"),
    ({"Type": "Cancelled", "Churn_Date__c": "2026-09-30"},                                   "2026-12-31",    "2026-09-30", "Churn_Date__c"),
    ({"Churn_Date__c": "2026-09-30"},                                                        "2026-12-31",    None,         None),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "end", "churned_on", "source"), CHURN)
def test_whether_and_when_an_account_churned(tmp_path, columns, end, churned_on, source):
    reading = read_files(tmp_path, Account=[ACME | columns], Opportunity=[DEAL | {"Contract_End_Date__c": end}])
    account = only(reading, "accounts")
    told = account["is_churned"], account["churned_on"], account["churned_on_source"]
    assert told == (churned_on is not None, churned_on and D(churned_on), source)
    inferred = source not in {None, "Churn_Date__c"} or columns.get("LastModifiedDate") == AFTER
    assert (reading.not_testable.filter(pl.col("subject") == "account").height == 1) is inferred


# ---------------------------------------------------------------- state on as_of


def history(*states: tuple[str, str, str, str]) -> list[dict[str, str]]:
    return [
        {
            "Id": f"H{n}",
            "OpportunityId": "O1",
            "CreatedDate": at,
            "StageName": stage,
            "Amount": amount,
            "CloseDate": close,
            **dict(zip(("PrevAmount", "PrevCloseDate"), before, strict=False)),
        }
        for n, (at, stage, amount, close, *before) in enumerate(states)
    ]


WON, OPEN = "Closed Won", "Proposal"
SEP, OCT, NOV = "2026-09-01T09:00:00.000Z", "2026-10-20T09:00:00.000Z", "2026-11-03T09:00:00.000Z"

#    the opportunity in the export                                       its history                                    won    amount     changed
STATES = [
    ({"LastModifiedDate": NOV, "Amount": "18000.00"},
     [(SEP, WON, "12000.00", "2026-09-01"), (NOV, WON, "18000.00", "2026-09-01")],                                      True,  1_200_000, False),
    ({"LastModifiedDate": NOV, "CloseDate": "2026-11-03"},
     [(SEP, OPEN, "12000.00", "2026-11-30"), (NOV, WON, "12000.00", "2026-11-03")],                                     False, 1_200_000, False),
    ({"LastModifiedDate": NOV, "StageName": "Closed Lost", "IsWon": "false"},
     [(SEP, WON, "12000.00", "2026-09-01"), (NOV, "Closed Lost", "12000.00", "2026-09-01")],                            True,  1_200_000, False),
    ({"LastModifiedDate": OCT, "Amount": "12000.00"},
     [(SEP, WON, "9000.00", "2026-09-01"), (OCT, WON, "12000.00", "2026-09-01")],                                       True,  1_200_000, False),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"}, [(SEP, WON, "12000.00", "2026-09-01")],                           True,  1_800_000, True),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"}, [(NOV, WON, "18000.00", "2026-09-01")],                           True,  1_800_000, True),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"}, [],                                                               True,  1_800_000, True),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"},
     [(NOV, WON, "18000.00", "2026-09-01", "12000.00", "")],                                                            True,  1_200_000, False),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"},
     [(NOV, WON, "15000.00", "2026-09-01", "12000.00", ""), (NOV.replace("03T", "04T"), WON, "18000.00", "2026-09-01", "15000.00", "")],
                                                                                                                        True,  1_200_000, False),
    ({"LastModifiedDate": NOV, "CloseDate": "2026-11-03"},
     [(NOV, WON, "12000.00", "2026-11-03", "", "2026-11-30")],                                                          False, 1_200_000, False),
    ({"LastModifiedDate": NOV}, [(NOV, WON, "12000.00", "2026-09-01", "12000.00", "2026-09-01")],                       True,  1_200_000, True),
    ({"LastModifiedDate": NOV, "Amount": "18000.00"},
     [(SEP, WON, "9000.00", "2026-09-01"), (NOV, WON, "18000.00", "2026-09-01", "12000.00", "")],                       True,    900_000, False),
    ({"LastModifiedDate": OCT, "CloseDate": "2026-11-15"}, [],                                                          False, 1_200_000, False),
    ({"LastModifiedDate": OCT, "CloseDate": "2026-10-31"}, [],                                                          True,  1_200_000, False),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "states", "is_won", "amount", "is_changed"), STATES)
def test_the_state_on_as_of(tmp_path, columns, states, is_won, amount, is_changed):
    reading = read_files(tmp_path, Opportunity=[DEAL | columns], OpportunityHistory=history(*states))
    contract = only(reading, "contracts")
    assert (contract["is_won"], contract["amount_minor"], contract["changed_after_as_of"]) == (
        is_won,
        amount,
        is_changed,
    )
    listed = reading.not_testable.filter(pl.col("subject") == "opportunity")["id"].to_list()
    assert listed == (["O1"] if is_changed else [])


def test_a_pull_made_days_later_tells_what_a_pull_on_as_of_told(tmp_path):
    early = DEAL | {
        "Amount": "9000.00",
        "StageName": OPEN,
        "IsWon": "false",
        "CloseDate": "2026-12-01",
        "LastModifiedDate": OCT,
    }
    late = DEAL | {"Amount": "12000.00", "CloseDate": "2026-11-03", "LastModifiedDate": NOV}
    before = [(SEP, OPEN, "7000.00", "2026-12-31"), (OCT, OPEN, "9000.00", "2026-12-01")]
    files = {
        "OpportunityLineItem": [{"Id": "L1", "OpportunityId": "O1", "TotalPrice": "5.00", "LastModifiedDate": SEP}]
    }
    on_the_day = read_files(tmp_path / "a", files, Opportunity=[early], OpportunityHistory=history(*before))
    later = read_files(
        tmp_path / "b",
        files,
        Opportunity=[late, DEAL | {"Id": "O2", "CreatedDate": NOV}],
        OpportunityHistory=history(*before, (NOV, WON, "12000.00", "2026-11-03")),
    )
    for name, table in on_the_day.tables.items():
        assert table.equals(later.tables[name]), name


def test_when_an_opportunity_last_changed(tmp_path):
    with_history = read_files(
        tmp_path / "a",
        Opportunity=[DEAL | {"LastModifiedDate": NOV}],
        OpportunityHistory=history((OCT, WON, "1.00", "2026-01-15")),
    )
    without = one_deal(tmp_path / "b", {"LastModifiedDate": SEP})
    too_late = one_deal(tmp_path / "c", {"LastModifiedDate": NOV})
    found = [
        only(with_history, "contracts")["last_changed_at"],
        without["last_changed_at"],
        too_late["last_changed_at"],
    ]
    assert found == [dt.datetime(2026, 10, 20, 9, tzinfo=dt.UTC), dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC), None]


def test_an_opportunity_deleted_after_as_of_was_still_there(tmp_path):
    contract = one_deal(tmp_path, {"IsDeleted": "true", "LastModifiedDate": NOV})
    assert (contract["is_won"], contract["changed_after_as_of"]) == (True, True)


def test_an_account_deleted_after_as_of_was_still_there(tmp_path):
    account = only(read_files(tmp_path, Account=[ACME | {"IsDeleted": "true", "LastModifiedDate": NOV}]), "accounts")
    assert (account["is_deleted"], account["survivor_id"], account["changed_after_as_of"]) == (False, "A1", True)


def test_a_merge_after_as_of_is_wound_back_only_where_opportunities_still_name_the_loser(tmp_path):
    loser = {"Id": "A2", "Name": "Loser", "IsDeleted": "true", "MasterRecordId": "A1", "LastModifiedDate": NOV}
    named = read_files(tmp_path / "a", Account=[ACME, loser], Opportunity=[DEAL | {"AccountId": "A2"}])
    moved = read_files(tmp_path / "b", Account=[ACME, loser])
    told = [
        dict(reading.tables["accounts"].select("account_id", "survivor_id").iter_rows())["A2"]
        for reading in (named, moved)
    ]
    assert told == ["A2", "A1"]
    assert moved.not_testable.filter(pl.col("subject") == "account")["id"].to_list() == ["A2"]


def test_a_line_edited_after_as_of_makes_its_contract_doubtful(tmp_path):
    line = {"Id": "L1", "OpportunityId": "O1", "TotalPrice": "5.00", "LastModifiedDate": NOV}
    assert only(read_files(tmp_path, OpportunityLineItem=[line]), "contracts")["changed_after_as_of"]


@pytest.mark.parametrize(("own_start", "is_doubtful"), [("", True), ("2026-02-01", False)])
def test_a_contract_record_edited_after_as_of_makes_the_dates_taken_from_it_doubtful(tmp_path, own_start, is_doubtful):
    own = {"Contract_Start_Date__c": own_start, "Contract_End_Date__c": "2027-01-31", "Contract_Term_Months__c": "12"}
    service = {"Id": "S1", "StartDate": "2026-02-01", "LastModifiedDate": NOV}
    contract = one_deal(tmp_path, own | {"ContractId": "S1"}, Contract=[service])
    assert contract["changed_after_as_of"] is is_doubtful


def test_a_faulty_contract_record_lends_no_dates_and_is_reported(tmp_path):
    reading = read_files(
        tmp_path,
        Opportunity=[DEAL | {"ContractId": "S1"}],
        Contract=[{"Id": "S1", "StartDate": "2026-02-01", "EndDate": "x"}],
    )
    assert only(reading, "contracts")["start_on_source"] == "CloseDate"
    assert reading.not_testable.filter(pl.col("subject") == "opportunity")["id"].to_list() == ["O1"]


# ---------------------------------------------------------------- gate

COMPLETE = {"Contract_Start_Date__c": "2026-02-01", "Billing_Cadence__c": "Monthly", "Payment_Terms__c": "Net 30"}
LINES = [{"Id": "L1", "OpportunityId": "O1", "TotalPrice": "5.00"}]
NO_LINES = "Id,OpportunityId,TotalPrice\n"

#    columns beyond the complete ones                     lines      rules broken
GATE = [
    ({},                                                  LINES,     set()),
    ({"Contract_Start_Date__c": ""},                      LINES,     {"start_date"}),
    ({"Billing_Cadence__c": ""},                          LINES,     {"billing_cadence"}),
    ({"Payment_Terms__c": ""},                            LINES,     {"payment_terms"}),
    ({},                                                  NO_LINES,  {"product"}),
    ({"Product__c": "Platform"},                          NO_LINES,  set()),
    ({},                                                  None,      set()),
    ({"Amount": ""},                                      LINES,     {"positive_amount"}),
    ({"Amount": "0.00"},                                  LINES,     {"positive_amount"}),
    ({"Amount": "-5.00"},                                 LINES,     {"positive_amount"}),
    ({"Type": ""},                                        LINES,     {"known_type"}),
    ({"Type": "Odd"},                                     LINES,     {"known_type"}),
    ({"Type": "Odd", "Amount": "0", "IsWon": "false"},    LINES,     set()),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "lines", "rules"), GATE)
def test_what_the_gate_asks_of_a_won_opportunity(tmp_path, columns, lines, rules):
    reading = read_files(tmp_path, Opportunity=[DEAL | COMPLETE | columns], OpportunityLineItem=lines)
    assert set(reading.tables["gate"]["rule"]) == rules
    assert reading.tables["contracts"].height == 1


def test_the_contracts_own_start_satisfies_the_gate(tmp_path):
    columns = COMPLETE | {"Contract_Start_Date__c": "", "ContractId": "S1"}
    reading = read_files(tmp_path, Opportunity=[DEAL | columns], Contract=[{"Id": "S1", "StartDate": "2026-02-01"}])
    assert reading.tables["gate"].is_empty()


# ---------------------------------------------------------------- properties

cell = st.sampled_from(
    ["", "x", "1.005", "-3", "2026-02-30", "2026-12-31", "true", "A1", "A2", "O1", "USD", "12", 'q"q', "a\nb"]
)
deal_row = st.fixed_dictionaries(
    {
        "Id": st.sampled_from(["O1", "O2", "O3", "O4", ""]),
        "AccountId": st.sampled_from(["A1", "A2", "A9", ""]),
        "Amount": st.sampled_from(["12.00", "0.01", "-4", "1.005", "", "x", "99999999999999999"]),
        "CloseDate": st.sampled_from(["2026-01-15", "2026-12-01", "", "x"]),
        "IsWon": st.sampled_from(["true", "false", ""]),
        "StageName": st.sampled_from(["Closed Won", "Open"]),
        "CurrencyIsoCode": st.sampled_from(["USD", "EUR", "JPY", "usd", "XXQ", ""]),
        "CreatedDate": st.sampled_from(["2026-01-01T00:00:00Z", AFTER, "", "x"]),
        "IsDeleted": st.sampled_from(["false", "true", ""]),
        "Contract_Term_Months__c": cell,
        "Description": cell,
    }
)
line_row = st.fixed_dictionaries(
    {"Id": st.sampled_from(["L1", "L2", ""]), "OpportunityId": st.sampled_from(["O1", "O2", "O9"]), "TotalPrice": cell}
)
PATIENT = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def parseable(rows: list[dict[str, str]]) -> dict[str, int]:
    """The money of a file by currency, counted apart from the reader."""
    totals: dict[str, int] = {}
    for row in rows:
        currency = row["CurrencyIsoCode"].upper() or "USD"
        amount = pl.select(money.decimal_to_minor(pl.lit(row["Amount"]), pl.lit(currency))).item()
        if amount is not None:
            totals[currency] = totals.get(currency, 0) + amount
    return totals


@PATIENT
@given(deals=st.lists(deal_row, max_size=12), more=st.lists(deal_row, max_size=6), lines=st.lists(line_row, max_size=6))
def test_every_record_and_all_its_money_is_in_exactly_one_bucket(tmp_path_factory, deals, more, lines):
    torn = "O8,A1,broken\n"
    header = "Id,AccountId,Amount,CloseDate,IsWon\n"
    files = {
        "Opportunity": csv_text(deals) + torn if deals else header + torn,
        "Opportunity_2026-11": csv_text(more) if more else header,
        "OpportunityLineItem": csv_text(lines) if lines else NO_LINES,
    }
    accounts = [ACME, {"Id": "A2", "Name": "B"}]
    reading = read_files(tmp_path_factory.mktemp("raw"), files, Account=accounts)
    deals_read = reading.buckets.filter(pl.col("object") == "Opportunity")
    assert deals_read["rows"].sum() == len(deals) + len(more) + 1
    priced = deals_read.filter(pl.col("amount_minor").is_not_null())
    found = dict(priced.group_by("currency").agg(pl.col("amount_minor").sum()).iter_rows())
    assert {code: total for code, total in found.items() if code} == parseable(deals + more)
    assert reading.buckets.filter(pl.col("object") == "OpportunityLineItem")["rows"].sum() == len(lines)
    counts = placed(reading)
    for name, table in (
        ("Account", "accounts"),
        ("Opportunity", "contracts"),
        ("OpportunityLineItem", "contract_lines"),
    ):
        assert counts.get((name, "accepted"), 0) == reading.tables[table].height
    quarantined = reading.quarantine.filter(pl.col("object") == "Opportunity").select("file", "line").n_unique()
    assert quarantined == counts[("Opportunity", "quarantined")]
    assert reading.excluded.filter(pl.col("object") == "Opportunity").height == counts.get(
        ("Opportunity", "excluded"), 0
    )


@PATIENT
@given(deals=st.lists(deal_row, min_size=1, max_size=10), lines=st.lists(line_row, max_size=6), seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(tmp_path_factory, deals, lines, seed):
    shuffle = random.Random(seed)
    accounts = [ACME, {"Id": "A2", "Name": "B", "IsDeleted": "true", "MasterRecordId": "A1"}]
    given_order = {"Account": accounts, "Opportunity": deals, "OpportunityLineItem": lines or NO_LINES}
    other_order = {
        name: shuffle.sample(rows, len(rows)) if isinstance(rows, list) else rows for name, rows in given_order.items()
    }
    first, second = (read_files(tmp_path_factory.mktemp("raw"), files) for files in (given_order, other_order))
    for name, table in first.tables.items():
        assert table.equals(second.tables[name]), name
    assert first.buckets.sort("object", "bucket", "currency").equals(
        second.buckets.sort("object", "bucket", "currency")
    )


def test_the_tables_are_what_the_schemas_promise(tmp_path):
    reading = read_files(
        tmp_path,
        Contact=[{"Id": "C1", "AccountId": "A1", "Email": "a@b.example"}],
        OpportunityLineItem=LINES,
        OpportunityHistory=history((OCT, WON, "1.00", "2026-01-15")),
    )
    for name in ("accounts", "contacts", "contract_lines", "opportunity_history", "gate"):
        assert TABLES[name].conform(reading.tables[name]).height >= 1
    for name in ("quarantine", "excluded", "buckets", "notes"):
        TABLES[name].conform(getattr(reading, name))
    declared = TABLES["contracts"].empty().schema
    later = {name for name in declared if "mrr" in name or name.startswith("taken_over")} | {
        "is_effective",
        "is_comparable",
    }
    held = reading.tables["contracts"].schema
    assert {name: held.get(name) for name in declared if name not in later} == {
        name: kind for name, kind in declared.items() if name not in later
    }
