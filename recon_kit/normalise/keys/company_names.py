"""Company names: folded in full, reduced to their core, in words, in initials; and whether one reads like a person."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib import resources

import polars as pl

from recon_kit.normalise.keys.legal_forms import without_legal_form, without_native_form
from recon_kit.normalise.keys.text_folding import NOTHING_SAID, fold_tidy, tidy

_REMARK = (
    r"(?i)\s*(?:\s[-–—/|:]|[(\[*])\s*"
    r"(?:billing|invoices?|accounts?(?: payable)?|a/?p|finance|(?:finance|billing|accounts?|accounting) dep"
    r"(?:t|artment)\.?|hq|head ?quarters?|head ?office|customer|client|prospect|partner|do not use|duplicate|dupe|"
    r"test|old|new|closed|inactive|archived|merged|deleted|main|primary|zentrale|si[eè]ge)"
    r"\s*[)\]*]*\s*$"
)
"""What people add to a name in brackets or behind a dash for themselves; it is no part of the name."""

_CARE_OF = r"(?i)\s*[,(]?\s*\bc/o\b.*$"
_ALSO_CALLED = (
    r"(?i)^(.{2,}?)[\s,;(]+(?:t/a|d/b/a|dba|d\.b\.a\.?|trading as|doing business as|a/?k/?a|a\.k\.a\.?|also known as|"
    r"f/?k/?a|f\.k\.a\.?|formerly(?: known as)?|previously(?: known as)?|ehemals|vormals|anciennement|ehem\.)[\s:]+"
    r"(.{2,}?)\)?$"
)
_IN_PARTS = r"^(.{3,}?)(?:\s+[-–—|]\s+.*|\s*\(.*)$"
_IN_BRACKETS = r"\(([A-Z][A-Z0-9&]{2,9})\)\s*$"

_SMALL_WORDS = ("a", "al", "and", "da", "das", "de", "del", "della", "der", "des", "di", "die", "do", "dos", "du", "e",
                "el", "en", "et", "for", "fur", "i", "in", "la", "las", "le", "les", "los", "of", "on", "the", "to",
                "und", "van", "von", "y")  # fmt: skip
_SHORTEST_ACRONYM = 3


def name_keys(names: pl.Series) -> pl.DataFrame:
    """Derive the keys of company names.

    Args:
        names: names as people wrote them.

    Returns:
        One row per name, in their order: ``name_full`` (folded), ``name_core`` (without remarks, legal forms and
        ``the``), ``name_tokens`` (words of the core, in order), ``name_cores`` (the core and those of other names it
        gives, such as behind ``t/a`` or ``formerly``, or before a dash), ``acronym`` (initials of the core's words but
        the small ones; null below three), ``person_like``. Null, an empty list and false where there is no name.
    """
    known = pl.DataFrame({"name": names})
    distinct = known.drop_nulls().unique().sort("name")
    keys = _keys_of_distinct(distinct["name"])
    joined = known.join(keys, on="name", how="left", validate="m:1", maintain_order="left")
    lists = pl.col("name_tokens", "name_cores").fill_null([])
    return joined.drop("name").with_columns(lists, pl.col("person_like").fill_null(value=False))


def _keys_of_distinct(names: pl.Series) -> pl.DataFrame:
    written = pl.DataFrame({"name": names, "tidy": tidy(names)})
    full = fold_tidy(written["tidy"])
    known = written.with_columns(name_full=full.set(full.is_in(list(NOTHING_SAID)), None))
    called = _calling(known)
    with_words = called.with_columns(name_tokens=pl.col("name_core").str.split(" ").fill_null([]))
    cores = pl.concat_list("name_core", pl.col("other_cores").fill_null([]))
    return with_words.select(
        "name",
        "name_full",
        "name_core",
        "name_tokens",
        name_cores=cores.list.drop_nulls().list.unique().list.sort(),
        acronym=_acronym(),
        person_like=_person_like(),
    )


def _calling(known: pl.DataFrame) -> pl.DataFrame:
    """Add what companies are called: ``name_core``, and ``other_cores`` of the other names that a name gives."""
    named = known.with_columns(bare=_without_remark(pl.col("tidy").str.replace(_CARE_OF, "")))
    called = pl.when(pl.col("name_full").is_not_null()).then(
        pl.coalesce(pl.col("bare").str.extract(_ALSO_CALLED), "bare")
    )
    main = named.with_columns(called=without_native_form(called))
    shorter = main["called"].set(main["called"] == main["tidy"], None)
    folded = fold_tidy(shorter).zip_with(shorter.is_not_null(), main["name_full"])
    cored = main.with_columns(name_core=_core(folded.zip_with(folded.is_not_null(), main["name_full"])))
    return cored.join(_other_cores(named), on="name", how="left", validate="1:1", maintain_order="left")


def _other_cores(named: pl.DataFrame) -> pl.DataFrame:
    """List the cores of other names that names give: one row per name that gives any, ``name``, ``other_cores``."""
    bare = pl.col("bare").str
    others = [bare.extract(_ALSO_CALLED, 2), bare.extract(_IN_PARTS), bare.extract(_IN_BRACKETS)]
    given = named.filter(pl.col("name_full").is_not_null()).select(
        "name", other=pl.concat_list(others).list.drop_nulls()
    )
    each = given.filter(pl.col("other").list.len() > 0).explode("other")
    cored = each.with_columns(other=_core(fold_tidy(each.select(without_native_form(pl.col("other"))).to_series())))
    return cored.group_by("name").agg(other_cores="other")


def _core(folded: pl.Series) -> pl.Series:
    """Take legal forms, and ``the`` at either end, off folded names."""
    return folded.to_frame("name").select(without_legal_form(_without_the(pl.col("name")))).to_series()


def _without_remark(name: pl.Expr) -> pl.Expr:
    bare = name.str.replace(_REMARK, "").str.replace(_REMARK, "").str.strip_chars()
    return pl.when(bare != "").then(bare).otherwise(name)


def _without_the(words: pl.Expr) -> pl.Expr:
    return words.str.replace(r"^(.+?) the$", "${1}").str.replace(r"^the (.+)$", "${1}")


def _acronym() -> pl.Expr:
    is_small = pl.element().is_in(list(_SMALL_WORDS))
    initials = pl.col("name_tokens").list.eval(pl.element().filter(~is_small).str.slice(0, 1))
    return pl.when(initials.list.len() >= _SHORTEST_ACRONYM).then(initials.list.join(""))


def _person_like() -> pl.Expr:
    """Two or three words of letters, the first (or, after a comma, the last) a given name, none of them a trade."""
    given, business = _words("given").implode(), _words("business").implode()
    words = pl.col("name_full").str.replace(r"^(?:mr|mrs|ms|miss|dr|prof|herr|frau|mme|sir) ", "").str.split(" ")
    is_reversed = pl.col("tidy").str.contains(",", literal=True) & words.list.last().is_in(given)
    is_trade = words.list.eval(pl.element().is_in(business)).list.any()
    is_short = words.list.len().is_between(2, 3) & ~pl.col("name_full").str.contains(r"[0-9]")
    is_plain = pl.col("name_full") == pl.col("name_core")
    return (words.list.first().is_in(given) | is_reversed) & is_short & ~is_trade & is_plain


@cache
def _words(kind: str) -> pl.Series:
    text = resources.files(__package__).joinpath("person_words.csv").read_text("utf-8")
    return pl.Series([row["word"] for row in csv.DictReader(io.StringIO(text)) if row["kind"] == kind])
