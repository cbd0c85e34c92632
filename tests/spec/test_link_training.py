"""Weakened copies of a labelled company: each takes away, or adds, exactly what it says."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.resolve.model.labelled import LabelledCompany, Weakening, weakened
from tests.hand_made import table

SIZE, STRANGERS = 40, 10


@pytest.fixture(scope="module")
def company():
    numbers = range(SIZE)
    accounts = [
        {"account_id": f"a{n:02}", "name": f"Firm{n} Works Ltd", "survivor_id": f"a{n:02}", "billing_email": f"ap@firm{n}.com"}
        for n in numbers
    ]  # fmt: skip
    customers = [
        {"customer_id": f"c{n:02}", "name": f"Firm{n} Wks", "email": f"jo@firm{n}.com", "country": "GB"}
        for n in numbers
    ] + [{"customer_id": f"s{n}", "name": f"Stranger{n}"} for n in range(STRANGERS)]
    truth = pl.DataFrame({"customer_id": [one["customer_id"] for one in customers]}).with_columns(
        account_id=pl.when(pl.col("customer_id").str.starts_with("c")).then("a" + pl.col("customer_id").str.slice(1)),
        group="customer_id",
    )
    keys = account_keys(table("accounts", accounts)), customer_keys(table("customers", customers))
    return LabelledCompany("firms", *keys, truth)


STILL = {"moved": 0.0, "abroad": 0.0}


def copy_of(company, **loss):
    return weakened(company, Weakening(**STILL | loss), seed=3)


def test_a_copy_that_loses_nothing_is_the_company(company):
    copy = copy_of(company)
    for name in ("account_keys", "customer_keys", "truth"):
        assert_frame_equal(getattr(copy, name), getattr(company, name))


def test_gone_accounts_leave_their_customers_without_one(company):
    copy = copy_of(company, gone=0.5)
    kept = set(copy.account_keys["account_id"])
    assert 10 < len(kept) < 30
    assert set(copy.truth["account_id"].drop_nulls()) == kept
    assert copy.truth["account_id"].null_count() == STRANGERS + SIZE - len(kept)
    assert_frame_equal(copy.customer_keys, company.customer_keys)


def test_customers_named_alike_carry_their_accounts_name(company):
    alike = copy_of(company, named_alike=1.0)
    named = alike.customer_keys.join(alike.truth, on="customer_id").join(
        alike.account_keys, on="account_id", suffix="_of_account"
    )
    assert named.height == SIZE
    for name in ("name_full", "name_core", "name_tokens", "name_cores"):
        assert (named[name] == named[f"{name}_of_account"]).all(), name
    assert named["email"].to_list() != named["email_of_account"].to_list()


def test_a_sister_has_a_word_more_and_is_nobodys_account(company):
    copy = copy_of(company, sisters=1.0)
    ids = pl.col("account_id")
    sisters = copy.account_keys.filter(ids.str.ends_with("-sister"))
    assert sisters.height == SIZE
    beside = sisters.with_columns(ids.str.strip_suffix("-sister")).join(
        company.account_keys, on="account_id", suffix="_own"
    )
    assert (beside["name_core"].str.split(" ").list.head(2) == beside["name_core_own"].str.split(" ")).all()
    assert (beside["name_core"].str.split(" ").list.len() == 3).all()
    assert beside["email"].null_count() == SIZE
    assert (beside["domains"].list.len() == 0).all()
    assert_frame_equal(copy.truth, company.truth)


def test_under_another_name_the_address_is_shared_and_free(company):
    copy = copy_of(company, under_another_name=1.0)
    writing = copy.customer_keys.join(copy.truth.drop_nulls(), on="customer_id").join(
        copy.account_keys, on="account_id", suffix="_of_account"
    )
    assert writing.height == SIZE
    assert writing.select(pl.col("emails_of_account").list.contains(pl.col("email")).all()).item()
    assert writing["name_core"].str.starts_with("stranger").all()
    assert (writing["domains"].list.len() == 0).all()
    assert writing["email"].str.ends_with("@gmail.com").all()


def test_the_same_seed_makes_the_same_copy(company):
    loss = Weakening(gone=0.3, sisters=0.3, named_alike=0.3, under_another_name=0.3)
    first, again, other = (weakened(company, loss, seed=seed) for seed in (1, 1, 2))
    assert_frame_equal(first.account_keys, again.account_keys)
    assert_frame_equal(first.customer_keys, again.customer_keys)
    assert not first.account_keys.equals(other.account_keys)


def test_neighbours_are_strangers_at_the_place_of_an_account(company):
    placed = pl.Series("city", [f"Town{n}" for n in range(SIZE)])
    there = LabelledCompany("placed", company.account_keys.with_columns(placed), company.customer_keys, company.truth)
    moved = copy_of(there, neighbours=1.0).customer_keys
    is_stranger = pl.col("customer_id").str.starts_with("s")
    assert moved.filter(is_stranger)["city"].is_in(placed.implode()).all()
    assert_frame_equal(moved.filter(~is_stranger), company.customer_keys.filter(~is_stranger))
