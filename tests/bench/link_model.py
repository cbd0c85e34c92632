"""The link model of the kit on prepared keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from recon_kit.link_files import IDENTITY
from recon_kit.policy import Policy
from recon_kit.resolve.model import score_pairs, shipped_model
from recon_kit.resolve.model.link_model import LinkModel
from tests.bench.link_keys import read_keys
from tests.bench.measured import Measured, timed
from tests.bench.train_links import best_of, figures


def measured(folder: Path) -> list[Measured]:
    """Score every pair, and say how good each customer's likeliest link is."""
    account_keys, customer_keys, truth = read_keys(folder)
    scored: list[pl.DataFrame] = []

    def link() -> int:
        scored.append(score_pairs(account_keys, customer_keys, floor=Policy().candidate_floor_weight))
        return customer_keys.height

    return [replace(timed("links", link), f1=f1_of(scored[0], truth, shipped_model()))]


def f1_of(pairs: pl.DataFrame, truth: pl.DataFrame, model: LinkModel | None = None) -> float:
    """Measure each customer's best link at even odds or better, candidates competing; without a model uncalibrated."""
    known = pairs.join(truth.select("customer_id", true_id="account_id"), on="customer_id", how="left", validate="m:1")
    judged = known.sort("customer_id", "account_id").with_columns(
        customer="customer_id", is_true=(pl.col("account_id") == pl.col("true_id")).fill_null(value=False)
    )
    used = model or replace(shipped_model(), calibrator=IDENTITY)
    return figures(best_of(judged, used, truth))["f1"]
