"""The objects a close reads: what their fields hold, which they must have, and how to ask for one that is missing."""

from __future__ import annotations

from recon_kit.schemas.raw import OBJECTS, SALESFORCE, STRIPE

MEANT_BY_VALUES = frozenset(
    {"Id", "id", "AccountId", "OpportunityId", "Stripe_Customer_ID__c", "Stripe_Subscription_ID__c"}
    | {"customer", "subscription", "metadata.salesforce_account_id", "metadata.salesforce_opportunity_id"}
)
"""Id fields for which a column may be proposed by its values alone; others, such as a parent, only by name."""

_REFERENCES = {
    "AccountId": "salesforce/Account",
    "ParentId": "salesforce/Account",
    "OpportunityId": "salesforce/Opportunity",
    "Amends_Opportunity__c": "salesforce/Opportunity",
    "Prior_Opportunity__c": "salesforce/Opportunity",
    "ContractId": "salesforce/Contract",
    "OwnerId": "salesforce/User",
    "Stripe_Customer_ID__c": "stripe/customers",
    "Stripe_Subscription_ID__c": "stripe/subscriptions",
    "customer": "stripe/customers",
    "subscription": "stripe/subscriptions",
    "invoice": "stripe/invoices",
    "latest_invoice": "stripe/invoices",
    "charge": "stripe/charges",
    "payment_intent": "stripe/payment_intents",
    "metadata.salesforce_account_id": "salesforce/Account",
    "metadata.salesforce_opportunity_id": "salesforce/Opportunity",
}
_KINDS = {
    "amount": "Amount TotalPrice UnitPrice List_Price__c plan.amount amount total subtotal tax starting_balance "
    "ending_balance amount_off amount_due amount_paid amount_remaining amount_refunded",
    "date": "created date start start_date due_date CloseDate StartDate EndDate Discount_End_Date__c "
    "current_period_start current_period_end period_start period_end trial_start trial_end",
    "number": "quantity Quantity Contract_Term_Months__c ContractTerm Discount_Percent__c plan.interval_count",
    "currency": "CurrencyIsoCode currency",
    "flag": "IsWon IsDeleted cancel_at_period_end attempted paid closed forgiven captured",
    "email": "email Email Billing_Email__c Owner.Email",
    "interval": "plan.interval",
}
_KIND_OF = {field: kind for kind, fields in _KINDS.items() for field in fields.split()}
_DATE_ENDINGS = ("Date", "Date__c", "Modstamp", "_at")


def kind_of(object_name: str, field: str) -> str | None:
    """Tell what the values of a field are: a kind or object of ``share_of_kind``; none: any text."""
    if field in {"Id", "id"}:
        return None if object_name in INSIDE_CHARGES else object_name
    by_ending = "date" if field.endswith(_DATE_ENDINGS) else None
    return _KIND_OF.get(field) or _REFERENCES.get(field) or by_ending


REQUIRED_FIELDS: dict[str, list[list[str]]] = {
    "stripe/customers": [["id"]],
    "stripe/subscriptions": [
        *(["id"], ["customer"], ["status"], ["currency"], ["created"]),
        *(["plan.amount"], ["plan.interval"]),
    ],
    "stripe/invoices": [["id"], ["customer"], ["currency"], ["total"], ["created"]],
    "stripe/charges": [["id"], ["amount"], ["currency"]],
    "stripe/refunds": [["id"], ["amount"], ["currency"]],
    "stripe/disputes": [["id"], ["amount"], ["currency"]],
    "salesforce/Account": [["Id"], ["Name"]],
    "salesforce/Opportunity": [["Id"], ["AccountId"], ["Amount"], ["CloseDate"], ["IsWon", "StageName"]],
    "salesforce/Contact": [["AccountId"], ["Email"]],
    "salesforce/OpportunityLineItem": [["OpportunityId"], ["TotalPrice"]],
    "salesforce/Contract": [["Id"]],
    "salesforce/OpportunityHistory": [["OpportunityId"], ["CreatedDate"]],
}
"""Groups of fields by object; of each group one must be there. An object not listed needs its id."""

REQUIRED_OBJECTS = tuple(
    f"{source}/{raw.name}" for source in (STRIPE, SALESFORCE) for raw in OBJECTS[source] if raw.required
)
"""Objects without which no close runs."""

STAND_INS: dict[tuple[str, str], tuple[str, ...]] = {
    ("stripe/subscriptions", "created"): ("Start Date (UTC)", "Start (UTC)", "Start Date", "started_at", "start_date"),
    ("stripe/invoices", "total"): ("Amount Due", "amount_due"),
    ("stripe/refunds", "id"): ("id",),
    ("stripe/disputes", "id"): ("id",),
}
"""Columns that serve a required field where its own is absent, though another field has them too."""

INSIDE_CHARGES = {"stripe/refunds": "Amount Refunded", "stripe/disputes": "Disputed Amount"}
"""Objects that the Dashboard's payments carry in further columns, and the column that shows it."""

_PLAIN_NAMES = {
    "salesforce/Account": "Salesforce accounts",
    "salesforce/Opportunity": "Salesforce opportunities",
    "salesforce/OpportunityLineItem": "opportunity products",
    "salesforce/OpportunityHistory": "opportunity history",
    "salesforce/Contact": "Salesforce contacts",
    "salesforce/Contract": "Salesforce contracts",
}

_HOW_TO_EXPORT = {
    "stripe/customers": "export Customers in the Stripe Dashboard, with id, Email, Name and Created (UTC)",
    "stripe/subscriptions": (
        "export Subscriptions in the Stripe Dashboard, with id, Customer ID, Status, Plan, Quantity, Currency, "
        "Interval, Amount, Created (UTC) and the current period; include canceled ones"
    ),
    "stripe/invoices": (
        "export Invoices in the Stripe Dashboard, with id, Customer, Subscription, Status, Currency, Total and "
        "Date (UTC)"
    ),
    "salesforce/Account": "export a Salesforce report with Account ID and Account Name",
    "salesforce/Opportunity": (
        "export a Salesforce report with Opportunity ID, Account ID, Amount, Close Date and Stage"
    ),
}

_HEADERS = {
    ("salesforce/Account", "Id"): "Account ID",
    ("salesforce/Account", "Name"): "Account Name",
    ("salesforce/Opportunity", "Id"): "Opportunity ID",
    ("salesforce/Opportunity", "AccountId"): "Account ID",
    ("salesforce/Opportunity", "CloseDate"): "Close Date",
    ("salesforce/Opportunity", "StageName"): "Stage",
    ("salesforce/Opportunity", "IsWon"): "Won",
    ("salesforce/OpportunityLineItem", "OpportunityId"): "Opportunity ID",
    ("salesforce/OpportunityLineItem", "TotalPrice"): "Total Price",
    ("salesforce/Contact", "AccountId"): "Account ID",
    ("stripe/subscriptions", "customer"): "Customer ID",
    ("stripe/subscriptions", "created"): "Created (UTC)",
    ("stripe/subscriptions", "plan.amount"): "Amount",
    ("stripe/subscriptions", "plan.interval"): "Interval",
    ("stripe/invoices", "created"): "Date (UTC)",
}


def plain_name(object_name: str) -> str:
    """Name an object as a person would: Stripe subscriptions, Salesforce opportunities."""
    return _PLAIN_NAMES.get(object_name, "Stripe " + object_name.rsplit("/", 1)[-1].replace("_", " "))


def how_to_export(object_name: str) -> str:
    """Say what to export for an object that no file has."""
    return _HOW_TO_EXPORT.get(object_name, f"export {plain_name(object_name)}")


def usual_label(object_name: str, field: str) -> str:
    """Name the column that a person would look for in a report or in the Dashboard."""
    return _HEADERS.get((object_name, field), field[:1].upper() + field[1:] if field != "id" else "id")
