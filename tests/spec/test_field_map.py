"""Spec 01, “Salesforce fields are mapped, never assumed”, drawn as tables: columns of an export → our field."""

import datetime as dt

import pytest

from recon_kit.field_map import DEFAULT_FIELDS
from recon_kit.schemas.table import SchemaError
from tests.salesforce_snapshot import ACME, DEAL, one_deal, only, read_files

D = dt.date.fromisoformat

#   our field             columns of the export                                                        value
ACCOUNT = [
    ("name",               {"Name": " Acme Corp "},                                                     "Acme Corp"),
    ("website",            {"Website": "acme.example"},                                                 "acme.example"),
    ("phone",              {"Phone": "+1 415 555 0100"},                                                "+1 415 555 0100"),
    ("country",            {"BillingCountry": "Germany", "BillingCountryCode": "DE"},                   "Germany"),
    ("country",            {"BillingCountry": "", "BillingCountryCode": "DE"},                          "DE"),
    ("postal_code",        {"BillingPostalCode": "01067"},                                              "01067"),
    ("city",               {"BillingCity": "Dresden"},                                                  "Dresden"),
    ("type",               {"Type": "Customer"},                                                        "Customer"),
    ("vat_number",         {"VAT_Number__c": "DE123"},                                                  "DE123"),
    ("billing_email",      {"Billing_Email__c": "ap@acme.example"},                                     "ap@acme.example"),
    ("stripe_customer_id", {"Stripe_Customer_ID__c": "cus_1"},                                          "cus_1"),
    ("stripe_customer_id", {"Stripe_Customer_Id__c": "cus_1"},                                          "cus_1"),
    ("stripe_customer_id", {"stripe_customer_id__c": "cus_1"},                                          "cus_1"),
    ("stripe_customer_id", {"phstr__Stripe_Customer_Id__c": "cus_1"},                                   "cus_1"),
    ("stripe_customer_id", {"Stripe_Customer_ID__c": "", "phstr__Stripe_Customer_Id__c": "cus_2"},      "cus_2"),
    ("stripe_customer_id", {"Stripe_Customer_ID__c": "cus_1", "a__Stripe_Customer_Id__c": "cus_2"},     "cus_1"),
    ("stripe_customer_id", {"Old_Stripe_Customer_Id__x": "cus_9"},                                      None),
    ("status",             {"Customer_Status__c": "Active", "Type": "Former Customer"},                 "Active"),
    ("status",             {"Customer_Status__c": "", "Type": "Former Customer"},                       "Former Customer"),
    ("owner_name",         {"Owner.Name": "Jo Doe"},                                                    "Jo Doe"),
]  # fmt: skip

CONTRACT = [
    ("amount_minor",           {"Amount": "12000"},                                                     1_200_000),
    ("amount_minor",           {"Amount": "12000.5"},                                                   1_200_050),
    ("amount_minor",           {"Amount": "12000", "CurrencyIsoCode": "JPY"},                           12_000),
    ("amount_minor",           {"Amount": "1.005", "CurrencyIsoCode": "KWD"},                           1_005),
    ("amount_minor",           {"Amount": "-250.00"},                                                   -25_000),
    ("amount_minor",           {"Amount": ""},                                                          None),
    ("currency",               {},                                                                      "USD"),
    ("currency",               {"CurrencyIsoCode": "EUR"},                                              "EUR"),
    ("currency",               {"CurrencyIsoCode": "eur"},                                              "EUR"),
    ("amount_basis",           {},                                                                      "total"),
    ("amount_basis",           {"Amount_Basis__c": "Monthly"},                                          "monthly"),
    ("amount_basis",           {"Amount_Basis__c": "ANNUAL"},                                           "annual"),
    ("amount_basis",           {"Amount_Basis__c": "weekly"},                                           "total"),
    ("billing_cadence",        {"Billing_Cadence__c": "Quarterly"},                                     "Quarterly"),
    ("payment_terms",          {"Payment_Terms__c": "Net 30"},                                          "Net 30"),
    ("discount_pct",           {"Discount_Percent__c": "20"},                                           20.0),
    ("discount_pct",           {"Discount_Percent__c": "12.5"},                                         12.5),
    ("discount_pct_e6",        {"Discount_Percent__c": "12.5"},                                         12_500_000),
    ("discount_end_on",        {"Discount_End_Date__c": "2026-06-30"},                                  D("2026-06-30")),
    ("note",                   {"Description": "20 % off\nfor a year"},                                 "20 % off\nfor a year"),
    ("amends_id",              {"Amends_Opportunity__c": "O0"},                                         "O0"),
    ("prior_id",               {"Prior_Opportunity__c": "O0"},                                          "O0"),
    ("stripe_subscription_id", {"Stripe_Subscription_ID__c": "sub_1"},                                  "sub_1"),
    ("stripe_subscription_id", {"Stripe_Subscription_Id__c": "sub_1"},                                  "sub_1"),
    ("owner_email",            {"Owner.Email": "jo@x.example"},                                         "jo@x.example"),
    ("stage",                  {"StageName": "Closed Won"},                                             "Closed Won"),
    ("is_won",                 {"IsWon": "true", "StageName": "Signed"},                                True),
    ("is_won",                 {"IsWon": "false", "StageName": "Closed Won"},                           False),
    ("is_won",                 {"IsWon": "", "StageName": "Closed Won"},                                True),
    ("is_won",                 {"IsWon": "", "StageName": "Proposal"},                                  False),
    ("kind",                   {"Type": "New Business"},                                                "new"),
    ("kind",                   {"Type": "renewal"},                                                     "renewal"),
    ("kind",                   {"Type": "Upsell"},                                                      "expansion"),
    ("kind",                   {"Type": "Something"},                                                   "new"),
    ("kind",                   {"Type": ""},                                                            "new"),
]  # fmt: skip

LINE = [
    ("product",           {"Name": "Platform", "Product2.Name": "P2"},                                  "Platform"),
    ("product",           {"Name": "", "Product2.Name": "P2"},                                          "P2"),
    ("sku",               {"ProductCode": "PLT"},                                                       "PLT"),
    ("unit_price_minor",  {"UnitPrice": "49.00"},                                                       4_900),
    ("unit_price_minor",  {"UnitPrice": "0.005"},                                                       None),
    ("total_price_minor", {"TotalPrice": "588.00"},                                                     58_800),
    ("kind",              {},                                                                           "recurring"),
    ("kind",              {"Revenue_Type__c": "One-Time"},                                              "one_time"),
    ("kind",              {"Revenue_Type__c": "usage"},                                                 "usage"),
    ("kind",              {"ProductFamily": "Implementation"},                                          "one_time"),
    ("kind",              {"ProductFamily": "Software"},                                                "recurring"),
    ("kind",              {"Revenue_Type__c": "recurring", "ProductFamily": "Training"},                "recurring"),
    ("start_on",          {"Start_Date__c": "2026-03-01"},                                              D("2026-03-01")),
    ("start_on",          {},                                                                           D("2026-01-15")),
    ("end_on",            {"End_Date__c": "2026-12-31"},                                                D("2026-12-31")),
    ("end_on",            {},                                                                           D("2027-01-14")),
    ("delivered_on",      {"Delivery_Date__c": "2026-02-01"},                                           D("2026-02-01")),
    ("ssp_minor",         {"List_Price__c": "59.00", "Quantity": "10"},                                 59_000),
    ("ssp_minor",         {"List_Price__c": "0.005", "Quantity": "3"},                                  None),
    ("currency",          {},                                                                           "USD"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "columns", "value"), ACCOUNT)
def test_an_account_field_comes_from_the_first_column_that_is_filled(tmp_path, key, columns, value):
    assert only(read_files(tmp_path, Account=[ACME | columns]), "accounts")[key] == value


@pytest.mark.parametrize(("key", "columns", "value"), CONTRACT)
def test_a_contract_field_comes_from_the_first_column_that_is_filled(tmp_path, key, columns, value):
    assert one_deal(tmp_path, columns)[key] == value


@pytest.mark.parametrize(("key", "columns", "value"), LINE)
def test_a_line_field_comes_from_the_first_column_that_is_filled(tmp_path, key, columns, value):
    line = {"Id": "L1", "OpportunityId": "O1"} | columns
    assert only(read_files(tmp_path, OpportunityLineItem=[line]), "contract_lines")[key] == value


def test_column_names_match_whatever_their_capitals(tmp_path):
    deal = {name.upper(): value for name, value in DEAL.items()}
    contract = only(read_files(tmp_path, Opportunity=[deal], Account=[{"ID": "A1", "NAME": "Acme"}]), "contracts")
    assert (contract["opportunity_id"], contract["amount_minor"]) == ("O1", 1_200_000)


@pytest.mark.parametrize("name", ["Start__c", "start__C", "Opportunity.Start__c"])
def test_an_override_replaces_the_default_columns(tmp_path, name):
    columns = {"Start__c": "2026-02-01", "Contract_Start_Date__c": "2026-05-01"}
    contract = one_deal(tmp_path, columns, fields={"contract": {"start_on": [name]}})
    assert (contract["start_on"], contract["start_on_source"]) == (D("2026-02-01"), "Start__c")


def test_an_override_may_name_the_contract_object(tmp_path):
    service = {"Id": "S1", "Go_Live__c": "2026-04-01"}
    contract = one_deal(
        tmp_path, {"ContractId": "S1"}, Contract=[service], fields={"contract": {"start_on": ["Contract.Go_Live__c"]}}
    )
    assert contract["start_on"] == D("2026-04-01")


def test_an_override_with_one_column_missing_falls_through_and_is_noted(tmp_path):
    reading = read_files(tmp_path, fields={"contract": {"start_on": ["Absent__c", "CloseDate"]}})
    assert only(reading, "contracts")["start_on"] == D("2026-01-15")
    assert reading.notes.select("object", "subject").rows() == [("Opportunity", "Absent__c")]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"contract": {"amount": ["Amout"]}},              ["Opportunity", "Amout", "contract.amount", "Amount"]),
        ({"contract": {"start_on": ["Strat_Date__c"]}},    ["Opportunity", "Strat_Date__c", "contract.start_on"]),
        ({"contract": {"starts": ["CloseDate"]}},          ["contract.starts", "start_on", "Valid keys"]),
        ({"account": {"contact_mail": ["Email"]}},         ["account.contact_mail", "Valid keys", "billing_email"]),
    ],
)  # fmt: skip
def test_an_override_that_names_nothing_is_an_error_that_says_where(tmp_path, fields, words):
    with pytest.raises(SchemaError) as error:
        read_files(tmp_path, fields=fields)
    assert [word for word in words if word not in str(error.value)] == []


@pytest.mark.parametrize(
    ("name", "absent", "instead", "words"),
    [
        ("Account",     "Name",      "Nam",       ["Account", "account.name", "Nam"]),
        ("Account",     "Id",        "AccId",     ["Account", "account.id", "AccId"]),
        ("Opportunity", "AccountId", "Account__", ["Opportunity", "contract.account_id", "Account__"]),
        ("Opportunity", "Amount",    "Amuont",    ["Opportunity", "contract.amount", "Amuont"]),
        ("Opportunity", "CloseDate", "ClosDate",  ["Opportunity", "contract.close_on", "ClosDate"]),
    ],
)  # fmt: skip
def test_a_required_column_that_is_absent_is_an_error_with_the_nearest_one(tmp_path, name, absent, instead, words):
    row = {"Account": ACME, "Opportunity": DEAL}[name]
    renamed = {instead if column == absent else column: value for column, value in row.items()}
    with pytest.raises(SchemaError) as error:
        read_files(tmp_path, {name: [renamed]})
    assert [word for word in words if word not in str(error.value)] == []


def test_either_iswon_or_stagename_is_enough(tmp_path):
    bare = {column: value for column, value in DEAL.items() if column not in {"IsWon", "StageName"}}
    assert only(read_files(tmp_path / "a", Opportunity=[bare | {"IsWon": "true"}]), "contracts")["is_won"]
    assert only(read_files(tmp_path / "b", Opportunity=[bare | {"StageName": "Closed Won"}]), "contracts")["is_won"]
    with pytest.raises(SchemaError, match="IsWon"):
        read_files(tmp_path / "c", Opportunity=[bare])


def test_every_key_of_the_table_in_the_spec_is_in_the_map():
    account = "name website phone country postal_code city parent_id type vat_number stripe_customer_id billing_email "
    contract = "billing_system start_on end_on term_months amount amount_basis currency billing_cadence payment_terms "
    line = "product sku quantity unit_price total_price kind start_on end_on delivered_on ssp"
    wanted = {
        "account": (account + "status churned_on merged_into").split(),
        "contract": (contract + "discount_pct discount_end_on note amends won kind stripe_subscription_id").split(),
        "line": line.split(),
    }
    assert {part: [key for key in keys if key not in DEFAULT_FIELDS[part]] for part, keys in wanted.items()} == {
        "account": [],
        "contract": [],
        "line": [],
    }


#    own start     own end       own term  | Contract: start   end           term  | basis    | start_on      end_on        term  evergreen
TERMS = [
    ("2026-02-01", "",           "",         None,                                   "total",   "2026-02-01", "2027-01-31", 12,   False),
    ("",           "",           "",         None,                                   "total",   "2026-01-15", "2027-01-14", 12,   False),
    ("2026-02-01", "2026-11-30", "10",       None,                                   "total",   "2026-02-01", "2026-11-30", 10,   False),
    ("2026-02-01", "2026-11-30", "",         None,                                   "total",   "2026-02-01", "2026-11-30", 10,   False),
    ("2026-02-01", "",           "10",       None,                                   "total",   "2026-02-01", "2026-11-30", 10,   False),
    ("2026-02-01", "",           "10.0",     None,                                   "total",   "2026-02-01", "2026-11-30", 10,   False),
    ("2026-01-31", "",           "1",        None,                                   "total",   "2026-01-31", "2026-02-27", 1,    False),
    ("2026-01-31", "2026-02-27", "",         None,                                   "total",   "2026-01-31", "2026-02-27", 1,    False),
    ("2024-02-29", "",           "12",       None,                                   "total",   "2024-02-29", "2025-02-27", 12,   False),
    ("2026-01-01", "2026-02-15", "",         None,                                   "total",   "2026-01-01", "2026-02-15", 2,    False),
    ("2026-01-01", "2026-01-05", "",         None,                                   "total",   "2026-01-01", "2026-01-05", 1,    False),
    ("",           "",           "",         ("2026-03-01", "2027-02-28", "12"),     "total",   "2026-03-01", "2027-02-28", 12,   False),
    ("",           "",           "",         ("2026-03-01", "",           "6"),      "total",   "2026-03-01", "2026-08-31", 6,    False),
    ("2026-04-01", "",           "",         ("2026-03-01", "2027-02-28", ""),       "total",   "2026-04-01", "2027-02-28", 11,   False),
    ("",           "",           "24",       ("2026-03-01", "",           "6"),      "total",   "2026-03-01", "2028-02-29", 24,   False),
    ("2026-02-01", "",           "",         None,                                   "monthly", "2026-02-01", None,         None, True),
    ("2026-02-01", "",           "6",        None,                                   "monthly", "2026-02-01", "2026-07-31", 6,    False),
    ("2026-02-01", "2026-07-31", "",         None,                                   "monthly", "2026-02-01", "2026-07-31", 6,    False),
    ("2026-02-01", "",           "",         None,                                   "annual",  "2026-02-01", "2027-01-31", 12,   False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "term", "service", "basis", "start_on", "end_on", "months", "is_evergreen"), TERMS
)
def test_start_end_and_term_of_a_contract(
    tmp_path, start, end, term, service, basis, start_on, end_on, months, is_evergreen
):
    columns = {
        "Contract_Start_Date__c": start,
        "Contract_End_Date__c": end,
        "Contract_Term_Months__c": term,
        "Amount_Basis__c": basis,
        "ContractId": "S1" if service else "",
    }
    held = service and [{"Id": "S1", **dict(zip(("StartDate", "EndDate", "ContractTerm"), service, strict=True))}]
    contract = one_deal(tmp_path, columns, Contract=held)
    told = contract["start_on"], contract["end_on"], contract["term_months"], contract["is_evergreen"]
    assert told == (D(start_on), end_on and D(end_on), months, is_evergreen)


#    columns                                                                       start_on_source            end_on_source           term_source
SOURCES = [
    ({},                                                                           "CloseDate",               "start + term",         "default"),
    ({"Contract_Start_Date__c": "2026-02-01", "Contract_End_Date__c": "2027-01-31"}, "Contract_Start_Date__c", "Contract_End_Date__c", "start to end"),
    ({"ContractId": "S1"},                                                         "Contract.StartDate",      "Contract.EndDate",     "Contract.ContractTerm"),
    ({"Amount_Basis__c": "monthly"},                                               "CloseDate",               None,                   None),
]  # fmt: skip


@pytest.mark.parametrize(("columns", "start", "end", "term"), SOURCES)
def test_the_contract_says_which_source_gave_its_dates(tmp_path, columns, start, end, term):
    service = {"Id": "S1", "StartDate": "2026-03-01", "EndDate": "2027-02-28", "ContractTerm": "12"}
    contract = one_deal(tmp_path, columns, Contract=[service])
    assert (contract["start_on_source"], contract["end_on_source"], contract["term_source"]) == (start, end, term)


#    Billing_System__c  billed_in_stripe_values   is_billed_in_stripe
SYSTEMS = [
    ("NetSuite",        [],                       True),
    ("Stripe",          ["Stripe"],               True),
    ("stripe",          ["Stripe"],               True),
    ("NetSuite",        ["Stripe"],               False),
    ("",                ["Stripe"],               True),
]  # fmt: skip


@pytest.mark.parametrize(("system", "values", "expected"), SYSTEMS)
def test_which_contracts_are_billed_in_stripe(tmp_path, system, values, expected):
    contract = one_deal(tmp_path, {"Billing_System__c": system}, policy={"billed_in_stripe_values": values})
    assert contract["is_billed_in_stripe"] is expected


def test_contact_emails_belong_to_the_account_sorted_and_once(tmp_path):
    contacts = [
        {"Id": "C1", "AccountId": "A1", "Email": "zoe@acme.example"},
        {"Id": "C2", "AccountId": "A1", "Email": "ann@acme.example"},
        {"Id": "C3", "AccountId": "A1", "Email": "ann@acme.example"},
        {"Id": "C4", "AccountId": "", "Email": "nobody@x.example"},
    ]
    reading = read_files(tmp_path, Contact=contacts)
    assert only(reading, "accounts")["contact_emails"] == ["ann@acme.example", "zoe@acme.example"]
    assert reading.tables["contacts"].height == 4


def test_ids_of_15_and_18_characters_are_the_same_record(tmp_path):
    short, long = "001A0000006Vm9r", "001A0000006Vm9rIAC"
    for folder, (given, named) in enumerate([(short, long), (long, short)]):
        reading = read_files(
            tmp_path / str(folder),
            Account=[{"Id": given, "Name": "Acme"}],
            Opportunity=[DEAL | {"AccountId": named}],
        )
        contract = only(reading, "contracts")
        assert (contract["account_id"], contract["account_id_as_given"]) == (given, named)
