"""Bodies of Stripe's answers: lists and their pages, objects, embedded lists."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import duckdb
import numpy as np

from .http_messages import Request
from .stripe_catalogue import DELETABLE, LISTS, STATUSES, Listed
from .stripe_company import StripeCompany
from .stripe_expand import LINES_COUNT, Tree, are_plain, shown, steps_of, tree_of
from .stripe_parameters import (
    StripeError,
    boolean,
    created_bounds,
    expansions,
    no_such,
    one,
    page_size,
    paged,
    refuse_unknown,
    unrecognized,
)
from .stripe_tables import EMBEDDED, ObjectTable, compact

PAGING = ("limit", "starting_after", "ending_before", "expand")
MANUAL_TEXT = "Balance transaction history can only be filtered on automatic transfers, not manual."


class StripeAnswers:
    """Answers about the objects of a company.

    Options: pretty (layout as Stripe's, else compact), total_count (embedded lists tell it), events_days.
    """

    def __init__(self, options: Mapping[str, Any], now: Callable[[], float]) -> None:
        self.is_pretty = bool(options.get("pretty", True))
        self.tells_total = bool(options.get("total_count", False))
        self.events_days = options.get("events_days")
        self.now = now
        self.layout = duckdb.connect(config={"threads": 1})

    def body(self, company: StripeCompany, request: Request, parts: list[str]) -> bytes:
        """Body of a good answer; raises StripeError and ExpandError."""
        if parts == ["balance"]:
            return self._laid_out(company.balance)
        if parts == ["subscription_items"]:
            return self._items(company, request)
        if parts[0] not in LISTS or len(parts) > 3:
            raise unrecognized(request)
        table = company.tables[parts[0]]
        if len(parts) == 1:
            return self._list(company, table, request)
        if len(parts) == 2:
            return self._object(company, table, parts[1], request)
        if parts[2] == "lines" and parts[0] in ("invoices", "credit_notes"):
            return self._embedded(company, table, parts[1], request)
        raise unrecognized(request)

    def _laid_out(self, content: object) -> bytes:
        return self._indented(compact(content))

    def _object(self, company: StripeCompany, table: ObjectTable, own: str, request: Request) -> bytes:
        """One object, or that it is deleted."""
        listed = LISTS[table.name]
        refuse_unknown(request, ("expand",))
        tree = tree_of(expansions(request), listed.kind, is_list=False)
        if own in table.deleted and table.name in DELETABLE:
            return self._laid_out({"id": own, "object": listed.kind, "deleted": True})
        found = table.read(own)
        if found is None or (table.name == "events" and found["created"] < self._events_since()):
            raise no_such(listed, own, "id", 404)
        text = compact(shown(found, listed.kind, tree, company.find))
        return self._indented(text if self.tells_total or table.name not in EMBEDDED else LINES_COUNT.sub(b"", text))

    def _events_since(self) -> int:
        return int(self.now() - self.events_days * 86_400) if self.events_days else 0

    def _list(self, company: StripeCompany, table: ObjectTable, request: Request) -> bytes:
        """A page of a list."""
        listed = LISTS[table.name]
        refuse_unknown(request, (*PAGING, "created", *listed.filters))
        tree = tree_of(expansions(request), listed.kind, is_list=True)
        created = created_bounds(request)
        if table.name == "events" and self.events_days:
            created["gte"] = max(created.get("gte", 0), self._events_since())
        matching = self._matching(company, table, request)
        first, last = table.between(created)
        kept = np.arange(first, last) if matching is None else matching[(matching >= first) & (matching < last)]
        after, before = one(request, "starting_after"), one(request, "ending_before")
        after_at, before_at = (
            self._cursor(table, own, name) for name, own in (("starting_after", after), ("ending_before", before))
        )
        page, has_more = paged(kept, page_size(request), after_at, before_at)
        return self._page_body(self._texts(company, table, page, tree), request.path, has_more=has_more)

    def _texts(self, company: StripeCompany, table: ObjectTable, page: np.ndarray, tree: Tree) -> bytes:
        """The objects of a page as this list shows them, joined."""
        kind, steps = LISTS[table.name].kind, steps_of(tree)
        stored = [table.text(int(place)) for place in page]
        joined = b",".join(stored)
        if not are_plain(joined, kind, steps):
            joined = b",".join(self._shown(text, kind, tree, steps, company) for text in stored)
        return joined if self.tells_total or table.name not in EMBEDDED else LINES_COUNT.sub(b"", joined)

    @staticmethod
    def _shown(text: bytes, kind: str, tree: Tree, steps: frozenset[str], company: StripeCompany) -> bytes:
        return text if are_plain(text, kind, steps) else compact(shown(json.loads(text), kind, tree, company.find))

    def _page_body(self, texts: bytes, url: str, *, has_more: bool) -> bytes:
        more = b"true" if has_more else b"false"
        return self._indented(
            b'{"object":"list","data":[' + texts + b'],"has_more":' + more + b',"url":' + compact(url) + b"}"
        )

    def _indented(self, text: bytes) -> bytes:
        """JSON over many lines, as Stripe's bodies are."""
        if not self.is_pretty:
            return text
        return self.layout.execute("SELECT json_pretty(?::JSON)", [text.decode()]).fetchone()[0].encode() + b"\n"

    def _matching(self, company: StripeCompany, table: ObjectTable, request: Request) -> "np.ndarray | None":
        """Positions that the filters of a request leave."""
        filters: dict[str, object] = {}
        for name in LISTS[table.name].filters:
            if name == "types":
                if types := tuple(value for key, value in request.parameters if key.startswith("types[")):
                    filters["type"] = types
            elif (value := one(request, name)) is not None:
                filters[name] = boolean(name, value) if name in ("active", "inclusive") else value
        status = filters.get("status")
        if status is not None and status not in STATUSES.get(table.name, (status,)):
            raise StripeError(
                400,
                f"Invalid status: must be one of {', '.join(STATUSES[table.name][:-1])}, or {STATUSES[table.name][-1]}",
                param="status",
            )
        if table.name == "subscriptions":
            filters |= {None: {"not_status": "canceled"}, "ended": {"status": ("canceled", "incomplete_expired")}}.get(
                status, {}
            )
            if status == "all":
                del filters["status"]
        if (payout := filters.pop("payout", None)) is None:
            return table.matching(**filters)
        return self._of_payout(company, table, str(payout), filters)

    @staticmethod
    def _of_payout(company: StripeCompany, table: ObjectTable, payout: str, filters: dict[str, object]) -> np.ndarray:
        """Balance transactions of an automatic payout."""
        found = company.tables["payouts"].read(payout)
        if found is None:
            raise no_such(LISTS["payouts"], payout, "payout", 400)
        if not found.get("automatic"):
            raise StripeError(400, MANUAL_TEXT, param="payout")
        places = (table.find(own) for own in company.paid_out.get(payout, ()))
        own = np.array(sorted(place for place in places if place is not None), np.int64)
        others = table.matching(**filters)
        return own if others is None else np.intersect1d(own, others)

    @staticmethod
    def _cursor(table: ObjectTable, own: str | None, name: str) -> int | None:
        if own is None:
            return None
        if (found := table.find(own)) is None:
            raise no_such(LISTS[table.name], own, name, 400)
        return found

    def _embedded(self, company: StripeCompany, table: ObjectTable, own: str, request: Request) -> bytes:
        """Lines of an invoice or credit note: those that the object carries, then the overflow."""
        refuse_unknown(request, PAGING)
        kind = "line_item" if table.name == "invoices" else "credit_note_line_item"
        tree = tree_of(expansions(request), kind, is_list=True)
        found = table.read(own)
        if found is None:
            raise no_such(LISTS[table.name], own, "id", 404)
        rows = [*found["lines"]["data"], *company.overflow.get(own, ())]
        return self._page_of(rows, request, kind, tree, company)

    def _items(self, company: StripeCompany, request: Request) -> bytes:
        """Items of a subscription."""
        refuse_unknown(request, (*PAGING, "subscription"))
        own = one(request, "subscription")
        if not own:
            raise StripeError(
                400, "Missing required param: subscription.", code="parameter_missing", param="subscription"
            )
        found = company.tables["subscriptions"].read(own)
        if found is None:
            raise no_such(LISTS["subscriptions"], own, "subscription", 400)
        tree = tree_of(expansions(request), "subscription_item", is_list=True)
        rows = [*found["items"]["data"], *company.overflow.get(own, ())]
        return self._page_of(rows, request, "subscription_item", tree, company)

    def _page_of(
        self, rows: list[dict[str, Any]], request: Request, kind: str, tree: Tree, company: StripeCompany
    ) -> bytes:
        """A page of a few objects."""
        ids = [row["id"] for row in rows]
        cursors = []
        for name in ("starting_after", "ending_before"):
            own = one(request, name)
            if own is not None and own not in ids:
                raise no_such(Listed(kind, ""), own, name, 400)
            cursors.append(None if own is None else ids.index(own))
        page, has_more = paged(np.arange(len(rows)), page_size(request), *cursors)
        texts = [compact(shown(rows[place], kind, tree, company.find)) for place in page]
        return self._page_body(b",".join(texts), request.path, has_more=has_more)
