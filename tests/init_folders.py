"""The sample company as folders of exports: warehouse tables with snake_case columns, reports, and mixtures."""

import csv
import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

SAMPLE = Path(__file__).resolve().parent.parent / "data" / "sample"


def write_table(path, rows):
    """Write rows (dicts with equal keys) as CSV."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def stripe_objects(name):
    file = next(SAMPLE.glob(f"stripe/{name}.jsonl*"))
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def salesforce_rows(name):
    with (SAMPLE / "salesforce" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def at(seconds):
    """A timestamp as warehouses print it."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def warehouse_customers():
    return [
        {
            "customer_id": found["id"],
            "email": found["email"] or "",
            "customer_name": found["name"] or "",
            "created_at": at(found["created"]),
            "currency": found["currency"] or "",
            "livemode": str(found["livemode"]).lower(),
            "salesforce_account_id": found["metadata"].get("salesforce_account_id", ""),
            "_fivetran_synced": "2026-11-01 02:00:00",
        }
        for found in stripe_objects("customers")
    ]


def warehouse_subscriptions():
    return [
        {
            "subscription_id": found["id"],
            "customer_id": found["customer"],
            "status": found["status"],
            "currency": found["currency"],
            "price_id": item["price"]["id"],
            "plan_amount": item["price"]["unit_amount"] or 0,
            "plan_interval": item["price"]["recurring"]["interval"],
            "plan_interval_count": item["price"]["recurring"]["interval_count"],
            "quantity": item.get("quantity", 1),
            "created_at": at(found["created"]),
            "start_date": at(found["start_date"]),
            "current_period_start": at(item.get("current_period_start", found.get("current_period_start"))),
            "current_period_end": at(item.get("current_period_end", found.get("current_period_end"))),
            "trial_start": at(found["trial_start"]),
            "trial_end": at(found["trial_end"]),
            "cancel_at_period_end": str(found["cancel_at_period_end"]).lower(),
            "canceled_at": at(found["canceled_at"]),
            "livemode": str(found["livemode"]).lower(),
            "ended_at": at(found["ended_at"]),
        }
        for found in stripe_objects("subscriptions")
        for item in found["items"]["data"]
    ]


def warehouse_invoices():
    return [
        {
            "invoice_id": found["id"],
            "customer_id": found["customer"],
            "subscription_id": subscription_of(found) or "",
            "number": found["number"] or "",
            "status": found["status"],
            "currency": found["currency"],
            "subtotal": found["subtotal"],
            "total": found["total"],
            "amount_due": found["amount_due"],
            "amount_paid": found["amount_paid"],
            "livemode": str(found["livemode"]).lower(),
            "created_at": at(found["created"]),
        }
        for found in stripe_objects("invoices")
    ]


def subscription_of(invoice):
    parent = (invoice.get("parent") or {}).get("subscription_details") or {}
    return parent.get("subscription") or invoice.get("subscription")


def warehouse_accounts():
    return [
        {
            "account_id": row["Id"],
            "account_name": row["Name"],
            "website": row["Website"],
            "type": row["Type"],
            "parent_id": row["ParentId"],
            "billing_email": row["Billing_Email__c"],
            "stripe_customer_id": row["Stripe_Customer_ID__c"],
            "customer_status": row["Customer_Status__c"],
            "churn_date": row["Churn_Date__c"],
            "created_at": row["CreatedDate"],
        }
        for row in salesforce_rows("Account")
        if row["IsDeleted"] == "false"
    ]


def warehouse_opportunities():
    return [
        {
            "opportunity_id": row["Id"],
            "account_id": row["AccountId"],
            "opportunity_name": row["Name"],
            "type": row["Type"],
            "stage_name": row["StageName"],
            "is_won": row["IsWon"],
            "amount": row["Amount"],
            "currency": row["CurrencyIsoCode"],
            "close_date": row["CloseDate"],
            "contract_start_date": row["Contract_Start_Date__c"],
            "contract_end_date": row["Contract_End_Date__c"],
            "contract_term_months": row["Contract_Term_Months__c"],
            "last_modified_date": row["LastModifiedDate"],
        }
        for row in salesforce_rows("Opportunity")
    ]


WAREHOUSE = {
    "stg_stripe__customers.csv": warehouse_customers,
    "stg_stripe__subscriptions.csv": warehouse_subscriptions,
    "stg_stripe__invoices.csv": warehouse_invoices,
    "salesforce__account.csv": warehouse_accounts,
    "salesforce__opportunity.csv": warehouse_opportunities,
}


def warehouse_folder(folder, without=()):
    """Write the sample as snake_case tables; ``without`` names (file, column) pairs that are left out."""
    for name, rows in WAREHOUSE.items():
        gone = {column for file, column in without if file == name}
        write_table(folder / name, [{key: row[key] for key in row if key not in gone} for row in rows()])
    return folder
