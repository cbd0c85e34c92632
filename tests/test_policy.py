"""Policy: defaults as documented, every fault in one message, profiles under what is given."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml
from pydantic import ValidationError

from recon_kit.policy import PROFILES, Policy, SettingsError, build_policy


def faults_of(given, profile="default"):
    with pytest.raises(SettingsError) as caught:
        build_policy(given, profile)
    return str(caught.value)


def test_nothing_given_is_the_defaults():
    policy = build_policy({})
    assert policy == Policy()
    assert (policy.reporting_currency, policy.amount_basis, policy.amendments) == ("USD", "total", "delta")
    assert policy.discounts_in_mrr == ["forever", "repeating"]
    assert policy.minor(policy.rounding_tolerance) == 100


def test_every_fault_stands_in_one_message():
    message = faults_of(
        {
            "reporting_curency": "EUR",
            "timezone": "Berlin",
            "materiality": {"amount": 100.5, "orfan": "1.00"},
            "windows": {"modification": -1},
            "stripe_pattern": "(",
            "discounts_in_mrr": ["sometimes"],
        }
    )
    assert message.startswith("7 faults in the policy:")
    for key in (
        "reporting_curency: unknown key",
        "timezone: 'Berlin'",
        "materiality.amount: 100.5",
        "materiality.orfan: unknown key",
        "windows.modification: -1",
        "stripe_pattern: '('",
        "discounts_in_mrr.0: 'sometimes'",
    ):
        assert f"  - {key}" in message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rounding_tolerance": 1.0}, "in quotes"),
        ({"rounding_tolerance": "-1.00"}, "greater than or equal to 0"),
        ({"rounding_tolerance": "a lot"}, "valid decimal"),
        ({"rounding_tolerance": "NaN"}, "finite"),
        ({"pair_tolerance_pct": 101}, "less than or equal to 100"),
        ({"auto_link": 0.2, "review_floor": 0.3}, "must not exceed auto_link"),
        ({"reporting_currency": "usd"}, "no ISO 4217 currency"),
        ({"stripe_mode": "both"}, "'live' or 'test'"),
        ({"price_book": {"SKU-1": 9.5}}, "in quotes"),
        ({"materiality": "none"}, "valid dictionary"),
        ({1: 2}, "should be strings"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_in_words(given, said):
    assert said in faults_of(given)


def test_whole_amounts_need_no_quotes():
    assert build_policy({"straggler_amount": 10_000}).straggler_amount == Decimal(10_000)


@pytest.mark.parametrize(
    ("profile", "given", "amount", "amount_pct", "orphan", "aggregate_pct"),
    [
        ("default", {}, "100.00", 5, "500.00", 1),
        ("due_diligence", {}, "50.00", 2, "100.00", 1),
        ("board", {}, "100.00", 5, "500.00", 0.5),
        ("plg", {}, "100.00", 5, "100.00", 1),
        ("due_diligence", {"materiality": {"amount": "75.00"}}, "75.00", 2, "100.00", 1),
        ("board", {"materiality": {"aggregate_pct": 3}}, "100.00", 5, "500.00", 3),
    ],
)
def test_a_profile_lies_under_what_is_given(profile, given, amount, amount_pct, orphan, aggregate_pct):
    materiality = build_policy(given, profile).materiality
    assert (materiality.amount, materiality.orphan) == (Decimal(amount), Decimal(orphan))
    assert (materiality.amount_pct, materiality.aggregate_pct) == (amount_pct, aggregate_pct)


def test_building_a_policy_leaves_the_profiles_alone():
    build_policy({"materiality": {"amount": "1.00"}}, "due_diligence")
    assert PROFILES["due_diligence"]["materiality"]["amount"] == "50.00"


def test_a_policy_does_not_change():
    policy = build_policy({})
    with pytest.raises(ValidationError):
        policy.usage_counts = True


def test_what_is_written_reads_back_the_same():
    policy = build_policy({"rounding_tolerance": "2.50", "won_values": ["Gewonnen"]}, "plg")
    written = policy.to_yaml()
    assert build_policy(yaml.safe_load(written)) == policy
    assert written == build_policy(yaml.safe_load(written)).to_yaml()
    assert "Gewonnen" in written


@pytest.mark.parametrize(
    ("currency", "amount", "minor"), [("USD", "1.00", 100), ("JPY", "1.00", 1), ("KWD", "1.5", 1500)]
)
def test_amounts_in_minor_units(currency, amount, minor):
    assert build_policy({"reporting_currency": currency}).minor(Decimal(amount)) == minor


def test_an_amount_finer_than_the_currency_is_refused():
    with pytest.raises(ValueError, match="more decimals than JPY"):
        build_policy({"reporting_currency": "JPY"}).minor(Decimal("0.05"))
