"""Dismissal rules, drawn: which gaps a rule takes, what the bridge says then, and what an expired rule no longer does."""

import datetime as dt

import polars as pl
import pytest

from recon_kit import journal
from recon_kit.gaps import dismissal_sentence, dismissed_gaps, find_gaps, money_sentence
from recon_kit.policy import Policy, SettingsError, build_policy
from recon_kit.schemas import TABLES
from tests import decisions
from tests.hand_made import AS_OF
from tests.sold_and_billed import company, found_in

SOLD_MORE = ("o1 1,400 2026-03-01..2027-02-28", "s1 1,200 2026-03-01", "")
NOT_BILLED = ("o1 500 2026-03-01..2027-02-28", "", "")


def rule(name="Partners", expires_on="2026-12-31", **where):
    return {
        "name": name,
        "where": where,
        "owner": "Ann Lee",
        "reason": "the reseller bills them.",
        "expires_on": expires_on,
    }


def policy_of(*rules):
    return build_policy({"dismissal_rules": list(rules)})


def of_type(tables, kind):
    typed = tables["accounts"].with_columns(type=pl.lit(kind))
    return tables | {"accounts": typed}


MATCHES = [
    ("the account's type", {"account_type": "Partner"}, True),
    ("another type", {"account_type": "Reseller"}, False),
    ("one of several types", {"account_type": ["Reseller", "Partner"]}, True),
    ("another spelling", {"account_type": "partner"}, False),
    ("the family", {"family": "amount_mismatch"}, True),
    ("both conditions", {"family": "amount_mismatch", "account_type": "Partner"}, True),
    ("one of two conditions", {"family": "amount_mismatch", "account_type": "Reseller"}, False),
    ("the account", {"account_id": "acc"}, True),
    ("a member", {"subscription_id": ["s9", "s1"]}, True),
    ("no member", {"opportunity_id": "o2"}, False),
]


@pytest.mark.parametrize(("where", "is_dismissed"), [row[1:] for row in MATCHES], ids=[row[0] for row in MATCHES])
def test_a_rule_takes_the_open_gaps_it_matches(where, is_dismissed):
    tables = of_type(company(*SOLD_MORE), "Partner")
    before, found = found_in(tables), found_in(tables, policy=policy_of(rule(**where)))
    assert found.gaps["state"].to_list() == ["dismissed" if is_dismissed else "open"]
    assert found.gaps.drop("state", "explanation").equals(before.gaps.drop("state", "explanation"))
    said = "Dismissed by rule “Partners” of Ann Lee, in force until 2026-12-31: the reseller bills them."
    assert (said in found.gaps["explanation"][0]) == is_dismissed
    lines = found.bridge.filter(component="dismissed")
    assert lines.select("label", "amount_minor").rows() == (
        [("Dismissed by rule: Partners", -20_000)] if is_dismissed else []
    )
    assert found.bridge.filter(family="amount_mismatch").height == (0 if is_dismissed else 1)
    assert found.bridge["amount_minor"][:-1].sum() == found.bridge["amount_minor"][-1]
    assert found.bridge.select("label", "amount_minor").row(0) == before.bridge.select("label", "amount_minor").row(0)
    assert found.dismissals["gaps"].to_list() == [int(is_dismissed)], "a rule that takes nothing is listed all the same"
    TABLES["dismissals"].conform(found.dismissals)
    assert (found.placement["line"] == "dismissed").all() == is_dismissed


@pytest.mark.parametrize(
    ("expires_on", "is_dismissed"),
    [(AS_OF - dt.timedelta(days=1), False), (AS_OF, True), (AS_OF + dt.timedelta(days=1), True)],
)
def test_a_rule_ends_with_the_day_it_expires_on(expires_on, is_dismissed):
    found = found_in(company(*SOLD_MORE), policy=policy_of(rule(expires_on=expires_on, family="amount_mismatch")))
    assert found.gaps["state"].to_list() == ["dismissed" if is_dismissed else "open"]
    told = found.dismissals.row(0, named=True)
    assert (told["is_in_force"], told["gaps"], told["difference_minor"]) == (is_dismissed, 1, 20_000)


def test_the_page_names_a_rule_that_expired_and_counts_what_is_dismissed():
    rules = (rule("Old", "2026-06-30", family="amount_mismatch"), rule("New", account_id="acc"))
    found = found_in(company(*SOLD_MORE), policy=policy_of(*rules))
    said = dismissal_sentence(found.dismissals).text
    assert "1 rule is in force, 1 gap is dismissed." in said
    assert "Rule “Old” of Ann Lee expired on 2026-06-30: 1 gap that it would have dismissed" in said
    assert "1 dismissed by rule" in money_sentence(found, Policy()).text
    assert dismissed_gaps(found.gaps).height == 1


def test_each_rule_has_its_own_line_and_the_first_takes_a_gap():
    tables = company(
        "o1 1,400 2026-03-01..2027-02-28; o2 500 2026-03-01..2027-02-28 of=acc2", "s1 1,200 2026-03-01 names=o1", ""
    )
    rules = (rule("Amounts", cause=["unexplained", "discount", "contraction"]), rule("Unbilled", family="missing_subscription"), rule("All", account_id=["acc", "acc2"]))  # fmt: skip
    before, found = found_in(tables), found_in(tables, policy=policy_of(*rules))
    assert set(before.gaps["state"]) == {"open"}
    assert set(found.gaps["state"]) == {"dismissed"}
    between = found.bridge.filter(pl.col("family") == "none")
    assert set(between["component"]) == {"dismissed"}
    assert between["amount_minor"].sum() == before.bridge["amount_minor"][1:-1].sum()
    assert found.dismissals["gaps"].sum() == found.gaps.height, "no gap is taken twice"


def test_a_person_decides_before_a_rule(tmp_path):
    tables = company(*SOLD_MORE)
    current = journal.gap_evidence(found_in(tables).gaps, tables["contracts"], tables["subscriptions"]).row(
        0, named=True
    )
    made = decisions.with_evidence(decisions.gap(current["gap_id"], "accept"), current)
    found = find_gaps(
        lambda name: tables[name].lazy(), as_of=AS_OF, policy=policy_of(rule(family="amount_mismatch")),
        decisions=decisions.frame_of(tmp_path, made),
    )  # fmt: skip
    assert found.gaps["state"].to_list() == ["accepted"]
    assert found.dismissals["gaps"].to_list() == [0]


def test_a_young_gap_is_not_dismissed():
    young = company("o1 1,400 2026-10-30..2027-10-29", "s1 1,200 2026-10-30", "")
    found = found_in(young, policy=policy_of(rule(family="amount_mismatch")))
    assert found.gaps["state"].to_list() == ["in_window"]


FAULTY = [
    (rule(colour="red"), "colour: no field of a gap; a rule may ask for family, cause"),
    (rule(), "where"),
    (rule(family=[]), "where"),
    (rule(expires_on="soon", family="x"), "expires_on"),
    ({**rule(family="x"), "owner": " "}, "owner"),
    ({**rule(family="x"), "reason": ""}, "reason"),
    ({**rule(family="x"), "until": "2026"}, "until: unknown key"),
]


@pytest.mark.parametrize(("faulty", "said"), FAULTY)
def test_a_rule_that_cannot_be_used_is_named(faulty, said):
    with pytest.raises(SettingsError) as refused:
        policy_of(faulty)
    assert said in str(refused.value)
    assert "dismissal_rules.0" in str(refused.value)


def test_rules_keep_their_names_apart():
    with pytest.raises(SettingsError, match="several rules have the name Partners"):
        policy_of(rule(family="x"), rule(cause="y"))


def test_a_policy_with_rules_is_written_and_read_alike():
    policy = policy_of(rule(family="x", account_type=["A", "B"]))
    assert build_policy(policy.model_dump(mode="json")) == policy
    assert Policy().dismissal_rules == []
