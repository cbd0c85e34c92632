"""Text folding: one spelling, in plain lower-case letters and digits, for what people type in many ways."""

from __future__ import annotations

import polars as pl
from anyascii import anyascii

from recon_kit.normalise.keys.distinct import per_distinct

_FOREIGN = r"[^\x00-\x7F]"
_SIGNS = r"[®©™℠\p{So}\p{Sk}]"
"""Trade marks and pictures: NFKC would spell the first out as letters, transliteration would name the second."""

_INITIAL = "\u0001"

ONE_DIGIT = "^(?:" + "|".join(f"{digit}*" for digit in range(10)) + "|0*123456789?0?)$"
"""Digits that stand for a number nobody knew: one digit over and over, or counting up."""

NOTHING_SAID = ("n a", "na", "none", "null", "nil", "unknown", "unnamed", "no name", "not available", "not provided",
                "not applicable", "not specified", "undefined", "anonymous", "tbd", "tba", "tbc", "test", "xxx", "xx",
                "x")  # fmt: skip
"""What stands, folded, where a form wanted an answer and there was none."""


def tidy(texts: pl.Series) -> pl.Series:
    """Compose characters, make full-width ones ordinary, drop invisible ones, marks and pictures; null when empty."""
    foreign = texts.set(~texts.str.contains(_FOREIGN), None)
    composed = foreign.str.replace_all(_SIGNS, " ").str.normalize("NFKC").str.replace_all(r"\p{Cf}", "")
    plain = (
        composed.zip_with(composed.is_not_null(), texts).str.replace_all(r"[\s\p{Cc}\p{Co}]+", " ").str.strip_chars()
    )
    return plain.set(plain == "", None)


def fold(texts: pl.Series) -> pl.Series:
    """Fold texts to words in lower-case ASCII: ``&`` is and, initials stand together, other punctuation is a blank.

    Returns:
        As many texts, in their order; null where nothing is left.
    """
    return fold_tidy(tidy(texts))


def fold_tidy(texts: pl.Series) -> pl.Series:
    """Fold texts that are tidy already; see :func:`fold`."""
    lower = _to_ascii(texts).str.to_lowercase().str.replace_all(r"&(?:amp;)?", " and ").str.replace_all(r"['`]", "")
    blanks = _joined(lower, [".", "/"]).str.replace_all(r"[^a-z0-9]+", " ").str.strip_chars()
    return _joined(blanks.set(blanks == "", None), [" "])


def _to_ascii(texts: pl.Series) -> pl.Series:
    """Transliterate what is not ASCII: ``Łódź`` is Lodz, ``日立`` is RiLi.

    Reference:
        github.com/anyascii/anyascii.
    """
    foreign = texts.set(~texts.str.contains(_FOREIGN), None)
    return per_distinct(foreign, anyascii).zip_with(foreign.is_not_null(), texts)


def _joined(texts: pl.Series, separators: list[str]) -> pl.Series:
    """Write single letters between separators as one word, so that ``S.p.A.``, ``S. p. A.`` and ``SpA`` are one."""
    between = "".join(separators)
    apart = texts.set(~texts.str.contains(rf"\b[a-z][{between}][a-z]\b"), None)
    marked = apart.str.replace_all(r"\b([a-z])\b", f"{_INITIAL}${{1}}{_INITIAL}")
    for separator in separators:
        marked = marked.str.replace_all(f"{_INITIAL}{separator}{_INITIAL}", "", literal=True)
    joined = marked.str.replace_all(_INITIAL, "", literal=True)
    return joined.zip_with(joined.is_not_null(), texts)
