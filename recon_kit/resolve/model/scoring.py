"""Scoring: Splink's match weight of every blocked pair, with what each comparison adds to it."""

from __future__ import annotations

import logging
import math
from typing import Any

import polars as pl

from recon_kit.link_files import Parameters
from recon_kit.resolve.model.comparisons import COMPARISONS
from recon_kit.resolve.model.engines import plain_table, splink_api
from recon_kit.resolve.model.records import Records
from recon_kit.resolve.model.settings import Engine, columns_compared, level_weights, splink_settings

_ACCOUNTS, _CUSTOMERS = "accounts", "customers"
"""Names of the sides in Splink, which calls the first by alphabet left."""

WEIGHTS = tuple(f"weight_{comparison.name}" for comparison in COMPARISONS)
LEVELS = tuple(f"level_{comparison.name}" for comparison in COMPARISONS)


def pair_weights(
    pairs: pl.DataFrame,
    records: Records,
    *,
    parameters: Parameters,
    prior: float,
    floor: float,
    engine: Engine = "duckdb",
    threads: int | None = None,
) -> pl.DataFrame:
    """Weigh pairs with Splink.

    Args:
        pairs: what :func:`recon_kit.resolve.model.blocking.blocked_pairs` returns.
        records: both sides.
        parameters: m and u of every level.
        prior: probability that a random pair is one organisation.
        floor: match weight below which a pair is left out.
        engine: where Splink computes.
        threads: how many threads compute.

    Returns:
        One row per pair that reaches the floor, sorted: ``customer`` and ``account`` (row numbers in the records),
        ``match_weight``, ``match_probability``, and by comparison ``weight_*`` (0 where nothing can be compared) and
        ``level_*`` (the level's name; null where nothing can be compared).

    Reference:
        Fellegi and Sunter 1969; Splink 5.
    """
    if pairs.is_empty():
        return _weights(_NO_PAIRS, parameters)
    with splink_api(engine, threads) as api:
        settings = splink_settings(parameters, prior=prior, engine=engine)
        scored = _predicted(api, pairs, records, settings, floor)
        table = scored.as_pyarrow_table()
    return _weights(pl.DataFrame(table), parameters).filter(pl.col("match_weight") >= floor)


def _predicted(api: Any, pairs: pl.DataFrame, records: Records, settings: dict[str, Any], floor: float) -> Any:  # noqa: ANN401  (Splink's classes are private)
    from splink import Linker  # noqa: PLC0415  (slow to load, and only this needs it)

    sides = [
        api.register(plain_table(_numbered(frame)), dataset_display_name=name)
        for frame, name in ((records.accounts, _ACCOUNTS), (records.customers, _CUSTOMERS))
    ]
    # Its check of the columns only logs, and takes longer than a small company's links; the settings are the kit's own.
    linker = Linker(sides, settings, log_level=logging.ERROR, validate_settings=False)
    for column, frequencies in records.frequencies.items():
        linker.table_management.register_term_frequency_lookup(api.register(plain_table(frequencies)), column)
    blocked = pairs.select(
        match_key=pl.lit("0"),
        join_key_l=pl.format(f"{_ACCOUNTS}-__-{{}}", "account"),
        join_key_r=pl.format(f"{_CUSTOMERS}-__-{{}}", "customer"),
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register(plain_table(blocked)))
    # Splink writes the floor into its SQL, where infinity is a column's name.
    least = floor if math.isfinite(floor) else None
    return linker.inference.predict(threshold_match_weight=least, warning_mode="never")


def _numbered(records: pl.DataFrame) -> pl.DataFrame:
    """Name records by their row, which is shorter than their id and free of signs that SQL minds."""
    return records.select(pl.int_range(pl.len()).cast(pl.String).alias("unique_id"), *columns_compared())


def _weights(scored: pl.DataFrame, parameters: Parameters) -> pl.DataFrame:
    levels = level_weights(parameters)
    return scored.select(
        customer=pl.col("unique_id_r").cast(pl.UInt32),
        account=pl.col("unique_id_l").cast(pl.UInt32),
        match_weight="match_weight",
        match_probability="match_probability",
        **{name: _weight(name.removeprefix("weight_"), scored.columns) for name in WEIGHTS},
        **{name: _level(name.removeprefix("level_"), levels) for name in LEVELS},
    ).sort("customer", "account")


def _weight(comparison: str, columns: list[str]) -> pl.Expr:
    rarity = f"mw_tf_adj_{comparison}"
    return pl.col(f"mw_{comparison}") + (pl.col(rarity) if rarity in columns else 0.0)


def _level(comparison: str, levels: dict[str, dict[str, float]]) -> pl.Expr:
    """Tell the level by its weight before rarity: Splink returns the level itself only with every column compared."""
    names = {round(weight, 6): name for name, weight in levels[comparison].items()}
    return pl.col(f"mw_{comparison}").round(6).replace_strict(names, default=None, return_dtype=pl.String)


_NO_PAIRS = pl.DataFrame(
    schema={
        "unique_id_l": pl.String,
        "unique_id_r": pl.String,
        "match_weight": pl.Float64,
        "match_probability": pl.Float64,
    }
    | {f"mw_{comparison.name}": pl.Float64 for comparison in COMPARISONS}
)
