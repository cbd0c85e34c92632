"""Cells: how one column of a frame is written, as text for a reader and as a raw value for sorting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from recon_kit import money as exact_money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NONE = "–"
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_WORDS = {"crm": "Salesforce", "billing": "Stripe", "mrr": "MRR", "arr": "ARR", "id": "ID", "ids": "IDs", "pct": "%"}
_DECIMALS = {"pct": 1}
_PROBABILITY_DECIMALS = 3


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``text`` is what a reader sees (without sign, null where there is nothing), ``value`` what to sort by,
    ``is_negative`` marks amounts below zero.
    """

    name: str
    label: str
    text: pl.Expr
    value: pl.Expr | None = None
    is_negative: pl.Expr = field(default_factory=lambda: pl.lit(value=False))
    is_date: bool = False

    @property
    def is_number(self) -> bool:
        """Tell whether the column is right-aligned and sorted as a number."""
        return self.value is not None


def escaped(text: pl.Expr) -> pl.Expr:
    """Write text so that HTML shows it as it is between tags."""
    return text.str.replace_many(list(_ENTITIES), list(_ENTITIES.values()))


def label_of(name: str) -> str:
    """Turn a column name into a heading: ``crm_mrr_minor`` is read as "Salesforce MRR"."""
    words = name.removesuffix("_minor").split("_")
    spoken = " ".join(_WORDS.get(word, word) for word in words)
    return spoken[:1].upper() + spoken[1:]


def columns_of(
    frame: pl.DataFrame, names: Sequence[str], currencies: Mapping[str, str], labels: Mapping[str, str]
) -> list[Column]:
    """Describe how each named column of a frame is written, in the order given."""
    return [_column(frame, name, currencies.get(name), labels.get(name)) for name in names]


def with_cells(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[pl.DataFrame, list[Column]]:
    """Write what the columns say beside the frame's own, so that what shows a cell several times computes it once.

    Returns:
        The frame with what each column says, and the columns as they stand in it.
    """
    said: dict[str, pl.Expr] = {}
    standing = []
    for number, column in enumerate(columns):
        text, value, is_negative = (f"_{part}_{number}" for part in ("text", "value", "negative"))
        said |= {text: column.text, is_negative: column.is_negative}
        said |= {} if column.value is None else {value: column.value}
        sorted_by = None if column.value is None else pl.col(value)
        standing.append(replace(column, text=pl.col(text), value=sorted_by, is_negative=pl.col(is_negative)))
    return frame.with_columns(**said), standing


def currencies_of(frame: pl.DataFrame, money: Mapping[str, str]) -> dict[str, str]:
    """Find for each amount column the currency column or the currency code it stands in.

    A column that holds one currency only counts as that code, so that the heading can name it once.

    Raises:
        ValueError: when an amount has no currency, or a name is neither a column nor a currency code; all at once.
    """
    amounts = [name for name in frame.columns if name.endswith("_minor") or name in money]
    fallback = {name: "currency" for name in amounts if "currency" in frame.columns}
    known = {name: code for name, code in {**fallback, **money}.items() if name in frame.columns}
    codes = set(exact_money.exponents()["currency"])
    faults = [f"{name} has no currency" for name in amounts if name not in known]
    faults += [f"{name}: {code} is neither a column nor a currency" for name, code in sorted(known.items())
               if code not in frame.columns and code not in codes]  # fmt: skip
    if faults:
        message = "Amounts are shown with their currency only: " + "; ".join(faults) + "."
        raise ValueError(message)
    return {name: _only_code(frame, name, code) or code for name, code in known.items()}


def shown_names(
    frame: pl.DataFrame,
    currencies: Mapping[str, str],
    *,
    leave_out: Sequence[str],
    chosen: Sequence[str] | None = None,
) -> list[str]:
    """Choose the columns to show: those chosen, else all, with a currency column wherever amounts need it."""
    needed = sorted({code for code in currencies.values() if code in frame.columns})
    if chosen is not None:
        return [*chosen, *(code for code in needed if code not in chosen)]
    told_by_headings = {"currency"} - set(needed) if currencies else set()
    return [name for name in frame.columns if name not in {*leave_out, *told_by_headings}]


def _only_code(frame: pl.DataFrame, amount: str, currency: str) -> str | None:
    if currency not in frame.columns:
        return None
    codes = frame.filter(pl.col(amount).is_not_null())[currency].unique()
    is_one_currency = codes.len() == 1 and codes.item() in dict.fromkeys(exact_money.exponents()["currency"])
    return str(codes.item()) if is_one_currency else None


def _column(frame: pl.DataFrame, name: str, currency: str | None, label: str | None) -> Column:
    heading = label or label_of(name)
    if currency is not None:
        return _money_column(frame, name, currency, heading)
    dtype, cell = frame.schema[name], pl.col(name)
    if dtype.is_integer():
        return Column(name, heading, _grouped(cell), cell.cast(pl.String), cell < 0)
    if dtype.is_float():
        return Column(name, heading, _fixed(cell, name), cell.cast(pl.String), cell < 0)
    if dtype.is_decimal():
        return Column(name, heading, cell.cast(pl.String), cell.cast(pl.String), cell < 0)
    return Column(name, heading, _as_text(cell, dtype), is_date=dtype.is_temporal())


def _as_text(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.List):
        return cell.cast(pl.List(pl.String)).list.join(", ").replace("", None)
    if isinstance(dtype, pl.Datetime):
        return cell.dt.strftime("%Y-%m-%d %H:%M" + (" UTC" if dtype.time_zone == "UTC" else ""))
    if dtype == pl.Boolean:
        return pl.when(cell).then(pl.lit("yes")).when(~cell).then(pl.lit("no"))
    return cell.cast(pl.String)


def _grouped(whole: pl.Expr) -> pl.Expr:
    # An amount without decimals and a count are written alike, so the yen's format serves both.
    return exact_money.format_minor(whole.cast(pl.Int64), pl.lit("JPY")).str.strip_prefix("-")


def _fixed(number: pl.Expr, name: str) -> pl.Expr:
    places = _DECIMALS.get(name.rsplit("_", 1)[-1], _PROBABILITY_DECIMALS)
    return number.abs().round(places, mode="half_away_from_zero").cast(pl.Decimal(38, places)).cast(pl.String)


def _money_column(frame: pl.DataFrame, name: str, currency: str, heading: str) -> Column:
    is_column = currency in frame.columns
    code = pl.col(currency) if is_column else pl.lit(currency)
    amount = pl.col(name)
    # An amount whose currency nobody knows has no decimals to speak of: it is shown as the integer it is.
    is_known = exact_money.is_currency(code).fill_null(value=False)
    major = exact_money.format_minor(amount, code)
    text = (
        pl.when(amount.is_null())
        .then(None)
        .when(is_known)
        .then(major.str.strip_prefix("-"))
        .otherwise(_grouped(amount) + pl.lit(" minor units"))
    )
    value = pl.when(is_known).then(major.str.replace_all(",", "")).otherwise(amount.cast(pl.String))
    return Column(name, heading if is_column else f"{heading} ({currency})", text, value, amount < 0)


def cell_html(column: Column, tag: str = "td") -> pl.Expr:
    """Write one column as table cells.

    Negative amounts read ``(400.00)`` on the page; a minus that only the screen reader and the clipboard see stands for
    the parentheses, which the style sheet draws.
    """
    scope = ' scope="row"' if tag == "th" else ""
    body = _body(column)
    if not column.is_number:
        kind = ' class="rk-date"' if column.is_date else ""
        return pl.concat_str(pl.lit(f"<{tag}{scope}{kind}>"), body, pl.lit(f"</{tag}>"))
    value = column.value if column.value is not None else pl.lit("")
    opening = pl.concat_str(pl.lit(f'<{tag}{scope} class="rk-number" data-v="'), value.fill_null(""), pl.lit('">'))
    return pl.concat_str(opening, body, pl.lit(f"</{tag}>"))


def _body(column: Column) -> pl.Expr:
    shown = escaped(column.text)
    negative = pl.concat_str(pl.lit('<span class="rk-negative"><span class="rk-sr">-</span>'), shown, pl.lit("</span>"))
    written = pl.when(column.is_negative.fill_null(value=False)).then(negative).otherwise(shown)
    return written.fill_null(f'<span class="rk-none">{NONE}</span>')


def cell_plain(column: Column) -> pl.Expr:
    """Write one column as plain text, with a leading minus for negative amounts."""
    sign = pl.when(column.is_negative.fill_null(value=False)).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, column.text).fill_null(NONE)
