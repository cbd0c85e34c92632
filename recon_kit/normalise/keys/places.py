"""Places: country, postal code and city in one spelling."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from babel import Locale
from babel.core import get_global

from recon_kit.normalise.keys.text_folding import NOTHING_SAID, fold, tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "is", "cs", "sk", "hu", "ro", "bg", "hr"),
    *("sr", "sl", "mk", "sq", "el", "tr", "et", "lv", "lt", "ru", "uk", "be", "kk", "ka", "hy", "az", "he", "ar", "fa"),
    *("hi", "ja", "ko", "zh", "zh_Hant", "th", "vi", "id", "ms", "fil", "ca", "eu", "gl", "ga", "cy", "mt"),
)
"""Those in which customer records name countries; of two countries that share a spelling, English decides."""

_ALSO = {
    **dict.fromkeys(("england", "scotland", "wales", "northern ireland", "great britain", "britain"), "GB"),
    **dict.fromkeys(("united kingdom of great britain and northern ireland", "the united kingdom"), "GB"),
    **dict.fromkeys(("united states of america", "the united states of america", "america"), "US"),
    **dict.fromkeys(("etats unis d amerique", "estados unidos de america", "vereinigte staaten von amerika"), "US"),
    **dict.fromkeys(("holland", "the netherlands"), "NL"),
    **dict.fromkeys(("republic of ireland", "eire"), "IE"),
    **dict.fromkeys(("korea", "republic of korea", "korea republic of", "south korea"), "KR"),
    **dict.fromkeys(("pr china", "peoples republic of china", "china mainland", "mainland china"), "CN"),
    **dict.fromkeys(("taiwan province of china", "taiwan roc"), "TW"),
    **dict.fromkeys(("federal republic of germany", "bundesrepublik deutschland"), "DE"),
    **dict.fromkeys(("macedonia", "republic of north macedonia"), "MK"),
    **dict.fromkeys(("ivory coast", "cote divoire"), "CI"),
    "russian federation": "RU", "viet nam": "VN", "czech republic": "CZ", "slovak republic": "SK", "turkey": "TR",
    "hong kong": "HK", "hong kong sar": "HK", "macau": "MO", "macao": "MO", "republique francaise": "FR",
    "burma": "MM", "cape verde": "CV", "swaziland": "SZ", "brunei darussalam": "BN", "syrian arab republic": "SY",
    "moldova republic of": "MD", "tanzania united republic of": "TZ", "venezuela bolivarian republic of": "VE",
    "iran islamic republic of": "IR", "bolivia plurinational state of": "BO", "palestine state of": "PS",
    "lao peoples democratic republic": "LA", "kingdom of saudi arabia": "SA", "schweizerische eidgenossenschaft": "CH",
}  # fmt: skip
"""Names that registers, banks and people use and CLDR does not list."""

_NO_COUNTRIES = frozenset({"ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"})
_LETTERS_OF_A_CODE = 2

_ZERO_LEADS = ("DE", "US", "FR", "ES", "IT", "FI")
"""Countries of five-digit postal codes that may begin with 0, which spreadsheets drop."""


def country_codes(countries: pl.Series) -> pl.Series:
    """Read countries written as a name in any of many languages, as alpha-2 or as alpha-3.

    Returns:
        As many ISO 3166-1 alpha-2 codes, in their order; null where it names no country.

    Reference:
        Unicode CLDR territory names, as shipped in ``babel``.
    """
    by_code = _looked_up(countries.str.to_uppercase().str.replace_all(r"[\s.]", ""), _codes())
    folded = fold(countries.set(by_code.is_not_null(), None))
    named = _looked_up(folded, _english_names())
    if (folded.is_not_null() & named.is_null()).any():  # sixty languages take a second to read
        named = _looked_up(folded, _names())
    return by_code.zip_with(by_code.is_not_null(), named)


def _looked_up(texts: pl.Series, codes: dict[str, str]) -> pl.Series:
    return texts.replace_strict(list(codes), list(codes.values()), default=None, return_dtype=pl.String)


@cache
def _codes() -> dict[str, str]:
    """Alpha-2, alpha-3 and what people write for them, in capitals."""
    territories = map(str, Locale.parse("en").territories)
    own = {code: code for code in territories if len(code) == _LETTERS_OF_A_CODE and code.isalpha()}
    thirds = {
        alias: now[0]
        for alias, now in get_global("territory_aliases").items()
        if alias.isalpha() and len(alias) > _LETTERS_OF_A_CODE and len(now) == 1
    }
    also = {"UK": "GB", "UAE": "AE", "KSA": "SA", "PRC": "CN", "EEUU": "US", "BRD": "DE", "ROC": "TW"}
    return {alias: code for alias, code in (thirds | own | also).items() if code not in _NO_COUNTRIES}


@cache
def _english_names() -> dict[str, str]:
    """Folded names in English, and those people use besides."""
    spelt = _spelt(("en",))
    return dict(spelt.select("folded", "code").rows()) | _ALSO


@cache
def _names() -> dict[str, str]:
    """Folded names by CLDR's languages; one that two countries share is dropped unless English decides."""
    clear = _spelt(_LANGUAGES).filter(pl.col("code").n_unique().over("folded") == 1)
    return dict(clear.select("folded", "code").rows()) | _english_names()


def _spelt(languages: Iterable[str]) -> pl.DataFrame:
    rows = [
        (code, name)
        for language in languages
        for code, name in Locale.parse(language).territories.items()
        if code in _codes() and code not in _NO_COUNTRIES
    ]
    names = pl.DataFrame(rows, schema=["code", "name"], orient="row")
    return names.with_columns(folded=fold(names["name"])).drop_nulls("folded").sort("folded", "code")


def postal_codes(codes: pl.Series, countries: pl.Series) -> pl.Series:
    """Normalise postal codes: capitals and digits only, no country prefix, dropped zeros put back, US without +4.

    Args:
        codes: postal codes as people wrote them.
        countries: ISO alpha-2 codes of their records, or null.

    Returns:
        As many codes, in their order; null where nothing but a placeholder is left.
    """
    frame = pl.DataFrame({"code": tidy(codes), "country": countries})
    capital = pl.col("code").str.to_uppercase().str.replace(r"\.0$|\s*CEDEX.*$", "")
    bare = capital.str.replace(r"^[A-Z]{1,3}[\s\-]+(\d{3,})", "${1}").str.replace_all(r"[^A-Z0-9]", "")
    is_zip4 = (pl.col("country") == "US") & bare.str.contains(r"^\d{9}$")
    short = pl.when(is_zip4).then(bare.str.slice(0, 5)).otherwise(bare)
    is_cut = short.str.contains(r"^\d{4}$") & pl.col("country").is_in(list(_ZERO_LEADS))
    whole = pl.when(is_cut).then(pl.concat_str(pl.lit("0"), short)).otherwise(short)
    is_code = whole.str.contains(r"\d") & ~whole.str.contains(r"^(?:0+|9{5,}|12345X*)$")
    return frame.select(pl.when(is_code).then(whole)).to_series()


def cities(names: pl.Series) -> pl.Series:
    """Fold city names: no postal code, ``cedex``, district number or state behind a comma; ue, oe, ae as u, o, a.

    Returns:
        As many names, in their order; null where nothing is left. ``Munich`` and ``München`` stay two: no maintained
        list of city names in several languages is small enough to ship.
    """
    named = fold(names.str.replace(r"^(.*?\pL.*?),.*$", "${1}"))
    bare = named.str.replace(r"^(?:[a-z]{1,3} )?[0-9][0-9a-z]{2,} ", "").str.replace(r" cedex( \d+)?$", "")
    whole = bare.str.replace(r"^st ", "saint ").str.replace(r" \d+(?:e|er|eme|th|st|nd|rd)?$", "")
    folded = whole.str.replace_all("ue", "u").str.replace_all("oe", "o").str.replace_all("ae", "a")
    return folded.set(~folded.str.contains(r"[a-z]") | folded.is_in(list(NOTHING_SAID)), None)
