"""What `recon init` tells from headers and values, as drawn tables."""

import polars as pl
import pytest

from recon_kit.commands.init.locale_signs import date_style, decimal_sign
from recon_kit.commands.init.matching import match_fields
from recon_kit.commands.init.objects import kind_of
from recon_kit.commands.init.picklists import pick_list
from recon_kit.commands.init.recurring_amounts import basis_of, stated_amounts
from recon_kit.commands.init.spellings import SPELLINGS
from recon_kit.commands.init.survey import SeenFile
from recon_kit.commands.init.value_signs import ColumnSigns

ACCOUNT, OPPORTUNITY, OWNER = "001Qy00000camiXIAQ", "006Qy00000Zd4GcIAJ", "005Qy000d4E0tdiIAB"


def matched(object_name, by_values=("AccountId", "Id", "Stripe_Customer_ID__c"), **columns):
    spellings = SPELLINGS[object_name]
    kinds = {field: kind for field in spellings if (kind := kind_of(object_name, field))}
    signs = {header: ColumnSigns(pl.Series(values, dtype=pl.String)) for header, values in columns.items()}
    found = match_fields(signs, spellings, kinds, by_values=by_values)
    return {match.field: (match.header, match.confidence, match.grade) for match in found}


# object, header, value, field, confidence
NAMES = [
    ("salesforce/Opportunity", "Close Date", "2026-10-31", "CloseDate", 0.99),
    ("salesforce/Opportunity", "CLOSE DATE", "31/10/2026", "CloseDate", 0.99),
    ("salesforce/Opportunity", "CloseDate", "2026-10-31", "CloseDate", 0.99),
    ("salesforce/Opportunity", "Close-Date", "2026-10-31", "CloseDate", 0.89),
    ("salesforce/Opportunity", "Closed Dat", "2026-10-31", "CloseDate", 0.69),
    ("salesforce/Opportunity", "Stage", "Closed Won", "StageName", 0.95),
    ("salesforce/Opportunity", "Service_Start__c", "2026-10-01", "Contract_Start_Date__c", 0.89),
    ("salesforce/Opportunity", "acme__Subscription_Start_Date__c", "2026-10-01", "Contract_Start_Date__c", 0.89),
    ("salesforce/Opportunity", "Contract Sent Date", "2026-10-01", None, None),
    ("salesforce/Opportunity", "Owner Role", "Sales", None, None),
    ("salesforce/Opportunity", "Opp_Amt", "12.00", "Amount", 0.89),
    ("salesforce/Account", "Stripe_Cust_ID__c", "cus_pyyXMu8CwrPUfS", "Stripe_Customer_ID__c", 0.89),
    ("salesforce/Account", "Payment Profile", "cus_pyyXMu8CwrPUfS", "Stripe_Customer_ID__c", 0.55),
    ("stripe/subscriptions", "Current Period Start (UTC)", "2026-10-01 00:00", "current_period_start", 0.99),
    ("stripe/subscriptions", "current_period_start_at", "1793276608", "current_period_start", 0.99),
    ("stripe/invoices", "Date (UTC)", "2026-10-01 00:00", "created", 0.99),
]


@pytest.mark.parametrize(("object_name", "header", "value", "field", "confidence"), NAMES)
def test_a_header_names_a_field(object_name, header, value, field, confidence):
    found = matched(object_name, **{header: [value]})
    assert {name: entry[:2] for name, entry in found.items()} == ({field: (header, confidence)} if field else {})


# header, values, what the column is taken for
CONTRADICTED = [
    ("Account ID", [OPPORTUNITY], {"Id": 0.55}),
    ("Account ID", [OWNER], {}),
    ("Close Date", ["soon"], {}),
    ("Account ID", ["10001", "10002"], {"AccountId": 0.85}),
    ("Close Date", ["2026-10-31"] * 3 + ["tbd"], {"CloseDate": 0.71}),
    ("Close Date", ["", None], {"CloseDate": 0.95}),
]


@pytest.mark.parametrize(("header", "values", "expected"), CONTRADICTED)
def test_values_have_a_say(header, values, expected):
    found = matched("salesforce/Opportunity", **{header: values})
    assert {field: entry[1] for field, entry in found.items()} == expected


def test_a_column_serves_one_field_and_the_better_name_wins():
    found = matched("salesforce/Opportunity", **{"Account Id": [ACCOUNT], "Partner": [ACCOUNT]})
    assert {field: entry[0] for field, entry in found.items()} == {"AccountId": "Account Id"}


def test_two_columns_of_the_same_ids_are_not_guessed_at():
    found = matched("salesforce/Opportunity", Partner=[ACCOUNT], Reseller=[ACCOUNT])
    assert found == {}


def test_a_key_is_not_guessed_where_its_values_repeat():
    assert matched("salesforce/Opportunity", Deal=[OPPORTUNITY, OPPORTUNITY]) == {}
    assert matched("salesforce/Opportunity", Deal=[OPPORTUNITY])["Id"] == ("Deal", 0.55, "low")


# values, month first where open, format, settled
DATES = [
    (["2026-03-04", "2026-12-31"], True, None, True),
    (["2026-03-04 12:30", "2026-12-31T08:00:00Z"], True, None, True),
    (["04/03/2026", "31/12/2026"], True, "%d/%m/%Y", True),
    (["03/04/2026", "12/31/2026"], False, "%m/%d/%Y", True),
    (["3/4/2026", "12/31/2026, 9:14 AM"], False, "%m/%d/%Y", True),
    (["04.03.2026", "31.12.2026"], True, "%d.%m.%Y", True),
    (["31/12/26", "04/03/26"], True, "%d/%m/%y", True),
    (["04/03/2026", "05/06/2026"], True, "%m/%d/%Y", False),
    (["04/03/2026", "05/06/2026"], False, "%d/%m/%Y", False),
    (["31 Dec 2026", "4 Mar 2026"], True, "%d %b %Y", True),
    (["Dec 31, 2026", "Mar 4, 2026"], True, "%b %d, %Y", True),
    (["2026/12/31"], True, "%Y/%m/%d", True),
]


@pytest.mark.parametrize(("values", "month_first", "expected", "is_settled"), DATES)
def test_how_dates_are_written(values, month_first, expected, is_settled):
    style = date_style(pl.Series(values), month_first=month_first)
    assert (style.format, style.is_settled) == (expected, is_settled)


@pytest.mark.parametrize("values", [[], ["", None], ["soon", "later"], ["31/12/2026", "12/31/2026"]])
def test_dates_that_no_one_format_reads(values):
    assert date_style(pl.Series(values, dtype=pl.String), month_first=True) is None


AMOUNTS = [
    (["1,234.50", "12.00"], "."),
    (["1.234,50", "12,00"], ","),
    (["USD 1.234,50"], ","),
    (["1234", "12"], "."),
    (["12.500", "1.000"], ","),
    (["12,500", "1,000"], "."),
    (["(1.234.567,8)"], ","),
    ([], "."),
]


@pytest.mark.parametrize(("values", "sign"), AMOUNTS)
def test_the_decimal_sign(values, sign):
    assert decimal_sign(pl.Series(values, dtype=pl.String))[0] == sign


# keys, values found, values chosen, left open
PICKS = [
    (("won_values",), ["Closed Won"], {"won_values": ["Closed Won"]}, []),
    (("won_values",), ["Won - Signed", "Lost"], {"won_values": ["Closed Won", "Won - Signed"]}, ["Lost"]),
    (("won_values",), ["Closed/Not Won"], {"won_values": ["Closed Won"]}, ["Closed/Not Won"]),
    (("churned_values",), ["Inactive", "At Risk of Churn", "Ex-Customer"], None, ["At Risk of Churn", "Inactive"]),
    (("churned_values",), ["CHURNED"], {"churned_values": ["Churned", "Cancelled", "Former Customer"]}, []),
    (
        ("renewal_values", "expansion_values", "new_values"),
        ["New Logo", "Auto-Renewal", "Existing Customer - Upgrade", "Pilot"],
        {
            "renewal_values": ["Renewal", "Auto-Renewal"],
            "expansion_values": ["Expansion", "Upsell", "Add-On", "Existing Business", "Existing Customer - Upgrade"],
            "new_values": ["New Business", "New", "New Customer", "New Logo"],
        },
        ["Pilot"],
    ),
]


@pytest.mark.parametrize(("keys", "values", "chosen", "unclear"), PICKS)
def test_pick_lists(keys, values, chosen, unclear):
    found = pick_list("file: column", pl.Series(values), keys)
    assert found.unclear == unclear
    assert chosen is None or found.chosen == chosen


def test_a_pick_list_shows_no_addresses_and_no_long_texts():
    values = pl.Series(["Closed Won", "anna@example.com", "x" * 41])
    assert pick_list("c", values, ("won_values",)).listing == "Closed Won (1)"


def file_of(**columns):
    return SeenFile("won.csv", list(columns), pl.DataFrame(columns))


def test_a_name_says_what_an_amount_stands_for():
    file = file_of(ARR__c=["12000"], Total_MRR=["1000"], Arrival=["2026-01-01"], Warranty=["1"], TCV=["36000"])
    assert [(found.header, found.basis) for found in stated_amounts(file)] == [
        ("ARR__c", "annual"),
        ("Total_MRR", "monthly"),
        ("TCV", "total"),
    ]


def test_the_basis_is_that_of_the_column_the_amounts_equal():
    file = file_of(Amount=["12000", "600", "50"], ARR__c=["12000", "600", "50"], MRR__c=["1000", "50", ""])
    assert basis_of(file, "Amount")[0] == "annual"
    assert basis_of(file, "MRR__c")[0] == "monthly"
    assert basis_of(file_of(Amount=["36000", "600"], ARR__c=["12000", "600"]), "Amount") is None
