"""Small companies drawn in one line a record: what was sold, what is billed, what became of the customer.

    sold      o1 1,400 2026-03-01..2027-02-28 name=value …    opportunity, MRR, first and last day (none: evergreen)
    billed    s1 1,200 2026-03-01 name=value …                subscription, committed MRR, start; ``free=200`` of it is of
                                                              items with a trial of their own
    customer  churned=2026-08-31 | unlinked                   of the one account and customer

``currency=KWD`` gives a record another currency, which no rate converts; its amount is written with two decimals all the
same, so 100 are 10,000 of its smallest units.

Records are separated by semicolons; all belong to account ``acc`` and customer ``cus`` unless ``of=`` says otherwise.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl

from recon_kit.gaps import Findings, find_gaps
from recon_kit.gaps.books import Books
from recon_kit.policy import Policy
from recon_kit.schemas import TABLES
from tests.hand_made import AS_OF, minor, table

Tables = dict[str, pl.DataFrame]


def company(sold: str, billed: str, customer: str = "", **more: list[dict[str, Any]]) -> Tables:
    """The tables of a drawn company; ``more`` holds rows of further tables."""
    facts = _options(customer.split())
    churned = facts.get("churned")
    contracts = [_contract(text, churned) for text in _records(sold)]
    subscriptions = [_subscription(text) for text in _records(billed)]
    owners = {row["account_id"] for row in contracts} | {"acc"}
    customers = sorted({row["customer_id"] for row in subscriptions} | {"cus"})
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [
            {
                "account_id": one,
                "name": f"Account {one}",
                "is_churned": bool(churned),
                "churned_on": churned,
                "survivor_id": one,
            }
            for one in sorted(owners)
        ],
        "contracts": contracts,
        "customers": [{"customer_id": one, "name": f"Customer {one}"} for one in customers],
        "subscriptions": subscriptions,
        "links": [_link(one, is_linked="unlinked" not in facts) for one in customers],
        "common_rates": [
            {"currency": "USD", "rate_numerator": "1", "rate_denominator": "1", "rate": "1", "rate_on": AS_OF}
        ],
        "mrr_worksheet": [_steps(row) for row in subscriptions],
        **more,
    }
    return {name: table(name, rows.get(name, [])) for name in Books.__dataclass_fields__}


def _link(customer: str, *, is_linked: bool) -> dict[str, Any]:
    account = customer.replace("cus", "acc")
    if is_linked:
        return {"customer_id": customer, "account_id": account}
    return {
        "customer_id": customer,
        "account_id": None,
        "status": "unlinked",
        "method": "none",
        "link_probability": None,
    }


def _records(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _options(words: list[str]) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in words)


def _contract(text: str, churned: str | None) -> dict[str, Any]:
    key, mrr, term, *words = text.split()
    start, _, end = term.partition("..")
    given = _options(words)
    value = minor(mrr)
    runs = start <= AS_OF.isoformat() and (not end or end >= AS_OF.isoformat())
    gone = churned is not None and churned <= AS_OF.isoformat()
    taken = given.get("taken_over_on")
    is_effective = runs and not gone and (taken is None or taken > AS_OF.isoformat())
    known = given.pop("known", "yes") == "yes"
    now = value if is_effective else 0
    converts = given.get("currency", "USD") == "USD"
    account = given.pop("of", "acc")
    named = {"stripe_subscription_id": given.pop("names")} if "names" in given else {}
    if "elsewhere" in given:
        given.pop("elsewhere")
        named["is_billed_in_stripe"] = False
    return {
        "opportunity_id": key, "account_id": account, "account_id_as_given": account, "name": f"Deal {key}",
        "start_on": start, "end_on": end or None, "close_on": given.pop("closed", start), "is_effective": is_effective,
        "is_comparable": known, "mrr_minor": now if known else None,
        "mrr_reporting_minor": now if known and (converts or now == 0) else None,
        "term_mrr_minor": value if known else None,
        "term_mrr_reporting_minor": value if known and (converts or value == 0) else None,
        "amount_minor": value * 12, **named, **given,
    }  # fmt: skip


def _subscription(text: str) -> dict[str, Any]:
    key, mrr, start, *words = text.split()
    given: dict[str, Any] = _options(words)
    value = minor(mrr)
    ended = given.pop("ended", None)
    paused = given.pop("paused", None)
    trial = given.pop("trial", None)
    in_trial = trial is not None and trial > AS_OF.isoformat()
    status = given.pop("status", "canceled" if ended else "trialing" if in_trial else "active")
    is_live = ended is None
    known = given.pop("known", "yes") == "yes"
    free = minor(given.pop("free", "0"))
    now = value - free if is_live and not paused and status == "active" else 0
    committed = value if is_live else 0
    converts = given.get("currency", "USD") == "USD"
    if "stops" in given:
        given["stops_on"] = given.pop("stops")
    if "at_period_end" in given:
        given["cancel_at_period_end"] = bool(given.pop("at_period_end")) or True
    if "names" in given:
        given["metadata_opportunity_id"] = given.pop("names")
    return {
        "subscription_id": key, "customer_id": given.pop("of", "cus"), "status": status, "is_live": is_live,
        "created_on": start, "start_on": start, "billing_start_on": trial or start, "trial_end_on": trial, "ended_on": ended,
        "is_collection_paused": bool(paused), "paused_on": paused, "is_comparable": known or not is_live,
        "mrr_minor": now if known else None,
        "mrr_reporting_minor": now if known and (converts or now == 0) else None,
        "committed_mrr_minor": committed if known else None,
        "committed_mrr_reporting_minor": committed if known and (converts or committed == 0) else None,
        **given,
    }  # fmt: skip


def _steps(row: dict[str, Any]) -> dict[str, Any]:
    """The worksheet of a subscription without discount or tax; an ended one shows what it was worth."""
    value = row["committed_mrr_minor"]
    return {
        "side": "billing", "record_id": row["subscription_id"], "currency": row.get("currency", "USD"), "parts": 1,
        "gross_monthly": value, "item_discount_monthly": 0, "discount_monthly": 0, "tax_monthly": 0, "net_monthly": value,
    }  # fmt: skip


def found_in(tables: Tables, *, as_of: dt.date = AS_OF, policy: Policy | None = None) -> Findings:
    """The findings of a company; whatever it is, the equations hold and the tables keep their schemas."""
    found = find_gaps(lambda name: tables[name].lazy(), as_of=as_of, policy=policy or Policy())
    for name, frame in found.tables.items():
        TABLES[name].conform(frame)
    broken = [control for control in found.controls if not control.passes]
    assert not broken, broken
    return found
