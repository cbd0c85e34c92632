"""Sentences: for every family and cause, what each system says and what to correct, with places for names and figures.

``{account}``, ``{deals}`` and ``{subs}`` are names; ``{crm}`` and ``{billing}`` what each system shows a month;
``{size}``, ``{way}`` and ``{pct}`` their difference; ``{part}`` what the cause is worth a month; ``{impact}`` the money
at stake so far; ``{crm_on}``, ``{billing_on}``, ``{diverged}`` days, ``{after_crm}`` the day after ``crm_on``,
``{due_by}`` the last day of a handoff; ``{because}`` what each component says.
"""

from __future__ import annotations

_BOTH = "{account}: Salesforce shows {crm} a month for {deals}, Stripe bills {billing}: {size} a month {way} ({pct})."

EXPLANATIONS = {
    "handoff_missed": (
        "{account}: Salesforce has {deals} at {crm} a month from {crm_on}{won}; {days_open} days later Stripe has no "
        "subscription for it. Likely a handoff that was missed."
    ),
    "timing_lag": (
        "{account}: Salesforce has {deals} at {crm} a month from {crm_on}{won}; after {days_open} days Stripe has no "
        "subscription for it yet. Likely only a handoff that is under way."
    ),
    "never_billed": (
        "{account}: {deals} ran from {diverged} until {crm_on}, and no Stripe subscription ever billed it: {impact} "
        "in all. Likely a handoff that was missed."
    ),
    "cancellation_not_in_crm": (
        "{account}: Stripe subscription {subs} ended on {billing_on}. Salesforce still shows {deals} at {crm} a "
        "month. Likely a cancellation not recorded."
    ),
    "failed_payment": (
        "{account}: Stripe subscription {subs} ended on {billing_on} after a failed payment. Salesforce still shows "
        "{deals} at {crm} a month."
    ),
    "cancellation_not_in_billing": (
        "{account}: Salesforce says the customer left on {crm_on}. Stripe subscription {subs} still bills {billing} a "
        "month, and nothing stops it."
    ),
    "billing_past_end": (
        "{account}: {deals} ended on {crm_on} and was not renewed. Stripe subscription {subs} still bills {billing} a "
        "month."
    ),
    "extra": (
        "{account}: Stripe subscription {subs} bills {billing} a month since {billing_on}. The customer's contracts "
        "in Salesforce do not cover it. Likely an expansion not recorded."
    ),
    "self_service_signup": (
        "{account}: Stripe bills {billing} a month through {subs} since {billing_on}. Salesforce has no won "
        "opportunity for it. Likely a customer who signed up without sales."
    ),
    "trial_conversion": (
        "{account}: a trial in Stripe became {billing} a month through {subs} on {diverged}. Salesforce has no won "
        "opportunity for it."
    ),
    "merge_residue": (
        "{account}: Stripe bills {billing} a month through {subs} since {billing_on}; its id names a Salesforce "
        "account that was merged, and the account that is left has no won opportunity for it."
    ),
    "late_start": (
        "{account}: service of {deals} began on {crm_on}. Stripe bills it only since {billing_on}, {days} days later."
    ),
    "early_start": (
        "{account}: Stripe bills {subs} since {billing_on}. Service of {deals} began only on {crm_on}, {days} days "
        "later."
    ),
    "ends_early": "{account}: {deals} runs until {crm_on}. Stripe subscription {subs} will stop on {billing_on}.",
    "ends_late": "{account}: {deals} ends on {crm_on}. Stripe subscription {subs} will run until {billing_on}.",
    "refund_or_credit": (
        "{account}: Stripe refunded or credited {impact} since {diverged}. Salesforce still shows {crm} a month for "
        "{deals}."
    ),
    "expansion_alone": (
        "{account}: Stripe bills {billing} a month since a change on {diverged}. Salesforce still shows {crm} for "
        "{deals}, {size} a month less ({pct}). Likely an expansion not recorded."
    ),
    "contraction_alone": (
        "{account}: Stripe bills only {billing} a month since a change on {diverged}. Salesforce still shows {crm} "
        "for {deals}, {size} a month more ({pct}). Likely a contraction not recorded."
    ),
    "expansion": f"{_BOTH} {{because}} Likely, for the most part, an expansion not recorded.",
    "contraction": f"{_BOTH} {{because}} Likely, for the most part, a contraction not recorded.",
    "amount_basis": f"{_BOTH} {{because}} Likely the amount was entered for another period than its basis says.",
    "currency": f"{_BOTH} {{because}} Likely no more than the exchange rate.",
    "discount": f"{_BOTH} {{because}}",
    "tax": f"{_BOTH} {{because}}",
    "trial": f"{_BOTH} {{because}}",
    "paused": f"{_BOTH} {{because}}",
    "cancellation": f"{_BOTH} {{because}} Likely a part that was cancelled only in Stripe.",
    "rounding": f"{_BOTH} {{because}}",
    "unexplained": f"{_BOTH} {{because}}",
}
"""What each system says, by the sentence that fits (see :mod:`recon_kit.gaps.wording`)."""

CORRECTIONS = {
    "handoff_missed": (
        "Stripe: set up a subscription of {crm} a month for {account} and bill the {impact} due since {diverged}."
    ),
    "timing_lag": (
        "Stripe: see that the subscription of {crm} a month for {account} is set up by {due_by}; {impact} is due "
        "since {diverged}."
    ),
    "never_billed": "Stripe: bill {account} the {impact} due for {deals}, or record in Salesforce why nothing is due.",
    "cancellation_not_in_crm": (
        "Salesforce: end {deals} of {account} ({crm} a month) as of {billing_on}, the day its subscription ended."
    ),
    "failed_payment": (
        "Salesforce: end {deals} of {account} ({crm} a month) as of {billing_on}, unless Customer Success recovers "
        "the payment."
    ),
    "cancellation_not_in_billing": (
        "Stripe: cancel {subs} of {account} as of {crm_on} and decide whether to credit the {impact} that accrued "
        "since."
    ),
    "billing_past_end": (
        "Stripe: cancel {subs} of {account} and decide whether to credit the {impact} that accrued since {diverged}, "
        "unless the renewal of {deals} was only not recorded."
    ),
    "extra": "Salesforce: record an expansion of {billing} a month for {account} from {diverged}, the start of {subs}.",
    "self_service_signup": (
        "Salesforce: create an opportunity of {billing} a month for {account} from {diverged}{new_account}."
    ),
    "trial_conversion": (
        "Salesforce: record the conversion of {account} as a won opportunity of {billing} a month from {diverged}."
    ),
    "merge_residue": (
        "Salesforce: move the opportunity of the merged account to {account}, or record one of {billing} a month from "
        "{diverged}."
    ),
    "late_start": (
        "Stripe: bill {account} the {impact} for the {days} days from {crm_on} until billing began on {billing_on}."
    ),
    "early_start": (
        "Stripe: credit {account} the {impact} for the {days} days from {billing_on} until service of {deals} began "
        "on {crm_on}."
    ),
    "ends_early": (
        "Stripe: move the end of {subs} of {account} from {billing_on} to {after_crm}, the day after {deals} ends."
    ),
    "ends_late": (
        "Stripe: move the end of {subs} of {account} from {billing_on} to {after_crm}, the day after {deals} ends."
    ),
    "refund_or_credit": (
        "Finance: decide whether the {impact} given to {account} since {diverged} lowers {deals} for good or was "
        "given once."
    ),
    "discount_in_stripe": (
        "Stripe: remove the coupon on {subs} of {account} worth {part} a month since {diverged}, unless {deals} "
        "should grant it."
    ),
    "discount_in_contract": (
        "Stripe: give {subs} of {account} the discount of {part} a month that {deals} grants, from {diverged}."
    ),
    "amount_basis": (
        "Salesforce: correct the amount of {deals} of {account}, or the period it is stated for, from {crm} to "
        "{billing} a month."
    ),
    "currency": (
        "Salesforce: restate {deals} of {account} in the currency it is billed in{billed_in}, which takes away {part} "
        "a month that only the rate has made since {diverged}."
    ),
    "tax": (
        "Stripe: settle with {account} whether the {part} a month of tax on {subs} is part of the price that {deals} "
        "states, and set the price's tax behaviour to suit."
    ),
    "expansion": "Salesforce: update {deals} of {account}: record an expansion of {part} a month from {diverged}.",
    "contraction": "Salesforce: update {deals} of {account}: record a contraction of {part} a month from {diverged}.",
    "trial": (
        "Stripe: end the trial of {subs} of {account}, or let it run out if it was agreed; {deals} runs since "
        "{crm_on} and {part} a month waits."
    ),
    "paused": (
        "Stripe: resume collection on {subs} of {account}, where {part} a month is not billed since {diverged}, "
        "unless {deals} should be amended."
    ),
    "cancellation": (
        "Stripe: restart the {part} a month of {account} that ended on {diverged}, unless {deals} should be reduced."
    ),
    "rounding": "Finance: find the {part} a month between {deals} and {subs} of {account}.",
    "unexplained": (
        "Finance: find out why {deals} ({crm}) and {subs} ({billing}) of {account} differ since {diverged}: {part} a "
        "month has no explanation in the data."
    ),
}
"""What to correct where, one sentence each."""
