"""The same pairs and probabilities, whatever the machine: threads, order of rows, DuckDB or Spark."""

import importlib.util
import shutil

import polars as pl
import pytest

from recon_kit.normalise.keys import account_keys, customer_keys
from recon_kit.resolve.model import score_pairs, shipped_model
from recon_kit.resolve.model.second_stage import link_probabilities
from tests.hand_made import table
from tests.spec.test_links_hard_cases import NAMES, companies, slug


@pytest.fixture(scope="module")
def keys():
    accounts = [
        {
            **one,
            "survivor_id": one["account_id"],
            "phone": f"+44 113 496 {number:04d}",
            "postal_code": f"LS1 {number % 9}AB",
        }
        for number, one in enumerate(companies())
    ]
    customers = [
        {
            "customer_id": f"c{number:03d}",
            "name": name.upper() if number % 3 else name.replace(" ", ""),
            "email": f"ap@{slug(name)}.com" if number % 4 else f"{slug(name)}@gmail.com",
            "phone": f"+44 113 496 {number:04d}" if number % 5 == 0 else None,
            "postal_code": f"LS1 {number % 7}AB" if number % 2 else None,
            "country": "GB",
            "city": "Leeds" if number % 3 else "York",
        }
        for number, name in enumerate(NAMES[:90])
    ]
    return account_keys(table("accounts", accounts)), customer_keys(table("customers", customers))


def test_one_thread_and_two_and_any_order_give_the_same_bits(keys):
    one = score_pairs(*keys, floor=-5.0, threads=1)
    two = score_pairs(*keys, floor=-5.0, threads=2)
    shuffled = score_pairs(*(frame.sample(fraction=1.0, shuffle=True, seed=3) for frame in keys), floor=-5.0)
    assert one.height > 90
    assert one.equals(two)
    assert one.equals(shuffled)


def test_slices_of_customers_give_the_same_bits(keys, monkeypatch):
    whole = score_pairs(*keys, floor=-5.0)
    monkeypatch.setattr("recon_kit.resolve.model.pairs.CUSTOMERS_AT_ONCE", 17)
    assert score_pairs(*keys, floor=-5.0).equals(whole)


def test_a_rejected_pair_competes_with_nobody(keys):
    whole = score_pairs(*keys, floor=-5.0)
    first = whole.select("customer_id", "account_id").head(1)
    left = score_pairs(*keys, first, floor=-5.0)
    assert left.height == whole.height - 1
    assert left.join(first, on=["customer_id", "account_id"], how="semi").is_empty()


@pytest.mark.java
@pytest.mark.skipif(importlib.util.find_spec("pyspark") is None, reason="pyspark is not installed: make setup-spark")
@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java 17, and no java is on the path")
@pytest.mark.filterwarnings("default")
def test_spark_gives_the_same_pairs_and_probabilities(keys):
    on_duckdb, on_spark = (score_pairs(*keys, floor=-5.0, engine=engine, threads=2) for engine in ("duckdb", "spark"))
    pair = ["customer_id", "account_id"]
    assert on_spark.select(pair).equals(on_duckdb.select(pair))
    for column in on_duckdb.columns:
        if on_duckdb.schema[column] == pl.Float64:
            assert (on_duckdb[column] - on_spark[column]).abs().max() <= 1e-9, column
        else:
            assert on_duckdb[column].equals(on_spark[column]), column


def test_probabilities_of_a_customer_sum_to_one_at_most_and_repeat(keys):
    pairs = score_pairs(*keys, floor=-5.0).rename({"customer_id": "customer"})
    first, again = (link_probabilities(pairs, shipped_model().calibrator) for _ in range(2))
    assert first.equals(again)
    total = pairs.with_columns(first).group_by("customer").agg(pl.col("link_probability").sum())
    assert total["link_probability"].max() <= 1 + 1e-12
    assert first.min() >= 0
