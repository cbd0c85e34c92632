"""Single contracts and subscriptions whose amounts differ for drawn reasons, several at once, with the evidence of each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from random import Random
from typing import Any

from tests.hand_made import AS_OF

Row = dict[str, Any]
START = dt.date(2026, 3, 1)
MONTHS = [dt.date(2026, month, 1) for month in range(3, 11)]
SEATS = (-300, -100, 50, 125, 250, 400)
OFF = (5, 10, 15, 20, 50)


class Draw:
    """One unit after the other, each with its own rows of every table."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.sold: list[str] = []
        self.billed: list[str] = []
        self.rows: dict[str, list[Row]] = defaultdict(list)
        self.contracts: dict[str, Row] = {}

    def is_drawn(self, chance: float = 0.25) -> bool:
        return self.dice.random() < chance

    def unit(self, number: int) -> None:
        """One contract of 1,000 or so, one subscription, and what became of them."""
        base = self.dice.choice((800, 1000, 1250))
        name = f"{number}x"
        months, gross = self._seats(name, base)
        off = self.dice.choice(OFF) if self.is_drawn() else 0
        discount = self._coupon(name, gross, off)
        tax = self._invoices(name, months, how_many=self.dice.choice((0, 1, 8, 8, 8)))
        sold = base + (tax if self.is_drawn() else 0) + self.dice.choice((0, 0, 0, 0, 7, -40))
        self._contract(name, number, sold)
        self._given_back(name)
        life = self.dice.choice(("", "", "", "", "free=50", "free=100", "paused=2026-09-12", "stops=2026-12-01"))
        free = int(life.removeprefix("free=")) if life.startswith("free=") else 0
        self.billed.append(f"s{name} {gross - discount + free} {START} {life} of=cus{number}")
        self.rows["mrr_worksheet"].append(
            {
                "side": "billing", "record_id": f"s{name}", "currency": "USD", "parts": 1, "gross_monthly": gross * 100,
                "item_discount_monthly": 0, "discount_monthly": discount * 100, "tax_monthly": 0,
                "net_monthly": (gross - discount) * 100,
            }
        )  # fmt: skip

    def _seats(self, name: str, base: int) -> tuple[list[int], int]:
        """What each month bills, in whole dollars, and what the items are worth at last."""
        amounts, present = [], base
        changes = {month: self.dice.choice(SEATS) for month in MONTHS[1:] if self.is_drawn(0.08)}
        if self.is_drawn(0.1):
            changes[dt.date(2026, 11, 1)] = self.dice.choice(SEATS)
        for month in [*MONTHS, dt.date(2026, 11, 1)]:
            before, present = present, present + changes.get(month, 0)
            amounts.append(present)
            if month in changes and self.is_drawn(0.7):
                on = month - dt.timedelta(days=self.dice.randrange(25))
                told = {"gross_before_monthly": before * 100, "gross_after_monthly": present * 100}
                self._event(f"{name}{month:%m}", f"s{name}", min(on, AS_OF), told if self.is_drawn(0.6) else {})
        return amounts[:-1], present

    def _event(self, name: str, subscription: str, on: dt.date, told: Row) -> None:
        self.rows["events"].append(
            {
                "event_id": f"evt{name}", "type": "customer.subscription.updated", "object_id": subscription,
                "created_on": on, "created_at": dt.datetime(on.year, on.month, on.day, 12, tzinfo=dt.UTC),
                "changed": ["items"],
                **told,
            }
        )  # fmt: skip

    def _coupon(self, name: str, gross: int, off: int) -> int:
        """Monthly amount that a coupon takes off."""
        if not off:
            return 0
        self.rows["discounts"].append(
            {
                "owner_id": f"s{name}", "owner": "subscription", "position": 1, "coupon_id": f"c{name}", "percent_off": off,
                "duration": "forever", "start_on": self.dice.choice((START, dt.date(2026, 6, 15))),
            }
        )  # fmt: skip
        return gross * off // 100

    def _invoices(self, name: str, months: list[int], how_many: int) -> int:
        """Bill the last months, all eight or fewer; returns the tax on the last."""
        share = self.dice.choice((0, 0, 10, 19))
        item = {"item_id": f"i{name}", "subscription_id": f"s{name}", "currency": "USD"}
        self.rows["subscription_items"].append({**item, "interval": "month", "interval_count": 1})
        for month, amount in list(zip(MONTHS, months, strict=True))[8 - how_many :]:
            invoice = f"in{name}{month:%m}"
            self.rows["invoices"].append(
                {
                    "invoice_id": invoice, "subscription_id": f"s{name}", "status": "paid", "currency": "USD",
                    "created_on": month, "tax_minor": amount * share, "total_minor": amount * (100 + share),
                }
            )  # fmt: skip
            self.rows["invoice_lines"].append(
                {
                    **item, "line_id": f"il{invoice}", "invoice_id": invoice, "amount_minor": amount * 100,
                    "tax_minor": amount * share, "period_start_on": month, "is_proration": False,
                }
            )  # fmt: skip
        return months[-1] * share // 100 if how_many else 0

    def _contract(self, name: str, number: int, sold: int) -> None:
        """The contract, perhaps with a discount in a field or a note, a later sale, or an amount edited since."""
        more = ""
        if self.is_drawn(0.2):
            off = self.dice.choice(OFF)
            if self.is_drawn(0.5):
                self.contracts[f"o{name}"] = {"note": f"{off} % off agreed with procurement"}
            else:
                self.contracts[f"o{name}"] = {"discount_pct": float(off)}
        if self.is_drawn(0.2):
            later = self.dice.choice(("2026-05-01", "2026-08-01"))
            seats = self.dice.choice([seats for seats in SEATS if seats > 0])
            more = f"; o{name}e {seats} {later}..2027-02-28 kind=expansion names=s{name} of=acc{number}"
        names = f"names=s{name}" if more or self.is_drawn(0.5) else ""
        self.sold.append(f"o{name} {sold} {START}..2027-02-28 {names} of=acc{number}{more}")
        if self.is_drawn(0.3):
            before = sold - self.dice.choice(SEATS)
            for order, (month, amount) in enumerate(((2, before), (7, sold))):
                self.rows["opportunity_history"].append(
                    {
                        "history_id": f"h{name}{order}", "opportunity_id": f"o{name}", "amount_minor": amount * 1200,
                        "changed_at": dt.datetime(2026, month, 20, 9, tzinfo=dt.UTC), "currency": "USD",
                    }
                )  # fmt: skip

    def _given_back(self, name: str) -> None:
        """A refund of a charge, perhaps whole; a credit note, perhaps by mistake, perhaps of that refund."""
        if self.is_drawn():
            charge = {"charge_id": f"ch{name}", "invoice_id": f"in{name}06", "currency": "USD", "amount_minor": 80_000}
            self.rows["charges"].append(charge)
            self.rows["refunds"].append(
                {
                    "refund_id": f"re{name}", "charge_id": f"ch{name}", "currency": "USD", "status": "succeeded",
                    "amount_minor": self.dice.choice((5_000, 12_345, 80_000)), "created_on": dt.date(2026, 6, 20),
                    "reason": self.dice.choice((None, "requested_by_customer", "duplicate")),
                }
            )  # fmt: skip
        if self.is_drawn():
            status = self.dice.choice(("issued", "issued", "void"))
            refunded = [f"re{name}"] if self.is_drawn(0.5) else []
            self.rows["credit_notes"].append(
                {
                    "credit_note_id": f"cn{name}", "invoice_id": f"in{name}08", "currency": "USD",
                    "status": status, "total_minor": 11_900, "tax_minor": 1_900,
                    "reason": self.dice.choice((None, "order_change", "duplicate")), "created_on": dt.date(2026, 8, 9),
                    "refund_ids": refunded,
                }
            )  # fmt: skip


def draw_amounts(seed: int, units: int) -> Draw:
    """Draw some units, all in force on the usual day."""
    assert MONTHS[-1] < AS_OF
    drawn = Draw(seed)
    for number in range(units):
        drawn.unit(number)
    return drawn
