"""Phone numbers in E.164, the form in which the same line is written once."""

from __future__ import annotations

import phonenumbers
import polars as pl

from recon_kit.normalise.keys.distinct import per_distinct_pair
from recon_kit.normalise.keys.text_folding import ONE_DIGIT

_FEWEST_DIGITS = 4


def e164(phones: pl.Series, countries: pl.Series) -> pl.Series:
    """Bring phone numbers to E.164; a number without country code is read as one of its record's country.

    Args:
        phones: numbers as people wrote them; of several the first counts, extensions do not.
        countries: ISO alpha-2 codes of their records, or null.

    Returns:
        As many numbers, in their order; null where it is no possible number, or one whose country nobody knows.

    Reference:
        ITU-T E.164; github.com/daviddrysdale/python-phonenumbers.
    """
    written = _written(phones)
    is_international = written.str.starts_with("+").fill_null(value=False)
    return per_distinct_pair(written, countries.set(is_international, None), _e164)


def _written(phones: pl.Series) -> pl.Series:
    """Keep the first number of a text, without what people put around it, so that fewer spellings are asked for."""
    plain = phones.str.normalize("NFKC").str.replace_all(r"\p{Cf}", "").str.to_lowercase()
    first = plain.str.replace(r"[/;,|]\s*(?:\+|00).*$", "").str.replace(r"\s*(?:ext\.?|x|#|dw)\s*\.?\s*\d+\s*$", "")
    shorter = first.str.replace(r"^[^+0-9]*", "").str.replace(r"^00", "+").str.replace(r"\(0\)", "")
    bare = shorter.str.replace_all(r"[^+0-9a-z]", "")
    digits = bare.str.replace_all(r"\D", "")
    return bare.set((digits.str.len_bytes() < _FEWEST_DIGITS) | digits.str.contains(ONE_DIGIT), None)


def _e164(phone: str, country: str | None) -> str | None:
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
