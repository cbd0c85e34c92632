"""Units: one account with all customers linked to it, or one customer that is not."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field

from tests.reference.records import Contract, Row, Subscription

Books = dict[str, list[Row]]
NEVER_EXISTED = {"incomplete", "incomplete_expired"}


@dataclass(eq=False)
class Unit:
    """Everything of one customer relation; ``contracts`` are all won ones, in force or not."""

    id: str
    account: Row | None = None
    links: dict[str, Row] = field(default_factory=dict)
    contracts: list[Contract] = field(default_factory=list)
    subscriptions: list[Subscription] = field(default_factory=list)

    @property
    def sold(self) -> list[Contract]:
        return [one for one in self.contracts if one.is_sold]

    @property
    def live(self) -> list[Subscription]:
        return [one for one in self.subscriptions if one.is_live]

    @property
    def ended(self) -> list[Subscription]:
        return [one for one in self.subscriptions if not one.is_live]

    @property
    def unknown_contracts(self) -> list[Contract]:
        """Contracts in force whose MRR cannot be computed."""
        return [one for one in self._without_mrr if not one.is_aside]

    @property
    def _without_mrr(self) -> list[Contract]:
        return [one for one in self.contracts if one.row["is_effective"] and not one.is_known and not one.is_elsewhere]

    @property
    def unknown_ids(self) -> set[str]:
        """Contracts in force and live subscriptions whose MRR cannot be computed."""
        return {one.id for one in (*self._without_mrr, *self.live) if not one.is_known and not one.is_aside}

    @property
    def waited_for(self) -> set[str]:
        """Those, and what is compared in a currency of its own: what names one of them is not compared."""
        return {one.id for one in (*self._without_mrr, *self.live) if not one.is_known}

    @property
    def is_comparable(self) -> bool:
        """Whether the MRR of every contract in force and every live subscription is known."""
        return not self.unknown_ids

    def churned_on(self, as_of: dt.date) -> dt.date | None:
        """Day the account churned, if that has happened."""
        row = self.account
        if row is None or not row["is_churned"]:
            return None
        on = row["churned_on"] or as_of
        return on if on <= as_of else None


def units_of(books: Books) -> list[Unit]:
    """Sort contracts and subscriptions into their units, ordered by id."""
    accounts = {row["account_id"]: row for row in books["accounts"]}
    links = {row["customer_id"]: row for row in books["links"]}
    units: dict[str, Unit] = {}
    for row in books["contracts"]:
        if row["is_won"]:
            _unit(units, row["account_id"], accounts).contracts.append(Contract(row))
    for row in books["subscriptions"]:
        if row["status"] not in NEVER_EXISTED:
            link = links.get(row["customer_id"])
            account = link["account_id"] if link and link["status"] == "linked" else None
            unit = _unit(units, account or row["customer_id"], accounts)
            unit.subscriptions.append(Subscription(row))
            if link:
                unit.links[row["customer_id"]] = link
    _name_explicitly(units, books)
    for unit in units.values():
        unit.contracts.sort(key=lambda one: one.id)
        unit.subscriptions.sort(key=lambda one: one.id)
    return [units[key] for key in sorted(units)]


def _unit(units: dict[str, Unit], key: str, accounts: dict[str, Row]) -> Unit:
    return units.setdefault(key, Unit(key, accounts.get(key)))


def _name_explicitly(units: dict[str, Unit], books: Books) -> None:
    """Note the ids by which records of one unit name one another; an id that leads out of the unit is not followed."""
    claims = _claims(books)
    for unit in units.values():
        contracts = {one.id: one for one in unit.contracts}
        subscriptions = {one.id: one for one in unit.subscriptions}
        for contract in unit.contracts:
            named = contract.row["stripe_subscription_id"]
            if named in subscriptions:
                _tie(contract, subscriptions[named])
        for subscription in unit.subscriptions:
            for named in claims[subscription.id]:
                if named in contracts:
                    _tie(contracts[named], subscription)


def _tie(contract: Contract, subscription: Subscription) -> None:
    contract.names.add(subscription.id)
    subscription.names.add(contract.id)


def _claims(books: Books) -> dict[str, set[str]]:
    """Opportunities named in metadata, by subscription: its own, its invoices', its customer's."""
    found: dict[str, set[str]] = defaultdict(set)
    customers = {row["customer_id"]: row["metadata_opportunity_id"] for row in books["customers"]}
    for row in books["subscriptions"]:
        found[row["subscription_id"]] |= {row["metadata_opportunity_id"], customers.get(row["customer_id"])}
    for row in books["invoices"]:
        if row["subscription_id"]:
            found[row["subscription_id"]].add(row["metadata_opportunity_id"])
    return defaultdict(set, {key: named - {None} for key, named in found.items()})
