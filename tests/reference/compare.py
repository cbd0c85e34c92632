"""Read a close, re-perform it in plain Python, and say which rows differ in which column."""

from __future__ import annotations

import csv
import datetime as dt
import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import polars as pl

from recon_kit.policy import Policy
from tests.reference.evidence import Rates
from tests.reference.records import Row
from tests.reference.reference import Key, Rows, reconcile
from tests.reference.units import Books

READ = (
    "accounts", "contracts", "contract_lines", "opportunity_history", "customers", "subscriptions",
    "subscription_items", "prices", "discounts", "events", "invoices", "invoice_lines", "credit_notes", "charges",
    "refunds", "links", "common_rates", "mrr_worksheet",
)  # fmt: skip
STARTS_AND_ENDS = {"late_start": "start", "early_start": "start", "ends_early": "end", "ends_late": "end"}


def read_rates(file: Path) -> Rates:
    """Reference rates by day: units of a currency a euro."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    return {
        dt.date.fromisoformat(row["Date"]): {
            "EUR": Fraction(1),
            **{
                name: Fraction(rate)
                for name, rate in row.items()
                if name not in {"Date", ""} and rate not in {"", "N/A", None}
            },
        }
        for row in rows
    }


def read_books(read: Callable[[str], pl.DataFrame]) -> Books:
    return {name: read(name).to_dicts() for name in READ}


def rows_of(read: Callable[[str], pl.DataFrame]) -> Rows:
    """The rows that the room wrote, by the same keys."""
    gaps = {row["gap_id"]: (_gap_key(row), row) for row in read("gaps").iter_rows(named=True)}
    return Rows(
        gaps=dict(gaps.values()),
        components={
            (*gaps[row["gap_id"]][0], row["component"]): row for row in read("gap_components").iter_rows(named=True)
        },
        pairs={
            (tuple(row["opportunity_ids"]), tuple(row["subscription_ids"])): row
            for row in read("pairs").iter_rows(named=True)
        },
        placement={
            (row["side"], row["record_id"]): row
            for row in read("placement").iter_rows(named=True)
            if row["mrr_minor"] != 0
        },
        bridge=_bridge(read("bridge").to_dicts()),
    )


def _gap_key(row: Row) -> Key:
    kind = STARTS_AND_ENDS.get(row["cause"])
    if kind is None and row["family"] == "amount_mismatch":
        kind = "refund" if row["cause"] == "refund_or_credit" else "amount"
    return row["family"], kind or "existence", ";".join(row["opportunity_ids"]), ";".join(row["subscription_ids"])


def _bridge(rows: list[Row]) -> dict[Key, Row]:
    keys: list[Key] = [(row["family"], row["component"]) for row in rows]
    keys[0], keys[-1] = ("first", None), ("last", None)
    return dict(zip(keys, rows, strict=True))


def differences(read: Callable[[str], pl.DataFrame], *, as_of: dt.date, policy: Policy, rates: Rates) -> list[str]:
    """Say, row by row sorted by key, where the room and the reference differ."""
    told = reconcile(read_books(read), as_of=as_of, policy=policy, rates=rates)
    found = rows_of(read)
    said = []
    for table in ("pairs", "placement", "gaps", "components", "bridge"):
        mine, room = getattr(told, table), getattr(found, table)
        for key in sorted(mine.keys() | room.keys(), key=repr):
            said += [f"{table} {key}: {fault}" for fault in _faults(mine.get(key), room.get(key))]
    return said


def _faults(mine: Row | None, room: Row | None) -> list[str]:
    if mine is None:
        return [f"only the room has it: {room}"]
    if room is None:
        return [f"only the reference has it: {mine}"]
    return [
        f"{name}: reference {value!r}, room {room[name]!r}"
        for name, value in mine.items()
        if not _same(value, room[name])
    ]


def _same(mine: object, room: object) -> bool:
    """Equal; percentages are shown as floats and may differ in the last of their digits."""
    if isinstance(mine, float) and isinstance(room, float):
        return math.isclose(mine, room, rel_tol=1e-12)
    return mine == room
