"""Company names in a form in which two spellings of one name are equal."""

from __future__ import annotations

import polars as pl

_LEGAL_FORMS = (
    "ab|ag|as|asa|bv|co|company|corp|corporation|gmbh|inc|incorporated|kg|kk|limited|llc|llp|ltd|nv|oy|plc|pte|pty"
    "|sa|sarl|sas|se|sl|spa|srl|ug"
)
"""Common legal forms at the end of a name; the full list comes with the calibrated model."""


def core_name(name: pl.Expr) -> pl.Expr:
    """Fold a company name to its words in lower case, without punctuation and legal forms at its end.

    Null where nothing is left.
    """
    words = name.str.to_lowercase().str.replace_all(r"[.'\u2019]", "").str.replace_all(r"[^\p{L}\p{N}]+", " ")
    bare = words.str.strip_chars().str.replace(rf"( ({_LEGAL_FORMS}))+$", "")
    return pl.when(bare != "").then(bare)


def named_core(records: pl.DataFrame, key: str) -> pl.DataFrame:
    """List records with their core name.

    Returns:
        One row per record that has one: ``key``, ``core_name``.
    """
    return records.select(key, core_name=core_name(pl.col("name"))).drop_nulls().unique()
