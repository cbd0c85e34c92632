"""Truth: a file of labelled customers, checked line by line, and brought to the accounts of a close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from recon_kit.csv_text import LINE, CsvText, read_csv_text
from recon_kit.policy import SettingsError
from recon_kit.resolve.survivors import survivors
from recon_kit.salesforce_id import long_id
from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from pathlib import Path

MOST_VALUES = 20
"""Values of a column up to which it cuts the customers into slices; beyond, it is a remark and not a slice."""

_SHOWN = 5
_NEEDED = ("customer_id", "account_id")
_NOWHERE = "(empty)"


@dataclass(frozen=True)
class Truth:
    """What is known for sure about customers.

    Attributes:
        pairs: one row per customer, sorted: ``customer_id``, ``account_id`` (null: it belongs to none), ``line``.
        slices: one row per (customer_id, slice): ``value``.
        left_out: one row per line that says nothing of this close: ``line``, ``field``, ``value``, ``reason``.
        remarks: columns of the file that hold too many values to be slices.
    """

    pairs: pl.DataFrame
    slices: pl.DataFrame
    left_out: pl.DataFrame
    remarks: tuple[str, ...] = ()


def read_truth(path: Path) -> Truth:
    """Read a truth file: CSV with ``customer_id``, ``account_id`` (empty: none), and columns to slice by.

    Raises:
        SettingsError: the file is missing or at fault; the message names the lines, fields and values.
    """
    if not path.is_file():
        raise SettingsError(f"There is no truth file {path}. Give a CSV file with the columns customer_id, account_id.")
    try:
        text = read_csv_text(path)
    except SchemaError as fault:
        raise SettingsError(str(fault)) from fault
    rows = _rows(path.name, text)
    faults = pl.concat([_malformed(text), _unnamed(rows), _contradicting(rows)]).sort("line", "field")
    if not faults.is_empty():
        raise SettingsError(_in_words(path.name, faults))
    if rows.is_empty():
        raise SettingsError(f"{path.name} names no customer: below the header there is no line. Add the known links.")
    distinct = rows.unique("customer_id", keep="first", maintain_order=True).sort("customer_id")
    slices, remarks = _slices(distinct)
    return Truth(distinct.select(*_NEEDED, "line"), slices, _nothing_left_out(), remarks)


def _rows(name: str, text: CsvText) -> pl.DataFrame:
    """Take the records with ``line`` and trimmed values, empty ones null."""
    spelt = {written.lower().strip(): written for written in text.header}
    missing = [column for column in _NEEDED if column not in spelt]
    if missing:
        shown = ", ".join(text.header) or "empty"
        raise SettingsError(
            f"{name}, line 1: there is no column {' and no column '.join(missing)}; the header is: {shown}. "
            "Name the columns customer_id and account_id."
        )
    values = [_value(written).alias(lowered) for lowered, written in spelt.items() if lowered != "line"]
    return text.records.select(pl.col(LINE).alias("line"), *values)


def _value(column: str) -> pl.Expr:
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(trimmed != "").then(trimmed)


def _malformed(text: CsvText) -> pl.DataFrame:
    return text.malformed.select(line=LINE, field=pl.lit("(whole line)"), value="raw", reason="reason")


def _unnamed(rows: pl.DataFrame) -> pl.DataFrame:
    unnamed = rows.filter(pl.col("customer_id").is_null())
    reason = "No customer is named. Write the Stripe customer's id, or remove the line."
    return unnamed.select("line", field=pl.lit("customer_id"), value=pl.lit(""), reason=pl.lit(reason))


def _contradicting(rows: pl.DataFrame) -> pl.DataFrame:
    """List the lines that give a customer another account than its first line does."""
    known = rows.filter(pl.col("customer_id").is_not_null()).with_columns(account_key=long_id(pl.col("account_id")))
    first = [pl.first(name).over("customer_id", order_by="line") for name in ("account_key", "account_id", "line")]
    compared = known.with_columns(*(column.name.prefix("first_") for column in first))
    reason = pl.format(
        "Customer {} belongs to {} by line {}, and to one account at most. Keep the line that is right.",
        "customer_id",
        pl.col("first_account_id").fill_null("no account"),
        "first_line",
    )
    other = compared.filter(~pl.col("account_key").eq_missing(pl.col("first_account_key")))
    return other.select("line", field=pl.lit("account_id"), value=pl.col("account_id").fill_null(""), reason=reason)


def _in_words(name: str, faults: pl.DataFrame) -> str:
    number = faults.height
    shown = [
        f"  - {name}, line {row['line']}, {row['field']} {row['value']!r}: {row['reason']}"
        for row in faults.head(_SHOWN).iter_rows(named=True)
    ]
    more = [f"  and {number - _SHOWN} more."] if number > _SHOWN else []
    return "\n".join([f"{number} fault{'s' if number > 1 else ''} in the truth file:", *shown, *more])


def _slices(rows: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    named = [name for name in rows.columns if name not in (*_NEEDED, "line")]
    few = [name for name in named if rows[name].n_unique() <= MOST_VALUES]
    long = rows.select("customer_id", *(pl.col(name).fill_null(_NOWHERE) for name in few)).unpivot(
        index="customer_id", variable_name="slice", value_name="value"
    )
    return long.cast(pl.String).sort("customer_id", "slice"), tuple(name for name in named if name not in few)


def _nothing_left_out() -> pl.DataFrame:
    return pl.DataFrame(schema={"line": pl.Int64, "field": pl.String, "value": pl.String, "reason": pl.String})


def truth_of_close(
    truth: Truth, accounts: pl.DataFrame, customers: pl.DataFrame, *, is_complete: bool = False
) -> Truth:
    """Bring a truth to the records of a close: accounts that were merged count as their survivors.

    Args:
        truth: what :func:`read_truth` returns.
        accounts: rows of ``accounts``.
        customers: rows of ``customers``.
        is_complete: customers of the close that the truth does not name belong to no account.

    Returns:
        The truth of the customers in the close. Lines whose customer or account is not among the records (or whose
        account was deleted without survivor) are in ``left_out``.

    Raises:
        SettingsError: no line is about this close.
    """
    pairs = truth.pairs.with_columns(account_key=long_id(pl.col("account_id"))).join(
        survivors(accounts).select("account_key", "survivor_id"), on="account_key", how="left", validate="m:1"
    )
    known = pl.col("customer_id").is_in(customers["customer_id"].implode())
    judged = pairs.with_columns(
        reason=pl.when(~known)
        .then(pl.lit("no such customer in this close"))
        .when(pl.col("account_id").is_not_null() & pl.col("survivor_id").is_null())
        .then(pl.lit("no such account in this close, or it was deleted"))
    )
    kept = judged.filter(pl.col("reason").is_null()).select("customer_id", account_id="survivor_id", line="line")
    if kept.is_empty():
        raise SettingsError(_not_of_this_close(pairs))
    others = customers.select("customer_id").join(pairs, on="customer_id", how="anti") if is_complete else None
    all_pairs = kept if others is None else pl.concat([kept, others], how="diagonal")
    slices = truth.slices.join(kept, on="customer_id", how="semi")
    return Truth(all_pairs.sort("customer_id"), slices, _left_out(judged), truth.remarks)


def _left_out(judged: pl.DataFrame) -> pl.DataFrame:
    is_customer = pl.col("reason").str.starts_with("no such customer")
    field = pl.when(is_customer).then(pl.lit("customer_id")).otherwise(pl.lit("account_id"))
    value = pl.when(is_customer).then("customer_id").otherwise("account_id")
    gone = judged.filter(pl.col("reason").is_not_null())
    return gone.select("line", field=field, value=value, reason="reason").sort("line")


def _not_of_this_close(pairs: pl.DataFrame) -> str:
    first = pairs.sort("line").row(0, named=True)
    return (
        f"None of the {pairs.height} customers of the truth file is, with its account, in this close; the first is "
        f"line {first['line']}, customer_id {first['customer_id']!r}, account_id {first['account_id'] or ''!r}. "
        "Is it the truth of this company?"
    )
