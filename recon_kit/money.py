"""Money: Int64 minor units beside an ISO 4217 currency, exact in between, rounded once.

Exact values travel as fixed point: Int128 integers that hold 15 decimal places beyond the minor unit (columns end in
``_e15``). No float ever holds money.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import polars as pl
from babel.numbers import list_currencies

if TYPE_CHECKING:
    from collections.abc import Iterable

EXACT = pl.Int128
PLACES = 15
SCALE = 10**PLACES
MAX_MINOR = 10**15
"""Largest amount accepted, in minor units; a larger one is taken for a typing error and quarantined."""

_TIE_GUARD = 10**6
_WIDEST_EXPONENT = 4
_DIGITS = 38
_ISO_EXPONENTS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_STRIPE_EXPONENTS = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    3: "BHD JOD KWD OMR TND",
}
_NO_MONEY = "XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX"
"""Codes of metals, units of account, tests and of no currency at all: nobody is invoiced in them."""
_PLAIN_DECIMAL = r"^[+-]?\d{1,30}(\.\d{1,18})?$"


def _by_code(table: dict[int, str]) -> dict[str, int]:
    return {code: exponent for exponent, codes in table.items() for code in codes.split()}


@cache
def exponents() -> pl.DataFrame:
    """List the currencies with the number of decimals ISO and Stripe give them.

    Returns:
        One row per ISO 4217 code, sorted: ``currency``, ``exponent`` (ISO), ``stripe_exponent``.

    Reference:
        ISO 4217 table A.1; https://docs.stripe.com/currencies (ISK and UGX are sent with two decimals, MGA with none).
    """
    iso, stripe = _by_code(_ISO_EXPONENTS), _by_code(_STRIPE_EXPONENTS)
    codes = sorted(list_currencies() - set(_NO_MONEY.split()))
    return pl.DataFrame(
        {
            "currency": codes,
            "exponent": [iso.get(code, 2) for code in codes],
            "stripe_exponent": [stripe.get(code, 2) for code in codes],
        },
        schema={"currency": pl.String, "exponent": pl.Int64, "stripe_exponent": pl.Int64},
    )


def exponent_of(currency: str) -> int:
    """Return the ISO number of decimals of one currency code; raises ``KeyError`` for an unknown code."""
    table: dict[str, int] = dict(exponents().select("currency", "exponent").iter_rows())
    return table[currency]


def is_currency(code: pl.Expr) -> pl.Expr:
    """Tell whether upper-case codes are ISO 4217 currencies."""
    return code.is_in(exponents()["currency"].to_list())


def exponent(currency: pl.Expr) -> pl.Expr:
    """Look up ISO decimals (Int64) of a currency column; null for unknown codes."""
    return _lookup(currency, "exponent")


def _lookup(currency: pl.Expr, column: str) -> pl.Expr:
    table = exponents()
    return currency.replace_strict(table["currency"], table[column], default=None, return_dtype=pl.Int64)


def exact(value: int | pl.Expr) -> pl.Expr:
    """Give an integer or an integer column the exact type (Int128)."""
    if isinstance(value, pl.Expr):
        return value.cast(EXACT)
    return pl.lit(value, dtype=EXACT)


def power_of_ten(places: pl.Expr) -> pl.Expr:
    """Return 10**places (0 to 18) as exact integers."""
    powers = list(range(19))
    return places.cast(pl.Int64).replace_strict(
        powers, pl.Series([10**p for p in powers], dtype=EXACT), default=None, return_dtype=EXACT
    )


def mul_div(value: pl.Expr, numerator: int | pl.Expr, denominator: int | pl.Expr) -> pl.Expr:
    """Multiply by a ratio, towards minus infinity at the last of the carried places, without overflow on the way.

    ``value`` is taken apart as ``q * denominator + r``, so the only products are ``q * numerator`` (of the size of the
    result) and ``r * numerator`` (``r`` is below the denominator).
    """
    d, n = exact(denominator), exact(numerator)
    return (exact(value) // d) * n + ((exact(value) % d) * n) // d


_LIMB = 10**6
_LIMBS = 6


def share(amount: pl.Expr, part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return ``amount * part / whole``, towards zero, exactly where all three are too wide for :func:`mul_div`.

    ``part`` is taken in limbs of six digits and divided long-hand, so no product passes 1e36. All three must lie within
    0 and 1e30 and ``part`` must not exceed ``whole``; null where ``whole`` is 0.
    """
    result, rest = exact(0), exact(0)
    for limb in reversed(range(_LIMBS)):
        digits = (exact(part) // exact(_LIMB**limb)) % exact(_LIMB)
        carried = rest * exact(_LIMB) + digits * exact(amount)
        result = result * exact(_LIMB) + carried // exact(whole)
        rest = carried % exact(whole)
    return result


def to_e15(minor: pl.Expr) -> pl.Expr:
    """Widen minor units to the exact fixed point."""
    return exact(minor) * exact(SCALE)


def round_half_up(value_e15: pl.Expr) -> pl.Expr:
    """Round the exact fixed point to minor units (Int64), halves away from zero.

    A carried value may sit a few units of its last place below the tie it stands for (1/3 of 4.5 carried as 1.4999…),
    so values within 1e-9 of a tie count as the tie.
    """
    magnitude = (value_e15.abs() + exact(SCALE // 2 + _TIE_GUARD)) // exact(SCALE)
    return (magnitude * value_e15.sign().cast(EXACT)).cast(pl.Int64)


def decimal_to_e(text: pl.Expr, places: int) -> pl.Expr:
    """Parse plain decimal strings into integers scaled by ``10**places``; null when inexact or not a plain decimal.

    Exponents (``1e3``), group separators, blanks and empty strings are not plain decimals; nor is what would need more
    than 38 digits.
    """
    is_plain = text.str.contains(_PLAIN_DECIMAL)
    is_exact = text.str.contains(rf"^[^.]*(\.\d{{0,{places}}}0*)?$")
    scaled = text.cast(pl.Decimal(_DIGITS, places), strict=False).to_physical()
    return pl.when(is_plain & is_exact).then(scaled)


def decimal_to_minor(text: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Parse decimal strings (major units, as Salesforce writes them) into ISO minor units, exactly or not at all.

    Returns null where the string is no plain decimal, the currency is unknown, the amount has more decimals than the
    currency (``1.005`` USD) or is beyond ``MAX_MINOR``.
    """
    widest = decimal_to_e(text, _WIDEST_EXPONENT)
    step = power_of_ten(_WIDEST_EXPONENT - exponent(currency))
    minor = widest // step
    usable = (widest % step == 0) & (minor.abs() <= MAX_MINOR)
    return pl.when(usable).then(minor).otherwise(None).cast(pl.Int64)


def integer_text(text: pl.Expr) -> pl.Expr:
    """Parse strings that hold a whole number and nothing else into Int64; null otherwise (``7.5``, ``1e3``)."""
    return pl.when(text.str.contains(r"^-?\d{1,18}$")).then(text).otherwise(None).cast(pl.Int64, strict=False)


def stripe_to_iso(amount: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Turn Stripe's smallest unit into ISO minor units (Int64); null when inexact or beyond ``MAX_MINOR``.

    The two differ for ISK and UGX (Stripe two decimals, ISO none) and MGA (Stripe none, ISO two).
    """
    up, down = _stripe_steps(currency)
    scaled = exact(amount) * up
    usable = (scaled % down == 0) & ((scaled // down).abs() <= MAX_MINOR)
    return pl.when(usable).then(scaled // down).otherwise(None).cast(pl.Int64)


def stripe_to_iso_e15(amount_e15: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Turn exact amounts in Stripe's smallest unit into exact ISO minor units."""
    return mul_div(amount_e15, *_stripe_steps(currency))


def _stripe_steps(currency: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    shift = exponent(currency) - _lookup(currency, "stripe_exponent")
    known = shift.is_not_null()
    up, down = (pl.when(known).then(pl.max_horizontal(steps, 0)) for steps in (shift, -shift))
    return power_of_ten(up), power_of_ten(down)


def from_e15(value_e15: pl.Expr) -> pl.Expr:
    """Show the exact fixed point as ``Decimal(38, 15)`` minor units, for worksheets."""
    digits = value_e15.abs().cast(pl.String).str.zfill(PLACES + 1)
    text = pl.concat_str(
        pl.when(value_e15 < 0).then(pl.lit("-")).otherwise(pl.lit("")),
        digits.str.head(-PLACES),
        pl.lit("."),
        digits.str.tail(PLACES),
    )
    return text.cast(pl.Decimal(38, PLACES))


def format_minor(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Write minor units as text with group separators and the currency's decimals: ``-1,234.50``."""
    places = exponent(currency).fill_null(2)
    padded = minor.abs().cast(pl.String).str.zfill(places + 1)
    whole = padded.str.head(padded.str.len_chars().cast(pl.Int64) - places)
    grouped = whole.str.reverse().str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars_start(",")
    decimals = pl.when(places > 0).then(pl.concat_str(pl.lit("."), padded.str.tail(places))).otherwise(pl.lit(""))
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, grouped, decimals)


def with_code(minor: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Write minor units with the code of their currency behind: ``-1,234.50 USD``; null where either is unknown."""
    return pl.format("{} {}", format_minor(minor, currency), currency)


def largest_remainder(whole_minor: int, weights: Iterable[int]) -> list[int]:
    """Allocate a whole over weights so that the parts sum to it exactly.

    Args:
        whole_minor: the amount to share out, in minor units; may be negative.
        weights: non-negative integers in order of precedence: ties of the remainder go to the earlier one.

    Returns:
        One part per weight, in the same order.

    Conserves:
        sum(parts) == whole_minor

    Raises:
        ValueError: when the weights do not have a positive sum.
    """
    shares = list(weights)
    total = sum(shares)
    if total <= 0 or min(shares) < 0:
        message = f"The weights to allocate by must be non-negative with a positive sum, not {shares}."
        raise ValueError(message)
    sign = -1 if whole_minor < 0 else 1
    floors = [abs(whole_minor) * share // total for share in shares]
    order = sorted(range(len(shares)), key=lambda i: (-(abs(whole_minor) * shares[i] % total), i))
    for i in order[: abs(whole_minor) - sum(floors)]:
        floors[i] += 1
    return [sign * part for part in floors]
