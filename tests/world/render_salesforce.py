"""Write Salesforce objects as Bulk API 2.0 exports them: API names, ISO dates, LF, empty for null."""

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from .identifiers import is_even, salesforce_id
from .names import OWNERS
from .rates import decimal_text
from .salesforce_objects import Account, Deal, DealLine, DealState
from .story import Amendment

if TYPE_CHECKING:
    from .world import World

Row = dict[str, object]
PROBABILITY = {"Qualification": 10, "Proposal/Price Quote": 60, "Closed Won": 100, "Closed Lost": 0}
REQUIRED = ["Id", "AccountId", "Name", "Amount", "CloseDate", "IsWon", "StageName"]  # of a table without rows
FORECAST = {
    "Qualification": "Pipeline",
    "Proposal/Price Quote": "Best Case",
    "Closed Won": "Closed",
    "Closed Lost": "Omitted",
}


def moment_text(at: int) -> str:
    """An instant as the Bulk API writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _owner(name: str) -> Row:
    """Owner columns."""
    email = name.lower().replace(" ", ".") + "@northbeam.example"
    return {"OwnerId": salesforce_id("user", OWNERS.index(name)), "Owner.Name": name, "Owner.Email": email}


def _stamps(created: int, changed: int) -> Row:
    """Audit columns."""
    return {
        "CreatedDate": moment_text(created),
        "LastModifiedDate": moment_text(changed),
        "SystemModstamp": moment_text(changed),
    }


class Export:
    """The Salesforce side of one evening."""

    def __init__(self, world: "World", cutoff: int) -> None:
        self.world, self.cutoff = world, cutoff
        stories = world.stories
        self.customers = {found.id for story in stories for found in story.customers if found.timeline.created < cutoff}
        self.subscriptions = {
            biller.subscription.id
            for story in stories
            for biller in story.billers
            if biller.subscription.start < cutoff
        }

    def accounts(self) -> Iterator[Row]:
        """Accounts; merged ones are deleted and name their survivor."""
        for account in self._accounts():
            changes = [change for change in account.timeline.changes if change.at < self.cutoff]
            state, company = changes[-1].state, account.company
            yield {
                "Id": account.id,
                "IsDeleted": state.master_id is not None,
                "MasterRecordId": state.master_id,
                "Name": account.name,
                "Type": state.kind,
                "ParentId": account.parent_id,
                "BillingStreet": company.street,
                "BillingCity": company.place.city,
                "BillingPostalCode": company.postal,
                "BillingCountry": company.place.country_name,
                "BillingCountryCode": company.place.country,
                "Phone": company.phone,
                "Website": account.website,
                "CurrencyIsoCode": company.place.currency,
                **_owner(account.owner),
                "Billing_Email__c": account.billing_email,
                "VAT_Number__c": account.vat_number,
                "Stripe_Customer_ID__c": account.stripe_customer_id
                if account.stripe_customer_id in self.customers
                else None,
                "Customer_Status__c": state.status,
                "Churn_Date__c": state.churned_on,
                **_stamps(changes[0].at, changes[-1].at),
            }

    def _accounts(self) -> Iterator[Account]:
        """Accounts that exist."""
        for story in self.world.stories:
            yield from (account for account in story.accounts if account.timeline.created < self.cutoff)

    def contacts(self) -> Iterator[Row]:
        """Contacts; those of a merged account moved to its survivor."""
        for account in self._accounts():
            state = account.timeline.before(self.cutoff)
            for contact in account.contacts:
                if contact.created < self.cutoff:
                    yield {
                        "Id": contact.id,
                        "IsDeleted": False,
                        "MasterRecordId": None,
                        "AccountId": state.master_id if state and state.master_id else account.id,
                        "FirstName": contact.given,
                        "LastName": contact.family,
                        "Email": contact.email,
                        "Title": contact.title,
                        **_stamps(contact.created, contact.created),
                    }

    def deals(self) -> Iterator[tuple[Deal, bool]]:
        """Opportunities that exist, and whether the export repeats them."""
        for story in self.world.stories:
            for number, deal in enumerate(story.deals):
                if deal.timeline.created < self.cutoff:
                    yield deal, story.is_exported_twice and number == 0

    def opportunities(self) -> Iterator[Row]:
        """Opportunities as they stand."""
        for deal, is_repeated in self.deals():
            changes = [change for change in deal.timeline.changes if change.at < self.cutoff]
            row = self._opportunity(deal, changes[-1].state) | _stamps(changes[0].at, changes[-1].at)
            yield row
            if is_repeated:
                yield row

    def _opportunity(self, deal: Deal, state: DealState) -> Row:
        """One opportunity without its audit columns; where a contract record exists it may carry the dates."""
        contract = _contract_id(deal) if state.is_won else None
        is_elsewhere = contract is not None and is_even(deal.id)
        is_known = deal.subscription_id in self.subscriptions
        return {
            "Id": deal.id,
            "IsDeleted": False,
            "AccountId": deal.account.id,
            "Name": deal.name,
            "Type": deal.kind,
            "StageName": state.stage,
            "IsWon": state.is_won,
            "IsClosed": state.stage.startswith("Closed"),
            "Amount": decimal_text(state.amount, deal.currency),
            "CurrencyIsoCode": deal.currency,
            "CloseDate": state.close_on,
            "Probability": PROBABILITY[state.stage],
            "HasOpportunityLineItem": bool(deal.lines),
            "ContractId": contract,
            "Description": deal.note,
            **_owner(deal.owner),
            "Contract_Start_Date__c": None if is_elsewhere else deal.start,
            "Contract_End_Date__c": None if is_elsewhere or not is_even(deal.id + "end") else deal.end,
            "Contract_Term_Months__c": None if deal.end is None or is_elsewhere else deal.months,
            "Amount_Basis__c": deal.basis,
            "Billing_Cadence__c": deal.cadence,
            "Payment_Terms__c": deal.terms,
            "Discount_Percent__c": None if deal.discount_pct is None else int(deal.discount_pct),
            "Discount_End_Date__c": deal.discount_end,
            "Stripe_Subscription_ID__c": deal.subscription_id if is_known else None,
            "Amends_Opportunity__c": deal.amends,
            "Prior_Opportunity__c": deal.prior,
        }

    def lines(self) -> Iterator[Row]:
        """Opportunity line items."""
        for deal, _ in self.deals():
            for number, line in enumerate(deal.lines):
                yield _line(deal, line, number)

    def history(self) -> Iterator[Row]:
        """Opportunity history: what each edit set, and what stood before."""
        for deal, _ in self.deals():
            for number, (before, change) in enumerate(deal.timeline.steps(self.cutoff)):
                state, old = change.state, before.state if before else None
                probability = PROBABILITY[state.stage]
                expected = Fraction(state.amount * probability, 100)
                yield {
                    "Id": salesforce_id("history", deal.id, number),
                    "IsDeleted": False,
                    "OpportunityId": deal.id,
                    "CreatedById": salesforce_id("user", OWNERS.index(deal.owner)),
                    "CreatedDate": moment_text(change.at),
                    "StageName": state.stage,
                    "Amount": decimal_text(state.amount, deal.currency),
                    "ExpectedRevenue": decimal_text(Fraction(expected // 1), deal.currency),
                    "CloseDate": state.close_on,
                    "Probability": probability,
                    "ForecastCategory": FORECAST[state.stage],
                    "PrevAmount": decimal_text(old.amount, deal.currency) if old else None,
                    "PrevCloseDate": old.close_on if old else None,
                    "SystemModstamp": moment_text(change.at),
                }

    def contracts(self) -> Iterator[Row]:
        """Contract records of the won opportunities that have one."""
        for deal, _ in self.deals():
            won = [change.at for change in deal.timeline.changes if change.at < self.cutoff and change.state.is_won]
            if won and _contract_id(deal):
                yield {
                    "Id": _contract_id(deal),
                    "IsDeleted": False,
                    "AccountId": deal.account.id,
                    "Status": "Activated",
                    "StartDate": deal.start,
                    "EndDate": deal.end,
                    "ContractTerm": deal.months,
                    "ContractNumber": f"{int.from_bytes(deal.id.encode()[-4:]) % 10**8:08d}",
                    **_stamps(won[0], won[-1]),
                }


def _contract_id(deal: Deal) -> str | None:
    """Contract record of a deal, for every third one with an end."""
    is_chosen = deal.end is not None and sum(deal.id.encode()) % 3 == 0 and not deal.discount_end
    return salesforce_id("contract", deal.id) if is_chosen else None


def _line(deal: Deal, line: DealLine, number: int) -> Row:
    """One line item."""
    start = line.start or deal.start
    created = deal.timeline.created + 600 + number
    return {
        "Id": line.id,
        "IsDeleted": False,
        "OpportunityId": deal.id,
        "Name": line.name,
        "Product2Id": salesforce_id("product", line.code),
        "Product2.Name": line.name,
        "Product2.Family": line.family,
        "ProductCode": line.code,
        "Quantity": line.quantity,
        "UnitPrice": decimal_text(line.unit_price, deal.currency),
        "TotalPrice": decimal_text(line.total, deal.currency),
        "List_Price__c": decimal_text(line.list_price, deal.currency),
        "CurrencyIsoCode": deal.currency,
        "Revenue_Type__c": line.revenue_type,
        "ServiceDate": start,
        "Start_Date__c": line.start,
        "End_Date__c": line.end,
        "Delivery_Date__c": start + timedelta(days=30) if line.revenue_type == "one_time" else None,
        **_stamps(created, created),
    }


def salesforce_tables(world: "World", cutoff: int, only: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Name and CSV text of every table, or of some; rows in the order of their ids."""
    export = Export(world, cutoff)
    tables = {
        "Account": export.accounts,
        "Contact": export.contacts,
        "Opportunity": export.opportunities,
        "OpportunityLineItem": export.lines,
        "OpportunityHistory": export.history,
        "Contract": export.contracts,
    }
    amendments = [amend for story in world.stories for amend in story.amendments["salesforce"]]
    if amendments:
        yield from _amended({name: rows() for name, rows in tables.items()}, amendments)
        return
    for name, rows in tables.items():
        if only is None or name in only:
            yield name, _csv(rows())


def _amended(tables: dict[str, Iterator[Row]], amendments: Iterable[Amendment]) -> Iterator[tuple[str, str]]:
    """Every table after what was changed in the rendered rows, which are text by then."""
    written = {
        name: [{key: _text(value) for key, value in row.items()} for row in rows] for name, rows in tables.items()
    }
    for amend in amendments:
        amend(written)
    for name, rows in written.items():
        yield name, _csv(rows)


def _csv(rows: Iterable[Row]) -> str:
    """Rows as CSV text, every value quoted as the Bulk API does."""
    ordered = sorted(rows, key=lambda row: str(row["Id"]))
    columns = list(ordered[0]) if ordered else REQUIRED
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows({key: _text(value) for key, value in row.items()} for row in ordered)
    return buffer.getvalue()


def _text(value: object) -> str:
    """One value: null is empty, booleans in lower case, dates ISO."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)
