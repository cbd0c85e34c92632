"""Salesforce ids: 15 characters that depend on case, or 18 that do not; one form for comparing."""

from __future__ import annotations

import polars as pl

_SHORT, _BLOCK = 15, 5
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(text: pl.Expr) -> pl.Expr:
    """Extend 15-character ids by their three check characters; other values stay as they are, trimmed.

    Each check character tells which of five characters are upper case, so that the long form needs no case.

    Reference:
        Salesforce, "What are 15- and 18-character Ids" (article 000383751).
    """
    trimmed = text.str.strip_chars()
    blocks = [_check_character(trimmed, start) for start in range(0, _SHORT, _BLOCK)]
    is_short = trimmed.str.contains(r"^[0-9A-Za-z]{15}$")
    return pl.when(is_short).then(pl.concat_str(trimmed, *blocks)).otherwise(trimmed)


def _check_character(text: pl.Expr, start: int) -> pl.Expr:
    capitals = [text.str.slice(start + i, 1).str.contains("[A-Z]").cast(pl.Int64) * 2**i for i in range(_BLOCK)]
    code = pl.sum_horizontal(capitals)
    return code.replace_strict(list(range(len(_CHECK))), list(_CHECK), default=None, return_dtype=pl.String)
