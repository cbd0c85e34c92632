"""Worked MRR: one record's monthly value, line by line, in sentences that can be re-performed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import polars as pl

from recon_kit import money, tables
from recon_kit.gaps.books import Reader

_SHOWN = 6
"""Decimals shown of an exact amount in major units."""


def worked_mrr(read: Reader, side: str, record_id: str) -> list[str]:
    """Write how the MRR of a record comes about.

    Args:
        read: gives ``mrr_worksheet``, ``mrr_worksheet_parts``, ``bridge`` and ``common_rates``.
        side: crm or billing.
        record_id: an opportunity or a subscription.

    Returns:
        One sentence per line or item, then one per step; empty where there is no worksheet.
    """
    mine = (pl.col("side") == side) & (pl.col("record_id") == record_id)
    steps = read("mrr_worksheet").filter(mine).collect()
    if steps.is_empty():
        return []
    row = steps.row(0, named=True)
    parts = read("mrr_worksheet_parts").filter(mine).sort("part_id").collect()
    lines = [_part(part, row["currency"]) for part in parts.iter_rows(named=True)]
    reporting = read("bridge").select(pl.col("currency").first()).collect().item()
    return [*lines, *_steps(read, row, reporting)]


def _part(part: Mapping[str, Any], currency: str) -> str:
    name = part["label"] or part["part_id"]
    if not part["counts"]:
        return f"{name} ({part['part_id']}) is no MRR: {part['reason'] or 'it does not count'}."
    if part["months"]:
        source = f"{_minor(part['raw_minor'], currency)} over {part['months']} months"
    else:
        every = (
            f"{part['interval_count']} {part['interval']}s" if (part["interval_count"] or 1) > 1 else part["interval"]
        )
        source = f"{_plain(part['quantity'])} × {_price(part['unit_amount'], currency)} every {every}"
    return f"{name} ({part['part_id']}): {source} = {_exact(part['gross_monthly'], currency)} a month."


def _steps(read: Reader, row: Mapping[str, Any], reporting: str) -> list[str]:
    code = row["currency"]
    sentences = []
    if row["basis"] and row["basis"] != "lines":
        term = f" for {row['term_months']} months" if row["basis"] == "total" else ""
        sentences.append(f"Amount {_minor(row['raw_minor'], code)}, stated {row['basis']}{term}.")
    sentences.append(f"Together {_exact(row['gross_monthly'], code)} a month before discounts and tax.")
    for column, what in (
        ("item_discount_monthly", "item discounts"),
        ("discount_monthly", "discounts"),
        ("tax_monthly", "tax included in the price"),
    ):
        if row[column]:
            sentences.append(f"Less {what} of {_exact(row[column], code)}.")
    if not row["counts"]:
        sentences.append(f"It does not count on as_of: {row['reason'] or 'not in force'}.")
    sentences.append(f"MRR {_minor(row['mrr_minor'], code)}{_converted(read, row, reporting)}.")
    return sentences


def _converted(read: Reader, row: Mapping[str, Any], reporting: str) -> str:
    if row["mrr_reporting_minor"] is None or row["currency"] == reporting:
        return ""
    amount = _minor(row["mrr_reporting_minor"], reporting)
    quotes = read("common_rates").filter(pl.col("currency").is_in([row["currency"], reporting])).collect()
    told = " and ".join(
        f"{rate} {code}"
        for code, rate in quotes.sort("currency").select("currency", "rate").iter_rows()
        if code != "EUR"
    )
    return f", {amount} at the rates of {row['rate_on']} ({told} for 1 EUR)"


def _price(unit_amount: Decimal | None, currency: str) -> str:
    """Write a price given in Stripe's smallest unit."""
    if unit_amount is None:
        return "a tiered price"
    table = money.exponents().filter(pl.col("currency") == currency)
    return _exact(unit_amount.scaleb(table["exponent"].item() - table["stripe_exponent"].item()), currency)


def _minor(amount: int | None, currency: str) -> str:
    return "(cannot be computed)" if amount is None else tables.money(amount, currency)


def _exact(amount: Decimal | None, currency: str) -> str:
    """Write an exact amount in minor units as major units, with as many decimals as it needs."""
    if amount is None:
        return "(cannot be computed)"
    places = money.exponent_of(currency)
    major = amount.scaleb(-places)
    rounded = round(major, _SHOWN)
    text = f"{rounded:,f}"
    trimmed = text.rstrip("0") if "." in text else text
    whole, _, decimals = trimmed.partition(".")
    shown = f"{whole}.{decimals.ljust(places, '0')}" if places or decimals else whole
    return f"{shown} {currency}"


def _plain(quantity: Decimal | None) -> str:
    return "1" if quantity is None else f"{quantity.normalize():f}"
