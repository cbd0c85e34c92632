"""The raw records of one company, found in a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recon_kit.commands.challenge.ground import Ground, Unsuitable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recon_kit.commands.challenge.hosts import Host
    from recon_kit.commands.challenge.salesforce_verbs import Row
    from recon_kit.commands.challenge.snapshot import Snapshot
    from recon_kit.commands.challenge.stripe_verbs import Record

_SHORT_ID = 15


class CompanyRecords:
    """What both systems hold of a company: a customer, subscription, account, opportunity, and what is theirs."""

    def __init__(self, host: Host, ground: Ground, snapshot: Snapshot) -> None:
        """Find the records.

        Raises:
            Unsuitable: a record stands twice, or something happened after as_of.
        """
        self.host, self.ground, self.snapshot = host, ground, snapshot
        self.subscription = self._one("subscriptions", host.subscription_id)
        self.customer = self._one("customers", host.customer_id)
        self.invoices = [one for one in snapshot.objects("invoices") if subscription_of(one) == host.subscription_id]
        self.opportunity = self._row("Opportunity", host.opportunity_id)
        self.account = self._row("Account", host.account_id)
        self.lines = list(self._children("OpportunityLineItem"))
        self.history = list(self._children("OpportunityHistory"))
        contract = self.opportunity.get("ContractId", "")
        self.contracts = [row for row in snapshot.rows("Contract") if contract and row.get("Id") == contract]
        self.earlier = [self._row("Opportunity", one) for one in host.earlier]
        self._require_quiet()

    def _one(self, name: str, wanted: str) -> Record:
        found = [one for one in self.snapshot.objects(name) if one.get("id") == wanted]
        if len(found) != 1:
            message = f"{name} holds {wanted} {len(found)} times"
            raise Unsuitable(message)
        return found[0]

    def _row(self, name: str, wanted: str) -> Row:
        found = [row for row in self.snapshot.rows(name) if row.get("Id", "")[:_SHORT_ID] == wanted[:_SHORT_ID]]
        if len(found) != 1:
            message = f"{name} holds {wanted} {len(found)} times"
            raise Unsuitable(message)
        return found[0]

    def _children(self, name: str) -> Iterator[Row]:
        wanted = self.host.opportunity_id[:_SHORT_ID]
        return (row for row in self.snapshot.rows(name) if row.get("OpportunityId", "")[:_SHORT_ID] == wanted)

    def _require_quiet(self) -> None:
        """Refuse a company that changed after as_of: the change would be wound back over what is planted.

        A next period with its invoice changes nothing that is compared.
        """
        today = self.ground.terms.as_of
        later = [
            event
            for event in self.snapshot.objects("events")
            if self.ground.day_of(event["created"]) > today
            and event["data"]["object"].get("id") in {self.host.subscription_id, self.host.customer_id}
            and not _is_next_period(event)
        ]
        edits = [row for row in self.history if row.get("CreatedDate", "")[:10] > today.isoformat()]
        if later or edits:
            message = "it changed after as_of"
            raise Unsuitable(message)

    def invoices_so_far(self) -> list[Record]:
        """List the invoices up to as_of, oldest first."""
        known = [one for one in self.invoices if self.ground.day_of(one["created"]) <= self.ground.terms.as_of]
        return sorted(known, key=lambda one: one["created"])

    def records(self) -> list[dict[str, Any]]:
        """List every record that an error may change."""
        charged = [one for invoice in self.invoices for one in self.charges(invoice)]
        stripe_side = [self.subscription, self.customer, *self.invoices, *charged]
        return [*stripe_side, self.opportunity, self.account, *self.lines, *self.history, *self.contracts]

    def events(self) -> list[Record]:
        """List the events of the subscription and its invoices."""
        own = {self.host.subscription_id, *(one["id"] for one in self.invoices)}
        return [one for one in self.snapshot.objects("events") if one["data"]["object"].get("id") in own]

    def charges(self, invoice: Record) -> list[Record]:
        """List the charges that paid an invoice, by either shape."""
        intents = {invoice.get("payment_intent")} | {
            one.get("payment", {}).get("payment_intent")
            for one in self.snapshot.objects("invoice_payments")
            if one.get("invoice") == invoice["id"]
        }
        return [
            one
            for one in self.snapshot.objects("charges")
            if one.get("paid")
            and (one.get("invoice") == invoice["id"] or (one.get("payment_intent") or "") in intents - {None})
        ]

    def forget_billing(self) -> None:
        """Take away what was billed so far, with its payments and events; the subscription stays."""
        billed = {one["id"] for one in self.invoices}
        paid = [one for one in self.snapshot.objects("invoice_payments") if one.get("invoice") in billed]
        overflow = [one for one in self.snapshot.objects("invoice_lines") if one.get("invoice") in billed]
        charged = [one for invoice in self.invoices for one in self.charges(invoice)]
        self.snapshot.drop([*self.events(), *paid, *overflow, *charged, *self.invoices])
        self.invoices = []


_OF_A_PERIOD = {"current_period_start", "current_period_end", "latest_invoice"}


def _is_next_period(event: Record) -> bool:
    """Tell whether an update moved a subscription to its next period, and nothing else."""
    before = event["data"].get("previous_attributes") or {}
    items = (before.get("items") or {}).get("data", [])
    now = (event["data"]["object"].get("items") or {}).get("data", [])
    plain = [[{**item, **dict.fromkeys(_OF_A_PERIOD)} for item in side] for side in (items, now)]
    is_same = not items or plain[0] == plain[1]
    return (
        event["type"].endswith("subscription.updated")
        and bool(before)
        and before.keys() <= {*_OF_A_PERIOD, "items"}
        and is_same
    )


def subscription_of(invoice: Record) -> str | None:
    """Find the subscription of an invoice, in either shape."""
    parent = (invoice.get("parent") or {}).get("subscription_details") or {}
    found = parent.get("subscription") or invoice.get("subscription")
    return found if isinstance(found, str) or found is None else found.get("id")
