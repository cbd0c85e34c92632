"""What people decided, drawn: the decisions, what changed since, and the link, the gap and the report that follow."""

import hashlib

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.gaps import find_gaps, settled_gaps
from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.policy import Policy
from recon_kit.resolve import (
    choose_links,
    decided_links,
    explicit_claims,
    link_controls,
    link_faults,
    propose_candidates,
)
from recon_kit.schemas import TABLES
from tests import decisions
from tests.hand_made import AS_OF, table
from tests.sold_and_billed import company, found_in

LINKS = """
# decided                        | customer                    | accounts                                             | decisions                              | link that follows        | what became of them
nothing said, confirmed          | id=cus                      | id=a1                                                | confirm a1                             | linked decision a1   | applied
in review, confirmed             | id=cus name=Acme            | id=a1 name=Acme; id=a2 name=Acme                     | confirm a2                             | linked decision a2   | applied
e-mail of another, confirmed     | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com; id=a2                     | confirm a2                             | linked decision a2   | applied
an id of another, confirmed      | id=cus names=a1             | id=a1; id=a2                                         | confirm a2                             | linked decision a2   | applied
rejected                         | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com                            | reject a1                              | unlinked none -        | applied
rejected, the next best stands   | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com; id=a2 website=acme.com    | reject a1                              | linked model a2     | applied
one of two rejected              | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com; id=a2 billing=ap@acme.com | reject a1                              | review model a2     | applied
an id rejected                   | id=cus names=a1             | id=a1                                                | reject a1                              | unlinked none -        | applied
one of two ids rejected          | id=cus names=a1             | id=a1; id=a2 stripe=cus                              | reject a1                              | linked id a2         | applied
unsure of what the model links   | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com                            | unsure a1                              | review model a1     | applied
unsure of what is in review      | id=cus name=Acme            | id=a1 name=Acme                                      | unsure a1                              | review model a1      | applied
unsure of another                | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com; id=a2                     | unsure a2                              | linked model a1     | applied
the later wins                   | id=cus                      | id=a1                                                | confirm a1; reject a1                  | unlinked none -        | superseded applied
the later wins, back again       | id=cus                      | id=a1                                                | confirm a1; reject a1; confirm a1      | linked decision a1   | superseded superseded applied
confirmed to two accounts        | id=cus email=ap@acme.com    | id=a1 billing=ap@acme.com; id=a2                     | confirm a1; confirm a2                 | review model a1     | contradicting contradicting
one of the two rejected then     | id=cus                      | id=a1; id=a2                                         | confirm a1; confirm a2; reject a1      | linked decision a2   | superseded applied applied
an account that is not there     | id=cus                      | id=a1                                                | confirm a9                             | unlinked none -        | unknown_subject
a deleted account                | id=cus                      | id=a1 deleted=1                                      | confirm a1                             | unlinked none -        | unknown_subject
"""

CHANGES = """
# since the decision             | customer then               | account then                  | customer now                     | account now                             | stands
nothing changed                  | id=cus email=ap@acme.com    | id=a1 website=acme.com        | id=cus email=ap@acme.com         | id=a1 website=acme.com                  | applied
the customer's e-mail            | id=cus email=ap@acme.com    | id=a1                         | id=cus email=ap@beta.com         | id=a1                                   | lapsed customer email
the customer's name              | id=cus name=Acme            | id=a1                         | id=cus name=Beta                 | id=a1                                   | lapsed customer name
the id a customer carries        | id=cus                      | id=a1                         | id=cus names=a2                  | id=a1                                   | lapsed customer metadata account id
the account's name               | id=cus                      | id=a1 name=Acme               | id=cus                           | id=a1 name=Beta                         | lapsed account name
the account's web site           | id=cus                      | id=a1 website=acme.com        | id=cus                           | id=a1 website=beta.com                  | lapsed account website
the account was merged           | id=cus                      | id=a1                         | id=cus                           | id=a1 merged=a2; id=a2                  | lapsed account is deleted, account merged into
another contact                  | id=cus email=ap@acme.com    | id=a1 contact=jo@x.com        | id=cus email=ap@acme.com         | id=a1 contact=al@y.com                  | applied
a contact with the address       | id=cus email=ap@acme.com    | id=a1                         | id=cus email=ap@acme.com         | id=a1 contact=AP@acme.com               | lapsed contact has address, contact has domain
a new owner and a churn          | id=cus                      | id=a1                         | id=cus                           | id=a1 owner=ann churned=1               | applied
another account of its domain    | id=cus email=ap@acme.com    | id=a1 website=acme.com        | id=cus email=ap@acme.com         | id=a1 website=acme.com; id=a2 website=acme.com | applied
"""


def records(text):
    return [dict(word.split("=", 1) for word in one.split()) for one in text.split(";") if one.strip()]


def customers(text):
    made = [
        {
            "customer_id": one["id"],
            "email": one.get("email"),
            "name": one.get("name"),
            "metadata_account_id": one.get("names"),
        }
        for one in records(text)
    ]
    return table("customers", made)


def accounts(text):
    made = [
        {
            "account_id": one["id"], "name": one.get("name", one["id"].upper()), "website": one.get("website"),
            "billing_email": one.get("billing"), "stripe_customer_id": one.get("stripe"), "owner_name": one.get("owner"),
            "contact_emails": [one["contact"]] if "contact" in one else [], "is_churned": "churned" in one,
            "is_deleted": "deleted" in one or "merged" in one, "merged_into": one.get("merged"),
            "survivor_id": one.get("merged", None if "deleted" in one else one["id"]),
        }
        for one in records(text)
    ]  # fmt: skip
    return table("accounts", made)


def rows(drawn):
    lines = [line for line in drawn.strip().splitlines() if not line.startswith("#")]
    parts = [[part.strip() for part in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in parts]


def made_on(decided, the_customers, the_accounts):
    """Decisions about ``cus`` that rest on these records."""
    entries = []
    for one in decided.split(";"):
        decision, account = one.split()
        pair = pl.DataFrame({"customer_id": ["cus"], "account_id": [account]})
        found = journal.link_evidence(pair, the_customers, the_accounts)
        made = decisions.link("cus", account, decision)
        entries.append(decisions.with_evidence(made, found.row(0, named=True)) if found.height else made)
    return entries


def linked(the_customers, the_accounts, decided):
    nothing = {"contracts": table("contracts", []), "subscriptions": table("subscriptions", [])}
    claims = explicit_claims(the_accounts, nothing["contracts"], the_customers, nothing["subscriptions"], decided)
    candidates = propose_candidates(account_keys(the_accounts), customer_keys(the_customers), claims, decided)
    links = choose_links(candidates, the_customers, the_accounts, policy=Policy(), decided=decided)
    for name, frame in (("candidates", candidates), ("links", links), ("link_faults", link_faults(claims))):
        TABLES[name].conform(frame)
    TABLES["decisions"].conform(journal.decision_rows(decided).with_columns(room=pl.lit("resolve")))
    assert all(control.passes for control in link_controls(links, the_customers, candidates))
    return links, candidates, link_faults(claims)


@pytest.mark.parametrize(("customer", "account", "decided", "expected", "statuses"), rows(LINKS))
def test_links(tmp_path, customer, account, decided, expected, statuses):
    the_customers, the_accounts = customers(customer), accounts(account)
    read = decisions.frame_of(tmp_path, *made_on(decided, the_customers, the_accounts))
    judged = decided_links(read, the_accounts, the_customers)
    links, candidates, _ = linked(the_customers, the_accounts, judged)
    link = links.row(0, named=True)
    assert [link["status"], link["method"], link["account_id"] or "-"] == expected.split()
    assert judged["status"].to_list() == statuses.split()
    rejected = judged.filter(decision="reject", status="applied")["account_id"].to_list()
    assert not set(rejected) & set(candidates["account_id"]), "a rejected pair is not proposed again"


@pytest.mark.parametrize(("customer", "account", "customer_now", "account_now", "stands"), rows(CHANGES))
@pytest.mark.parametrize("decision", ["confirm", "reject"])
def test_a_decision_lapses_when_its_evidence_changes(
    tmp_path, customer, account, customer_now, account_now, stands, decision
):
    read = decisions.frame_of(tmp_path, *made_on(f"{decision} a1", customers(customer), accounts(account)))
    now_customers, now_accounts = customers(customer_now), accounts(account_now)
    judged = decided_links(read, now_accounts, now_customers)
    status, _, fields = stands.partition(" ")
    assert judged["status"].to_list() == [status]
    links, _, _ = linked(now_customers, now_accounts, judged)
    if status == "lapsed":
        nobody = decided_links(read.clear(), now_accounts, now_customers)
        without, _, _ = linked(now_customers, now_accounts, nobody)
        assert f"Lapsed, not applied: {fields} changed" in judged["message"][0]
        assert links.drop("reason").equals(without.drop("reason")), "a lapsed decision changes no link"
        assert judged["message"][0] in links["reason"][0], "and is shown"
    else:
        assert (links["method"][0] == "decision") == (decision == "confirm")


@pytest.mark.parametrize(("customer", "account"), [("id=cus names=a1", "id=a1"), ("id=cus", "id=a1 stripe=cus")])
def test_a_confirmed_link_that_an_id_says_now_is_no_longer_needed(tmp_path, customer, account):
    read = decisions.frame_of(tmp_path, *made_on("confirm a1", customers("id=cus"), accounts("id=a1")))
    judged = decided_links(read, accounts(account), customers(customer))
    assert judged.select("status", "message").row(0) == (
        "lapsed",
        "No longer needed: an id in the systems says the same now.",
    )
    links, _, _ = linked(customers(customer), accounts(account), judged)
    assert links.select("status", "method", "account_id").row(0) == ("linked", "id", "a1")


def test_an_id_that_a_decision_contradicts_is_listed(tmp_path):
    the_customers, the_accounts = customers("id=cus names=a1"), accounts("id=a1; id=a2")
    for number, decided in enumerate(("confirm a2", "reject a1")):
        read = decisions.frame_of(tmp_path / str(number), *made_on(decided, the_customers, the_accounts))
        _, _, faults = linked(the_customers, the_accounts, decided_links(read, the_accounts, the_customers))
        assert faults.select("subject", "id", "points_to", "fault").rows() == [
            ("customer", "cus", "a1", "contradicted")
        ]
        assert "decision" in faults["message"][0]


def test_reasons_tell_who_decided_when_and_why(tmp_path):
    the_customers, the_accounts = customers("id=cus email=ap@acme.com"), accounts("id=a1 billing=ap@acme.com; id=a2")
    read = decisions.frame_of(tmp_path, *made_on("reject a1", the_customers, the_accounts))
    links, _, _ = linked(the_customers, the_accounts, decided_links(read, the_accounts, the_customers))
    assert links["reason"][0].startswith("No other account shares")
    assert "Rejected as account A1: Ann Lee on 2026-11-03 (decision 1): asked the owner." in links["reason"][0]


def test_ids_of_15_and_18_characters_are_one_account(tmp_path):
    short, long = "001A0000006Vm9r", "001A0000006Vm9rIAC"
    the_customers = customers("id=cus")
    read = decisions.frame_of(tmp_path, *made_on(f"confirm {short}", the_customers, accounts(f"id={short}")))
    links, _, _ = linked(
        the_customers, accounts(f"id={long} name={short.upper()}"),
        decided_links(read, accounts(f"id={long} name={short.upper()}"), the_customers),
    )  # fmt: skip
    assert links.select("account_id", "method").rows() == [(long, "decision")]


GAP = ("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01", "")


def decided_gap(folder, tables, decision, now=None):
    """The findings of ``now`` with a decision on the only gap of ``tables``."""
    before = found_in(tables)
    current = journal.gap_evidence(before.gaps, tables["contracts"], tables["subscriptions"]).row(0, named=True)
    made = decisions.with_evidence(decisions.gap(current["gap_id"], decision), current)
    read = decisions.frame_of(folder, made)
    later = now or tables
    found = find_gaps(lambda name: later[name].lazy(), as_of=AS_OF, policy=Policy(), decisions=read)
    TABLES["gaps"].conform(found.gaps)
    TABLES["decisions"].conform(found.decisions.with_columns(room=pl.lit("gaps")))
    assert all(control.passes for control in found.controls)
    return found


@pytest.mark.parametrize(
    ("decision", "state"),
    [("accept", "accepted"), ("reject", "rejected"), ("resolved", "resolved"), ("needs_info", "open")],
)
def test_a_decided_gap_changes_its_state_and_no_figure(tmp_path, decision, state):
    tables = company(*GAP)
    found, before = decided_gap(tmp_path, tables, decision), found_in(tables)
    assert found.gaps["state"].to_list() == [state]
    assert found.decisions["status"].to_list() == ["applied"]
    assert "Ann Lee on 2026-11-03 (decision 1): asked the owner." in found.gaps["explanation"][0]
    assert found.gaps.drop("state", "explanation").equals(before.gaps.drop("state", "explanation"))
    for name in ("bridge", "placement", "gap_components", "pairs"):
        assert found.tables[name].equals(before.tables[name]), name
    assert settled_gaps(found.gaps).height == (state != "open")


SINCE = [
    ("nothing changed", GAP, "applied"),
    ("the amount sold", ("o1 1,500 2026-03-01..2027-02-28", *GAP[1:]), "lapsed"),
    ("the amount billed", (GAP[0], "s1 1,100 2026-03-01", ""), "lapsed"),
    ("the end sold", ("o1 1,400 2026-03-01..2027-01-31", *GAP[1:]), "lapsed"),
    ("the start billed", (GAP[0], "s1 1,200 2026-03-02", ""), "lapsed"),
    ("corrected", ("o1 1,200 2026-03-01..2027-02-28", *GAP[1:]), "unknown_subject"),
    (
        "another contract",
        (f"{GAP[0]}; o2 90 2026-03-01..2027-02-28", "s1 1,200 2026-03-01 names=o1; s2 90 2026-03-01 names=o2", ""),
        "applied",
    ),
]


@pytest.mark.parametrize(("now", "status"), [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in SINCE])
def test_a_gap_decision_lapses_when_the_gap_says_something_else(tmp_path, now, status):
    found = decided_gap(tmp_path, company(*GAP), "accept", company(*now))
    assert found.decisions["status"].to_list() == [status]
    states = found.gaps.filter(family="amount_mismatch")["state"].to_list()
    assert states == {"applied": ["accepted"], "lapsed": ["open"], "unknown_subject": []}[status]
    if status == "lapsed":
        assert found.decisions["message"][0] in found.gaps["explanation"][0]


@pytest.mark.parametrize(
    ("by", "decision", "evidence", "said"),
    [
        ("John Roe", "reject", "same", "decision 2 (reject by John Roe) contradicts it on the same evidence"),
        ("John Roe", "accept", "same", "decision 2 about the same is newer"),
        ("Ann Lee", "reject", "same", "decision 2 about the same is newer"),
        ("John Roe", "reject", "other", "decision 2 about the same is newer"),
    ],
)
def test_two_people_who_contradict_each_other_are_told(tmp_path, by, decision, evidence, said):
    first = decisions.gap("gap_1", "accept")
    rests_on = first.evidence if evidence == "same" else "ef" * 32
    second = decisions.gap("gap_1", decision, by=by, evidence=rests_on)
    read = decisions.frame_of(tmp_path, first, second)
    known = pl.DataFrame({"gap_id": ["gap_1"], "evidence": [rests_on], "evidence_fields": [["family=1"]]})
    judged = journal.with_status(read, known, ["gap_id"])
    assert judged["status"].to_list() == ["superseded", "applied"]
    assert said in judged["message"][0]


def test_days_that_pass_are_no_evidence():
    """A hand-off that lags becomes one that was missed, and grows by the day: the same gap says the same."""
    tables = company("o1 310 2026-10-18..2027-10-17", "", "")
    told = [
        journal.gap_evidence(found_in(tables, as_of=day).gaps, tables["contracts"], tables["subscriptions"])[
            "evidence"
        ][0]
        for day in (AS_OF, AS_OF.replace(month=11, day=10))
    ]
    causes = [found_in(tables, as_of=day).gaps["cause"][0] for day in (AS_OF, AS_OF.replace(month=11, day=10))]
    assert causes == ["timing_lag", "handoff_missed"]
    assert told[0] == told[1]


def test_a_gap_in_its_window_keeps_its_state_until_it_is_open(tmp_path):
    found = decided_gap(tmp_path, company("o1 500 2026-10-28..2027-10-27", "", ""), "reject")
    assert found.gaps["state"].to_list() == ["in_window"]
    assert found.decisions.select("status", "message").row(0) == (
        "applied",
        "Noted; it takes effect when the gap is open: its state is still in_window.",
    )


def test_the_evidence_of_a_link_can_be_worked_by_hand():
    """One field a line with its length in bytes; ``-`` where there is none."""
    text = (
        "customer.name=6:Acmé\u20ac\n".replace("6", str(len("Acmé\u20ac".encode())))
        + "customer.email=11:ap@acme.com\n"
        + "".join(f"customer.{name}=-\n" for name in ("phone", "country", "postal_code", "city", "vat_number"))
        + "customer.metadata_account_id=-\ncustomer.metadata_opportunity_id=-\n"
        + "account.name=2:A1\naccount.website=8:acme.com\n"
        + "".join(f"account.{name}=-\n" for name in ("phone", "country", "postal_code", "city", "vat_number"))
        + "account.billing_email=-\naccount.stripe_customer_id=-\naccount.is_deleted=5:false\naccount.merged_into=-\n"
        + "contact.has_address=5:false\ncontact.has_domain=4:true\n"
    )
    found = journal.link_evidence(
        pl.DataFrame({"customer_id": ["cus"], "account_id": ["a1"]}),
        customers("id=cus email=ap@acme.com name=Acmé\u20ac"),
        accounts("id=a1 website=acme.com contact=jo@acme.com"),
    )
    assert found["evidence"].to_list() == [hashlib.sha256(text.encode()).hexdigest()]
    assert found["evidence_fields"][0][1] == ("customer.email=" + hashlib.sha256(b"11:ap@acme.com").hexdigest()[:12])
