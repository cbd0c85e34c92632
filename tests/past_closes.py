"""Closes of one folder, drawn: what a look back reads of them, with gaps in one line each.

a open 400 120             gap, state, monthly difference, money at stake; then words: EUR, tax (a cause), age=40,
b review 700 90            family=…; state ``review`` is an open gap whose customer's link is in review
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl

from recon_kit import close as closing
from recon_kit.artifacts import MANIFEST, CloseFolder, digest_file
from tests.hand_made import minor, table

CURRENCIES = ("USD", "EUR", "JPY")
ALL_LINKED = {"linked": (10, "1,000")}


def gap(drawn: str) -> dict[str, Any]:
    """A row of ``gaps``."""
    key, state, difference, impact, *words = drawn.split()
    given = dict(word.split("=") for word in words if "=" in word)
    plain = [word for word in words if "=" not in word]
    amount, is_review = minor(difference), state == "review"
    return {
        "gap_id": f"gap_{key}",
        "family": "orphaned_revenue" if is_review else given.get("family", "amount_mismatch"),
        "cause": next((word for word in plain if word not in CURRENCIES), "expansion"),
        "state": "open" if is_review else state,
        "material": True,
        "account_name": f"Company {key}",
        "customer_ids": ["cus_review"] if is_review else [f"cus_{key}"],
        "crm_mrr_minor": max(amount, 0),
        "billing_mrr_minor": max(-amount, 0),
        "difference_minor": amount,
        "currency": next((word for word in plain if word in CURRENCIES), "USD"),
        "age_days": int(given.get("age", "10")),
        "impact_minor": minor(impact),
        "annualised_minor": 12 * amount,
        **dict.fromkeys(("direction", "owner_team", "correct_in"), "Billing"),
        **dict.fromkeys(("suggested_correction", "explanation"), "Look."),
    }


def past_close(
    closes: Path,
    name: str,
    drawn: str,
    links: dict[str, tuple[int, str]] | None = None,
    currency: str = "USD",
    alerts: list[dict[str, Any]] | None = None,
) -> CloseFolder:
    """Write a finished close of a day; ``links`` is customers and their MRR by status; without ``alerts`` an old one."""
    folder = CloseFolder(closes / name)
    (folder.path / "tables").mkdir(parents=True)
    gaps = table("gaps", [gap(line) for line in drawn.strip().splitlines() if line.strip()])
    people = [
        (f"cus_{status}_{number}", status, minor(mrr) if number == 0 else 0)
        for status, (count, mrr) in (ALL_LINKED if links is None else links).items()
        for number in range(count)
    ]
    people.append(("cus_review", "review", 0)) if "review" in drawn else None
    linked = table("links", [{"customer_id": key, "status": status} for key, status, _ in people])
    billed = [
        {"subscription_id": f"sub_{key}", "customer_id": key, "mrr_reporting_minor": mrr} for key, _, mrr in people
    ]
    labels = ("Salesforce MRR", "Stripe MRR")
    bridge = pl.DataFrame({"line_no": [1, 2], "label": labels, "amount_minor": [10_000_00] * 2, "currency": currency})
    folder.write_table("gaps", gaps)
    folder.write_table("links", linked)
    folder.write_table("subscriptions", table("subscriptions", [_whole(row) for row in billed]))
    day = pl.Series([name[:10]]).str.to_date()[0]
    folder.write_table("history", closing.history_rows(day, gaps, bridge, linked))
    if alerts is not None:
        folder.write_table("alerts", table("alerts", [_alert(row) for row in alerts]))
    finish(folder)
    return folder


def _alert(row: dict[str, Any]) -> dict[str, Any]:
    texts = dict.fromkeys(("cause", "state", "owner_team", "next_step", "content_sha256"), "x")
    return {"rank": 1} | texts | row


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    kinds = table("subscriptions", [row]).schema
    return {name: 0 if kind == pl.Int64 else None for name, kind in kinds.items() if kind == pl.Int64} | row


def finish(folder: CloseFolder) -> None:
    """Write a manifest that vouches for the tables as they are."""
    files = {f"tables/{file.name}": {"sha256": digest_file(file)} for file in folder.tables.iterdir()}
    (folder.path / MANIFEST).write_text(json.dumps({"as_of": folder.path.name[:10], "files": files}))
