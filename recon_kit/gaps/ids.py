"""Ids of findings: stable from run to run, whatever the order of rows."""

from __future__ import annotations

import hashlib

import polars as pl


def stable_id(prefix: str, parts: pl.Expr) -> pl.Expr:
    """Turn texts into ids by their SHA-256, such as ``gap_3f2a…``; equal texts give equal ids."""

    def digest(texts: pl.Series) -> pl.Series:
        found = [f"{prefix}_{hashlib.sha256(text.encode()).hexdigest()[:16]}" for text in texts]
        return pl.Series(texts.name, found, dtype=pl.String)

    return parts.map_batches(digest, return_dtype=pl.String, is_elementwise=True)


def ids_text(*columns: str) -> pl.Expr:
    """Write the sorted ids of list columns as one text."""
    return pl.concat_list(columns).list.sort().list.join(",")
