"""Who is who, drawn: what a customer carries, what accounts carry, and the link that follows."""

import pytest

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.policy import Policy
from recon_kit.resolve import choose_links, explicit_claims, link_controls, link_faults, propose_candidates
from recon_kit.schemas import TABLES
from tests.hand_made import table

SHORT, LONG = "001A0000006Vm9r", "001A0000006Vm9rIAC"

DRAWN = """
# explicit ids
the customer names the account             | id=cus names=a1                       | id=a1                                   | linked id a1
the account names the customer             | id=cus                                | id=a1 stripe=cus                        | linked id a1
15 characters name 18                      | id=cus names=SHORT                    | id=LONG                                 | linked id LONG
18 characters name 15                      | id=cus names=LONG                     | id=SHORT                                | linked id SHORT
a merged account's id                      | id=cus names=old                      | id=old merged=a1; id=a1                 | linked id a1
a deleted account's id                     | id=cus names=gone                     | id=gone deleted=1                       | unlinked none -
an id of nothing                           | id=cus names=nobody                   | id=a1                                   | unlinked none -
two accounts name the customer             | id=cus                                | id=a1 stripe=cus; id=a2 stripe=cus      | unlinked none -
ids that contradict each other             | id=cus names=a1                       | id=a1; id=a2 stripe=cus                 | unlinked none -
an ambiguous id does not spoil a clear one | id=cus names=a1                       | id=a1 stripe=cus; id=a2 stripe=cus      | linked id a1
an id outweighs an e-mail                  | id=cus names=a1 email=ap@beta.com     | id=a1; id=a2 billing=ap@beta.com        | linked id a1

# e-mail
the billing address of one account         | id=cus email=AP@Acme.com              | id=a1 billing=ap@acme.com               | linked model a1
a contact's address                        | id=cus email=jo@acme.com              | id=a1 contact=jo@acme.com               | linked model a1
a free-mail address of one account         | id=cus email=jo@gmail.com             | id=a1 billing=jo@gmail.com              | linked model a1
another free-mail address                  | id=cus email=ann@gmail.com            | id=a1 billing=jo@gmail.com              | unlinked none -
an address on two accounts                 | id=cus email=ap@acme.com              | id=a1 billing=ap@acme.com; id=a2 contact=ap@acme.com | review model a1
an address on four accounts                | id=cus email=ap@acme.com              | id=a1 billing=ap@acme.com; id=a2 billing=ap@acme.com; id=a3 billing=ap@acme.com; id=a4 billing=ap@acme.com | unlinked none -
the address a merged account left          | id=cus email=ap@old.com               | id=old merged=a1 billing=ap@old.com; id=a1 | linked model a1
the address of a deleted account           | id=cus email=ap@old.com               | id=gone deleted=1 billing=ap@old.com    | unlinked none -

# domain
a web site                                 | id=cus email=ap@acme.com              | id=a1 website=https://www.acme.com/en   | linked model a1
a subdomain under a two-part suffix        | id=cus email=ap@mail.acme.co.uk       | id=a1 website=www.acme.co.uk            | linked model a1
two companies under one suffix             | id=cus email=ap@beta.co.uk            | id=a1 website=www.acme.co.uk            | unlinked none -
a contact of the same domain               | id=cus email=ap@acme.com              | id=a1 contact=jo@acme.com               | linked model a1
parent and subsidiary share a domain       | id=cus email=ap@acme.com              | id=a1 website=acme.com; id=a2 website=acme.com | review model a1
an address in a shared domain              | id=cus email=jo@acme.com              | id=a1 contact=jo@acme.com; id=a2 website=acme.com | review model a1
a domain that another's customer writes from | id=cus email=ap@acme.com; id=cus2 names=a2 email=jo@acme.com | id=a1 website=acme.com; id=a2 | review model a1
a free-mail domain as web site             | id=cus email=ann@gmail.com            | id=a1 website=gmail.com                 | unlinked none -
nothing                                    | id=cus                                | id=a1 website=acme.com                  | unlinked none -
"""


def options(text):
    text = text.replace("SHORT", SHORT).replace("LONG", LONG)
    return [dict(word.split("=", 1) for word in record.split()) for record in text.split(";")]


def customer(given):
    return {"customer_id": given["id"], "email": given.get("email"), "metadata_account_id": given.get("names")}


def account(given):
    merged = given.get("merged")
    is_deleted = merged is not None or "deleted" in given
    return {
        "account_id": given["id"], "name": given["id"].upper(), "website": given.get("website"),
        "billing_email": given.get("billing"), "contact_emails": [given["contact"]] if "contact" in given else [],
        "stripe_customer_id": given.get("stripe"), "is_deleted": is_deleted, "merged_into": merged,
        "survivor_id": merged if is_deleted else given["id"],
    }  # fmt: skip


def resolved(customers, accounts, contracts=(), subscriptions=(), policy=None):
    frames = {
        "accounts": table("accounts", [account(one) for one in options(accounts)]),
        "customers": table("customers", [customer(one) for one in options(customers)]),
        "contracts": table("contracts", list(contracts)),
        "subscriptions": table("subscriptions", list(subscriptions)),
    }
    claims = explicit_claims(**frames)
    candidates = propose_candidates(account_keys(frames["accounts"]), customer_keys(frames["customers"]), claims)
    links = choose_links(candidates, frames["customers"], frames["accounts"], policy=policy or Policy())
    for name, frame in (("candidates", candidates), ("links", links), ("link_faults", link_faults(claims))):
        TABLES[name].conform(frame)
    assert all(control.passes for control in link_controls(links, frames["customers"], candidates))
    return links, claims, candidates


def chosen(link):
    return [link["status"], link["method"], link["account_id"] or "-"]


def is_likely_enough(link):
    """Whether the probability is what the policy asks of the status; an id is certain."""
    if link["method"] == "id":
        return link["link_probability"] == 1.0
    if link["method"] == "none":
        return link["link_probability"] is None
    return link["link_probability"] >= (Policy().auto_link if link["status"] == "linked" else Policy().review_floor)


def drawn():
    lines = [line for line in DRAWN.strip().splitlines() if line.strip() and not line.startswith("#")]
    rows = [[part.strip() for part in line.split("|")] for line in lines]
    return [pytest.param(*row[1:], id=row[0].replace(" ", "-")) for row in rows]


@pytest.mark.parametrize(("customers", "accounts", "expected"), drawn())
def test_drawn(customers, accounts, expected):
    links, _, _ = resolved(customers, accounts)
    link = links.filter(customer_id="cus").row(0, named=True)
    assert chosen(link) == expected.replace("SHORT", SHORT).replace("LONG", LONG).split()
    assert is_likely_enough(link)


FAULTY = [
    ("id=cus names=nobody", "id=a1", "dangling"),
    ("id=cus names=gone", "id=gone deleted=1", "deleted"),
    ("id=cus", "id=a1 stripe=cus; id=a2 stripe=cus", "ambiguous"),
    ("id=cus names=a1", "id=a1; id=a2 stripe=cus", "contradicting"),
    ("id=cus", "id=a1 stripe=cus_of_another_world", "dangling"),
]


@pytest.mark.parametrize(("customers", "accounts", "fault"), FAULTY)
def test_ids_that_prove_nothing_are_listed(customers, accounts, fault):
    _, claims, _ = resolved(customers, accounts)
    listed = link_faults(claims)
    assert set(listed["fault"]) == {fault}
    assert listed["message"].str.contains("names").all()


def deal(**more):
    return {"opportunity_id": "o1", "account_id": "a1", "account_id_as_given": "a1", **more}


@pytest.mark.parametrize(
    ("contract", "subscription"),
    [
        (deal(), {"metadata_opportunity_id": "o1"}),
        (deal(), {"metadata_account_id": "a1"}),
        (deal(stripe_subscription_id="s1"), {}),
    ],
)
def test_a_subscription_can_carry_the_id(contract, subscription):
    links, _, _ = resolved(
        "id=cus", "id=a1", [contract], [{"subscription_id": "s1", "customer_id": "cus", **subscription}]
    )
    assert links.select("account_id", "method", "status").row(0) == ("a1", "id", "linked")


def test_the_reason_names_the_evidence_and_the_account():
    links, _, _ = resolved("id=cus email=ap@acme.com", "id=a1 billing=ap@acme.com")
    assert links["reason"][0].startswith("Account A1, probability 0.9")
    assert links["reason"][0].endswith(": the same e-mail address.")


def test_probabilities_of_a_customer_sum_to_one_at_most():
    _, _, candidates = resolved(
        "id=cus email=ap@acme.com", "id=a1 billing=ap@acme.com; id=a2 website=acme.com; id=a3 website=acme.com"
    )
    assert candidates.height == 3
    assert candidates["link_probability"].sum() <= 1


def test_the_policy_decides_what_is_clear():
    customers, accounts = "id=cus email=ap@acme.com", "id=a1 website=acme.com"
    usual, _, _ = resolved(customers, accounts)
    strict, _, _ = resolved(customers, accounts, policy=Policy(auto_link=0.9999))
    assert (usual["status"][0], strict["status"][0]) == ("linked", "review")


def test_the_order_of_rows_does_not_matter():
    customers = "id=cus email=ap@acme.com; id=cus2 names=a2 email=jo@acme.com; id=cus3 email=x@beta.com"
    accounts = "id=a1 website=acme.com; id=a2; id=a3 website=beta.com"
    there, _, _ = resolved(customers, accounts)
    back, _, _ = resolved("; ".join(reversed(customers.split("; "))), "; ".join(reversed(accounts.split("; "))))
    assert there.equals(back)
