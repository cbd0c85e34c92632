"""Stripe ids and invoice statuses onto Salesforce records: only where somebody decided, and never one id against another.

Two orgs, each closed as found, after the decisions, and after the files for Data Loader were loaded. The second names its
fields differently and has none for a subscription's id.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.corrected import accept, closed, confirm, load, loads, worklist
from tests.raw_company import Snapshot
from tests.whole_close import table

YEAR = "2026-03-01..2027-02-28"
STATUS = "Billing__Invoice_Status__c"
OWN_NAMES = {"account": {"stripe_customer_id": ["Billing_Id__c"]}, "contract": {"amount": ["MRR__c", "Amount"]}}


class Org(NamedTuple):
    """The close after the decisions, and the one after the load."""

    decided: Path
    loaded: Path


def add_unnamed(snapshot: Snapshot, number: int, sold: str, billed: str) -> None:
    """A company whose account names no customer."""
    snapshot.add(number, sold, billed)
    snapshot.salesforce["Account"][-1]["Stripe_Customer_ID__c"] = ""


def drawn() -> Snapshot:
    snapshot = Snapshot()
    add_unnamed(snapshot, 1, f"o 1,000 {YEAR}", "s 1,000 2026-03-01")
    snapshot.add(2, f"o 500 {YEAR} Stripe_Subscription_ID__c=sn2", "s 500 2026-03-01")
    add_unnamed(snapshot, 3, f"o 300 {YEAR}", "s 300 2026-03-01")
    add_unnamed(snapshot, 4, "", "s 4,000 2026-03-01")
    add_unnamed(snapshot, 5, f"o 800 {YEAR}", "s 800 2026-03-01")
    snapshot.row("Account", Id="A9", Name="Nobody of that name", Stripe_Customer_ID__c="cus_5")
    add_unnamed(snapshot, 6, f"o 1,000 {YEAR}", "s 900 2026-03-01 names=on6")
    snapshot.add(7, f"o 1,111 {YEAR}", "s 1,000 2026-03-01 then=1,250@2026-05-17")
    edits = (("2026-02-20", "1000.00"), ("2026-11-02", "1111.00"))
    for day, amount in edits:
        when = {"Id": f"h{day}", "CreatedDate": f"{day}T09:00:00.000Z", "CloseDate": "2026-03-01"}
        snapshot.row("OpportunityHistory", OpportunityId="on7", Amount=amount, StageName="Closed Won", **when)
    add_unnamed(snapshot, 8, f"o 650 {YEAR}", "s 650 2026-03-01 names=on8")
    for row in snapshot.salesforce["Opportunity"]:
        row[STATUS] = {"on2": "PAID", "on1": "Open"}.get(row["Id"], "")
    return snapshot


CONFIRMED = {"cus_1": "A1", "cus_3": "A3", "cus_4": "A3", "cus_5": "A5"}


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Org:
    folder = tmp_path_factory.mktemp("ids")
    raw = drawn().write(folder / "raw")
    found = closed(folder, raw)
    for customer, account in CONFIRMED.items():
        confirm(folder, found, customer, account)
    accept(folder, found, *table(found, "gaps").filter(state="open").filter(account_id="A6")["gap_id"])
    accept(folder, found, *table(found, "gaps").filter(state="open").filter(account_id="A7")["gap_id"])
    decided = closed(folder, raw).rename(folder / "decided")
    assert load(decided, raw)
    return Org(decided, closed(folder, raw))


@pytest.fixture(scope="module")
def other_names(tmp_path_factory: pytest.TempPathFactory) -> Org:
    folder = tmp_path_factory.mktemp("names")
    snapshot = Snapshot()
    add_unnamed(snapshot, 1, f"o 1,000 {YEAR}", "s 1,000 2026-03-01")
    snapshot.add(4, f"o 1,000 {YEAR}", "s 1,000 2026-03-01 then=1,250@2026-05-17")
    snapshot.add(5, f"o 1,000 {YEAR}", "s 1,000 2026-03-01 ended=2026-07-01")
    for row in snapshot.salesforce["Account"]:
        row["Type"] = "Customer"
        row["Billing_Id__c"] = row.pop("Stripe_Customer_ID__c")
    for row in snapshot.salesforce["Opportunity"]:
        row["MRR__c"], row["Amount"] = row["Amount"], "7"
    raw = snapshot.write(folder / "raw")
    found = closed(folder, raw, fields=OWN_NAMES)
    confirm(folder, found, "cus_1", "A1")
    accept(folder, found)
    decided = closed(folder, raw, fields=OWN_NAMES).rename(folder / "decided")
    assert load(decided, raw)
    return Org(decided, closed(folder, raw, fields=OWN_NAMES))


def test_confirmed_and_accepted_customers_are_written_onto_their_accounts(org: Org) -> None:
    assert loads(org.decided)["Account_stripe_id.csv"] == {
        "A1": {"Stripe_Customer_ID__c": "cus_1"},  # confirmed
        "A3": {"Stripe_Customer_ID__c": "cus_4"},  # confirmed, and larger than cus_3
        "A6": {"Stripe_Customer_ID__c": "cus_6"},  # linked, and named by an accepted gap
    }


def test_only_what_one_subscription_bills_names_it(org: Org) -> None:
    """``on8`` is paired as surely, but nobody decided anything about its customer; ``on2`` names its own already."""
    assert loads(org.decided)["Opportunity_stripe_id.csv"] == {
        f"on{number}": {"Stripe_Subscription_ID__c": f"sn{number}"} for number in (1, 3, 5, 6, 7)
    }


def test_the_other_customer_of_an_account_is_to_name_it_in_stripe(org: Org) -> None:
    rows = [row for row in worklist(org.decided, "stripe") if row["action"] == "name_account"]
    assert [(row["account_id"], row["customer_ids"]) for row in rows] == [("A3", "cus_3")]
    assert "write A3 into the metadata of cus_3 as salesforce_account_id" in rows[0]["sentence"]


def test_an_id_elsewhere_that_says_otherwise_is_to_settle_first(org: Org) -> None:
    """Two accounts that name one customer would be ambiguous, and the next close would lose the link."""
    (row,) = [row for row in worklist(org.decided, "salesforce") if row["action"] == "settle_ids"]
    assert (row["account_id"], row["customer_ids"]) == ("A5", "cus_5")
    assert "Account A9 names cus_5, which a person's decision about the customer contradicts" in row["sentence"]


def test_invoice_status_is_written_in_the_orgs_own_words(org: Org) -> None:
    found = loads(org.decided)["Opportunity_invoice_status.csv"]
    assert found == {f"on{number}": {STATUS: "PAID"} for number in (1, 3, 5, 6, 7)}


def test_a_record_edited_after_the_day_of_the_close_is_left_to_a_person(org: Org) -> None:
    (gap,) = table(org.decided, "gaps").filter(account_id="A7")["gap_id"]
    (row,) = [row for row in worklist(org.decided, "salesforce") if row["decided_on"] == gap]
    assert "was changed in Salesforce after the day of this close" in row["sentence"]
    assert "Opportunity_amount.csv" not in loads(org.decided)


def test_after_the_load_nothing_is_proposed_and_the_links_stand(org: Org) -> None:
    assert loads(org.loaded) == {}
    links = table(org.loaded, "links").filter(status="linked")
    standing = dict(links.select("customer_id", "account_id").iter_rows())
    assert {customer: standing.get(customer) for customer in CONFIRMED} == CONFIRMED


@pytest.mark.soak
def test_the_orgs_own_names_of_fields_are_written(other_names: Org) -> None:
    """No account is marked as churned: the org tells it by no field, and Type says something else here."""
    assert loads(other_names.decided) == {
        "Account_stripe_id.csv": {"A1": {"Billing_Id__c": "cus_1"}},
        "Opportunity_amount.csv": {"on4": {"MRR__c": "1250.00"}},
        "Opportunity_end.csv": {"on5": {"Contract_End_Date__c": "2026-06-30"}},
    }
    assert loads(other_names.loaded) == {}
    assert table(other_names.loaded, "gaps").is_empty()
