"""Documents: invoices, payments and the like, each in a sentence, with the record whose gap they may explain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import polars as pl

from recon_kit import tables
from recon_kit.gaps.books import Reader

_Row = Mapping[str, Any]


class Document(NamedTuple):
    """What a document is, and the record that it belongs to (none where it names none)."""

    sentence: str
    belongs_to: str | None


def document(record_id: str, read: Reader) -> Document | None:
    """Find an invoice, payment, refund, credit note, event, line, item or pair by its id; none without one."""
    for table, (key, tell) in _KINDS.items():
        found = read(table).filter(pl.col(key) == record_id).head(1).collect()
        if found.height:
            return tell(found.row(0, named=True))
    return None


def left_out(record_id: str, read: Reader) -> list[str]:
    """Say why a record that was read is in no table: it is in quarantine, or was excluded."""
    quarantined = read("quarantine").filter(pl.col("key") == record_id).collect()
    excluded = read("excluded").filter(pl.col("key") == record_id).collect()
    return [
        *(
            f"{record_id} ({name}) is in quarantine and in no figure: {reason}"
            for name, reason in quarantined.select("object", "reason").iter_rows()
        ),
        *(
            f"{record_id} ({name}) was read and left out: {_EXCLUDED.get(reason, reason.replace('_', ' '))}."
            for name, reason in excluded.select("object", "reason").iter_rows()
        ),
    ]


_EXCLUDED = {
    "other_mode": "it is of Stripe's other mode (test or live), see stripe_mode in the policy",
    "after_as_of": "it was created after as_of",
}


def _invoice(row: _Row) -> Document:
    of = f" for subscription {row['subscription_id']}" if row["subscription_id"] else ""
    told = f"Invoice {row['invoice_id']} of {row['created_on']}{of}: {row['status']}, {_total(row, 'total_minor')}."
    return Document(told, row["subscription_id"] or row["customer_id"])


def _charge(row: _Row) -> Document:
    for_invoice = f" for invoice {row['invoice_id']}" if row["invoice_id"] else ""
    told = f"Payment {row['charge_id']} of {row['created_on']}{for_invoice}: {row['status']}, {_total(row)}."
    return Document(told, row["invoice_id"] or row["customer_id"])


def _refund(row: _Row) -> Document:
    told = f"Refund {row['refund_id']} of {row['created_on']}: {row['status']}, {_total(row)} of {row['charge_id']}."
    return Document(told, row["charge_id"])


def _credit_note(row: _Row) -> Document:
    day = row["effective_on"] or row["created_on"]
    told = f"Credit note {row['credit_note_id']} of {day}: {row['status']}, {_total(row, 'total_minor')}."
    return Document(told, row["invoice_id"] or row["customer_id"])


def _event(row: _Row) -> Document:
    changed = f", which changed {', '.join(row['changed'])}" if row["changed"] else ""
    told = f"Event {row['event_id']} of {row['created_on']}: {row['type']} on {row['object_id']}{changed}."
    return Document(told, row["object_id"])


def _line(row: _Row) -> Document:
    told = f"Line {row['line_id']} “{row['product'] or ''}” of opportunity {row['opportunity_id']}."
    return Document(told, row["opportunity_id"])


def _item(row: _Row) -> Document:
    told = f"Item {row['item_id']} “{row['product'] or row['price_id']}” of subscription {row['subscription_id']}."
    return Document(told, row["subscription_id"])


def _pair(row: _Row) -> Document:
    sides = f"{' and '.join(row['opportunity_ids'])} against {' and '.join(row['subscription_ids'])}"
    return Document(f"Pair {row['pair_id']} is reconciled: {sides}.", min(row["opportunity_ids"], default=None))


_KINDS: Mapping[str, tuple[str, Callable[[_Row], Document]]] = {
    "invoices": ("invoice_id", _invoice),
    "charges": ("charge_id", _charge),
    "refunds": ("refund_id", _refund),
    "credit_notes": ("credit_note_id", _credit_note),
    "events": ("event_id", _event),
    "contract_lines": ("line_id", _line),
    "subscription_items": ("item_id", _item),
    "pairs": ("pair_id", _pair),
}


def _total(row: _Row, column: str = "amount_minor") -> str:
    return "an unknown amount" if row[column] is None else tables.money(row[column], row["currency"])
