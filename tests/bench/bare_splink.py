"""Bare Splink on the same prepared columns: registered, prior, u and m (EM) estimated, predicted, as its documentation shows."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from recon_kit.resolve.model.engines import plain_table
from recon_kit.resolve.model.records import records_of
from tests.bench.link_keys import read_keys
from tests.bench.link_model import f1_of
from tests.bench.measured import Measured, timed

COLUMNS = [
    "unique_id",
    "name_core",
    "name_joined",
    "domain",
    "email",
    "phone",
    "registration",
    "postal_code",
    "city",
    "country",
]


def bare_splink(accounts: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Link with Splink as its documentation shows; the account's first address and domain are its own."""
    with duckdb.connect(config={"memory_limit": "8GB"}) as connection:
        api = DuckDBAPI(connection=connection)
        sides = [
            api.register(plain_table(frame.select(COLUMNS)), dataset_display_name=name)
            for frame, name in ((accounts, "accounts"), (customers, "customers"))
        ]
        exact = [cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in ("domain", "email")]
        settings = SettingsCreator(
            link_type="link_only",
            comparisons=[
                cl.JaroWinklerAtThresholds("name_core", [0.95, 0.88]).configure(term_frequency_adjustments=True),
                *exact,
                *(cl.ExactMatch(name) for name in ("phone", "registration", "postal_code", "city", "country")),
            ],
            blocking_rules_to_generate_predictions=[
                *(block_on(name) for name in ("domain", "email", "name_core", "phone", "registration")),
                block_on("substr(name_joined, 1, 3)", "postal_code"),
                block_on("substr(name_joined, 1, 8)", "city"),
            ],
        )
        linker = Linker(sides, settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match(
            [block_on("domain"), block_on("name_core", "city")], recall=0.75
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=42)
        for rule in (block_on("domain"), block_on("name_core"), block_on("substr(name_joined, 1, 3)", "postal_code")):
            linker.training.estimate_parameters_using_expectation_maximisation(rule)
        predicted = linker.inference.predict(threshold_match_weight=-5, warning_mode="never")
        return pl.DataFrame(predicted.as_pyarrow_table()).select(
            customer_id="unique_id_r",
            account_id="unique_id_l",
            pair_probability=pl.col("match_probability").clip(1e-6, 1 - 1e-6),
        )


def measured(folder: Path) -> list[Measured]:
    """Link a company whose columns are prepared before the clock starts."""
    account_keys, customer_keys, truth = read_keys(folder)
    records = records_of(account_keys, customer_keys)
    accounts = records.accounts.with_columns(email=pl.col("emails").list.first(), domain=pl.col("domains").list.first())
    predicted: list[pl.DataFrame] = []

    def link() -> int:
        predicted.append(bare_splink(accounts, records.customers))
        return customer_keys.height

    return [replace(timed("bare splink", link), f1=f1_of(predicted[0], truth))]
