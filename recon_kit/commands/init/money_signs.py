"""What the values say about money: reporting currency, mode, decimal sign and unit of each export's amounts."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from recon_kit import money
from recon_kit.commands.init.findings import Findings
from recon_kit.commands.init.locale_signs import decimal_sign
from recon_kit.commands.init.spellings import is_warehouse
from recon_kit.commands.init.value_signs import filled

_SYMBOLS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY"}
_OPPORTUNITY = "salesforce/Opportunity"
_MINOR_ENDINGS = [0, 50, 95, 99]
_HUNDRED = 100


@dataclass(frozen=True)
class Told:
    """A value and why it is proposed."""

    value: str
    reason: str
    is_settled: bool = True


def reporting_currency(findings: Findings) -> Told:
    """Choose the most common currency: of opportunities, else of the signs in their amounts, else of Stripe."""
    codes = [column.values for column in findings.columns(_OPPORTUNITY, "CurrencyIsoCode")]
    amounts = [column.values for column in findings.columns(_OPPORTUNITY, "Amount")]
    signs = [filled(values).str.extract(r"([A-Z]{3}|[$€£¥])", 1).replace(_SYMBOLS) for values in amounts]
    billed = [
        column.values
        for name in ("subscriptions", "invoices")
        for column in findings.columns(f"stripe/{name}", "currency")
    ]
    billed += [lines.fields["currency"] for lines in findings.lines.values()]
    for place, values in (("opportunities", codes), ("amounts of opportunities", signs), ("Stripe records", billed)):
        counts = _currency_counts(values)
        if counts:
            shown = ", ".join(f"{code} ({count})" for code, count in counts[:5])
            return Told(counts[0][0], f"most common in the {place}: {shown}")
    return Told("USD", "no currency was found; write yours", is_settled=False)


def _currency_counts(values: list[pl.Series]) -> list[tuple[str, int]]:
    if not values:
        return []
    codes = pl.concat([series.cast(pl.String).alias("code") for series in values]).drop_nulls()
    known = codes.str.strip_chars().str.to_uppercase().to_frame().filter(money.is_currency(pl.col("code")))
    counted = known.group_by("code").len().sort(["len", "code"], descending=[True, False])
    return [(code, count) for code, count in counted.iter_rows()]


def stripe_mode(findings: Findings) -> Told | None:
    """Propose test mode when every Stripe object that names its mode is of it."""
    modes = [lines.fields["livemode"].drop_nulls() for lines in findings.lines.values()]
    names = [name for name in findings.objects if name.startswith("stripe/")]
    modes += [filled(column.values) for name in names for column in findings.columns(name, "livemode")]
    flags = pl.concat([pl.Series("mode", [], dtype=pl.String), *(mode.alias("mode") for mode in modes)])
    if flags.is_empty() or flags.str.to_lowercase().is_in(["true", "live", "live mode", "1"]).any():
        return None
    return Told("test", "every Stripe record that names its mode is of test mode")


def amounts_of(findings: Findings, file: str, kind: str = "amount") -> pl.Series:
    """Gather the amounts, or other numbers, of one export."""
    mine = (found for found in findings.maps if found.file.name == file)
    columns = [values for found in mine for values in found.columns_of_kind(kind)]
    return pl.concat([pl.Series(kind, [], dtype=pl.String), *columns])


def amount_style(findings: Findings, file: str) -> tuple[str, str]:
    """Find the decimal sign of one export's amounts, else of its other numbers, and the reason."""
    amounts = amounts_of(findings, file)
    return decimal_sign(amounts if filled(amounts).len() else amounts_of(findings, file, kind="number"))


def in_minor_units(findings: Findings, file: str) -> Told | None:
    """Tell whether a Stripe table keeps amounts in the currency's smallest unit; none: in the major unit, as usual.

    No amount has decimals, the columns are named as in a warehouse, and the amounts end like prices in cents.
    """
    mapped = next(found for found in findings.maps if found.file.name == file)
    values = filled(amounts_of(findings, file))
    if not (mapped.object_name.startswith("stripe/") and is_warehouse(mapped.file.header)) or values.is_empty():
        return None
    whole = values.cast(pl.Int64, strict=False).drop_nulls()
    if whole.len() < values.len():
        return None
    like_cents = int((whole % _HUNDRED).is_in(_MINOR_ENDINGS).sum())
    if whole.filter(whole != 0).abs().min() in range(_HUNDRED) or like_cents < whole.len() * 0.5:
        return None
    reason = f"no amount has decimals, and {like_cents} of {whole.len()} end in 00, 50, 95 or 99 like cents"
    return Told("minor", reason, is_settled=False)
