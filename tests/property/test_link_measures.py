"""Measures of links against a plain reference in Python, for any company; order and names do not matter."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recon_kit.resolve import evaluation as ev
from tests.hand_made import table

ACCOUNTS = ["a1", "a2", "a3", None]
PROBABILITY = st.sampled_from([0.0, 0.04, 0.2, 0.35, 0.5, 0.62, 0.9, 0.97, 1.0])

customer = st.fixed_dictionaries({
    "true": st.sampled_from(ACCOUNTS),
    "best": st.sampled_from(ACCOUNTS),
    "probability": PROBABILITY,
    "status": st.sampled_from(["linked", "review", "unlinked"]),
    "method": st.sampled_from(["model", "model", "id"]),
})  # fmt: skip


def outcomes(drawn, order=None):
    names = [f"c{number:03}" for number in range(len(drawn))]
    rows = [{**one, "customer_id": name} for one, name in zip(drawn, names, strict=True)]
    rows = [rows[index] for index in order] if order else rows
    truth = pl.DataFrame(
        [{"customer_id": row["customer_id"], "account_id": row["true"]} for row in rows],
        schema={"customer_id": pl.String, "account_id": pl.String},
    )
    scored = [row for row in rows if row["best"]]
    candidates = table(
        "candidates",
        [
            {"customer_id": row["customer_id"], "account_id": row["best"], "link_probability": row["probability"]}
            for row in scored
        ],
    )
    links = table("links", [
        {"customer_id": row["customer_id"], "account_id": row["best"] if row["status"] != "unlinked" else None, "status": row["status"] if row["best"] else "unlinked", "method": row["method"]}
        for row in rows
    ])  # fmt: skip
    return ev.outcomes(truth, links, candidates)


def share(part, whole):
    return len(part) / len(whole) if whole else None


def plain(drawn):
    """The same measures, customer by customer."""
    has = [one for one in drawn if one["true"]]
    linked = [one for one in drawn if one["best"] and one["status"] == "linked"]
    right = [one for one in linked if one["best"] == one["true"]]
    likely = [one for one in drawn if one["best"] and one["probability"] >= 0.5]
    review = [one for one in drawn if one["best"] and one["status"] == "review"]
    return {
        "linked_precision": share(right, linked),
        "linked_recall": share(right, has),
        "best_precision": share([one for one in likely if one["best"] == one["true"]], likely),
        "review_share": share(review, drawn),
        "true_links_in_review": share([one for one in review if one["true"] == one["best"]], has),
        "blocking_recall": share([one for one in has if one["true"] == one["best"]], has),
        "calibration_error": plain_calibration([one for one in drawn if one["best"] and one["method"] == "model"]),
    }


def plain_calibration(modelled):
    total = 0.0
    for number in range(10):
        own = [one for one in modelled if min(int(one["probability"] * 10), 9) == number]
        total += abs(sum(one["probability"] for one in own) - sum(one["best"] == one["true"] for one in own))
    return total / len(modelled) if modelled else None


@given(st.lists(customer, min_size=1, max_size=40))
def test_measures_are_those_of_the_plain_reference(drawn):
    found = {row["measure"]: row["value"] for row in ev.measures(outcomes(drawn)).iter_rows(named=True)}
    for name, value in plain(drawn).items():
        assert found[name] == (None if value is None else pytest.approx(value, abs=1e-8)), name


@given(st.lists(customer, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_customers_changes_nothing(drawn, random):
    order = list(range(len(drawn)))
    random.shuffle(order)
    assert outcomes(drawn, order).equals(outcomes(drawn))
    assert ev.measures(outcomes(drawn, order)).equals(ev.measures(outcomes(drawn)))
    assert ev.reliability(outcomes(drawn, order)).equals(ev.reliability(outcomes(drawn)))


@given(st.lists(customer, min_size=1, max_size=40))
def test_every_true_link_has_one_fate(drawn):
    found = outcomes(drawn)
    fates = found.select(pl.sum_horizontal("is_linked_right", "is_true_in_review", "is_lost"))
    assert fates.to_series().to_list() == found["is_true"].cast(pl.UInt32).to_list()


@given(st.lists(customer, min_size=1, max_size=40))
def test_shares_lie_between_their_bounds_and_within_0_and_1(drawn):
    for row in (
        ev.measures(outcomes(drawn))
        .filter(pl.col("of").is_not_null(), pl.col("count").is_not_null())
        .iter_rows(named=True)
    ):
        if row["of"]:
            assert 0 <= row["low"] <= row["high"] <= 1
            assert row["count"] <= row["of"]


@given(st.lists(st.tuples(PROBABILITY, st.booleans()), min_size=1, max_size=40))
def test_reliability_counts_every_link_once(drawn):
    rows = ev.reliability(
        outcomes(
            [
                {
                    "true": "a1" if right else "a2",
                    "best": "a1",
                    "probability": p,
                    "status": "unlinked",
                    "method": "model",
                }
                for p, right in drawn
            ]
        )
    )
    assert rows["links"].sum() == len(drawn)
    assert (rows["links"] * rows["observed"].fill_null(0.0)).sum() == pytest.approx(sum(right for _, right in drawn))
