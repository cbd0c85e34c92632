"""The field map: which Salesforce column each of our fields is read from, unless the params say otherwise.

Keys are ours, values the org's API names. A source is a column of the object itself (``Amount``), a related field as
exports write it (``Product2.Name``), or a column of the contract that the opportunity names (``Contract.StartDate``).
``*`` stands for any text. The first column that exists and is not empty wins, row by row.
"""

from __future__ import annotations

import difflib
import re
from fnmatch import translate
from typing import TYPE_CHECKING

from recon_kit.schemas.table import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    FieldMap = Mapping[str, Mapping[str, Sequence[str]]]

OBJECT_OF = {"account": "Account", "contract": "Opportunity", "line": "OpportunityLineItem"}
"""The Salesforce object behind each part of the map."""

_SYSTEM = {
    "is_deleted": ["IsDeleted"],
    "created_at": ["CreatedDate"],
    "modified_at": ["LastModifiedDate"],
    "stamped_at": ["SystemModstamp"],
}

DEFAULT_FIELDS: FieldMap = {
    "account": {
        "id": ["Id"],
        "name": ["Name"],
        "website": ["Website"],
        "phone": ["Phone"],
        "country": ["BillingCountry", "BillingCountryCode"],
        "postal_code": ["BillingPostalCode"],
        "city": ["BillingCity"],
        "parent_id": ["ParentId"],
        "type": ["Type"],
        "vat_number": ["VAT_Number__c"],
        "stripe_customer_id": ["Stripe_Customer_ID__c", "*Stripe_Customer_ID__c"],
        "billing_email": ["Billing_Email__c"],
        "status": ["Customer_Status__c", "Type"],
        "churned_on": ["Churn_Date__c"],
        "merged_into": ["MasterRecordId"],
        "owner_id": ["OwnerId"],
        "owner_name": ["Owner.Name"],
        "owner_email": ["Owner.Email"],
        **_SYSTEM,
    },
    "contract": {
        "id": ["Id"],
        "account_id": ["AccountId"],
        "contract_id": ["ContractId"],
        "name": ["Name"],
        "won": ["IsWon"],
        "stage": ["StageName"],
        "kind": ["Type"],
        "close_on": ["CloseDate"],
        "start_on": ["Contract_Start_Date__c", "Contract.StartDate", "CloseDate"],
        "end_on": ["Contract_End_Date__c", "Contract.EndDate"],
        "term_months": ["Contract_Term_Months__c", "Contract.ContractTerm"],
        "amount": ["Amount"],
        "amount_basis": ["Amount_Basis__c"],
        "currency": ["CurrencyIsoCode"],
        "billing_cadence": ["Billing_Cadence__c"],
        "payment_terms": ["Payment_Terms__c"],
        "discount_pct": ["Discount_Percent__c"],
        "discount_end_on": ["Discount_End_Date__c"],
        "note": ["Description"],
        "amends": ["Amends_Opportunity__c"],
        "prior": ["Prior_Opportunity__c"],
        "billing_system": ["Billing_System__c"],
        "product": ["Product__c", "Product_Name__c"],
        "stripe_subscription_id": ["Stripe_Subscription_ID__c", "*Stripe_Subscription_ID__c"],
        "invoice_status": ["Stripe_Invoice_Status__c", "Invoice_Status__c", "*Invoice_Status__c"],
        "owner_id": ["OwnerId"],
        "owner_name": ["Owner.Name"],
        "owner_email": ["Owner.Email"],
        **_SYSTEM,
    },
    "line": {
        "id": ["Id"],
        "opportunity_id": ["OpportunityId"],
        "product": ["Name", "Product2.Name"],
        "sku": ["ProductCode", "Product2.ProductCode"],
        "quantity": ["Quantity"],
        "unit_price": ["UnitPrice"],
        "total_price": ["TotalPrice"],
        "currency": ["CurrencyIsoCode"],
        "kind": ["Revenue_Type__c"],
        "family": ["ProductFamily", "Product2.Family"],
        "start_on": ["Start_Date__c"],
        "end_on": ["End_Date__c"],
        "delivered_on": ["Delivery_Date__c"],
        "ssp": ["List_Price__c"],
        **_SYSTEM,
    },
}

SUPPORTING_FIELDS: FieldMap = {
    "Contact": {"id": ["Id"], "account_id": ["AccountId"], "email": ["Email"], **_SYSTEM},
    "Contract": {
        "id": ["Id"],
        "start_on": ["StartDate"],
        "end_on": ["EndDate"],
        "term_months": ["ContractTerm"],
        **_SYSTEM,
    },
    "OpportunityHistory": {
        "id": ["Id"],
        "opportunity_id": ["OpportunityId"],
        "amount": ["Amount"],
        "currency": ["CurrencyIsoCode"],
        "stage": ["StageName"],
        "close_on": ["CloseDate"],
        "amount_before": ["PrevAmount"],
        "close_on_before": ["PrevCloseDate"],
        **_SYSTEM,
    },
}
"""Objects read by their standard fields only, by API name."""

REQUIRED: Mapping[str, Sequence[Sequence[str]]] = {
    "account": [["id"], ["name"]],
    "contract": [["id"], ["account_id"], ["amount"], ["close_on"], ["won", "stage"]],
    "line": [],
}
"""Keys without which an object cannot be read; of a group, one is enough."""


def check_keys(overrides: FieldMap) -> None:
    """Refuse overrides of fields we do not have.

    Raises:
        SchemaError: every unknown key in one message, with the nearest and all valid ones.
    """
    faults = []
    for part, keys in overrides.items():
        if part not in DEFAULT_FIELDS:
            faults.append(f"fields.{part} is no part of the field map; the parts are {', '.join(DEFAULT_FIELDS)}.")
            continue
        valid = list(DEFAULT_FIELDS[part])
        faults += [
            f"fields.{part}.{key} is no field of ours{nearest(key, valid)} Valid keys: {', '.join(valid)}."
            for key in keys
            if key not in valid
        ]
    if faults:
        raise SchemaError("\n".join(faults))


def columns_named(names: Sequence[str], columns: Iterable[str], own_object: str) -> list[str]:
    """Find the present columns that a key's sources name, in order of precedence; case does not matter.

    Args:
        names: the sources, such as ``Website`` or ``*Stripe_Customer_ID__c``.
        columns: the columns present.
        own_object: whose columns they are: ``Account.Name`` names ``Name`` of an Account.
    """
    present = sorted(columns)
    found: list[str] = []
    for name in names:
        pattern = re.compile(translate(name.removeprefix(f"{own_object}.")), re.IGNORECASE)
        found += [column for column in present if pattern.match(column) and column not in found]
    return found


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Write the end of a sentence that names the candidate nearest to a name; only the full stop where none is."""
    lowered = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=1, cutoff=0.0)
    return f"; the nearest is {lowered[close[0]]}." if close else "."
