"""Time the link model against bare Splink on the same prepared columns: ``python -m tests.bench.link_speed GENERATED``.

GENERATED is a folder with ``stripe.parquet`` and ``sf.parquet``. Bare Splink registers the records, estimates its prior,
u and m (EM) and predicts, with its own comparisons and blocking rules, as its documentation shows.
"""

from __future__ import annotations

import logging
import resource
import sys
import time
from pathlib import Path

import duckdb
import polars as pl
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from recon_kit.resolve.model import score_pairs, shipped_model
from recon_kit.resolve.model.engines import plain_table
from recon_kit.resolve.model.records import records_of
from tests.bench.train_links import best_of, figures, generated

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
                *(block_on(name) for name in ("domain", "email", "name_core", "phone", "registration", "postal_code")),
                block_on("substr(name_joined, 1, 5)", "city"),
            ],
        )
        linker = Linker(sides, settings, log_level=logging.ERROR)
        linker.training.estimate_probability_two_random_records_match(
            [block_on("domain"), block_on("name_core", "city")], recall=0.75
        )
        linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=42)
        for rule in ("domain", "name_core", "postal_code"):
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(rule))
        predicted = linker.inference.predict(threshold_match_weight=-5, warning_mode="never")
        return pl.DataFrame(predicted.as_pyarrow_table()).select(
            customer_id="unique_id_r",
            account_id="unique_id_l",
            pair_probability=pl.col("match_probability").clip(1e-6, 1 - 1e-6),
        )


def main() -> None:
    company = generated(Path(sys.argv[1]))
    records = records_of(company.account_keys, company.customer_keys)
    both = pl.col("emails").list.first().alias("email"), pl.col("domains").list.first().alias("domain")
    accounts, rows = records.accounts.with_columns(both), []
    for name, link in (
        ("link model", lambda: score_pairs(company.account_keys, company.customer_keys, floor=-5.0)),
        ("bare Splink", lambda: bare_splink(accounts, records.customers)),
    ):
        if len(sys.argv) > 2 and name == "bare Splink":
            continue
        started = time.perf_counter()
        pairs = link()
        took = time.perf_counter() - started
        known = pairs.join(company.truth.select("customer_id", true_id="account_id"), on="customer_id", how="left")
        judged = known.with_columns(
            customer=pl.col("customer_id"), is_true=(pl.col("account_id") == pl.col("true_id")).fill_null(value=False)
        )
        told = figures(best_of(judged, shipped_model(), company.truth))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        rows.append({"how": name, "seconds": round(took, 1), "peak_gb": round(peak, 2), **told})
        print(rows[-1], flush=True)


if __name__ == "__main__":
    main()
