"""The tables of keys, drawn: what a record carries, and what accounts and customers are compared by."""

import pytest

from recon_kit.normalise.keys import account_keys, customer_keys, key_coverage
from recon_kit.schemas import TABLES
from tests.hand_made import table


def account(account_id, **given):
    return {"account_id": account_id, "survivor_id": account_id, **given}


def merged(account_id, into, **given):
    return {"account_id": account_id, "survivor_id": into, "merged_into": into, "is_deleted": True, **given}


def of_accounts(*rows):
    keys = account_keys(table("accounts", list(rows)))
    TABLES["account_keys"].conform(keys)
    return {row["account_id"]: row for row in keys.iter_rows(named=True)}


def of_customer(**given):
    keys = customer_keys(table("customers", [{"customer_id": "cus", **given}]))
    TABLES["customer_keys"].conform(keys)
    return keys.row(0, named=True)


def test_an_account_has_every_key():
    keys = of_accounts(
        account(
            "a1", name="Müller GmbH & Co. KG", website="https://www.Mueller.de/de", billing_email="AP@Mueller.de",
            contact_emails=["jo@gmail.com", "ann@mueller-group.com"], phone="089 123456", country="Deutschland",
            postal_code="D-80331", city="München", vat_number="DE 136 695 976",
        )
    )["a1"]  # fmt: skip
    assert keys == {
        "account_id": "a1",
        "name_full": "muller gmbh and co kg",
        "name_core": "muller",
        "name_tokens": ["muller"],
        "name_cores": ["muller"],
        "acronym": None,
        "person_like": False,
        "email": "ap@mueller.de",
        "emails": ["ann@mueller-group.com", "ap@mueller.de", "jo@gmail.com"],
        "email_domain": "mueller.de",
        "web_domain": "mueller.de",
        "domains": ["mueller-group.com", "mueller.de"],
        "domain_root": "mueller",
        "phone": "+4989123456",
        "tax_id": "DE136695976",
        "tax_number": "DE136695976",
        "country": "DE",
        "postal_code": "80331",
        "city": "munchen",
    }


def test_both_sides_have_the_same_key_columns():
    accounts, customers = TABLES["account_keys"].columns, TABLES["customer_keys"].columns
    assert accounts[1:] == customers[1:]
    assert (accounts[0], customers[0]) == ("account_id", "customer_id")


def test_an_empty_record_has_empty_keys():
    for keys in (of_customer(), of_accounts(account("a1"))["a1"]):
        told = {name for name, value in keys.items() if value not in (None, [], False)}
        assert told <= {"customer_id", "account_id"}


def test_no_records_give_no_keys():
    assert account_keys(table("accounts", [])).is_empty()
    assert customer_keys(table("customers", [])).is_empty()


@pytest.mark.parametrize(
    ("billing", "contacts", "email"),
    [
        ("ap@acme.com", ["jo@acme.com"], "ap@acme.com"),
        (None, ["jo@acme.com"], "jo@acme.com"),
        (None, ["jo@acme.com", "JO@acme.com"], "jo@acme.com"),
        (None, ["jo@acme.com", "ann@acme.com"], None),
        ("no address", ["jo@acme.com"], "jo@acme.com"),
    ],
)
def test_the_accounts_own_address(billing, contacts, email):
    assert of_accounts(account("a1", billing_email=billing, contact_emails=contacts))["a1"]["email"] == email


def test_a_free_mail_address_gives_no_domain():
    keys = of_customer(email="Jo.Smith+x@gmail.com")
    assert (keys["email"], keys["email_domain"], keys["domains"]) == ("josmith@gmail.com", None, [])


def test_the_site_names_the_root_before_the_address_does():
    keys = of_accounts(account("a1", website="acme.com", billing_email="ap@beta.com"))["a1"]
    assert (keys["domain_root"], keys["domains"]) == ("acme", ["acme.com", "beta.com"])


def test_what_merged_accounts_carried_counts_for_the_survivor():
    keys = of_accounts(
        account("a1", name="Acme GmbH", website="acme.com", billing_email="ap@acme.com", country="DE"),
        merged("a0", "a1", name="Old Acme AG", website="old.com", billing_email="ap@old.com", phone="+4989123456"),
        merged("a2", "a1", name="Older Ltd", phone="+442079460000", city="Bonn", country="GB"),
    )
    assert list(keys) == ["a1"]
    a1 = keys["a1"]
    assert a1["name_core"] == "acme"
    assert a1["name_cores"] == ["acme", "old acme", "older"]
    assert a1["emails"] == ["ap@acme.com", "ap@old.com"]
    assert a1["domains"] == ["acme.com", "old.com"]
    assert (a1["email"], a1["web_domain"]) == ("ap@acme.com", "acme.com")
    assert (a1["phone"], a1["city"], a1["country"]) == ("+4989123456", "bonn", "DE")


def test_a_survivor_may_be_named_by_its_short_id():
    keys = of_accounts(
        account("001A0000006Vm9rIAC", name="Acme"), merged("001A0000006Vm9q", "001A0000006Vm9r", website="old.com")
    )
    assert keys["001A0000006Vm9rIAC"]["domains"] == ["old.com"]


def test_a_deleted_account_without_survivor_has_no_keys():
    gone = {"account_id": "a1", "is_deleted": True, "name": "Acme", "website": "acme.com"}
    assert of_accounts(gone) == {}


def test_coverage_counts_records_and_values_of_one_record_alone():
    tables = {
        "account_keys": account_keys(
            table(
                "accounts",
                [
                    account("a1", name="Acme Ltd", website="acme.com"),
                    account("a2", name="ACME", website="acme.com", billing_email="ap@acme-uk.com"),
                    account("a3", name="Beta"),
                ],
            )
        ),
        "customer_keys": customer_keys(table("customers", [{"customer_id": "c1", "name": "Acme", "country": "GB"}])),
    }
    coverage = {row["key"]: tuple(row.values())[1:] for row in key_coverage(tables).iter_rows(named=True)}
    assert coverage["name"] == (3, 1, 1, 1)
    assert coverage["company domain"] == (2, 1, 0, 0)
    assert coverage["e-mail address"] == (1, 1, 0, 0)
    assert coverage["country"] == (0, 0, 1, 1)
