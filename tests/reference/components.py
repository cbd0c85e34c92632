"""The exact decomposition of one amount gap, component by component in the order of spec 04."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from fractions import Fraction

from tests.reference.changes import unanswered_changes
from tests.reference.exact import half_up, percent
from tests.reference.existence import Comparison
from tests.reference.invoiced import monthly_tax
from tests.reference.records import Contract, Row, Subscription, overlap
from tests.reference.sides import Pairing

ORDER = (
    "amount_basis", "currency", "tax", "discount", "expansion", "contraction", "trial", "paused", "cancellation",
)  # fmt: skip
OFF = re.compile(
    r"(\d+(?:\.\d+)?)\s?%\s*(?:off|less|discount|rebate)|(?:discount|rebate|less)\s*(?:of|by|:)?\s*(\d+(?:\.\d+)?)\s?%",
    re.IGNORECASE,
)
AGREES = Fraction(5, 1000)


class Split:
    """What explains the difference of one pairing; amounts are exact until each component is rounded."""

    def __init__(self, case: Comparison, pairing: Pairing) -> None:
        self.case = case
        self.pairing = pairing
        self.difference = sum(one.mrr for one in pairing.contracts) - sum(one.mrr for one in pairing.subscriptions)
        self.committed = sum(one.committed for one in pairing.subscriptions)
        self.tolerance = case.policy.minor(case.policy.rounding_tolerance)
        self.amounts: dict[str, Fraction] = defaultdict(Fraction)
        self.dates: dict[str, dt.date] = {}
        self.ended: list[Subscription] = []
        self.granted = {one.id: found for one in pairing.contracts if (found := self._granted(one))}
        self.coupons = [found for one in pairing.subscriptions for found in self._coupons(one)]

    @property
    def rest(self) -> Fraction:
        return self.difference - sum(self.amounts.values(), Fraction(0))

    def components(self) -> list[tuple[str, int]]:
        """Explain the difference; the components sum to it to the cent."""
        for contract in self.pairing.contracts:
            self._restate(contract)
        for contract in self.pairing.contracts:
            self._revalue(contract)
        if not self.granted:
            self._take_off(sum((amount for _, amount, _ in self.coupons), Fraction(0)))
        for change in unanswered_changes(self.case, self.pairing):
            self._add(change.component, -change.amount, change.on)
        for one in self.pairing.subscriptions:
            if one.committed > one.mrr:
                is_paused = one.status == "paused" or one.row["is_collection_paused"]
                self._add("paused" if is_paused else "trial", Fraction(one.committed - one.mrr), one.row["paused_on"])
        self._cancel()
        self._spare_free_items()
        self._concede()
        self._untax()
        return self._rounded()

    def _add(self, component: str, amount: Fraction, on: dt.date | None = None) -> None:
        self.amounts[component] += amount
        if on:
            self.dates[component] = min(on, self.dates.get(component, on))

    def _rounded(self) -> list[tuple[str, int]]:
        parts = [(name, half_up(self.amounts[name])) for name in ORDER if half_up(self.amounts[name])]
        rest = self.difference - sum(amount for _, amount in parts)
        if rest and abs(rest) <= len(parts):
            name, amount = parts.pop()
            return [*parts, (name, amount + rest)]
        if rest:
            parts.append(("rounding" if abs(rest) <= self.tolerance else "unexplained", rest))
        return parts

    def _restate(self, contract: Contract) -> None:
        """Read the amount by another basis: monthly, annual, total."""
        row, common = contract.row, self.case.evidence.common[contract.currency]
        others = sum(one.mrr for one in self.pairing.contracts) - contract.mrr
        near = self.committed * AGREES
        if row["amount_minor"] is None or self.case.evidence.lines[contract.id] or abs(self.difference) <= near:
            return
        bases = {"monthly": 1, "annual": 12, "total": row["term_months"] or 12}
        values = [row["amount_minor"] * common / bases[name] for name in bases if name != row["amount_basis"]]
        agreeing = [one for one in values if abs(others + one - self.committed) <= near]
        if agreeing and abs(others + contract.mrr - self.committed) > near:
            best = min(agreeing, key=lambda one: abs(others + one - self.committed))
            self._add("amount_basis", contract.mrr - best)

    def _revalue(self, contract: Contract) -> None:
        """Separate what the rate did since the close date."""
        target = self.pairing.subscriptions[0].currency
        converts = target in self.case.evidence.common
        if contract.currency != target and converts and not self.amounts["amount_basis"]:
            evidence, own = self.case.evidence, Fraction(contract.row["mrr_minor"])
            then = evidence.value_then(own, contract.currency, target, contract.close)
            self._add("currency", contract.mrr - evidence.reporting_value(then, target))

    def _untax(self) -> None:
        """What all else leaves may equal the tax on the invoices: one system holds it and the other does not."""
        tax = sum((monthly_tax(self.case, one) for one in self.pairing.subscriptions), Fraction(0))
        rest = self.rest
        if tax and abs(rest) > self.tolerance and abs(abs(rest) - tax) <= self.tolerance:
            self._add("tax", tax if rest > 0 else -tax)

    def _take_off(self, amount: Fraction) -> None:
        """A discount, since the first of the coupons if there are any."""
        self._add("discount", amount, min((on for _, _, on in self.coupons), default=None))

    def _concede(self) -> None:
        """Compare the discount that contracts grant with the coupons that Stripe gives.

        A coupon counts whole where the contracts lack it; the discount where Stripe lacks it and it is no more than all
        else leaves. A coupon of the same per cent or worth is the discount itself, unless the data say otherwise:
        nothing is left without it, or with it, or with what it is larger by.
        """
        if not self.granted:
            return
        worth = sum(
            (
                Fraction(one.mrr) * self.granted[one.id] / (100 - self.granted[one.id])
                for one in self.pairing.contracts
                if one.id in self.granted
            ),
            Fraction(0),
        )
        coupons, rest = sum((amount for _, amount, _ in self.coupons), Fraction(0)), self.rest
        lacks = worth if rest - coupons - self.tolerance <= -worth else Fraction(0)
        if not coupons:
            self._add("discount", -lacks)
            return
        is_same = (
            any(off in self.granted.values() for off, _, _ in self.coupons) or abs(coupons - worth) <= worth * AGREES
        )
        fitting = [one for one in (Fraction(0), coupons, coupons - worth) if abs(rest - one) <= self.tolerance]
        self._take_off(fitting[0] if fitting else Fraction(0) if is_same else coupons - lacks)

    def _granted(self, contract: Contract) -> Fraction | None:
        """The discount a contract grants on as_of, in per cent: by its field, its note, its lines' names or prices."""
        row = contract.row
        if row["discount_pct"]:
            ended = row["discount_end_on"] and row["discount_end_on"] < self.case.as_of
            return None if ended else percent(row["discount_pct"])
        told = [row["note"], *(line["product"] for line in self.case.evidence.lines[contract.id])]
        found = [match for text in told if text and (match := OFF.search(text))]
        return percent(found[0][1] or found[0][2]) if found else self._off_the_price(contract)

    def _off_the_price(self, contract: Contract) -> Fraction | None:
        """What recurring lines take off price times quantity, where each of them says all three."""
        lines = [line for line in self.case.evidence.lines[contract.id] if line["kind"] == "recurring"]
        prices = [_full_prices(line) for line in lines]
        if not all(prices) or any(line["total_price_minor"] is None for line in lines):
            return None
        full = sum((max(one) for one in prices), Fraction(0))
        net = sum(line["total_price_minor"] for line in lines)
        return percent(round(100 * (1 - Fraction(net) / full), 6)) if 0 < net < full else None

    def _coupons(self, subscription: Subscription) -> list[tuple[Fraction | None, Fraction, dt.date]]:
        """Coupons that run on as_of: per cent off, present monthly amount in the reporting currency, start."""
        evidence, as_of = self.case.evidence, self.case.as_of
        items = [row["item_id"] for row in evidence.by_subscription["subscription_items"][subscription.id]]
        owners = [subscription.id, *items, subscription.customer]
        rows = [row for owner in owners for row in evidence.discounts[owner]]
        running = [
            row for row in rows if row["duration"] != "once" and (row["end_on"] is None or as_of < row["end_on"])
        ]
        step = evidence.steps.get(subscription.id)
        if not running or step is None:
            return []
        whole = Fraction(step["item_discount_monthly"] or 0) + Fraction(step["discount_monthly"] or 0)
        value = evidence.reporting_value(whole, subscription.currency)
        off = running[0]["percent_off"]
        return [(percent(off) if off is not None else None, value, min(row["start_on"] for row in running))]

    def _spare_free_items(self) -> None:
        """Trials of single items are no reason where nothing is billed too little without them."""
        is_whole = any(one.status == "trialing" for one in self.pairing.subscriptions)
        if not is_whole and self.rest + self.amounts["trial"] <= self.tolerance:
            self.amounts["trial"] = Fraction(0)

    def _cancel(self) -> None:
        """Subscriptions of the group that ended: tied to its contracts by id, or of the amount that is missing."""
        for ended in self.case.unit.ended:
            value = self._value_at_end(ended)
            if (
                self.case.chains.is_followed(ended)
                or not value
                or not any(overlap(ended, one) for one in self.pairing.contracts)
            ):
                continue
            is_tied = any(one.id in ended.names for one in self.pairing.contracts)
            fits = not ended.names and abs(self.rest - value) <= self.tolerance
            if (is_tied and self.rest > self.tolerance) or fits:
                self._add("cancellation", value, ended.ended)
                self.ended.append(ended)

    def _value_at_end(self, ended: Subscription) -> Fraction:
        step = self.case.evidence.steps.get(ended.id)
        if step is None or not step["net_monthly"] or ended.currency not in self.case.evidence.common:
            return Fraction(0)
        return self.case.evidence.reporting_value(Fraction(step["net_monthly"]), ended.currency)


def _full_prices(line: Row) -> list[Fraction]:
    """What a line would cost by its price and by its list price, as far as it says them."""
    known = line["unit_price_minor"] is not None and line["quantity"] is not None
    by_price = [Fraction(line["quantity"]) * line["unit_price_minor"]] if known else []
    return by_price + ([Fraction(line["ssp_minor"])] if line["ssp_minor"] is not None else [])
