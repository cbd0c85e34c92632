"""Settings: the comparisons and their shipped parameters, in the form that Splink reads."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from recon_kit.link_files import Parameters
from recon_kit.resolve.model.comparisons import COMPARISONS, Comparison, Level

Engine = Literal["duckdb", "spark"]

DIGITS = 9
"""Significant digits of a parameter: a model written twice is the same file, and scores the same on any machine."""

_ON_SPARK = {"array_has_any(": "arrays_overlap(", "starts_with(": "startswith("}
"""What Spark calls DuckDB's functions."""


def splink_settings(parameters: Parameters, *, prior: float, engine: Engine = "duckdb") -> dict[str, Any]:
    """Write the model as Splink's settings.

    Args:
        parameters: m and u by comparison and level.
        prior: probability that a random account and a random customer are one organisation.
        engine: whose SQL the levels speak.
    """
    return {
        "link_type": "link_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": prior,
        # The pairs are registered, so that both engines score the same ones; Splink asks for a rule all the same.
        "blocking_rules_to_generate_predictions": ["l.unique_id = r.unique_id"],
        "retain_intermediate_calculation_columns": True,
        "retain_matching_columns": False,
        "comparisons": [_comparison(one, parameters[one.name], engine) for one in COMPARISONS],
    }


def _comparison(comparison: Comparison, parameters: dict[str, dict[str, float]], engine: Engine) -> dict[str, Any]:
    return {
        "output_column_name": comparison.name,
        "comparison_description": comparison.name,
        "comparison_levels": [_level(level, parameters, engine) for level in comparison.levels],
    }


def _level(level: Level, parameters: dict[str, dict[str, float]], engine: Engine) -> dict[str, Any]:
    written: dict[str, Any] = {"sql_condition": _in_words_of(engine, level.sql), "label_for_charts": level.words}
    if level.is_null:
        return {**written, "is_null_level": True}
    written |= {"m_probability": parameters[level.name]["m"], "u_probability": parameters[level.name]["u"]}
    if level.rare_by is None:
        return written
    # With exact-match detection off, the weight is log2(m / frequency) whatever u is.
    rarity = {"tf_adjustment_column": level.rare_by, "tf_adjustment_weight": 1.0}
    return {**written, **rarity, "disable_tf_exact_match_detection": True}


def _in_words_of(engine: Engine, sql: str) -> str:
    if engine == "spark":
        for ours, theirs in _ON_SPARK.items():
            sql = sql.replace(ours, theirs)
    return sql


def columns_compared() -> list[str]:
    """List the columns of a record that some level reads, sorted."""
    levels = [level for comparison in COMPARISONS for level in comparison.levels]
    read = {name for level in levels for name in re.findall(r"\b([a-z_]+)_[lr]\b", level.sql)}
    rare = {level.rare_by for level in levels if level.rare_by}
    return sorted(read | rare)


def level_weights(parameters: Parameters) -> dict[str, dict[str, float]]:
    """Tell each level's match weight before rarity: comparison -> level -> log2(m / u)."""
    return {
        comparison: {name: math.log2(given["m"] / given["u"]) for name, given in levels.items()}
        for comparison, levels in parameters.items()
    }


def rounded(value: float) -> float:
    """Round a parameter to its significant digits."""
    return 0.0 if value == 0 else round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))
