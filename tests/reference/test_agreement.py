"""The room of gaps and the plain-Python reference say the same, row for row: pairs, placement, gaps, components, bridge."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import yaml

from recon_kit.policy import Policy, build_policy
from recon_kit.schemas import TABLES
from tests.hand_made import AS_OF
from tests.reference.compare import differences, read_rates
from tests.reference.drawn_amounts import draw_amounts
from tests.reference.drawn_units import draw_company
from tests.sold_and_billed import Tables, company, found_in
from tests.whole_close import run_cells, table, write_params
from tests.world import build_world

NO_RATES = {dt.date(1999, 1, 4): {"EUR": Fraction(1), "USD": Fraction(11789, 10000)}}


def differences_of_close(close: Path) -> list[str]:
    """Where a close and the reference differ."""
    policy = build_policy(yaml.safe_load((close / "inputs" / "policy.yaml").read_text(encoding="utf-8")))
    rates = read_rates(close / "raw" / "fx" / "eurofxref-hist.csv")
    return differences(partial(table, close), as_of=AS_OF, policy=policy, rates=rates)


def differences_of_tables(tables: Tables, policy: Policy | None = None) -> list[str]:
    """Where the findings of drawn tables and the reference differ."""
    known = tables | found_in(tables, policy=policy).tables
    return compared(known, policy or Policy())


def compared(known: Tables, policy: Policy) -> list[str]:
    def read(name: str) -> pl.DataFrame:
        return known[name] if name in known else TABLES[name].empty()

    return differences(read, as_of=AS_OF, policy=policy, rates=NO_RATES)


def assert_agree(said: list[str]) -> None:
    assert not said, f"{len(said)} differences\n" + "\n".join(said[:20])


def test_the_sample(sample_close: Path) -> None:
    assert_agree(differences_of_close(sample_close))


def closed(folder: Path, seed: int, accounts: int, ids: str) -> Path:
    build_world(seed, accounts=accounts, ids=ids).render(folder / "raw")
    return run_cells(write_params(folder / "params", folder / "raw"), folder / "close")


@pytest.mark.parametrize(("seed", "ids"), [(7, "some"), (23, "none"), (101, "all")])
def test_generated_companies(tmp_path: Path, seed: int, ids: str) -> None:
    """Thirty-odd faults each, the hard negatives after them, whatever ids are given."""
    assert_agree(differences_of_close(closed(tmp_path, seed, 60, ids)))


@pytest.mark.soak
@pytest.mark.parametrize("ids", ["none", "some", "all"])
@pytest.mark.parametrize("seed", range(1, 9))
def test_more_generated_companies(tmp_path: Path, seed: int, ids: str) -> None:
    assert_agree(differences_of_close(closed(tmp_path, 1_000 + seed, 300, ids)))


@pytest.mark.parametrize("seed", range(4))
def test_drawn_units(seed: int) -> None:
    """Units of any shape: several contracts and subscriptions, ids across, renewals, endings, trials, unknown MRR."""
    assert_agree(differences_of_tables(company(*draw_company(seed, units=40))))


@pytest.mark.parametrize(("seed", "currencies"), [(5, ("KWD",)), (6, ("KWD", "JPY"))])
def test_drawn_units_in_currencies_without_a_rate(seed: int, currencies: tuple[str, ...]) -> None:
    """What no rate converts is compared in its own currency, unless it may belong to what stands in another."""
    assert_agree(differences_of_tables(company(*draw_company(seed, 40, currencies))))


OTHER = {
    "rounding_tolerance": "5.00", "pair_tolerance_pct": 10, "date_tolerance_days": 10, "reactivation_days": 5,
    "lookback_months": 24, "timing_lag_days": 30, "materiality": {"refund": "10.00"},
    "windows": {"new_subscription": 3, "modification": 20, "cancellation": 9, "payment_failure": 5},
}  # fmt: skip


@pytest.mark.parametrize("profile", ["due_diligence", "plg"])
def test_another_policy(profile: str) -> None:
    """Every tolerance, window and threshold is the policy's."""
    policy = build_policy(OTHER, profile)
    assert_agree(differences_of_tables(company(*draw_company(11, units=40)), policy))
    assert_agree(differences_of_tables(drawn_amounts(11), policy))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_more_drawn_units(seed: int) -> None:
    assert_agree(differences_of_tables(company(*draw_company(seed, units=40))))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(200, 260))
def test_more_drawn_units_in_currencies_without_a_rate(seed: int) -> None:
    assert_agree(differences_of_tables(company(*draw_company(seed, 40, (("KWD",), ("KWD", "JPY"))[seed % 2]))))


def drawn_amounts(seed: int) -> Tables:
    drawn = draw_amounts(seed, units=40)
    tables = company("; ".join(drawn.sold), "; ".join(drawn.billed), **drawn.rows)
    given = pl.DataFrame(
        [
            {"opportunity_id": key, "note": None, "discount_pct": None, **found}
            for key, found in drawn.contracts.items()
        ],
        schema={"opportunity_id": pl.String, "note": pl.String, "discount_pct": pl.Float64},
    )
    contracts = tables["contracts"].update(given, on="opportunity_id", how="left")
    return tables | {"contracts": contracts}


@pytest.mark.parametrize("seed", range(3))
def test_drawn_amounts(seed: int) -> None:
    """Seats added and answered or not, coupons, discounts granted, tax in the price, pauses, refunds, credits."""
    assert_agree(differences_of_tables(drawn_amounts(seed)))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 160))
def test_more_drawn_amounts(seed: int) -> None:
    assert_agree(differences_of_tables(drawn_amounts(seed)))


BROKEN = {
    "gaps": pl.col("difference_minor") + 1,
    "pairs": pl.col("crm_mrr_minor") - 1,
    "gap_components": pl.col("amount_minor") + 1,
    "placement": pl.col("line").str.replace("rounding", "grace"),
    "bridge": pl.col("amount_minor") - 1,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_row_is_noticed(name: str) -> None:
    tables = company("o1 900 2026-03-01..; o2 500 2026-03-01.. of=acc2", "s1 800 2026-03-01; s2 500 2026-03-01 of=cus2")
    known = tables | found_in(tables).tables
    assert_agree(compared(known, Policy()))
    assert compared(known | {name: known[name].with_columns(BROKEN[name])}, Policy())
