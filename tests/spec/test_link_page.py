"""What the page of links lists: coverage by evidence, links in review, who is unmatched, and the pair it takes apart."""

import datetime as dt

import polars as pl
import pytest

from recon_kit.policy import SettingsError
from recon_kit.resolve import (
    coverage_by_evidence,
    coverage_by_method,
    key_figures,
    links_with_names,
    pair_sentence,
    pair_to_show,
    review_queue,
    unmatched_accounts,
    unmatched_customers,
)
from tests.hand_made import table

NEW_YEAR = dt.date(2026, 1, 1)
ACCOUNT = "001Qy00000camiXIAQ"


def links(text):
    """Links drawn as ``customer account method status probability``, one a semicolon; - is nothing."""
    rows = []
    for one in text.split(";"):
        customer, account, method, status, probability = one.split()
        told = {"customer_id": customer, "account_id": None if account == "-" else account, "method": method}
        rows.append({**told, "status": status, "link_probability": None if probability == "-" else float(probability)})
    return table("links", rows)


def paying(text):
    """Subscriptions drawn as ``customer mrr``, one a semicolon; - is no rate."""
    rows = [one.split() for one in text.split(";")]
    return table(
        "subscriptions",
        [
            {
                "subscription_id": f"s{n}",
                "customer_id": customer,
                "mrr_reporting_minor": None if mrr == "-" else int(mrr),
            }
            for n, (customer, mrr) in enumerate(rows)
        ],
    )


FIVE = links(
    "c1 a1 id linked 1; c2 a2 model linked .97; c3 a3 model review .6; c4 a4 model review .5; c5 - none unlinked -"
)
PAID = paying("c1 100; c1 50; c2 70; c3 5; c4 9; c5 11; c5 -")

# what the evidence says | what the link rests on
EVIDENCE = [
    ("the same name, the same e-mail address", "e-mail"),
    ("the same name apart from its legal form, the same web domain; but another city", "domain"),
    ("the same name apart from its legal form, the same city", "name"),
    ("a similar name, the same domain under another ending", "model"),
    ("the same phone; but another name", "model"),
    (None, "model"),
]


@pytest.mark.parametrize(("evidence", "kind"), EVIDENCE)
def test_what_a_link_of_the_model_rests_on(evidence, kind):
    candidates = table("candidates", [{"customer_id": "c2", "account_id": "a2", "evidence": evidence}])
    found = coverage_by_evidence(FIVE, candidates, PAID)
    assert found.rows() == [("id", 1, 150), (kind, 1, 70)]


def test_coverage_adds_up_to_all_customers_and_their_mrr():
    found = coverage_by_method(FIVE, PAID)
    assert found.select("how", "customers", "mrr_minor").rows() == [
        ("linked, by id", 1, 150), ("linked, by the model", 1, 70), ("review, by the model", 2, 14), ("unlinked", 1, 11),
    ]  # fmt: skip


def test_the_first_figures_are_customers_and_their_share_of_mrr():
    assert key_figures(FIVE, PAID, "USD").text.splitlines() == [
        "Linked: 2 (of 5 customers; 2.20 USD a month, 89.8 % of Stripe MRR)",
        "In review: 2 (of 5 customers; 0.14 USD a month, 5.7 % of Stripe MRR)",
        "Not linked: 1 (of 5 customers; 0.11 USD a month, 4.5 % of Stripe MRR)",
    ]


def test_without_customers_no_share_is_claimed():
    assert "%" not in key_figures(FIVE.clear(), PAID.clear(), "USD").text


def queue(drawn=FIVE, paid=PAID):
    customers = [
        {"customer_id": f"c{n}", "name": f"Payer {n}", "email": f"x@p{n}.com", "city": "Rome", "created_on": NEW_YEAR}
        for n in range(9)
    ]
    accounts = [
        {"account_id": f"a{n}", "name": f"payer {n}" if n == 3 else f"Buyer {n}", "city": "Rome", "is_deleted": n == 8,
         "contact_emails": ["y@b.com"]}
        for n in range(9)
    ]  # fmt: skip
    return review_queue(
        drawn.with_columns(runner_up_account_id=pl.lit("a8"), runner_up_probability=pl.lit(0.2)),
        table("candidates", [{"customer_id": "c4", "account_id": "a7", "link_probability": 0.1, "evidence": "a city"}]),
        table("customers", customers), table("accounts", accounts), paid, currency="USD",
    )  # fmt: skip


def test_links_in_review_stand_with_both_sides_most_money_first():
    found = queue()
    pairs = found.select("customer_id", "account_id", "impact_minor", "link_probability").rows()
    assert pairs == [
        ("c4", "a4", 9, 0.5),
        ("c4", "a8", 9, 0.2),
        ("c4", "a7", 9, 0.1),
        ("c3", "a3", 5, 0.6),
        ("c3", "a8", 5, 0.2),
    ]
    first = found.row(0, named=True)
    assert first["stripe_says"] == "Payer 4\nx@p4.com\nRome"
    assert first["salesforce_says"] == "Buyer 4\nRome"
    assert (first["since"], first["currency"]) == (NEW_YEAR, "USD")


def test_a_pair_says_what_differs_why_it_stands_there_and_what_to_do():
    found = {(row["customer_id"], row["account_id"]): row for row in queue().to_dicts()}
    assert found["c4", "a4"]["difference"] == "name, e-mail"
    assert found["c3", "a3"]["difference"] == "e-mail", "capitals are no difference"
    assert found["c4", "a7"]["cause"] == "Another candidate of this customer. What speaks: a city."
    assert "write a4 into the customer's Stripe metadata" in found["c4", "a4"]["suggested_correction"]
    assert "cannot be confirmed" in found["c4", "a8"]["suggested_correction"]


def test_who_is_unmatched():
    customers = table("customers", [{"customer_id": f"c{n}", "name": f"Payer {n}"} for n in range(1, 6)])
    found = unmatched_customers(FIVE, customers, PAID)
    assert found.select("customer_id", "mrr_minor").rows() == [("c5", 11)]


def test_unmatched_accounts_have_their_contract_value():
    accounts = [{"account_id": f"a{n}", "name": f"Buyer {n}", "is_deleted": n == 7} for n in range(1, 9)]
    year = {"amount_basis": "total", "amount_minor": 1000, "term_months": 12, "term_mrr_reporting_minor": 83}
    sold = [
        {"account_id": "a1", **year}, {"account_id": "a3", **year, "mrr_reporting_minor": 83}, {"account_id": "a7", **year},
        {"account_id": "a5", **year, "currency": "EUR"}, {"account_id": "a5", **year, "amount_basis": "monthly"},
        {"account_id": "a8", **year, "is_won": False}, {"account_id": "a6", **year, "term_mrr_reporting_minor": None},
    ]  # fmt: skip
    contracts = table("contracts", [{"opportunity_id": f"o{n}", **one} for n, one in enumerate(sold)])
    found = unmatched_accounts(FIVE, table("accounts", accounts), contracts, currency="USD")
    assert found.select("account_id", "in_review", "contracts", "mrr_minor", "contract_value_minor").rows() == [
        ("a3", 1, 1, 83, 1000), ("a5", 0, 2, 0, 1992), ("a6", 0, 1, 0, 1000),
    ]  # fmt: skip


def test_the_pair_shown_is_that_of_most_money_in_review():
    assert pair_to_show(None, queue(), FIVE) == ("c4", "a4")


def test_without_a_review_it_is_the_link_of_which_the_model_is_least_sure():
    sure = links("c1 a1 id linked 1; c2 a2 model linked .99; c3 a3 model linked .96; c4 - none unlinked -")
    assert pair_to_show(None, queue(sure), sure) == ("c3", "a3")


def test_without_any_pair_it_is_none_and_says_so():
    nobody = pair_to_show(None, queue(FIVE.clear()), FIVE.clear())
    assert nobody == (None, None)
    said = pair_sentence(nobody, table("candidates", []), FIVE, table("accounts", []), table("customers", []))
    assert "no pair" in said.text


@pytest.mark.parametrize("pair", [f"c1,{ACCOUNT}", f" c1 , {ACCOUNT} ", f"c1,{ACCOUNT[:15]}"])
def test_a_pair_may_be_chosen_by_its_ids(pair):
    assert pair_to_show(pair, queue(), FIVE) == ("c1", ACCOUNT)


@pytest.mark.parametrize("pair", ["c1", "c1,", ",a1", "c1,a1,a2", ""])
def test_a_pair_that_is_not_two_ids_is_refused_with_an_example(pair):
    with pytest.raises(SettingsError, match="a comma between them"):
        pair_to_show(pair, queue(), FIVE)


def test_a_pair_that_is_no_candidate_says_why_that_may_be():
    said = pair_sentence(
        pair_to_show(f"c1,{ACCOUNT}", queue(), FIVE), table("candidates", []), FIVE, table("accounts", []),
        table("customers", []),
    )  # fmt: skip
    assert f"c1 and {ACCOUNT} are no candidate pair" in said.text


def test_every_link_has_both_names():
    accounts, customers = table("accounts", [{"account_id": "a1", "name": "Buyer"}]), table("customers", [])
    assert links_with_names(FIVE, accounts, customers)["account_name"].to_list() == ["Buyer", None, None, None, None]
