"""Stripe's JSON for customers, discounts, subscriptions and their schedules, in both shapes."""

from collections.abc import Sequence

from .identifiers import stripe_id
from .stripe_json_prices import Json, Shape, coupon_json, plan_json, price_json, tax_rate_json
from .stripe_objects import Customer, CustomerState, Discount, Item, Subscription, SubscriptionState


def listing(rows: Sequence[Json], url: str, *, has_more: bool = False) -> Json:
    """Embedded list object."""
    return {"object": "list", "data": list(rows), "has_more": has_more, "url": url}


def address(customer: Customer) -> Json:
    """Billing address."""
    company = customer.company
    return {
        "city": company.place.city,
        "country": company.place.country,
        "line1": company.street,
        "line2": None,
        "postal_code": company.postal,
        "state": None,
    }


def customer_json(customer: Customer, state: CustomerState) -> Json:
    """A customer."""
    return {
        "id": customer.id,
        "object": "customer",
        "address": address(customer),
        "balance": 0,
        "created": customer.timeline.created,
        "currency": customer.currency.lower(),
        "default_source": None,
        "delinquent": state.delinquent,
        "description": customer.description,
        "discount": None,
        "email": state.email,
        "invoice_prefix": stripe_id("coupon", customer.id),
        "livemode": customer.livemode,
        "metadata": dict(state.metadata),
        "name": state.name,
        "phone": customer.phone,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def discount_json(found: Discount, subscription: Subscription, shape: Shape) -> Json:
    """A discount on a subscription, expanded; the coupon moved below ``source`` in 2025."""
    body: Json = {
        "id": found.id,
        "object": "discount",
        "checkout_session": None,
        "customer": subscription.customer.id,
        "end": found.end,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "start": found.start,
        "subscription": subscription.id,
        "subscription_item": None,
    }
    if shape == "old":
        return {**body, "coupon": coupon_json(found.coupon)}
    return {**body, "source": {"coupon": found.coupon.id, "type": "coupon"}}


def item_json(item: Item, subscription: Subscription, state: SubscriptionState, shape: Shape) -> Json:
    """A subscription item; it carries the period since 2025."""
    is_metered, livemode = item.price.usage_type == "metered", subscription.customer.livemode
    body: Json = {
        "id": item.id,
        "object": "subscription_item",
        "billing_thresholds": None,
        "created": item.created,
        "discounts": [],
        "metadata": {},
        "plan": plan_json(item.price, item.created, livemode=livemode),
        "price": price_json(item.price, item.created, shape, livemode=livemode),
        "subscription": subscription.id,
        "tax_rates": [],
    }
    if not is_metered:
        body["quantity"] = item.quantity
    if shape == "new":
        body |= {
            "current_period_start": state.period_start,
            "current_period_end": state.period_end,
            "current_trial": None,
        }
    return body


def subscription_json(subscription: Subscription, state: SubscriptionState, shape: Shape) -> Json:
    """A subscription in one of its states."""
    livemode = subscription.customer.livemode
    pause = {"behavior": state.pause_behavior, "resumes_at": state.resumes_at} if state.pause_behavior else None
    reason: Json = {"comment": None, "feedback": state.feedback, "reason": state.cancel_reason}
    rates = [tax_rate_json(subscription.tax_rate, livemode=livemode)] if subscription.tax_rate else []
    body: Json = {
        "id": subscription.id,
        "object": "subscription",
        "application": None,
        "automatic_tax": {"enabled": False},
        "billing_cycle_anchor": state.trial_end or subscription.start,
        "cancel_at": state.cancel_at,
        "cancel_at_period_end": state.cancel_at_period_end,
        "canceled_at": state.canceled_at,
        "cancellation_details": reason,
        "collection_method": subscription.collection_method,
        "created": subscription.start,
        "currency": subscription.currency.lower(),
        "customer": subscription.customer.id,
        "days_until_due": 30 if subscription.collection_method == "send_invoice" else None,
        "default_payment_method": None,
        "default_tax_rates": rates,
        "description": None,
        "ended_at": state.ended_at,
        "items": listing(
            [item_json(item, subscription, state, shape) for item in state.items],
            f"/v1/subscription_items?subscription={subscription.id}",
        ),
        "latest_invoice": state.latest_invoice,
        "livemode": livemode,
        "metadata": dict(subscription.metadata),
        "pause_collection": pause,
        "pending_update": None,
        "schedule": subscription.schedule.id if subscription.schedule else None,
        "start_date": subscription.start,
        "status": state.status,
        "test_clock": None,
        "trial_end": state.trial_end,
        "trial_start": state.trial_start,
    }
    return body | (_old_parts if shape == "old" else _new_parts)(subscription, state)


def _old_parts(subscription: Subscription, state: SubscriptionState) -> Json:
    """What a subscription carried itself until 2024."""
    first = state.items[0] if len(state.items) == 1 else None
    found = [discount_json(discount, subscription, "old") for discount in state.discounts]
    return {
        "current_period_start": state.period_start,
        "current_period_end": state.period_end,
        "discount": found[0] if found else None,
        "discounts": [discount.id for discount in state.discounts],
        "plan": plan_json(first.price, first.created, livemode=subscription.customer.livemode) if first else None,
        "quantity": first.quantity if first and first.price.usage_type != "metered" else None,
    }


def _new_parts(subscription: Subscription, state: SubscriptionState) -> Json:
    """What came since."""
    return {
        "billing_mode": {"type": "classic"},
        "billing_schedules": [],
        "discounts": [discount_json(discount, subscription, "new") for discount in state.discounts],
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
    }


def schedule_json(subscription: Subscription, at: int, shape: Shape) -> Json:
    """The schedule of a subscription, at an instant."""
    own = subscription.schedule
    if own is None:
        message = f"{subscription.id} has no schedule"
        raise ValueError(message)
    current = next((phase for phase in own.phases if phase.start <= at < phase.end), None)
    extra: Json = {"coupon": None} if shape == "old" else {}
    phases = [
        {
            "start_date": phase.start,
            "end_date": phase.end,
            "currency": subscription.currency.lower(),
            "discounts": [],
            "items": [
                {"discounts": [], "metadata": {}, "price": price.id, "quantity": number}
                for price, number in phase.items
            ],
            "metadata": {},
            "proration_behavior": "none",
            "trial_end": None,
            **extra,
        }
        for phase in own.phases
    ]
    return {
        "id": own.id,
        "object": "subscription_schedule",
        "canceled_at": None,
        "completed_at": None,
        "created": own.created,
        "current_phase": {"start_date": current.start, "end_date": current.end} if current else None,
        "customer": subscription.customer.id,
        "end_behavior": "release",
        "livemode": subscription.customer.livemode,
        "metadata": {},
        "phases": phases,
        "released_at": None,
        "released_subscription": None,
        "status": "active" if current else "completed",
        "subscription": subscription.id,
        "test_clock": None,
    }
