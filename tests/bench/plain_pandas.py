"""What an analyst writes without the kit: json line by line, then pandas; by habit, and by hand with care.

By habit all objects are loaded into a list and ``json_normalize`` makes the frames; by hand each object is reduced to
the fields wanted before the next is read, which takes far less memory and time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from tests.bench.measured import Measured, timed

MOST = 100_000
NAMED = ["id", "customer", "number", "status", "currency", "billing_reason", "livemode"]
BOUNDS = ["start", "end"]
AMOUNTS = ["subtotal", "total", "amount_due", "amount_paid", "amount_remaining"]
TURNS = ["finalized_at", "paid_at", "voided_at", "marked_uncollectible_at"]
SUBSCRIPTION = ["parent.subscription_details.subscription", "subscription"]
DETAILS = ["parent.subscription_item_details", "parent.invoice_item_details"]
PRICE = ["pricing.price_details.price", "price.id", "plan.id"]


def measured(raw: Path) -> Iterator[Measured]:
    """Measure both ways on the first invoices of a company; rows are invoices."""
    yield timed("pandas by hand", lambda: _read(raw, by_hand))
    yield timed("pandas", lambda: _read(raw, by_habit))


def _read(raw: Path, way: Callable[[Iterator[str]], tuple[pd.DataFrame, pd.DataFrame]]) -> int:
    with (raw / "stripe" / "invoices.jsonl").open(encoding="utf-8") as opened:
        return len(way(islice(opened, MOST))[0])


def by_hand(texts: Iterator[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read invoices and their lines, of either shape, one after the other."""
    invoices, lines = [], []
    for text in texts:
        invoice = json.loads(text)
        invoices.append(_flat(invoice))
        lines += [_flat_line(line, invoice["id"]) for line in invoice["lines"]["data"]]
    return _typed(invoices, [*AMOUNTS, "tax"], ["created", "due_date", *TURNS]), _typed(
        lines, ["amount", "tax"], BOUNDS
    )


def _typed(found: list[dict[str, Any]], amounts: list[str], moments: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(found)
    for name in amounts:
        frame[name] = frame[name].astype("Int64")
    for name in moments:
        frame[name] = pd.to_datetime(frame[name], unit="s", utc=True)
    return frame


def _flat(invoice: dict[str, Any]) -> dict[str, Any]:
    """One row of an invoice."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    turns = invoice["status_transitions"]
    return {
        **{name: invoice.get(name) for name in (*NAMED, *AMOUNTS, "created", "due_date")},
        **{name: turns[name] for name in TURNS},
        "subscription": invoice.get("subscription") or details.get("subscription"),
        "tax": sum(tax["amount"] for tax in invoice.get("total_taxes") or invoice.get("total_tax_amounts") or []),
    }


def _flat_line(line: dict[str, Any], invoice_id: str) -> dict[str, Any]:
    """One row of an invoice line."""
    parent, pricing = line.get("parent") or {}, line.get("pricing") or {}
    details = parent.get(parent.get("type", "")) or line
    return {
        "invoice.id": invoice_id,
        **{name: line[name] for name in ("id", "currency", "description", "quantity", "amount")},
        **{name: details.get(name) for name in ("proration", "subscription_item", "subscription")},
        "price": (pricing.get("price_details") or {}).get("price") or (line.get("price") or {}).get("id"),
        "start": line["period"]["start"],
        "end": line["period"]["end"],
        "tax": sum(tax["amount"] for tax in line.get("taxes") or line.get("tax_amounts") or []),
    }


def by_habit(texts: Iterator[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read invoices and their lines, of either shape, all at once; the same columns as by hand."""
    objects = [json.loads(text) for text in texts]
    return _invoices(objects), _lines(objects)


def _invoices(objects: list[dict[str, object]]) -> pd.DataFrame:
    wide = pd.json_normalize([{key: value for key, value in own.items() if key != "lines"} for own in objects])
    frame = wide[NAMED].assign(subscription=_first(wide, SUBSCRIPTION))
    for name in AMOUNTS:
        frame[name] = wide[name].astype("Int64")
    for name in ["created", "due_date"]:
        frame[name] = pd.to_datetime(wide[name], unit="s", utc=True)
    for name in TURNS:
        frame[name] = pd.to_datetime(wide[f"status_transitions.{name}"], unit="s", utc=True)
    taxes = _first(wide, ["total_taxes", "total_tax_amounts"])
    frame["tax"] = taxes.map(lambda found: sum(tax["amount"] for tax in found)).astype("Int64")
    return frame


def _lines(objects: list[dict[str, object]]) -> pd.DataFrame:
    wide = pd.json_normalize(objects, record_path=["lines", "data"], meta=["id"], meta_prefix="invoice.")
    frame = wide[["invoice.id", "id", "currency", "description", "quantity"]].assign(price=_first(wide, PRICE))
    frame["amount"] = wide["amount"].astype("Int64")
    for bound in BOUNDS:
        frame[bound] = pd.to_datetime(wide[f"period.{bound}"], unit="s", utc=True)
    for name in ["proration", "subscription_item", "subscription"]:
        frame[name] = _first(wide, [*(f"{details}.{name}" for details in DETAILS), name])
    taxes = _first(wide, ["taxes", "tax_amounts"])
    frame["tax"] = taxes.map(lambda found: sum(tax["amount"] for tax in found)).astype("Int64")
    return frame


def _first(wide: pd.DataFrame, names: list[str]) -> pd.Series:
    """First value that is there, of the columns that are there."""
    found = [wide[name] for name in names if name in wide.columns]
    first = found[0].astype(object)
    for other in found[1:]:
        first = first.where(first.notna(), other)
    return first
