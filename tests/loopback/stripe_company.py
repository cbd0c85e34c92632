"""The Stripe side of a company: filled from a raw folder, changed as people change it, written as it is served."""

import gzip
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .stripe_catalogue import DELETABLE, LISTS
from .stripe_expand import LINES_COUNT
from .stripe_tables import CUT, EMBEDDED, ObjectTable, compact

Json = dict[str, Any]
CARRIED = {
    "invoices": b'"object":"line_item"',
    "subscriptions": b'"object":"subscription_item"',
    "credit_notes": b'"object":"credit_note_line_item"',
}
LIKELY_CUT = 5_000  # bytes: an object below them cannot carry more than ten others
PREFIXES = {
    "cus_": "customers", "sub_sched_": "subscription_schedules", "sub_": "subscriptions", "in_": "invoices", "price_": "prices", "prod_": "products",
    "inpay_": "invoice_payments", "pi_": "payment_intents", "ch_": "charges", "py_": "charges", "re_": "refunds", "pyr_": "refunds", "du_": "disputes",
    "dp_": "disputes", "cn_": "credit_notes", "txn_": "balance_transactions", "po_": "payouts", "evt_": "events", "txr_": "tax_rates",
}  # fmt: skip
EVENT_NAMES = {"subscriptions": "customer.subscription", "disputes": "charge.dispute"}
WITHOUT_EVENTS = {"balance_transactions", "events"}
UPDATED = {"payment_intents": "payment_intent.succeeded", "invoice_payments": "invoice_payment.paid"}
CREATED = {"invoice_payments": "invoice_payment.paid"}


def raw_lines(folder: Path, name: str) -> Iterator[Json]:
    """Objects of a raw file; nothing when there is none."""
    for path in (folder / f"{name}.jsonl", folder / f"{name}.jsonl.gz"):
        if path.exists():
            text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            yield from (json.loads(line) for line in text.splitlines() if line.strip())


class StripeCompany:
    """All objects of one mode."""

    def __init__(self, folder: Path | str, *, livemode: bool = True) -> None:
        self.folder, self.livemode = Path(folder) / "stripe", livemode
        self.tables = {name: ObjectTable(name, listed.filters) for name, listed in LISTS.items()}
        for name, table in self.tables.items():
            table.add_files(sorted(self.folder.glob(f"{name}.jsonl*")), livemode=livemode)
        self.overflow: dict[str, list[Json]] = defaultdict(list)
        for name, field in EMBEDDED.items():
            self._cut(self.tables[name], field)
        for line in raw_lines(self.folder, "invoice_lines"):
            self.overflow[line["invoice"]].append(line)
        self.paid_out: dict[str, list[str]] = defaultdict(list)
        for pair in raw_lines(self.folder, "payout_balance_transactions"):
            self.paid_out[pair["payout"]].append(pair["balance_transaction"])
        empty: Json = {
            "object": "balance",
            "available": [],
            "connect_reserved": [],
            "livemode": livemode,
            "pending": [],
        }
        self.balance = next(
            (found for found in raw_lines(self.folder, "balance") if found.get("livemode") == livemode), empty
        )
        self.discounts: dict[str, Json] | None = None
        self.changes = 0

    def _cut(self, table: ObjectTable, field: str) -> None:
        """Move what is beyond the tenth object of an embedded list to its overflow."""
        cut = []
        for position in np.flatnonzero(table.stop - table.start >= LIKELY_CUT):
            text = table.text(int(position))
            if text.count(CARRIED[table.name]) <= CUT:
                continue
            found = json.loads(text)
            rows = found.get(field, {}).get("data", [])
            if len(rows) > CUT:
                self.overflow[found["id"]].extend(rows[CUT:])
                cut.append(found | {field: found[field] | {"data": rows[:CUT], "has_more": True}})
        if cut:
            table.put(cut)

    def find(self, own: str) -> Json | None:
        """An object of any list, by its id."""
        if own.startswith("di_"):
            return self._discounts().get(own)
        name = next((name for prefix, name in PREFIXES.items() if own.startswith(prefix)), "coupons")
        return self.tables[name].read(own)

    def _discounts(self) -> dict[str, Json]:
        """Discounts, which have no list of their own, from the objects that carry them."""
        if self.discounts is None:
            self.discounts = {}
            for name in ("customers", "subscriptions"):
                table = self.tables[name]
                for position in range(len(table)):
                    if b'"object":"discount"' in (text := table.text(position)):
                        self.discounts |= {found["id"]: found for found in _held(json.loads(text), "discount")}
        return self.discounts

    def change(self, operation: Mapping[str, Any], now: int) -> object:
        """Carry out one change; returns what it changed. Raises ValueError for what is not known.

        ``add`` (list, object), ``update`` (list, id, set), ``delete`` (list, id) make an event unless ``event`` is null;
        ``drop`` (list, id) leaves no trace; ``pay_out`` (payout, transactions); ``overflow`` (id, rows) gives an invoice
        more lines; ``forget_events`` (before); ``balance`` (object). ``at`` is the instant, by default the server's.
        """
        name, at = operation["op"], int(operation.get("at", now))
        self.discounts = None
        self.changes += 1
        if name == "pay_out":
            self.paid_out[operation["payout"]].extend(operation["transactions"])
        elif name == "balance":
            self.balance = operation["object"]
        elif name == "overflow":
            self.overflow[operation["id"]].extend(operation["rows"])
        elif name == "forget_events":
            return self._forget(int(operation["before"]))
        elif name in ("add", "update", "delete", "drop"):
            return getattr(self, f"_{name}")(self.tables[operation["list"]], operation, at)
        else:
            message = f"{name} is no change"
            raise ValueError(message)
        return None

    def _forget(self, before: int) -> int:
        events = self.tables["events"]
        old = events.rows.filter(events.rows["created"] < before)["id"].to_list()
        for own in old:
            events.remove(own)
        return len(old)

    def _add(self, table: ObjectTable, operation: Mapping[str, Any], at: int) -> Json:
        found = {"id": "", "object": LISTS[table.name].kind, "created": at} | operation["object"]
        table.put([found])
        self._tell(table, operation, CREATED.get(table.name, "created"), found, at)
        return found

    def _update(self, table: ObjectTable, operation: Mapping[str, Any], at: int) -> Json:
        before = table.read(operation["id"])
        if before is None:
            message = f"{table.name} has no {operation['id']}"
            raise ValueError(message)
        found = before | operation["set"]
        table.put([found])
        old = {field: before.get(field) for field in operation["set"]}
        self._tell(table, operation, UPDATED.get(table.name, "updated"), found, at, old)
        return found

    def _delete(self, table: ObjectTable, operation: Mapping[str, Any], at: int) -> Json:
        found = table.read(operation["id"])
        if found is None or table.name not in DELETABLE:
            message = f"{table.name} has no {operation['id']} that can be deleted"
            raise ValueError(message)
        table.remove(operation["id"])
        self._tell(table, operation, "deleted", found, at)
        return found

    @staticmethod
    def _drop(table: ObjectTable, operation: Mapping[str, Any], at: int) -> None:
        table.remove(operation["id"])
        table.deleted.discard(operation["id"])

    def _tell(
        self, table: ObjectTable, operation: Mapping[str, Any], kind: str, found: Json, at: int, old: Json | None = None
    ) -> None:
        """Make the event of a change."""
        if table.name in WITHOUT_EVENTS or operation.get("event", kind) is None:
            return
        prefix = EVENT_NAMES.get(table.name, LISTS[table.name].kind)
        told = operation.get("event") or (kind if "." in kind else f"{prefix}.{kind}")
        own = hashlib.sha256(f"{told} {found['id']} {at} {self.changes}".encode()).hexdigest()[:24]
        data: Json = {"object": found} | ({"previous_attributes": old} if old is not None else {})
        event = {
            "id": f"evt_1{own[1:]}", "object": "event", "api_version": "2026-10-28.endive", "created": at, "data": data, "livemode": self.livemode,
            "pending_webhooks": 0, "request": {"id": None, "idempotency_key": None}, "type": told,
        }  # fmt: skip
        self.tables["events"].put([event])

    def write(self, folder: Path | str, *, total_count: bool = False) -> None:
        """Write the raw files that a complete pull of this mode would write."""
        target = Path(folder) / "stripe"
        target.mkdir(parents=True, exist_ok=True)
        for name, table in self.tables.items():
            texts = (table.text(position) for position in range(len(table)))
            shown = (text if total_count or name not in EMBEDDED else LINES_COUNT.sub(b"", text) for text in texts)
            _write(target / f"{name}.jsonl", map(self._whole, shown) if name == "subscriptions" else shown)
        invoices = self.tables["invoices"]
        lines = (line for own, rows in sorted(self.overflow.items()) if invoices.find(own) is not None for line in rows)
        _write(target / "invoice_lines.jsonl", map(compact, lines))
        _write(target / "payout_balance_transactions.jsonl", map(compact, self._paid_out()))
        _write(target / "balance.jsonl", [compact(self.balance)])

    def _whole(self, text: bytes) -> bytes:
        """A subscription with all its items: no file holds those that a page leaves out."""
        found = json.loads(text) if b'"has_more":true' in text else {}
        rest = self.overflow.get(found.get("id", ""))
        if not rest:
            return text
        found["items"] |= {"data": [*found["items"]["data"], *rest], "has_more": False}
        return compact(found)

    def _paid_out(self) -> Iterator[Json]:
        """What listing by payout tells of automatic payouts."""
        payouts, transactions = self.tables["payouts"], self.tables["balance_transactions"]
        for payout in payouts.rows.filter(payouts.rows["automatic"])["id"].to_list():
            known = (own for own in self.paid_out.get(payout, ()) if transactions.find(own) is not None)
            yield from ({"payout": payout, "balance_transaction": own} for own in known)


def _held(value: Any, kind: str) -> Iterator[Json]:
    """Objects of a kind anywhere inside a value."""
    if isinstance(value, dict):
        if value.get("object") == kind and "id" in value:
            yield value
        for below in value.values():
            yield from _held(below, kind)
    elif isinstance(value, list):
        for below in value:
            yield from _held(below, kind)


def _write(path: Path, texts: Any) -> None:
    with path.open("wb") as opened:
        for text in texts:
            opened.write(text + b"\n")
