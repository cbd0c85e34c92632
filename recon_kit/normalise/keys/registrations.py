"""VAT and registration numbers: one form, checked by the rule of the register they come from."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

import polars as pl
from stdnum.exceptions import ValidationError

from recon_kit.normalise.keys.distinct import per_distinct_pair
from recon_kit.normalise.keys.text_folding import ONE_DIGIT

_BY_COUNTRY = """
AD ad.nrt; AL al.nipt; AR ar.cuit; AT eu.vat; AU au.abn au.acn; AZ az.voen; BE eu.vat; BG eu.vat; BR br.cnpj;
BY by.unp; CA ca.bn; CH ch.vat ch.uid; CL cl.rut; CN cn.uscc; CO co.nit; CR cr.cpj; CY eu.vat; CZ eu.vat; DE eu.vat;
DK eu.vat; DO do.rnc; DZ dz.nif; EC ec.ruc; EE eu.vat ee.registrikood; EG eg.tn; ES eu.vat; FI eu.vat; FO fo.vn;
FR fr.tva fr.siren fr.siret; GB gb.vat; GH gh.tin; GR eu.vat; GT gt.nit; HR eu.vat; HU eu.vat; ID id.npwp; IE eu.vat;
IL il.hp; IN in_.gstin in_.pan; IS is_.vsk; IT eu.vat; JP jp.cn; KE ke.pin; KR kr.brn; LI li.peid; LT eu.vat; LU eu.vat;
LV eu.vat; MA ma.ice; MC mc.tva; MD md.idno; ME me.pib; MK mk.edb; MT eu.vat; MX mx.rfc; NL eu.vat; NO no.mva no.orgnr;
NZ nz.ird; PE pe.ruc; PL eu.vat; PT eu.vat; PY py.ruc; RO eu.vat; RS rs.pib; RU ru.inn; SE se.vat se.orgnr; SG sg.uen;
SI eu.vat; SK eu.vat; SM sm.coe; SN sn.ninea; SV sv.nit; TH th.tin; TN tn.mf; TR tr.vkn; TW tw.ubn; UA ua.edrpou;
US us.ein; UY uy.rut; VE ve.rif; VN vn.mst; ZA za.tin
"""
"""The rules of python-stdnum for companies, by country."""

_COMPANY_WITHIN = {
    "fr.tva": slice(-9, None), "fr.siret": slice(9), "se.vat": slice(10), "no.mva": slice(9), "ch.vat": slice(3, 12),
    "ch.uid": slice(3, 12), "gb.vat": slice(9), "ca.bn": slice(9), "au.abn": slice(-9, None), "br.cnpj": slice(8),
    "in_.gstin": slice(2, 12),
}  # fmt: skip
"""The part of a number that names the company; the rest names a tax, a branch or a state, or checks."""

_COUNTRY_OF_PREFIX = {"EL": "GR", "XI": "GB", "UK": "GB"}


def tax_ids(numbers: pl.Series, countries: pl.Series) -> pl.Series:
    """Normalise and check VAT and registration numbers.

    Args:
        numbers: numbers as people wrote them, with or without country prefix.
        countries: ISO alpha-2 codes of their records, or null; a country that the number itself names comes first.

    Returns:
        As many numbers, in their order: country and number (``DE136695976``), cut to what names the company where the
        number tells more (a French VAT number and its SIREN are one, as are a SIRET's establishments); null where the
        country's rule (length, check digits) refuses it, or where no country is known.

    Reference:
        arthurdejong.org/python-stdnum.
    """
    return per_distinct_pair(tax_numbers(numbers), countries, _tax_id)


def tax_numbers(numbers: pl.Series) -> pl.Series:
    """Keep the letters and digits of numbers, in capitals; null for placeholders and what is too short to tell."""
    bare = numbers.str.normalize("NFKC").str.to_uppercase().str.replace_all(r"[^A-Z0-9]", "")
    digits = bare.str.replace_all(r"\D", "")
    return bare.set(digits.str.contains(ONE_DIGIT) | (digits.str.len_bytes() < _FEWEST_DIGITS), None)


_FEWEST_DIGITS = 6


def _tax_id(number: str, country: str | None) -> str | None:
    """Try the country that the number itself names, then the record's."""
    named = _COUNTRY_OF_PREFIX.get(number[:2], number[:2])
    for home in dict.fromkeys((named, country)):
        for rule in _rules().get(home or "", ()):
            found = _company(rule, number, home or "")
            if found:
                return f"{home}{found}"
    return None


def _company(rule: str, number: str, country: str) -> str | None:
    """Return what names the company in a number that passes a rule."""
    is_prefixed = _COUNTRY_OF_PREFIX.get(number[:2], number[:2]) == country
    bare = number[2:] if is_prefixed else number
    for spelt in (
        (_EUROPEAN_PREFIX.get(country, country) + bare,) if rule == _EUROPEAN else dict.fromkeys((number, bare))
    ):
        try:
            found: str = _module(rule).validate(spelt)
        except (ValidationError, ValueError, KeyError):
            continue
        told = "".join(filter(str.isalnum, found.upper()))
        return told[2:] if rule == _EUROPEAN else told[_COMPANY_WITHIN.get(rule, slice(None))]
    return None


_EUROPEAN, _EUROPEAN_PREFIX = "eu.vat", {"GR": "EL"}


@cache
def _rules() -> dict[str, list[str]]:
    listed = [line.split() for line in _BY_COUNTRY.replace("\n", " ").split(";")]
    return {country: rules for country, *rules in listed}


@cache
def _module(rule: str) -> ModuleType:
    return import_module(f"stdnum.{rule}")
