"""Sentences: what an alert says of a gap, by its cause: what each system shows, since when, and what to do.

``{account}`` is a name; ``{crm}`` and ``{billing}`` what each system shows, with ``/mo``; ``{size}`` and ``{pct}``
their difference; ``{impact}`` the money at stake so far. ``{since}`` is `` since 3 March``, ``{change}`` what happened
then, such as `` since a seat addition on 3 March``, ``{on}`` `` on 3 March``; each is empty where the day is not known.
``{told}`` is what page 4 says of two dates. Days of another year than that of the close have their year.
"""

from __future__ import annotations

_OF = "{account}: Stripe shows {billing}{change}. Salesforce still shows {crm} ({size}, {pct})."
_BOTH = "{account}: Stripe shows {billing}, Salesforce shows {crm}{since} ({size}, {pct})."
_UNSOLD = "Salesforce shows no won opportunity for it ({size}, {pct})."

SENTENCES = {
    "expansion": f"{_OF} Likely an expansion not recorded: update the opportunity.",
    "expansion_mostly": f"{_OF} Likely, for the most part, an expansion not recorded: update the opportunity.",
    "extra": (
        "{account}: Stripe shows {billing} for one more subscription{since}. Salesforce shows no contract that covers "
        "it ({size}, {pct}). Likely an expansion not recorded: record the opportunity."
    ),
    "contraction": f"{_OF} Likely a contraction not recorded: update the opportunity.",
    "contraction_mostly": f"{_OF} Likely, for the most part, a contraction not recorded: update the opportunity.",
    "handoff_missed": (
        "{account}: Salesforce shows {crm}{since}. Stripe shows no subscription for it ({size}, {pct}); {impact} was "
        "not billed so far. Likely a handoff that was missed: set up the subscription."
    ),
    "timing_lag": (
        "{account}: Salesforce shows {crm}{since}. Stripe shows no subscription for it yet ({size}, {pct}). Likely a "
        "handoff under way: see that the subscription is set up."
    ),
    "never_billed": (
        "{account}: Salesforce shows a contract{since} that has ended and that Stripe never billed ({impact} in all). "
        "Likely a handoff that was missed: bill it, or record why nothing is due."
    ),
    "cancellation_not_in_crm": (
        "{account}: Stripe shows nothing since a cancellation{on}. Salesforce still shows {crm} ({size}, {pct}). "
        "Likely a cancellation not recorded: end the opportunity."
    ),
    "failed_payment": (
        "{account}: Stripe shows nothing since a failed payment ended the subscription{on}. Salesforce still shows "
        "{crm} ({size}, {pct}). Likely a customer lost to the failed payment: recover it, or end the opportunity."
    ),
    "cancellation_not_in_billing": (
        "{account}: Salesforce shows that the customer left{on}. Stripe still shows {billing} ({size}, {pct}); "
        "{impact} was billed in excess so far. Likely a cancellation that did not reach billing: cancel the "
        "subscription."
    ),
    "billing_past_end": (
        "{account}: Salesforce shows no contract{since}. Stripe still shows {billing} ({size}, {pct}). Likely a "
        "renewal not recorded, or a subscription not stopped: renew the opportunity, or cancel the subscription."
    ),
    "self_service_signup": (
        f"{{account}}: Stripe shows {{billing}}{{since}}. {_UNSOLD} Likely a customer who signed up without sales: "
        "create the opportunity."
    ),
    "trial_conversion": (
        f"{{account}}: Stripe shows {{billing}} since a trial became paid{{on}}. {_UNSOLD} Likely a conversion not "
        "recorded: create the opportunity."
    ),
    "merge_residue": (
        f"{{account}}: Stripe shows {{billing}}{{since}} under a Salesforce account that was merged. {_UNSOLD} Likely "
        "left over from the merge: move the opportunity to the account that is left."
    ),
    "late_start": "{told} {impact} was not billed. Likely billing that was set up late: bill the days between.",
    "early_start": (
        "{told} {impact} was billed in excess. Likely billing that was set up early: credit the days between."
    ),
    "ends_early": "{told} Likely an end that was set too early: move the end of the subscription.",
    "ends_late": "{told} Likely an end that was set too late: move the end of the subscription.",
    "refund_or_credit": (
        "{account}: Stripe refunded or credited {impact}{since}. Salesforce still shows {crm}. Likely a concession not "
        "recorded: decide whether the price is lower for good."
    ),
    "amount_basis": f"{_BOTH} Likely an amount entered for another period: correct the opportunity.",
    "currency": (
        f"{_BOTH} Likely no more than the exchange rate: restate the opportunity in the currency it is billed in."
    ),
    "tax": f"{_BOTH} Likely tax that counts on one side only: settle whether the price contains it.",
    "discount_in_stripe": (
        "{account}: Stripe shows {billing} since a discount{on}. Salesforce still shows {crm} ({size}, {pct}). Likely "
        "a coupon that the contract does not grant: remove the coupon, or amend the opportunity."
    ),
    "discount_in_contract": (
        f"{_BOTH} Likely a discount of the contract that billing does not grant: give the discount in Stripe."
    ),
    "trial": (
        "{account}: Stripe shows {billing} because of a trial{since}. Salesforce shows {crm} ({size}, {pct}). Likely a "
        "trial that nobody sold: end the trial."
    ),
    "paused": (
        "{account}: Stripe shows {billing} since collection was paused{on}. Salesforce still shows {crm} ({size}, "
        "{pct}). Likely a pause not recorded: resume collection, or amend the opportunity."
    ),
    "cancellation": (
        "{account}: Stripe shows {billing} since a part of it was cancelled{on}. Salesforce still shows {crm} ({size}, "
        "{pct}). Likely a part cancelled only in Stripe: restart it, or reduce the opportunity."
    ),
    "rounding": f"{_BOTH} Likely rounding: compare the two amounts.",
    "unexplained": f"{_BOTH} The data hold no reason: compare the contract with its invoices.",
}
"""What is said of a gap, by the sentence that fits (see :mod:`recon_kit.close.alerts.gap_alerts`)."""

WAITS = "{sentence} A link in review may settle this: decide that link first."
"""What is said of a gap that a decision about a link may take away."""

CHANGES = {
    "seats_added": ("a seat addition", "seat additions"),
    "seats_removed": ("a seat reduction", "seat reductions"),
    "price_raised": ("a price increase", "price increases"),
    "price_lowered": ("a price decrease", "price decreases"),
    "product_added": ("an added product", "added products"),
    "product_removed": ("a removed product", "removed products"),
    "plan_changed": ("a change of plan", "changes of plan"),
}
"""What an event did to the items of a subscription, once and several times."""
ANY_CHANGE = ("a change", "changes")
