"""Probable duplicates, drawn: what is alike enough to be listed, and how much MRR may stand twice."""

import pytest

from recon_kit.normalise.keys import account_keys
from recon_kit.resolve import duplicate_accounts, duplicate_opportunities, twice_counted
from tests.hand_made import table


def drawn(text):
    """Accounts drawn as ``id name | website | vat | postal code | parent``, one a line."""
    rows = []
    for line in text.strip().splitlines():
        named, website, vat, postal_code, parent = (part.strip() or None for part in line.split("|"))
        key, _, name = named.partition(" ")
        rows.append({"account_id": key, "survivor_id": key, "name": name or None, "website": website, "vat_number": vat,
                     "postal_code": postal_code, "country": "DE", "parent_id": parent})  # fmt: skip
    return table("accounts", rows)


def contracts(text):
    """Contracts drawn as ``account mrr``, one a semicolon."""
    rows = [one.split() for one in text.split(";") if one.strip()]
    return table(
        "contracts",
        [
            {"opportunity_id": f"o{n}", "account_id": account, "mrr_reporting_minor": int(mrr)}
            for n, (account, mrr) in enumerate(rows)
        ],
    )


def pairs(accounts, sold=""):
    found = duplicate_accounts(account_keys(accounts), accounts, contracts(sold))
    return found.select("account_id", "other_account_id", "in_common").rows()


# what | accounts | listed
ALIKE = {
    "name and domain": ("a1 Acme GmbH|acme.de||| \n a2 ACME AG|www.acme.de|||", "name, web domain"),
    "name and postal code": ("a1 Acme GmbH|||10115| \n a2 Acme|||10115|", "name, postal code"),
    "name and number": ("a1 Acme GmbH||DE136695976|| \n a2 Acme||DE 136695976||", "name, registration number"),
    "all but the name": ("a1 Acme GmbH|acme.de||10115| \n a2 Zenit GmbH|acme.de||10115|", None),
    "the name alone": ("a1 Acme GmbH|acme.de||10115| \n a2 Acme AG|acme.com||20095|", None),
    "a free-mail domain": ("a1 Acme GmbH|gmail.com||| \n a2 Acme AG|gmail.com|||", None),
    "parent and subsidiary": ("a1 Acme GmbH|acme.de||| \n a2 Acme AG|acme.de|||a1", None),
    "two numbers": ("a1 Acme GmbH|acme.de|DE136695976|| \n a2 Acme AG|acme.de|DE129273398||", None),
    "no name": ("a1  |acme.de||10115| \n a2  |acme.de||10115|", None),
}


@pytest.mark.parametrize(("text", "in_common"), ALIKE.values(), ids=ALIKE)
def test_accounts_that_look_like_one(text, in_common):
    lines = "\n".join(line.lstrip() for line in text.splitlines())
    assert pairs(drawn(lines)) == ([("a1", "a2", in_common)] if in_common else [])


def test_the_largest_mrr_that_stands_twice_comes_first_and_counts_once():
    names = ("a1 Acme|acme.de", "a2 Acme AG|acme.de", "a3 Acme SE|acme.de", "b1 Bolt|bolt.de", "b2 Bolt AG|bolt.de")
    accounts = drawn("\n".join(f"{name}|||" for name in names))
    sold = contracts("a1 500; a2 300; a3 200; b1 900; b2 400")
    found = duplicate_accounts(account_keys(accounts), accounts, sold)
    assert found.select("account_id", "other_account_id", "twice_minor").rows() == [
        ("b1", "b2", 400), ("a1", "a2", 300), ("a1", "a3", 200), ("a2", "a3", 200),
    ]  # fmt: skip
    assert "9.00 USD of Salesforce MRR stands twice by accounts" in str(
        twice_counted(found, duplicate_opportunities(sold, accounts), "USD").text
    )


def test_a_crowd_of_one_name_is_held_against_its_first_only():
    accounts = drawn("\n".join(f"a{number:03} Acme|acme.de|||" for number in range(200)))
    assert {first for first, _, _ in pairs(accounts)} == {"a000"}
    assert len(pairs(accounts)) == 199


def test_the_order_of_rows_does_not_matter():
    accounts = drawn("a1 Acme|acme.de||1|\na2 Acme AG|acme.de||1|\na3 Acme SE|acme.de|||")
    keys = account_keys(accounts)
    forwards = duplicate_accounts(keys, accounts, contracts("a1 5; a2 3"))
    assert forwards.equals(duplicate_accounts(keys.reverse(), accounts.reverse(), contracts("a2 3; a1 5")))


SOLD = {"account_id": "a1", "name": "Team plan", "amount_minor": 1200, "start_on": "2026-01-01", "close_on": "2025-12-01",
        "mrr_reporting_minor": 100}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "is_listed"),
    [
        ({}, True),
        ({"mrr_reporting_minor": None}, True),
        ({"account_id": "a2"}, False),
        ({"name": "Team plan 2"}, False),
        ({"amount_minor": 1201}, False),
        ({"currency": "EUR"}, False),
        ({"start_on": "2026-01-02"}, False),
        ({"close_on": "2025-12-02"}, False),
        ({"is_won": False}, False),
    ],
    ids=str,
)
def test_opportunities_that_look_like_one(change, is_listed):
    sold = table("contracts", [{"opportunity_id": "o1", **SOLD}, {"opportunity_id": "o2", **SOLD, **change}])
    found = duplicate_opportunities(sold, drawn("a1 Acme||||\na2 Bolt||||"))
    assert found.select("opportunity_id", "same_as").rows() == ([("o1", None), ("o2", "o1")] if is_listed else [])


def test_three_copies_stand_twice_by_two():
    sold = table("contracts", [{"opportunity_id": f"o{number}", **SOLD} for number in (3, 1, 2)])
    found = duplicate_opportunities(sold, drawn("a1 Acme||||"))
    assert found["twice_minor"].to_list() == [0, 100, 100]
    none = duplicate_accounts(account_keys(drawn("a1 Acme||||")), drawn("a1 Acme||||"), sold)
    text = twice_counted(none, found, "USD").text
    assert "2 repeated opportunities" in text
    assert "2.00 USD by opportunities" in text


def test_nothing_alike_is_said_in_words():
    nothing = drawn("a1 Acme||||")
    none = table("contracts", [])
    said = twice_counted(
        duplicate_accounts(account_keys(nothing), nothing, none), duplicate_opportunities(none, nothing), "USD"
    )
    assert said.text == "No two accounts, and no two won opportunities, look like one and the same."
