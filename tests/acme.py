"""Acme Corp as raw files: seven seats at 400.00 a month sold and billed, an eighth added on 3 March in Stripe alone."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests import stripe_records as stripe
from tests.raw_company import RATES
from tests.salesforce_snapshot import write_snapshot

if TYPE_CHECKING:
    from pathlib import Path

SENTENCE = (
    "Acme Corp: Stripe shows $3,200.00/mo since a seat addition on 3 March. Salesforce still shows $2,800.00/mo "
    "($400.00, 12.5 %). Likely an expansion not recorded: update the opportunity."
)
_SEAT = stripe.price("price_seat", unit_amount=40000, unit_amount_decimal="40000")
_MONTHS = [dt.date(2026, month, 1) for month in range(1, 12)]


def write_acme(
    folder: Path, *, has_events: bool = True, name: str = "Acme Corp", sold: str = "2800.00", seats: int = 8,
    **objects: list[dict[str, Any]],
) -> Path:  # fmt: skip
    """Write the raw layout; without events only its invoices tell what changed. ``objects`` are further Stripe files."""
    account = {"Id": "A1", "Name": name, "Stripe_Customer_ID__c": "cus_1", "Owner.Name": "Ann Lee"}
    deal = {
        "Id": "O1", "AccountId": "A1", "Name": "Seats 2026", "Amount": sold, "Amount_Basis__c": "monthly", "Type": "New",
        "StageName": "Closed Won", "IsWon": "true", "CloseDate": "2026-01-01", "Contract_Start_Date__c": "2026-01-01",
        "Contract_End_Date__c": "2026-12-31", "Owner.Name": "Ann Lee", "Owner.Email": "ann@seller.example",
    }  # fmt: skip
    write_snapshot(folder, {"Account": [account], "Opportunity": [deal]})
    started = {"created": stripe.at("2026-01-01"), "start_date": stripe.at("2026-01-01"), "latest_invoice": None}
    now = stripe.subscription(items=[_item(seats)], **started)
    change = stripe.event("evt_1", "2026-03-03", now, {"items": stripe.listed(_item(7))})
    begun = {"customers": [stripe.customer(name=name, email=None)], "subscriptions": [now]}
    invoices = [_invoice(number, seats) for number in range(1, len(_MONTHS))]
    told = {"events": [change]} if has_events and seats != 7 else {}
    own = {"invoices": invoices, **told}
    merged = {key: [*own.get(key, []), *objects.get(key, [])] for key in own.keys() | objects.keys()}
    stripe.write(folder, **begun, **merged)
    (folder / "fx").mkdir(exist_ok=True)
    (folder / "fx" / "eurofxref-hist.csv").write_text(RATES, encoding="utf-8")
    return folder


def _item(quantity: int) -> dict[str, Any]:
    return stripe.item("si_1", quantity, price=_SEAT, created=stripe.at("2026-01-01"))


def _invoice(number: int, seats: int) -> dict[str, Any]:
    begin, end = (day.isoformat() for day in _MONTHS[number - 1 : number + 1])
    quantity = 7 if begin < "2026-03-03" else seats
    lines = [_line(f"il_{number}", quantity * 40000, quantity, begin, end)]
    total = quantity * 40000
    return stripe.invoice(
        f"in_{number}", lines, created=stripe.at(begin), subtotal=total, total=total, amount_due=total, amount_paid=total,
        number=f"ACME-{number}", status_transitions={"finalized_at": stripe.at(begin), "paid_at": stripe.at(begin, 10)},
    )  # fmt: skip


def _line(key: str, amount: int, quantity: int, begin: str, end: str) -> dict[str, Any]:
    return stripe.invoice_line(
        key, amount, quantity=quantity, period={"start": stripe.at(begin, 0), "end": stripe.at(end, 0)},
        pricing={"unit_amount_decimal": "40000", "price_details": {"price": "price_seat", "product": "prod_1"}},
    )  # fmt: skip


def failed_invoice(key: str = "in_failed", **more: Any) -> dict[str, Any]:
    """An invoice of October that was tried once and is still open."""
    lines = [_line(f"il_{key}", 320000, 8, "2026-10-20", "2026-11-20")]
    return stripe.invoice(
        key, lines, created=stripe.at("2026-10-20"), number="ACME-99", status="open", subtotal=320000, total=320000,
        amount_due=320000, amount_paid=0, amount_remaining=320000, attempt_count=1,
        status_transitions={"finalized_at": stripe.at("2026-10-20"), "paid_at": None},
    ) | more  # fmt: skip
