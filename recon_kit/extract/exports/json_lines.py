"""Stripe objects as JSON lines, built from columns of JSON values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

Tree = "dict[str, str | Tree]"


def text_value(text: pl.Expr) -> pl.Expr:
    """Write a text as a JSON string; null stays null."""
    wrapped = pl.struct(text.alias("v")).struct.json_encode()
    return pl.when(text.is_not_null()).then(wrapped.str.slice(5).str.head(-1))


def literal_or_text(literal: pl.Expr, text: pl.Expr) -> pl.Expr:
    """Write a number, ``true`` or ``false`` as it is, and what could not be translated as the text it was."""
    return pl.coalesce(literal, text_value(text))


def object_value(fields: Mapping[str, str]) -> pl.Expr:
    """Join columns of JSON values into one object.

    Args:
        fields: dotted path in the object -> column; in the order of the object's keys. Null values are left out.

    Returns:
        The object's text; null where every value is.
    """
    nested: dict[str, dict[str, str]] = {}
    for path, column in fields.items():
        head, _, rest = path.partition(".")
        nested.setdefault(head, {})[rest] = column
    members = [
        pl.lit(f'"{head}":') + (pl.col(inner[""]) if "" in inner else object_value(inner))
        for head, inner in nested.items()
    ]
    joined = pl.concat_str(members, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(pl.lit("{") + joined + pl.lit("}"))
