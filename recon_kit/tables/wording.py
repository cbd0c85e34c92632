"""Words around figures: counts, amounts and the sentences computed from them."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

import polars as pl

from recon_kit import money as exact_money
from recon_kit.tables.panel import Panel, between_tags

_TENTH = Decimal("0.1")
Tone = Literal["plain", "good", "bad"]
_MARKS: dict[Tone, str] = {"plain": "", "good": "✓ ", "bad": "✗ "}


def money(minor: int, currency: str) -> str:
    """Write one amount with its currency: ``-1,234.50 USD``; without a known one, as the integer it is."""
    if currency not in set(exact_money.exponents()["currency"]):
        return f"{minor:,} minor units of {currency or 'an unknown currency'}"
    amount = pl.select(exact_money.format_minor(pl.lit(minor, dtype=pl.Int64), pl.lit(currency))).item()
    return f"{amount} {currency}"


def per_cent(value: float) -> str:
    """Write a percentage with one decimal, as tables round it: ``12.5 %``."""
    return f"{Decimal(repr(value)).quantize(_TENTH, ROUND_HALF_UP)} %"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 gap``, ``1,204 gaps``."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def sentence(text: str, *, tone: Tone = "plain", **values: object) -> Panel:
    """Write a result sentence around computed values.

    Args:
        text: the sentence, with ``{name}`` where a value stands.
        tone: ``good`` and ``bad`` colour the sentence and open it with a tick or a cross, so that colour never carries
            the meaning alone.
        values: what stands in the sentence; shown in bold.

    Returns:
        A panel with one paragraph.
    """
    spoken = {name: written(value) for name, value in values.items()}
    marked = {name: f"<strong>{between_tags(value)}</strong>" for name, value in spoken.items()}
    body = between_tags(text).format(**marked)
    return Panel(f'<p class="rk-sentence rk-{tone}">{_MARKS[tone]}{body}</p>', _MARKS[tone] + text.format(**spoken))


def written(value: object) -> str:
    """Write a single value as a reader expects it: dates in ISO order, thousands grouped, lists with commas."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, (list, tuple, set, frozenset)):
        parts = sorted(map(str, value)) if isinstance(value, (set, frozenset)) else [written(part) for part in value]
        return ", ".join(parts) or "none"
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)
