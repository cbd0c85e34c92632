"""A tiny second reader of rendered snapshots: states the same facts whatever the API's shape."""

import csv
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Facts = dict[str, tuple[object, ...]]


def objects(folder: Path, name: str) -> list[Json]:
    """Objects of one Stripe list, compressed or not; none when the list was not written."""
    plain, zipped = folder / "stripe" / f"{name}.jsonl", folder / "stripe" / f"{name}.jsonl.gz"
    if zipped.exists():
        text = gzip.decompress(zipped.read_bytes()).decode()
    else:
        text = plain.read_text(encoding="utf-8") if plain.exists() else ""
    return [json.loads(line) for line in text.splitlines()]


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """Rows of one Salesforce table."""
    with (folder / "salesforce" / f"{name}.csv").open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def _coupon(found: Mapping[str, Any]) -> str:
    """Coupon id of a discount."""
    coupon = found.get("coupon") or found["source"]["coupon"]
    return str(coupon if isinstance(coupon, str) else coupon["id"])


def subscription_facts(own: Json) -> tuple[object, ...]:
    """What a subscription says."""
    items = own["items"]["data"]
    start = own.get("current_period_start") or items[0]["current_period_start"]
    end = own.get("current_period_end") or items[0]["current_period_end"]
    single = [own["discount"]] if own.get("discount") else []
    discounts = single or [found for found in own["discounts"] if isinstance(found, dict)]
    kept = (
        "status",
        "customer",
        "start_date",
        "trial_end",
        "cancel_at",
        "cancel_at_period_end",
        "canceled_at",
        "ended_at",
    )
    return (
        *(own[key] for key in kept), start, end, own["cancellation_details"]["reason"], bool(own["pause_collection"]),
        tuple((item["id"], item["price"]["id"], item.get("quantity")) for item in items),
        tuple((_coupon(found), found["start"], found["end"]) for found in discounts),
        tuple(sorted(own["metadata"].items())), tuple(rate["percentage"] for rate in own["default_tax_rates"]),
        own["latest_invoice"],
    )  # fmt: skip


def line_facts(line: Json) -> tuple[object, ...]:
    """What an invoice line says."""
    parent: Json = line.get("parent") or {}
    details: Json = parent.get(parent.get("type", ""), {}) or line
    price = line["pricing"]["price_details"]["price"] if line.get("pricing") else line["price"]["id"]
    taxes = line.get("taxes") or line.get("tax_amounts") or []
    is_inclusive = tuple(
        tax["inclusive"] if "inclusive" in tax else tax["tax_behavior"] == "inclusive" for tax in taxes
    )
    return (
        line["id"], line["amount"], line["period"]["start"], line["period"]["end"], details["proration"], price,
        details.get("subscription"), details.get("subscription_item"),
        sum(tax["amount"] for tax in taxes), is_inclusive,
        sum(found["amount"] for found in line["discount_amounts"]),
    )  # fmt: skip


def invoice_facts(own: Json) -> tuple[object, ...]:
    """What an invoice says."""
    parent = own.get("parent") or {}
    subscription = own.get("subscription") or parent["subscription_details"]["subscription"]
    taxes = own.get("total_taxes") or own.get("total_tax_amounts") or []
    kept = (
        "status",
        "customer",
        "total",
        "subtotal",
        "amount_paid",
        "currency",
        "number",
        "attempt_count",
        "billing_reason",
    )
    return (
        *(own[key] for key in kept), subscription, sum(tax["amount"] for tax in taxes),
        tuple(sorted(own["status_transitions"].items())), tuple(line_facts(line) for line in own["lines"]["data"]),
    )  # fmt: skip


def paid_invoices(folder: Path) -> dict[str, str]:
    """Invoice of every charge, by whichever road the shape offers."""
    by_intent = {found["payment"]["payment_intent"]: found["invoice"] for found in objects(folder, "invoice_payments")}
    by_intent |= {found["id"]: found["invoice"] for found in objects(folder, "payment_intents") if found.get("invoice")}
    return {
        charge["id"]: charge.get("invoice") or by_intent[charge["payment_intent"]]
        for charge in objects(folder, "charges")
    }


def stripe_facts(folder: Path) -> Iterator[tuple[str, Facts]]:
    """Facts of every list, by object id."""
    yield "subscriptions", {own["id"]: subscription_facts(own) for own in objects(folder, "subscriptions")}
    yield "invoices", {own["id"]: invoice_facts(own) for own in objects(folder, "invoices")}
    yield "overflow", {line["id"]: line_facts(line) for line in objects(folder, "invoice_lines")}
    yield "charges", {own: (invoice,) for own, invoice in paid_invoices(folder).items()}
    money = ("amount", "currency", "created", "status")
    for name in ("payment_intents", "refunds", "disputes", "payouts", "credit_notes", "balance_transactions"):
        yield name, {own["id"]: tuple(own[key] for key in money) for own in objects(folder, name)}
    yield (
        "customers",
        {
            own["id"]: (own["email"], own["name"], tuple(own["metadata"].items()))
            for own in objects(folder, "customers")
        },
    )
    yield (
        "events",
        {own["id"]: (own["type"], own["created"], own["data"]["object"]["id"]) for own in objects(folder, "events")},
    )


def rewound(current: Json, previous: Json) -> Json:
    """Apply ``previous_attributes``: nested objects key by key, everything else whole."""
    result = dict(current)
    for key, old in previous.items():
        now = current.get(key)
        result[key] = rewound(now, old) if isinstance(old, dict) and isinstance(now, dict) else old
    return result
