"""Small companies as raw files: what an org and a Stripe account would export, drawn in one line a record.

    sold      o1 1,000 2026-03-01..2027-02-28 Column=value …    opportunity, Amount (a month unless a basis is given)
    billed    s1 1,000 2026-03-01 name=value …                  subscription, price a month, start; ``then=1,250@2026-05-17``
                                                                changes it, ``coupon=150@2026-06-15`` takes an amount (or 15%)
                                                                off, ``extra=250@2026-11-20`` adds an item that is free until then;
                                                                ``told=`` is how events tell a change, ``every=year`` bills ahead

Each drawn company has an account and a customer of its own, tied by id; the ids of the n-th end in ``n`` and a letter.
"""

from __future__ import annotations

import calendar
import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from recon_kit import fx, gaps, normalise, resolve
from recon_kit.journal import read_decisions
from recon_kit.policy import Policy
from tests import stripe_records as stripe
from tests.hand_made import AS_OF, minor
from tests.salesforce_snapshot import write_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from recon_kit.gaps import Findings

RATES = """Date,USD
2026-10-30,1.2000
2026-03-02,1.0000
2026-02-20,1.0000
2026-01-02,1.0000
2025-06-02,1.0000
"""
"""A euro was 1.00 dollar when the deals were closed and is 1.20 now."""


@dataclass
class Snapshot:
    """Rows and objects of all companies, by file."""

    salesforce: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    stripe: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def row(self, name: str, **columns: str) -> None:
        """Add a Salesforce row."""
        self.salesforce.setdefault(name, []).append(columns)

    def object(self, name: str, content: dict[str, Any]) -> None:
        """Add a Stripe object."""
        self.stripe.setdefault(name, []).append(content)

    def add(self, number: int, sold: str, billed: str, account: str = "", **rows: list[dict[str, str]]) -> None:
        """Add a company; ``rows`` are further Salesforce rows, in which ``#`` stands for its number."""
        named = {"Id": f"A{number}", "Name": f"Company {number}", "Stripe_Customer_ID__c": f"cus_{number}"}
        self.row("Account", **named, **_options(account.split()))
        self.object("customers", stripe.customer(f"cus_{number}", name=f"Company {number}", email=None))
        for text in _records(sold):
            self._sell(number, text)
        for text in _records(billed):
            _bill(self, number, text)
        for name, given in rows.items():
            for columns in given:
                self.row(name, **{key: value.replace("#", str(number)) for key, value in columns.items()})

    def _sell(self, number: int, text: str) -> None:
        key, amount, term, *words = text.split()
        start, _, end = term.partition("..")
        given = {name: value.replace("#", str(number)).replace("_", " ") for name, value in _options(words).items()}
        basis = {"Amount_Basis__c": given.pop("basis", "monthly")}
        dates = {"Contract_Start_Date__c": start, "Contract_End_Date__c": end, "CloseDate": start or "2026-03-01"}
        named = {"Id": f"{key}n{number}", "AccountId": f"A{number}", "Name": f"Deal {key}", "Type": "New"}
        won = {"StageName": "Closed Won", "IsWon": "true", "Amount": amount.replace(",", "")}
        self.row("Opportunity", **{**named, **won, **dates, **basis, **given})

    def write(self, folder: Path, *, without: frozenset[str] = frozenset()) -> Path:
        """Write the raw layout; files named in ``without`` stay away."""
        write_snapshot(folder, {name: rows for name, rows in self.salesforce.items() if name not in without})
        stripe.write(folder, **{name: objects for name, objects in self.stripe.items() if name not in without})
        (folder / "fx").mkdir()
        (folder / "fx" / "eurofxref-hist.csv").write_text(RATES)
        return folder


def found_in_raw(folder: Path, *, as_of: dt.date = AS_OF) -> Findings:
    """Read, value, link and compare, as the notebooks do; every equation holds."""
    policy = Policy()
    crm = normalise.read_salesforce(folder, policy=policy, as_of=as_of, fields={})
    billing = normalise.read_stripe(folder, policy=policy, as_of=as_of)
    rates = normalise.read_common_rates(folder, as_of=as_of, policy=policy)
    tables = normalise.value_both(crm, billing, rates=rates, as_of=as_of, policy=policy).tables
    assert tables["quarantine"].is_empty(), tables["quarantine"].rows(named=True)
    people = tables["accounts"], tables["customers"]
    decided = resolve.decided_links(read_decisions(folder / "inputs"), *people)
    claims = resolve.explicit_claims(
        tables["accounts"], tables["contracts"], tables["customers"], tables["subscriptions"], decided
    )
    candidates = resolve.propose_candidates(tables["account_keys"], tables["customer_keys"], claims, decided)
    links = resolve.choose_links(candidates, tables["customers"], tables["accounts"], policy=policy, decided=decided)
    tables |= {"links": links}
    history = fx.read_rates(folder / "fx" / fx.RATES_FILE)
    found = gaps.find_gaps(lambda name: tables[name].lazy(), as_of=as_of, policy=policy, rates=history)
    broken = [control for control in found.controls if not control.passes]
    assert not broken, broken
    return found


def _records(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _options(words: list[str]) -> dict[str, str]:
    return dict(word.partition("=")[::2] for word in words)


def _bill(snapshot: Snapshot, number: int, text: str) -> None:
    """Write a subscription with its invoices and events, month by month on the day it began."""
    key, amount, start, *words = text.split()
    given = {name: value.replace("#", str(number)) for name, value in _options(words).items() if name != "then"}
    levels = [(start, minor(amount))]
    for word in words:
        if word.startswith("then="):
            more, _, day = word.removeprefix("then=").partition("@")
            levels.append((day, minor(more)))
    own = f"{key}n{number}"
    currency = given.get("currency", "usd")
    ended, trial = given.get("ended"), given.get("trial")
    content: dict[str, Any] = {
        "customer": f"cus_{number}",
        "created": stripe.at(start),
        "start_date": stripe.at(start),
        "currency": currency,
        "latest_invoice": None,
        "discounts": [_discount(own, given["coupon"], currency)] if "coupon" in given else [],
        "metadata": {"salesforce_opportunity_id": given["names"]} if "names" in given else {},
        "cancel_at": stripe.at(given["stops"], 0) if "stops" in given else None,
    }
    if trial:
        content |= {"trial_start": stripe.at(start), "trial_end": stripe.at(trial, 0)}
        content["status"] = "trialing" if trial > AS_OF.isoformat() else "active"
    if ended:
        content |= {"status": "canceled", "ended_at": stripe.at(ended, 0), "canceled_at": stripe.at(ended, 0)}
    every = given.get("every", "month")
    now = [_item(own, levels[-1][1], currency, every) | {"created": stripe.at(start)}]
    if "extra" in given:
        more, _, free_until = given["extra"].partition("@")
        trial_of_item = {"current_trial": {"start_date": stripe.at(start), "end_date": stripe.at(free_until, 0)}}
        now.append(_item(f"{own}_extra", minor(more), currency, every) | {"created": stripe.at(start)} | trial_of_item)
    if "paused" in given:
        content["pause_collection"] = {"behavior": "void", "resumes_at": None}
        paused = stripe.subscription(own, now, **content)
        event = stripe.event(f"evt_{own}_paused", given["paused"], paused, {"pause_collection": None})
        snapshot.object("events", event)
    snapshot.object("subscriptions", stripe.subscription(own, now, **content))
    _tell_changes(snapshot, own, levels, content, given.get("told", "whole"), every)
    _invoice(snapshot, own, f"cus_{number}", levels, trial or start, ended, currency, given)


def _item(own: str, quantity: int, currency: str, every: str) -> dict[str, Any]:
    """An item of as many cents as it costs a month."""
    cents = {"month": 1, "year": 12}[every]
    recurring = {"interval": every, "interval_count": 1, "usage_type": "licensed"}
    price = stripe.price(
        f"price_{currency}_{every}", currency=currency, unit_amount=cents, unit_amount_decimal=str(cents), recurring=recurring
    )  # fmt: skip
    return stripe.item(f"si_{own}", quantity, price=price)


def _discount(own: str, text: str, currency: str) -> dict[str, Any]:
    amount, _, day = text.partition("@")
    day, _, end = day.partition("..")
    is_percent = amount.endswith("%")
    coupon = {
        "id": f"off_{own}", "object": "coupon", "duration": "repeating" if end else "forever", "valid": True,
        "amount_off": None if is_percent else minor(amount), "currency": None if is_percent else currency,
        "percent_off": float(amount[:-1]) if is_percent else None,
    }  # fmt: skip
    ends = {"end": stripe.at(end, 0) if end else None}
    return {"id": f"di_{own}", "object": "discount", "start": stripe.at(day, 0), "source": {"coupon": coupon}} | ends


def _tell_changes(
    snapshot: Snapshot, own: str, levels: list[tuple[str, int]], content: dict[str, Any], told: str, every: str
) -> None:
    """Write an update for each change, told as API versions and trimmed exports tell it."""
    currency = content["currency"]
    for (_, before), (day, after) in itertools.pairwise(levels):
        then = stripe.subscription(own, [_item(own, after, currency, every)], **content)
        item = _item(own, before, currency, every)
        plan = {"id": "old", "amount": before, "currency": currency, "interval": "month", "interval_count": 1}
        ways: dict[str, dict[str, Any]] = {
            "whole": {"items": stripe.listed(item)},
            "partial": {"items": {"data": [{"id": item["id"], "quantity": before}]}},
            "quantity": {"quantity": before},
            "plan": {"plan": plan, "quantity": 1},
            "bare": {"items": stripe.listed(item)},
        }
        if told == "bare":
            then = {"id": own, "object": "subscription"}
        snapshot.object("events", stripe.event(f"evt_{own}_{day}", day, then, ways[told]))


def _invoice(
    snapshot: Snapshot, own: str, customer: str, levels: list[tuple[str, int]], start: str, ended: str | None,
    currency: str, given: dict[str, str],
) -> None:  # fmt: skip
    """An ordinary line a month at the level of the day; a change in between adds a proration to the next invoice."""
    first, changes = dt.date.fromisoformat(start), [dt.date.fromisoformat(day) for day, _ in levels[1:]]
    last = min(AS_OF, dt.date.fromisoformat(ended) - dt.timedelta(days=1)) if ended else AS_OF
    every = given.get("every", "month")
    months = {"month": 1, "year": 12}[every]
    number, day = 0, first
    while day <= last:
        number += 1
        end = _months_after(first, number * months)
        level = [amount for since, amount in levels if since <= day.isoformat()][-1]
        lines = [_line(f"il_{own}_{number}", own, level * months, day, end, currency, every=every)]
        since = [change for change in changes if day - dt.timedelta(days=31) < change < day]
        lines += [_line(f"ii_{own}_{number}", own, 100, change, day, currency, proration=True) for change in since]
        total = sum(line["amount"] for line in lines) + int(given.get("tax", "0"))
        is_void = given.get("paused", "9999") <= day.isoformat()
        snapshot.object(
            "invoices",
            stripe.invoice(
                f"in_{own}_{number}", lines, customer=customer, created=stripe.at(day.isoformat()), currency=currency,
                status="void" if is_void else "paid",
                subtotal=total, total=total, amount_due=total, amount_paid=total,
                parent={"subscription_details": {"subscription": own, "metadata": {}}},
                status_transitions={
                    "finalized_at": stripe.at(day.isoformat()),
                    "voided_at" if is_void else "paid_at": stripe.at(day.isoformat(), 10),
                },
            ),
        )  # fmt: skip
        day = end


def _months_after(day: dt.date, count: int) -> dt.date:
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _line(
    key: str,
    own: str,
    amount: int,
    start: dt.date,
    end: dt.date,
    currency: str,
    *,
    every: str = "month",
    proration: bool = False,
) -> dict[str, Any]:
    details = {"subscription": own, "subscription_item": f"si_{own}", "proration": proration}
    return stripe.invoice_line(
        key, amount, currency=currency, quantity=amount, subscription=own,
        parent={"type": "subscription_item_details", "subscription_item_details": details},
        pricing={"unit_amount_decimal": "1", "price_details": {"price": f"price_{currency}_{every}", "product": "prod_1"}},
        period={"start": stripe.at(start.isoformat(), 0), "end": stripe.at(end.isoformat(), 0)},
    )  # fmt: skip
