"""What can go wrong in Stripe, as verbs on its raw objects: reprice, discount, pause, end, refund, whatever the shape.

Each verb changes the objects it is given, as the API would say after the fact, in the shape that they have already.
Amounts are in Stripe's minor units, instants in epoch seconds.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

Record = dict[str, Any]

PERCENT = 100


def items_of(subscription: Record) -> list[Record]:
    """Return the items of a subscription."""
    items: list[Record] = subscription["items"]["data"]
    return items


def negotiated_price(price: Record, price_id: str, unit: int) -> Record:
    """Copy a per-unit price under an id of its own, with another unit amount."""
    changed = copy.deepcopy(price)
    amount = "amount" if price.get("object") == "plan" else "unit_amount"
    changed.update({"id": price_id, amount: unit, f"{amount}_decimal": str(unit)})
    if changed.get("recurring"):
        changed["recurring"]["trial_period_days"] = None
    return changed


def reprice(subscription: Record, price_id: str, unit: int, quantity: int = 1) -> Record | None:
    """Give the one item of a subscription another price and quantity.

    Returns:
        The price as ``prices`` lists it; none where the item carries a legacy plan only.
    """
    item = items_of(subscription)[0]
    item["quantity"] = quantity
    for name in ("price", "plan"):
        if isinstance(item.get(name), dict):
            item[name] = negotiated_price(item[name], price_id, unit)
    if isinstance(subscription.get("plan"), dict):
        subscription["plan"] = copy.deepcopy(item["plan"])
        subscription["quantity"] = quantity
    return copy.deepcopy(item["price"]) if isinstance(item.get("price"), dict) else None


def bill(invoice: Record, price_id: str, unit: int, quantity: int = 1) -> None:
    """Write an invoice of one line anew, for another price and quantity; tax on top stays in proportion."""
    line = invoice["lines"]["data"][0]
    amount, before = unit * quantity, line["amount"]
    due = _rescale_tax(invoice, line, amount, before) if before else 0
    line.update(amount=amount, quantity=quantity)
    for name in ("price", "plan"):
        if isinstance(line.get(name), dict):
            line[name] = negotiated_price(line[name], price_id, unit)
    if isinstance(line.get("pricing"), dict):
        line["pricing"]["price_details"]["price"] = price_id
        line["pricing"]["unit_amount_decimal"] = str(unit)
    present = {"amount_excluding_tax", "subtotal"} & line.keys()
    line.update(dict.fromkeys(present, amount))
    if "quantity_decimal" in line:
        line["quantity_decimal"] = str(quantity)
    _total(invoice, amount, tax=due)


_TAXES = (("tax_amounts", "total_tax_amounts"), ("taxes", "total_taxes"))


def _rescale_tax(invoice: Record, line: Record, net: int, before: int) -> int:
    """Scale the tax entries of a line, and those of its invoice, to another net amount; return their sum."""
    due = 0
    for name, total in _TAXES:
        for entry in line.get(name) or []:
            entry.update(amount=(2 * entry["amount"] * net + before) // (2 * before), taxable_amount=net)
            due += entry["amount"]
        if line.get(name):
            invoice[total] = copy.deepcopy(line[name])
    return due


def tax(invoice: Record, rate_id: str, percentage: int) -> None:
    """Put one exclusive tax on an invoice of one line, in place of any other."""
    line = invoice["lines"]["data"][0]
    net = line["amount"]
    due = net * percentage // PERCENT
    if "tax_amounts" in line:
        taxed = {"amount": due, "inclusive": False, "tax_rate": rate_id, "taxable_amount": net}
        line["tax_amounts"], invoice["total_tax_amounts"] = [taxed], [dict(taxed)]
    else:
        entry = {
            "amount": due,
            "tax_behavior": "exclusive",
            "tax_rate_details": {"tax_rate": rate_id},
            "taxability_reason": "standard_rated",
            "taxable_amount": net,
            "type": "tax_rate_details",
        }
        line["taxes"], invoice["total_taxes"] = [entry], [dict(entry)]
    _total(invoice, net, tax=due)


def _total(invoice: Record, net: int, *, tax: int) -> None:
    """Sum an invoice; what was paid stays paid in full, what was open stays open."""
    total, was_paid = net + tax, invoice.get("status") == "paid"
    sums = {
        "subtotal": net,
        "subtotal_excluding_tax": net,
        "total_excluding_tax": net,
        "total": total,
        "amount_due": total,
        "amount_paid": total if was_paid else 0,
        "amount_remaining": 0 if was_paid else total,
    }
    if "tax" in invoice:
        sums["tax"] = tax
    invoice.update({name: value for name, value in sums.items() if name in invoice})


def coupon(coupon_id: str, name: str, *, amount_off: int, currency: str, created: int) -> Record:
    """Make a coupon of a fixed amount an invoice, for ever."""
    return {
        "id": coupon_id,
        "object": "coupon",
        "amount_off": amount_off,
        "created": created,
        "currency": currency.lower(),
        "duration": "forever",
        "duration_in_months": None,
        "livemode": True,
        "max_redemptions": None,
        "metadata": {},
        "name": name,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 1,
        "valid": True,
    }


def attach(subscription: Record, found: Record, discount_id: str, at: int) -> None:
    """Put a coupon on a subscription, expanded; it stands below ``source`` in the shape of 2025."""
    body = {
        "id": discount_id,
        "object": "discount",
        "checkout_session": None,
        "customer": subscription["customer"],
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": at,
        "subscription": subscription["id"],
        "subscription_item": None,
    }
    if "discount" in subscription:
        subscription["discount"] = {**body, "coupon": copy.deepcopy(found)}
        subscription["discounts"] = [discount_id]
    else:
        subscription["discounts"] = [{**body, "source": {"coupon": found["id"], "type": "coupon"}}]


def pause(subscription: Record, behavior: str = "void") -> None:
    """Pause the collection of a subscription; its status stays."""
    subscription["pause_collection"] = {"behavior": behavior, "resumes_at": None}


def plan_end(subscription: Record, at: int, asked_at: int) -> None:
    """Let a subscription stop on a later day."""
    subscription.update(cancel_at=at, canceled_at=asked_at)


def end(subscription: Record, at: int, reason: str = "cancellation_requested") -> None:
    """Cancel a subscription at once."""
    details = subscription.get("cancellation_details") or {"comment": None, "feedback": None}
    subscription.update(
        status="canceled", ended_at=at, canceled_at=at, cancellation_details={**details, "reason": reason}
    )


def set_status(subscription: Record, status: str) -> None:
    """Set the status of a subscription, such as ``unpaid``."""
    subscription["status"] = status


def begin_trial(subscription: Record, start: int, stop: int, *, is_over: bool) -> None:
    """Let a subscription begin with a trial; one that is not over has no other period yet."""
    subscription.update(created=start, start_date=start, trial_start=start, trial_end=stop)
    if is_over:
        return
    subscription.update(status="trialing", billing_cycle_anchor=stop)
    for holder in (subscription, *items_of(subscription)):
        if "current_period_start" in holder:
            holder.update(current_period_start=start, current_period_end=stop)


def copy_subscription(subscription: Record, new_id: str, start: int) -> Record:
    """Open another subscription of the same customer, with an item of its own and nothing else of the first."""
    copied = copy.deepcopy(subscription)
    copied.update(id=new_id, created=start, start_date=start, latest_invoice=None, metadata={}, schedule=None)
    copied.update(pause_collection=None, cancel_at=None, canceled_at=None, discounts=[])
    if "discount" in copied:
        copied["discount"] = None
    for number, item in enumerate(items_of(copied)):
        item.update(id=f"si_{new_id.removeprefix('sub_')}{number}", subscription=new_id, created=start)
    return copied


def credit(invoice: Record, note_id: str, amount: int, at: int) -> Record:
    """Credit a part of an untaxed invoice to the customer's balance: a credit note after payment."""
    zeros = ("discount_amount", "out_of_band_amount")
    sums = ("amount", "subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax")
    return {
        "id": note_id,
        "object": "credit_note",
        **dict.fromkeys(zeros, 0),
        **dict.fromkeys(sums, amount),
        "created": at,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "discount_amounts": [],
        "invoice": invoice["id"],
        "livemode": invoice.get("livemode", True),
        "metadata": {},
        "memo": "Credit after an outage",
        "number": f"{invoice.get('number') or invoice['id']}-CN-01",
        "post_payment_amount": amount,
        "pre_payment_amount": 0,
        "reason": "order_change",
        "refund": None,
        "status": "issued",
        "tax_amounts": [],
        "type": "post_payment",
        "voided_at": None,
    }


def refund(charge: Record, refund_id: str, amount: int, at: int) -> Record:
    """Give a part of a charge back."""
    charge["amount_refunded"] = charge.get("amount_refunded", 0) + amount
    return {
        "id": refund_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": at,
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge.get("payment_intent"),
        "reason": "requested_by_customer",
        "receipt_number": None,
        "status": "succeeded",
    }


def rescale(charges: Iterable[Record], amount: int) -> None:
    """Let charges take another amount; those that failed stay failed."""
    for charge in charges:
        charge.update({name: amount for name in ("amount", "amount_captured") if charge.get(name)})


def point_to(record: Record, **metadata: str) -> None:
    """Write ids of Salesforce into the metadata of a Stripe object."""
    record["metadata"] = {**(record.get("metadata") or {}), **metadata}
