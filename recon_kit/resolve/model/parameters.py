"""Parameters: m and u of every level, counted on labelled companies."""

from __future__ import annotations

import numpy as np
import polars as pl

from recon_kit.link_files import Parameters
from recon_kit.resolve.model.comparisons import COMPARISONS, Comparison, Level
from recon_kit.resolve.model.labelled import LabelledCompany
from recon_kit.resolve.model.pairs import prior
from recon_kit.resolve.model.records import Records, records_of
from recon_kit.resolve.model.scoring import pair_weights
from recon_kit.resolve.model.settings import rounded

RANDOM_PAIRS = 300_000
"""Random pairs of a company on which u is counted."""

ENOUGH = 50
"""Comparable pairs from which a company's count says something of a comparison."""


def estimate_parameters(companies: list[LabelledCompany], *, seed: int) -> Parameters:
    """Count m among true pairs and u among random pairs; each company counts the same.

    m of a level that disagrees is floored, so that what differs never vetoes.

    Returns:
        m and u by comparison and level, rounded.
    """
    counted = [(_counts(company, seed=seed), company) for company in companies]
    return {one.name: _of_comparison(one, [counts for counts, _ in counted]) for one in COMPARISONS}


Counts = dict[str, tuple[dict[str, int], dict[str, int]]]
"""By comparison: how often each level is met among true pairs and among random pairs."""


def _counts(company: LabelledCompany, *, seed: int) -> Counts:
    records = records_of(company.account_keys, company.customer_keys)
    true = _rows_of_truth(company, records)
    draw = np.random.default_rng(seed)
    rows = {
        "customer": draw.integers(records.customers.height, size=RANDOM_PAIRS),
        "account": draw.integers(records.accounts.height, size=RANDOM_PAIRS),
    }
    random = pl.DataFrame(rows).cast(pl.UInt32).unique().join(true, on=["customer", "account"], how="anti")
    met_true, met_random = (_levels_met(pairs, records) for pairs in (true, random))
    return {one.name: (met_true[one.name], met_random[one.name]) for one in COMPARISONS}


def _rows_of_truth(company: LabelledCompany, records: Records) -> pl.DataFrame:
    known = company.truth.drop_nulls("account_id").select("customer_id", "account_id")
    for name, side in (("customer", records.customers), ("account", records.accounts)):
        rows = side.select(pl.col("unique_id").alias(f"{name}_id"), pl.int_range(pl.len(), dtype=pl.UInt32).alias(name))
        known = known.join(rows, on=f"{name}_id", how="inner", validate="m:1")
    return known.select("customer", "account")


def _levels_met(pairs: pl.DataFrame, records: Records) -> dict[str, dict[str, int]]:
    weighed = pair_weights(pairs, records, parameters=_distinct(), prior=prior(records), floor=-np.inf)
    return {one.name: dict(weighed[f"level_{one.name}"].drop_nulls().value_counts().iter_rows()) for one in COMPARISONS}


def _distinct() -> Parameters:
    """Parameters that tell one level from another, before any is known."""
    return {
        one.name: {level.name: {"m": 0.5, "u": 0.5 / 2 ** (place + 1)} for place, level in enumerate(_spoken(one))}
        for one in COMPARISONS
    }


def _spoken(comparison: Comparison) -> list[Level]:
    return [level for level in comparison.levels if not level.is_null]


def _of_comparison(comparison: Comparison, counted: list[Counts]) -> dict[str, dict[str, float]]:
    levels = _spoken(comparison)
    floors = {level.name: level.least_m for level in levels}
    met = [counts[comparison.name] for counts in counted]
    m, u = (
        [_shares(side, list(floors)) for side in sides if sum(side.values()) >= ENOUGH]
        for sides in zip(*met, strict=True)
    )
    return {
        name: {"m": rounded(max(_mean(m, name), floor)), "u": rounded(_mean(u, name))} for name, floor in floors.items()
    }


def _shares(met: dict[str, int], names: list[str]) -> dict[str, float]:
    """Share of each level, with half a pair more for each, so that none is impossible."""
    total = sum(met.values()) + 0.5 * len(names)
    return {name: (met.get(name, 0) + 0.5) / total for name in names}


def _mean(shares: list[dict[str, float]], name: str) -> float:
    return float(np.mean([share[name] for share in shares])) if shares else 0.5
