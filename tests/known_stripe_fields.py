"""Gather the fields that Stripe documents: ``python -m tests.known_stripe_fields FOLDER`` writes ``known_fields.json``.

FOLDER holds the fixtures of Stripe's OpenAPI repository, the current ``fixtures3.json`` and those of earlier API dates
(``fixtures_by_date/*.json``). To them come the annotations of the ``stripe`` library's resources, which also name fields
that fixtures leave out, and the fields the kit reads itself.
"""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import stripe

from recon_kit.normalise.stripe import shapes, shapes_invoices, shapes_money, unknown_fields

TYPES = {
    "customers": ("customer", stripe.Customer),
    "subscriptions": ("subscription", stripe.Subscription),
    "invoices": ("invoice", stripe.Invoice),
    "invoice_lines": ("line_item", stripe.InvoiceLineItem),
    "prices": ("price", stripe.Price),
    "products": ("product", stripe.Product),
    "coupons": ("coupon", stripe.Coupon),
    "subscription_schedules": ("subscription_schedule", stripe.SubscriptionSchedule),
    "invoice_payments": ("invoice_payment", stripe.InvoicePayment),
    "payment_intents": ("payment_intent", stripe.PaymentIntent),
    "charges": ("charge", stripe.Charge),
    "refunds": ("refund", stripe.Refund),
    "disputes": ("dispute", stripe.Dispute),
    "credit_notes": ("credit_note", stripe.CreditNote),
    "balance_transactions": ("balance_transaction", stripe.BalanceTransaction),
    "payouts": ("payout", stripe.Payout),
    "events": ("event", stripe.Event),
    "tax_rates": ("tax_rate", stripe.TaxRate),
    "balance": ("balance", stripe.Balance),
}
"""The type of each raw object: as ``object`` says it, and in the library."""
EARLIER_TYPES = {"line_item": ("invoice_line_item",), "price": ("plan",)}
"""What earlier API versions called the same object, or sent in its place."""
READ = {
    "customers": (shapes.CUSTOMERS,),
    "subscriptions": (shapes.SUBSCRIPTIONS, shapes.TOP_LEVEL_PLAN),
    "prices": (shapes.PRICES,),
    "products": (shapes.PRODUCTS,),
    "tax_rates": (shapes.TAX_RATES,),
    "coupons": (shapes.COUPONS,),
    "invoices": (shapes_invoices.INVOICES,),
    "invoice_lines": (shapes_invoices.OVERFLOW_LINES,),
    "credit_notes": (shapes_invoices.CREDIT_NOTES,),
    "charges": (shapes_money.CHARGES,),
    "refunds": (shapes_money.REFUNDS,),
    "disputes": (shapes_money.DISPUTES,),
    "balance_transactions": (shapes_money.BALANCE_TRANSACTIONS,),
    "payouts": (shapes_money.PAYOUTS,),
    "payout_balance_transactions": (shapes_money.PAYOUT_ITEMS,),
    "invoice_payments": (shapes_money.INVOICE_PAYMENTS,),
    "payment_intents": (shapes_money.PAYMENT_INTENTS,),
    "events": (shapes_money.EVENTS,),
}
"""What the kit reads of each object, in whatever version it may stand."""
OF_EVERY_OBJECT = {"id", "object", "livemode", "created", "deleted", "metadata"}


def of_library(resource: Any) -> set[str]:
    """The fields a resource of the library has, with those of what it inherits from."""
    kinds = [kind for kind in resource.__mro__ if kind.__module__.startswith("stripe.")]
    named = {name for kind in kinds for name in inspect.get_annotations(kind)}
    return {name.strip("_") for name in named if name != "OBJECT_NAME" and not name.startswith("_")}


def of_fixtures(folder: Path, kind: str) -> set[str]:
    """The fields the fixtures of every date show."""
    files = [folder / "fixtures3.json", *sorted(folder.glob("fixtures_by_date/*.json"))]
    resources = [json.loads(file.read_text(encoding="utf-8"))["resources"] for file in files]
    kinds = (kind, *EARLIER_TYPES.get(kind, ()))
    return {name for of_date in resources for one in kinds for name in of_date.get(one, {})}


def of_reader(object_name: str) -> set[str]:
    """The top-level fields the kit reads."""
    return {name for shape in READ.get(object_name, ()) for name in shape.spec}


def main() -> None:
    folder = Path(sys.argv[1])
    known = {name: of_fixtures(folder, kind) | of_library(resource) for name, (kind, resource) in TYPES.items()}
    written = {
        name: sorted(known.get(name, set()) | of_reader(name) | OF_EVERY_OBJECT) for name in known.keys() | READ.keys()
    }
    unknown_fields.KNOWN_FIELDS.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
