"""Header spellings beside those of the Stripe Dashboard and Salesforce reports: warehouse tables, custom fields."""

from __future__ import annotations

import re
from collections.abc import Iterable

from recon_kit.commands.init.objects import INSIDE_CHARGES, usual_label
from recon_kit.extract.exports.known_headers import KNOWN_HEADERS

_METADATA = {
    "metadata.salesforce_account_id": (
        *("salesforce_account_id", "salesforce_account_id (metadata)", "metadata_salesforce_account_id"),
        *("metadata[salesforce_account_id]", "sfdc_account_id", "sf_account_id", "crm_account_id"),
    ),
    "metadata.salesforce_opportunity_id": (
        *("salesforce_opportunity_id", "salesforce_opportunity_id (metadata)", "metadata_salesforce_opportunity_id"),
        *("metadata[salesforce_opportunity_id]", "sfdc_opportunity_id", "sf_opportunity_id", "crm_opportunity_id"),
    ),
}
_STAMPS = {
    "CreatedDate": ("created_at", "created_date", "Created Date"),
    "LastModifiedDate": ("updated_at", "modified_at", "last_modified_date", "last_modified_at", "Last Modified Date"),
    "SystemModstamp": ("system_modstamp",),
    "IsDeleted": ("is_deleted", "_fivetran_deleted"),
}
_OWNER = {
    "OwnerId": ("owner_id", "owner_user_id"),
    "Owner.Name": ("owner_name", "Opportunity Owner", "Account Owner"),
    "Owner.Email": ("owner_email", "Owner Email"),
}

_FURTHER: dict[str, dict[str, tuple[str, ...]]] = {
    "stripe/customers": {
        "id": ("customer_id", "stripe_customer_id"),
        "email": ("customer_email", "email_address", "billing_email"),
        "name": ("customer_name", "company_name", "full_name"),
        "phone": ("phone_number",),
        "created": ("created_at", "created_date", "customer_created_at", "customer_since"),
        "address.country": ("country", "country_code", "address_country", "billing_country"),
        "address.postal_code": ("postal_code", "zip", "zip_code", "address_postal_code"),
        "address.city": ("city", "address_city"),
        **_METADATA,
    },
    "stripe/subscriptions": {
        "id": ("subscription_id", "stripe_subscription_id"),
        "customer": ("customer_id", "stripe_customer_id", "customer"),
        "status": ("status", "subscription_status"),
        "currency": ("currency", "plan_currency", "price_currency", "currency_code"),
        "plan.amount": ("plan_amount", "price_amount", "unit_amount", "price_unit_amount", "amount", "unit_price"),
        "plan.interval": ("plan_interval", "price_interval", "interval", "billing_interval", "recurring_interval"),
        "plan.interval_count": ("plan_interval_count", "interval_count", "recurring_interval_count"),
        "plan.id": ("plan_id", "price_id"),
        "plan.nickname": ("plan_name", "plan_nickname", "price_nickname", "nickname"),
        "quantity": ("plan_quantity", "item_quantity", "seats"),
        "created": ("created_at", "subscription_created_at", "created_date"),
        "start_date": ("started_at", "start_date", "start_at", "subscription_start_date"),
        "current_period_start": ("current_period_start", "current_period_start_at", "current_period_started_at"),
        "current_period_end": ("current_period_end", "current_period_end_at", "current_period_ends_at"),
        "trial_start": ("trial_start", "trial_start_at", "trial_started_at"),
        "trial_end": ("trial_end", "trial_end_at", "trial_ends_at"),
        "cancel_at": ("cancel_at", "cancels_at"),
        "cancel_at_period_end": ("is_cancel_at_period_end", "cancels_at_period_end"),
        "canceled_at": ("cancelled_at", "canceled_date"),
        "ended_at": ("ended_at", "end_date", "ended_date"),
        **_METADATA,
    },
    "stripe/invoices": {
        "id": ("invoice_id", "stripe_invoice_id"),
        "customer": ("customer_id", "stripe_customer_id"),
        "subscription": ("subscription_id", "stripe_subscription_id"),
        "number": ("invoice_number",),
        "status": ("status", "invoice_status"),
        "currency": ("currency", "currency_code", "invoice_currency"),
        "total": ("total", "total_amount", "invoice_total", "amount_total", "total_cents"),
        "subtotal": ("subtotal_amount", "amount_subtotal"),
        "tax": ("tax_amount",),
        "amount_due": ("due_amount", "amount_due"),
        "amount_paid": ("paid_amount", "amount_paid"),
        "amount_remaining": ("remaining_amount", "amount_remaining"),
        "created": ("created_at", "invoice_date", "invoice_created_at", "created_date", "date"),
        "due_date": ("due_at", "due_date", "due_on"),
        **_METADATA,
    },
    "salesforce/Account": {
        "Id": ("account_id", "Account ID", "Account ID 18", "salesforce_account_id", "sfdc_account_id"),
        "Name": ("account_name", "Account Name", "company_name", "name"),
        "Website": ("website", "domain", "account_website"),
        "Phone": ("phone", "account_phone"),
        "BillingCountry": ("billing_country", "country", "Billing Country"),
        "BillingPostalCode": ("billing_postal_code", "postal_code", "Billing Zip/Postal Code"),
        "BillingCity": ("billing_city", "city", "Billing City"),
        "ParentId": ("parent_id", "parent_account_id", "Parent Account ID"),
        "Type": ("type", "account_type", "Account Type", "customer_type"),
        "Stripe_Customer_ID__c": ("stripe_customer_id", "stripe_id", "billing_customer_id", "Stripe Customer"),
        "Billing_Email__c": ("billing_email", "Billing Email", "accounts_payable_email", "invoice_email"),
        "Customer_Status__c": ("customer_status", "Customer Status", "account_status", "lifecycle_status"),
        "Churn_Date__c": ("churn_date", "churned_at", "churned_on", "Churn Date", "cancellation_date"),
        "VAT_Number__c": ("vat_number", "vat_id", "VAT ID", "tax_id", "VAT Number"),
        "CurrencyIsoCode": ("account_currency",),
        **_OWNER,
        **_STAMPS,
    },
    "salesforce/Opportunity": {
        "Id": ("opportunity_id", "Opportunity ID", "Opportunity ID 18", "opp_id", "deal_id"),
        "AccountId": ("account_id", "Account ID", "Account ID 18", "salesforce_account_id"),
        "Name": ("opportunity_name", "Opportunity Name", "deal_name"),
        "Amount": ("amount", "opportunity_amount", "deal_amount"),
        "CurrencyIsoCode": (
            "currency",
            "currency_code",
            "Amount Currency",
            "Opportunity Currency",
            "currency_iso_code",
        ),
        "CloseDate": ("close_date", "closed_date", "close_at", "closed_at", "Close Date"),
        "IsWon": ("is_won", "won", "Won"),
        "StageName": ("stage_name", "stage", "Stage", "opportunity_stage"),
        "Type": ("type", "opportunity_type", "deal_type", "Opportunity Type"),
        "ContractId": ("contract_id", "Contract ID"),
        "Description": ("description", "opportunity_description"),
        "Contract_Start_Date__c": (
            *("contract_start_date", "contract_start", "service_start", "service_start_date", "start_date"),
            *("subscription_start_date", "subscription_start", "term_start_date", "go_live_date", "effective_date"),
            *("arr_start_date", "billing_start_date", "term_start", "license_start_date"),
        ),
        "Contract_End_Date__c": (
            *("contract_end_date", "contract_end", "service_end", "service_end_date", "end_date", "expiration_date"),
            *("subscription_end_date", "subscription_end", "term_end_date", "term_end"),
            *("arr_end_date", "billing_end_date", "license_end_date"),
        ),
        "Contract_Term_Months__c": (
            *("contract_term_months", "contract_term", "term_months", "term_in_months", "term (months)", "term"),
            *("contract_length_months", "contract_length", "subscription_term", "contract_term_(months)"),
        ),
        "Amount_Basis__c": ("amount_basis",),
        "Billing_Cadence__c": ("billing_cadence", "billing_frequency", "invoice_frequency", "payment_frequency"),
        "Payment_Terms__c": ("payment_terms", "net_terms"),
        "Discount_Percent__c": ("discount_percent", "discount_pct", "discount_percentage", "discount (%)"),
        "Discount_End_Date__c": ("discount_end_date",),
        "Billing_System__c": ("billing_system", "billed_in", "billing_platform"),
        "Product__c": ("product", "product_name", "primary_product"),
        "Stripe_Subscription_ID__c": ("stripe_subscription_id", "stripe_sub_id", "subscription_id"),
        "Amends_Opportunity__c": ("amends_opportunity", "amended_opportunity_id", "amends_opportunity_id"),
        "Prior_Opportunity__c": ("prior_opportunity", "prior_opportunity_id", "renewed_opportunity_id"),
        **_OWNER,
        **_STAMPS,
    },
    "salesforce/Contact": {
        "Id": ("contact_id", "Contact ID"),
        "AccountId": ("account_id", "Account ID"),
        "Email": ("email", "contact_email", "email_address"),
        **_STAMPS,
    },
    "salesforce/OpportunityLineItem": {
        "Id": ("opportunity_line_item_id", "line_item_id", "Opportunity Product ID", "opportunity_product_id"),
        "OpportunityId": ("opportunity_id", "Opportunity ID"),
        "Name": ("line_item_name",),
        "Product2.Name": ("product_name", "Product Name", "product"),
        "ProductCode": ("product_code", "sku", "Product Code"),
        "Product2.Family": ("product_family", "Product Family"),
        "Quantity": ("quantity",),
        "UnitPrice": ("unit_price", "Sales Price", "sales_price"),
        "TotalPrice": ("total_price", "Total Price"),
        "CurrencyIsoCode": ("currency", "Total Price Currency", "currency_code"),
        "Revenue_Type__c": ("revenue_type",),
        "Start_Date__c": ("start_date", "line_start_date", "service_start_date"),
        "End_Date__c": ("end_date", "line_end_date", "service_end_date"),
        "Delivery_Date__c": ("delivery_date", "delivered_at"),
        "List_Price__c": ("list_price", "List Price"),
        **_STAMPS,
    },
    "salesforce/Contract": {
        "Id": ("contract_id", "Contract ID"),
        "StartDate": ("start_date", "contract_start_date", "Contract Start Date"),
        "EndDate": ("end_date", "contract_end_date", "Contract End Date"),
        "ContractTerm": ("contract_term", "contract_term_months", "Contract Term (months)"),
        **_STAMPS,
    },
}


def _spellings_of(object_name: str) -> dict[str, tuple[str, ...]]:
    """Join both tables: of each field its own name and the spellings of the exports, then the further ones."""
    known, further = KNOWN_HEADERS.get(object_name, {}), _FURTHER.get(object_name, {})
    own = object_name not in INSIDE_CHARGES  # there, the charge's columns bear the names of the refund's fields
    return {
        field: tuple(dict.fromkeys([*([field] * own), *known.get(field, ()), *further.get(field, ())]))
        for field in dict.fromkeys([*known, *further])
    }


SPELLINGS = {name: _spellings_of(name) for name in dict.fromkeys([*KNOWN_HEADERS, *_FURTHER])}
"""Known header spellings by object and field of the layout."""


def usual_header(object_name: str, field: str, beside: Iterable[str]) -> str:
    """Name the column to ask for, in the style of the columns beside it: ``account_id`` or ``Account ID``."""
    further = _FURTHER.get(object_name, {}).get(field, ())
    return further[0] if is_warehouse(beside) and further else usual_label(object_name, field)


def is_warehouse(header: Iterable[str]) -> bool:
    """Tell whether columns are named as in a warehouse, ``account_id``, rather than for people."""
    return not any(re.search(r"[A-Z ]", name) for name in header)


KNOWN_HEADER_NAMES = sorted({name for fields in SPELLINGS.values() for names in fields.values() for name in names})
"""Every known header, by which the header line of a report is found under its title."""
