"""What can go wrong in Salesforce, as verbs on its raw rows: restate an amount, move dates, mark churned, add a note.

A row is what one line of a CSV export says, by column. Columns are found by the field map, so that an org's own names
do. Amounts are in minor units, dates are dates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recon_kit.commands.challenge.exact import decimal_text
from recon_kit.field_map import DEFAULT_FIELDS, OBJECT_OF, columns_named

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from recon_kit.field_map import FieldMap

Row = dict[str, str]


class NoColumn(LookupError):  # noqa: N818  (says what is not there; nothing is wrong with the data)
    """An export lacks the column in which an error would stand."""


def columns_of(part: str, key: str, row: Mapping[str, str], overrides: FieldMap | None = None) -> list[str]:
    """Find the columns of a row that a key of the field map is read from, in order of precedence."""
    names = {**DEFAULT_FIELDS[part], **(overrides or {}).get(part, {})}[key]
    return columns_named(names, row, OBJECT_OF[part])


def put(part: str, key: str, row: Row, text: str, overrides: FieldMap | None = None) -> None:
    """Write a value where the kit reads it first.

    Raises:
        NoColumn: the export has no such column.
    """
    found = columns_of(part, key, row, overrides)
    if not found:
        message = f"{OBJECT_OF[part]} has no column for {part}.{key}"
        raise NoColumn(message)
    row[found[0]] = text


def put_if_there(part: str, key: str, row: Row, text: str, overrides: FieldMap | None = None) -> None:
    """Write a value into every column that the kit may read it from; none is fine."""
    for column in columns_of(part, key, row, overrides):
        row[column] = text


def restate_amount(opportunity: Row, amount: int, exponent: int, overrides: FieldMap | None = None) -> None:
    """Write another amount on an opportunity."""
    put("contract", "amount", opportunity, decimal_text(amount, exponent), overrides)


def restate_line(line: Row, total: int, exponent: int, overrides: FieldMap | None = None) -> None:
    """Write another total on a line, for a quantity of one."""
    text = decimal_text(total, exponent)
    put("line", "total_price", line, text, overrides)
    put_if_there("line", "unit_price", line, text, overrides)
    put_if_there("line", "ssp", line, text, overrides)
    put_if_there("line", "quantity", line, "1", overrides)


def restate_history(history: Iterable[Row], amount: int, exponent: int) -> None:
    """Let the history know the same amount from the first day, so that no edit stands in it."""
    text = decimal_text(amount, exponent)
    for row in history:
        row.update({name: text for name in ("Amount", "ExpectedRevenue", "PrevAmount") if row.get(name)})


def move_term(
    opportunity: Row,
    contracts: Sequence[Row],
    start: dt.date,
    stop: dt.date,
    *,
    months: int,
    overrides: FieldMap | None = None,
) -> None:
    """Let a contract run from ``start`` to ``stop`` (inclusive), on the opportunity and on its Contract.

    Raises:
        NoColumn: neither has a column for a date of its own.
    """
    own = [column for column in columns_of("contract", "start_on", opportunity, overrides) if column != "CloseDate"]
    if not own and not contracts:
        message = "Opportunity has no start date of its own"
        raise NoColumn(message)
    for column in own:
        opportunity[column] = start.isoformat()
    put_if_there("contract", "end_on", opportunity, stop.isoformat(), overrides)
    put_if_there("contract", "term_months", opportunity, str(months), overrides)
    values = {"StartDate": start.isoformat(), "EndDate": stop.isoformat(), "ContractTerm": str(months)}
    for contract in contracts:
        contract.update({name: text for name, text in values.items() if name in contract})


def close_on(opportunity: Row, day: dt.date, overrides: FieldMap | None = None) -> None:
    """Move the close date."""
    put("contract", "close_on", opportunity, day.isoformat(), overrides)


def state_basis(opportunity: Row, basis: str, overrides: FieldMap | None = None) -> None:
    """Say what the amount is an amount of: ``monthly``, ``annual`` or ``total``."""
    put("contract", "amount_basis", opportunity, basis, overrides)


def state_currency(rows: Iterable[Row], currency: str) -> None:
    """Sell in another currency; the lines say so too.

    Raises:
        NoColumn: the org has one currency.
    """
    for row in rows:
        if "CurrencyIsoCode" not in row:
            message = "Opportunity has no column for contract.currency"
            raise NoColumn(message)
        row["CurrencyIsoCode"] = currency


def promise_discount(opportunity: Row, percent: int, overrides: FieldMap | None = None) -> None:
    """Note a discount that the net amount has already: in its field, else in the notes.

    Raises:
        NoColumn: there is neither.
    """
    if columns_of("contract", "discount_pct", opportunity, overrides):
        put("contract", "discount_pct", opportunity, str(percent), overrides)
    else:
        put("contract", "note", opportunity, f"{percent} % off", overrides)


def churn(account: Row, day: dt.date, status: str, overrides: FieldMap | None = None) -> None:
    """Mark an account as churned.

    Raises:
        NoColumn: accounts have no status or no churn date.
    """
    put("account", "churned_on", account, day.isoformat(), overrides)
    put("account", "status", account, status, overrides)


def merged_away(account: Row, new_id: str, overrides: FieldMap | None = None) -> Row:
    """Make the deleted row of an account that was merged into this one.

    Raises:
        NoColumn: the export knows no merges.
    """
    merged = {**account}
    put("account", "id", merged, new_id, overrides)
    put("account", "merged_into", merged, account[columns_of("account", "id", account, overrides)[0]], overrides)
    put("account", "is_deleted", merged, "true", overrides)
    put_if_there("account", "stripe_customer_id", merged, "", overrides)
    return merged
