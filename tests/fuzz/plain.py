"""The second opinion: JSON, amounts and ids read with the standard library alone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import list_currencies

MOST = 10**15
CURRENCIES = frozenset(list_currencies())
NO_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
FOUR_DECIMALS = frozenset(["CLF", "UYW"])
STRIPE_STEPS = {"ISK": Decimal("0.01"), "UGX": Decimal("0.01"), "UYI": Decimal("0.01"), "MGA": Decimal(100), "IQD": Decimal(10), "LYD": Decimal(10), "CLF": Decimal(100), "UYW": Decimal(100)}  # fmt: skip
"""Units of Stripe in ISO minor units, where the two differ."""
TOKEN = re.compile(r"[A-Za-z0-9_]{6,}")
SPACES = b" \t\r\n\x0b\x0c"


@dataclass(frozen=True)
class Number:
    """A JSON number as it is written."""

    text: str


class Object(dict):
    """A JSON object; of a key that stands twice, the first value counts, and ``is_ambiguous`` says so."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(reversed(pairs))
        self.is_ambiguous = len(self) < len(pairs)


def parsed(line: bytes) -> Object | None:
    """The object a line holds; none where it is not one object in UTF-8. Trailing commas are forgiven."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    for candidate in (text, re.sub(r",(\s*[}\]])", r"\1", text)):
        try:
            found = json.loads(
                candidate, parse_int=Number, parse_float=Number, parse_constant=Number, object_pairs_hook=Object
            )
        except (ValueError, RecursionError):
            continue
        return found if isinstance(found, dict) else None
    return None


def is_ambiguous(line: bytes, record: Object) -> bool:
    """Whether parsers disagree about a line: a key that stands twice, or half a surrogate pair."""
    return record.is_ambiguous or re.search(rb"\\u[dD][89a-fA-F]", line) is not None


def text_of(value: Any) -> str | None:
    """A scalar as text, the id of an expanded object."""
    if isinstance(value, dict):
        value = value.get("id")
    if isinstance(value, bool):
        return str(value).lower()
    return value.text if isinstance(value, Number) else value if isinstance(value, str) else None


def whole(value: Any) -> int | None:
    """A whole number, or a text that is one; nothing else."""
    text = value.text if isinstance(value, Number) else value
    return int(text) if isinstance(text, str) and re.fullmatch(r"-?[0-9]{1,18}", text) else None


def stripe_minor(amount: Any, currency: Any) -> tuple[int, str] | None:
    """An amount of Stripe in ISO minor units with its currency; none where it cannot be read."""
    number, code = whole(amount), text_of(currency)
    if number is None or code is None or code.upper() not in CURRENCIES:
        return None
    minor = number * STRIPE_STEPS.get(code.upper(), Decimal(1))
    return (int(minor), code.upper()) if minor == int(minor) and abs(minor) <= MOST else None


def decimal_minor(amount: str, code: str) -> int | None:
    """An amount in major units in ISO minor units; none where it is not exact."""
    if not re.fullmatch(r"[+-]?[0-9]{1,30}(\.[0-9]{1,18})?", amount) or code not in CURRENCIES:
        return None
    places = 0 if code in NO_DECIMALS else 3 if code in THREE_DECIMALS else 4 if code in FOUR_DECIMALS else 2
    try:
        minor = Decimal(amount).scaleb(places)
    except InvalidOperation:
        return None
    return int(minor) if minor == minor.to_integral_value() and abs(minor) <= MOST else None
