"""Explanation: why a record is, or is not, a gap, in sentences in the order a reader asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from recon_kit import tables
from recon_kit.gaps.books import Reader
from recon_kit.gaps.documents import document, left_out
from recon_kit.gaps.worked_mrr import worked_mrr
from recon_kit.salesforce_id import long_id

_RULES = {
    "explicit_id": "an explicit id in one of the systems",
    "equal_amount": "equal MRR",
    "sum": "amounts that sum to the other side",
    "total_only": "totals that tie, though no single amounts do",
    "split_contract": "subscriptions that all started with the contract",
    "closest_amount": "the closest amount",
    "remainder": "being all that was left on both sides",
}
_LINES = {
    "stopping": "the customer left, and the subscription stops by itself",
    "grace": "its contract ended only a few days ago",
    "not_yet_compared": "its contract starts later",
    "billed_elsewhere": "the contract is billed in another system",
    "no_recurring_value": "the contract has no recurring value",
    "not_comparable": "an MRR of this unit cannot be computed",
}


def explain(record_id: str, read: Reader) -> list[str]:
    """Say why a record is, or is not, a gap.

    Args:
        record_id: id of an account, opportunity, subscription, customer, gap or pair, or of a document such as an
            invoice, payment, refund or event; a Salesforce id in its short or long form.
        read: gives a table of the close by its name.

    Returns:
        Sentences: what it is, its link, its unit, its MRR worked line by line, its place; of a document first what it
        is, then its record. For a record that is in no table the reason. Empty for an unknown id.
    """
    given = record_id.strip()
    long = str(pl.select(long_id(pl.lit(given))).item())
    forms = list(dict.fromkeys([given, long]))
    return next((told for one in forms if (told := _told(one, read))), [])


def _told(record_id: str, read: Reader) -> list[str]:
    for kind in (_gap, _opportunity, _subscription, _customer, _account):
        if sentences := kind(record_id, read):
            return sentences
    paper = document(record_id, read)
    if paper is None:
        return left_out(record_id, read)
    owner = paper.belongs_to
    return [paper.sentence, *(_told(owner, read) if owner and owner != record_id else [])]


def _row(read: Reader, table: str, key: str, value: str) -> dict[str, Any] | None:
    found = read(table).filter(pl.col(key) == value).collect()
    return found.row(0, named=True) if found.height else None


def _gap(record_id: str, read: Reader) -> list[str]:
    gap = _row(read, "gaps", "gap_id", record_id)
    if gap is None:
        return []
    records = [_place_line(read, side, one) for side, ids in _records_of(gap) for one in ids]
    return [*_gap_sentences(gap, read), *(line for line in records if line)]


def _records_of(gap: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [("crm", gap["opportunity_ids"]), ("billing", gap["subscription_ids"])]


def _opportunity(record_id: str, read: Reader) -> list[str]:
    contract = _row(read, "contracts", "opportunity_id", record_id)
    if contract is None:
        return []
    until = contract["end_on"] or "terminated"
    service = f"{contract['start_on']} until {until}"
    head = f"Opportunity {record_id} “{contract['name'] or ''}” of account {contract['account_id']}: {service}."
    if not contract["is_won"]:
        return [head, "It is not won on as_of, so it is not compared."]
    taken = contract["taken_over_on"]
    state = "It is in force on as_of." if contract["is_effective"] else "It is not in force on as_of."
    later = f" {contract['taken_over_by']} takes over on {taken}." if taken else ""
    return [
        head,
        state + later,
        *_links_of_account(contract["account_id"], read),
        *worked_mrr(read, "crm", record_id),
        *_places(read, "crm", record_id),
    ]


def _subscription(record_id: str, read: Reader) -> list[str]:
    found = _row(read, "subscriptions", "subscription_id", record_id)
    if found is None:
        return []
    ended = f", ended on {found['ended_on']}" if found["ended_on"] else ""
    life = f"status {found['status']}, since {found['start_on']}{ended}"
    head = f"Subscription {record_id} of customer {found['customer_id']}: {life}."
    return [
        head,
        *_link(found["customer_id"], read),
        *worked_mrr(read, "billing", record_id),
        *_places(read, "billing", record_id),
    ]


def _customer(record_id: str, read: Reader) -> list[str]:
    found = _row(read, "customers", "customer_id", record_id)
    if found is None:
        return []
    name = found["name"] or found["email"] or "without a name"
    head = f"Customer {record_id}: {name.rstrip('.')}."
    billed = read("subscriptions").filter(pl.col("customer_id") == record_id).sort("subscription_id").collect()
    lines = [
        _place_line(read, "billing", one) or f"Subscription {one} carries no MRR on as_of."
        for one in billed["subscription_id"]
    ]
    naming = read("gaps").filter(pl.col("customer_ids").list.contains(pl.lit(record_id))).sort("gap_id").collect()
    told = [sentence for gap in naming.iter_rows(named=True) for sentence in _gap_sentences(gap, read)]
    return [head, *_link(record_id, read), *(lines or ["It has no subscription."]), *told]


def _account(record_id: str, read: Reader) -> list[str]:
    found = _row(read, "accounts", "account_id", record_id)
    if found is None:
        return []
    churn = f" It left on {found['churned_on']}." if found["is_churned"] else ""
    merged = f" It was merged into {found['survivor_id']}." if found["merged_into"] else ""
    placed = read("placement").filter(pl.col("unit_id") == record_id).sort("side", "record_id").collect()
    lines = [_place_line(read, side, one) for side, one in placed.select("side", "record_id").iter_rows()]
    gaps = read("gaps").filter(pl.col("account_id") == record_id).sort("gap_id").collect()
    told = [f"{_named(gap)}: {gap['explanation']}" for gap in gaps.iter_rows(named=True)]
    return [
        f"Account {record_id}: {found['name'] or ''}.{churn}{merged}",
        *_links_of_account(record_id, read),
        *(line for line in lines if line),
        *(told or ["No gap names this account."]),
    ]


def _link(customer_id: str, read: Reader) -> list[str]:
    link = _row(read, "links", "customer_id", customer_id)
    if link is None:
        return []
    if link["status"] == "linked":
        unit = f"It is compared with account {link['account_id']} (probability {link['link_probability']:.2f})."
    else:
        likely = f"; the likeliest account is {link['account_id']}" if link["account_id"] else ""
        unit = f"It is not linked ({link['status']}{likely}), so it is compared with no account."
    return [f"Link: {link['reason']}", unit]


def _links_of_account(account_id: str, read: Reader) -> list[str]:
    linked = (
        read("links")
        .filter(pl.col("account_id") == account_id, pl.col("status") == "linked")
        .sort("customer_id")
        .collect()
    )
    told = [f"Customer {one} is linked: {reason}" for one, reason in linked.select("customer_id", "reason").iter_rows()]
    return told or [f"No customer is linked to account {account_id}."]


def _place_line(read: Reader, side: str, record_id: str) -> str:
    """One sentence on where a record stands; empty when it has no MRR and no place."""
    place = _placement(read, side, record_id)
    if place is None:
        return ""
    noun = "Opportunity" if side == "crm" else "Subscription"
    return f"{noun} {record_id} ({tables.money(place['mrr_minor'], place['currency'])} a month) {_stands(place)}."


def _placement(read: Reader, side: str, record_id: str) -> dict[str, Any] | None:
    found = read("placement").filter(pl.col("side") == side, pl.col("record_id") == record_id).collect()
    return found.row(0, named=True) if found.height else None


def _stands(place: Mapping[str, Any]) -> str:
    if place["placed_in"] == "bridge":
        return f"is no gap: {_LINES.get(place['line'], place['line'])}"
    if place["placed_in"] == "gaps":
        return f"stands in gap {place['gap_or_pair_id']}"
    return f"is reconciled in {place['gap_or_pair_id']}"


def _places(read: Reader, side: str, record_id: str) -> list[str]:
    """The record's pairing, its place and every gap that names it."""
    place = _placement(read, side, record_id)
    column = "opportunity_ids" if side == "crm" else "subscription_ids"
    naming = read("gaps").filter(pl.col(column).list.contains(pl.lit(record_id))).sort("gap_id").collect()
    told = [sentence for gap in naming.iter_rows(named=True) for sentence in _gap_sentences(gap, read)]
    if place is None:
        return told or ["It has no MRR on as_of and no gap names it."]
    rule = place["pairing_rule"]
    paired = (
        [f"It was paired by {_RULES.get(rule, rule)}."] if rule else ["Nothing on the other side was paired with it."]
    )
    return [*paired, f"It {_stands(place)}.", *_partners(place, read), *told]


def _partners(place: Mapping[str, Any], read: Reader) -> list[str]:
    pair = _row(read, "pairs", "pair_id", place["gap_or_pair_id"] or "")
    if pair is None:
        return []
    sides = f"{' and '.join(pair['opportunity_ids'])} against {' and '.join(pair['subscription_ids'])}"
    return [f"The pair is {sides}; its difference is {tables.money(pair['difference_minor'], pair['currency'])}."]


def _gap_sentences(gap: Mapping[str, Any], read: Reader) -> list[str]:
    parts = read("gap_components").filter(pl.col("gap_id") == gap["gap_id"]).collect()
    shown = [
        f"Of the difference, {tables.money(amount, gap['currency'])} is "
        f"“{tables.term('component', component)}”: {sentence}"
        for component, amount, sentence in parts.select("component", "amount_minor", "sentence").iter_rows()
    ]
    return [
        f"{_named(gap)}: {gap['explanation']}",
        *shown,
        gap["suggested_correction"],
    ]


def _named(gap: Mapping[str, Any]) -> str:
    words = [tables.term(column, gap[column]) for column in ("family", "cause", "state")]
    return f"Gap {gap['gap_id']} ({'; '.join(words)})"
