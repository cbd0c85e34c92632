"""What a close is measured against: other ways to read the same files, without a meaning given to anything."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tests.bench.measured import Measured, timed

DUCKDB = "DuckDB reads all files"
PYTHON = "json.loads of invoices"
BASELINES = (DUCKDB, PYTHON)

# Money and dates come as text, as the kit reads them: no baseline converts anything. JSON: an object read whole as text.
TEXTS = {
    "balance_transactions": "amount fee net currency type source status available_on",
    "charges": "amount amount_refunded currency customer invoice payment_intent status",
    "coupons": "name duration duration_in_months percent_off amount_off currency",
    "credit_notes": "total subtotal currency invoice customer status",
    "customers": "name email phone currency",
    "disputes": "amount currency charge status reason",
    "events": "type",
    "invoice_lines": "amount currency description invoice quantity",
    "invoice_payments": "amount_paid currency invoice status",
    "invoices": "customer subscription number status currency subtotal total amount_due amount_paid billing_reason tax",
    "payment_intents": "amount currency customer invoice status",
    "payout_balance_transactions": "payout balance_transaction",
    "payouts": "amount currency status arrival_date",
    "prices": "product nickname currency unit_amount unit_amount_decimal billing_scheme tax_behavior",
    "products": "name",
    "refunds": "amount currency charge payment_intent status",
    "subscriptions": "customer status start_date trial_end cancel_at canceled_at ended_at latest_invoice currency",
    "tax_rates": "percentage inclusive",
}
PERIOD = 'STRUCT(start VARCHAR, "end" VARCHAR)'
PRICE = "price STRUCT(id VARCHAR, product VARCHAR, unit_amount_decimal VARCHAR, recurring JSON)"
NESTED = {
    "customers": {"address": "STRUCT(country VARCHAR, city VARCHAR, postal_code VARCHAR)", "metadata": "JSON"},
    "events": {"data": 'STRUCT("object" JSON, previous_attributes JSON)'},
    "invoice_lines": {"period": PERIOD, "parent": "JSON", "pricing": "JSON"},
    "invoices": {
        "lines": f"STRUCT(data STRUCT(id VARCHAR, amount VARCHAR, currency VARCHAR, quantity VARCHAR, period {PERIOD}, "
        f"{PRICE}, pricing JSON, parent JSON, discount_amounts JSON)[], has_more VARCHAR)",
        "parent": "JSON",
        "status_transitions": "STRUCT(finalized_at VARCHAR, paid_at VARCHAR, voided_at VARCHAR)",
        "total_taxes": "STRUCT(amount VARCHAR)[]",
    },
    "prices": {"recurring": 'STRUCT("interval" VARCHAR, interval_count VARCHAR, usage_type VARCHAR)', "tiers": "JSON"},
    "subscriptions": {
        "items": f"STRUCT(data STRUCT(id VARCHAR, quantity VARCHAR, {PRICE}, current_period_start VARCHAR, "
        "current_period_end VARCHAR, discounts JSON)[])",
        "discounts": "JSON",
        "metadata": "JSON",
    },
}


def measured(raw: Path) -> Iterator[Measured]:
    """Measure DuckDB on the Stripe files, then on those of both systems; rows are records."""
    stripe = timed("duckdb stripe", lambda: read_with_duckdb(raw, salesforce=False))
    yield stripe
    yield timed("duckdb", lambda: stripe.rows + read_with_duckdb(raw, stripe=False), stripe.seconds)


def read_with_duckdb(raw: Path, *, stripe: bool = True, salesforce: bool = True) -> int:
    """Read every Stripe and Salesforce file, columns named and nothing guessed, into Arrow; return their records."""
    lines = sorted((raw / "stripe").glob("*.jsonl")) if stripe else []
    tables = sorted((raw / "salesforce").glob("*.csv")) if salesforce else []
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        read = [
            connection.read_json(str(file), columns=columns_of(file.stem), format="newline_delimited") for file in lines
        ]
        read += [_read_csv(connection, file) for file in tables]
        return sum(rows.to_arrow_table().num_rows for rows in read)


def _read_csv(connection: duckdb.DuckDBPyConnection, file: Path) -> duckdb.DuckDBPyRelation:
    """Name the columns by the header: guessing them takes DuckDB far longer than reading these files."""
    with file.open(encoding="utf-8", newline="") as lines:
        columns = dict.fromkeys(next(csv.reader(lines)), "VARCHAR")
    dialect = """header=true, auto_detect=false, delim=',', quote='"', escape='"'"""
    return connection.sql(f"from read_csv($file, columns={columns}, {dialect})", params={"file": str(file)})


def columns_of(object_name: str) -> dict[str, str]:
    """Name the columns to read of a Stripe object, and their types in DuckDB's words."""
    texts = ["id", "livemode", "created", *TEXTS.get(object_name, "").split()]
    return dict.fromkeys(texts, "VARCHAR") | NESTED.get(object_name, {})


def load_invoices(raw: Path) -> int:
    """Parse every invoice by itself and keep none; return how many there are."""
    count = 0
    with (raw / "stripe" / "invoices.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            count += json.loads(line)["object"] == "invoice"
    return count
