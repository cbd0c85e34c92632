"""Many damaged lines of Stripe in one read, each judged by itself."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from recon_kit.normalise.stripe import read_stripe
from recon_kit.schemas.raw import STRIPE_OBJECTS
from tests.conserved import broken_controls
from tests.stripe_records import AS_OF, POLICY

from . import plain
from .damage import damaged_json
from .judging import Tally, demand, money_by_currency, rows_by_bucket, rows_of, timed, unchanged_rows

if TYPE_CHECKING:
    from random import Random

    from recon_kit.quarantine import Reading

MONEY = {raw.name: raw.money for raw in STRIPE_OBJECTS if raw.money}
CATALOGUE = ("prices", "products", "coupons", "tax_rates")
SHARED = re.compile(r"(price|prod|txr|po|plan)_")
KEYED = {
    "customers": ("customers", "customer_id"),
    "subscriptions": ("subscriptions", "subscription_id"),
    "invoices": ("invoices", "invoice_id"),
    "charges": ("charges", "charge_id"),
    "refunds": ("refunds", "refund_id"),
    "disputes": ("disputes", "dispute_id"),
    "balance_transactions": ("balance_transactions", "balance_transaction_id"),
    "payouts": ("payouts_raw", "payout_id"),
}
FEW = 5
"""Objects of fewer records are left to the damage of whole files: one bad record of one stops the reading."""


@dataclass
class Lines:
    """A snapshot of Stripe as lines, and what reading it undamaged gives.

    Attributes:
        by_object: lines by object.
        reading: of the undamaged files; the canonical rows as texts in ``rows``.
        groups: per id the ids that hang together with it, of one customer as a rule.
        users: per shared id (of prices, products) the ids of what names it.
        seconds: of one undamaged reading.
    """

    by_object: dict[str, list[bytes]]
    rows: dict[str, pl.DataFrame]
    groups: dict[str, set[str]]
    users: dict[str, set[str]]
    seconds: float


def opened(folder: Path) -> Lines:
    """Read a rendered world."""
    by_object = {file.stem: file.read_bytes().splitlines() for file in sorted((folder / "stripe").iterdir())}
    read_stripe(folder, policy=POLICY, as_of=AS_OF)
    reading, seconds = timed(lambda: read_stripe(folder, policy=POLICY, as_of=AS_OF))
    groups, users = _hanging_together(by_object)
    return Lines(by_object, rows_of(reading), groups, users, seconds)


def tokens(line: bytes) -> set[str]:
    return set(plain.TOKEN.findall(line.decode(errors="replace")))


def _hanging_together(by_object: dict[str, list[bytes]]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    known = {text for lines in by_object.values() for line in lines for text in _ids(line)}
    leader = {one: one for one in known}

    def head(one: str) -> str:
        while leader[one] != one:
            leader[one] = leader[leader[one]]
            one = leader[one]
        return one

    users: dict[str, set[str]] = defaultdict(set)
    for lines in by_object.values():
        for line in lines:
            named = sorted(tokens(line) & known)
            own = [one for one in named if not SHARED.match(one)]
            for one in own[1:]:
                leader[head(one)] = head(own[0])
            for one in named:
                if SHARED.match(one):
                    users[one].update(own)
    groups: dict[str, set[str]] = defaultdict(set)
    for one in known:
        groups[head(one)].add(one)
    return {one: groups[head(one)] for one in known}, users


def _ids(line: bytes) -> list[str]:
    return re.findall(r'"(?:id|payout|balance_transaction)":"([^"]+)"', line.decode())


def run(lines: Lines, rng: Random, cases: int, close_dir: Path) -> Tally:
    """Damage lines of some customers, read the files, and judge every damaged line and all that was left alone."""
    damaged, touched = _damaged_files(lines, rng, cases)
    home = close_dir / "raw" / "stripe"
    home.mkdir(parents=True, exist_ok=True)
    for name, pieces in damaged.items():
        (home / f"{name}.jsonl").write_bytes(b"".join(piece + b"\n" for piece, _ in pieces))
    reading, seconds = timed(lambda: read_stripe(close_dir / "raw", policy=POLICY, as_of=AS_OF))
    tally = Tally(seconds=seconds, baseline_seconds=lines.seconds, reads=1)
    if isinstance(reading, Exception):
        tally.ends["one clear error"] += cases
        return tally
    broken = broken_controls(close_dir, reading, POLICY)
    demand(not broken, f"Controls do not tie: {broken}")
    for name, pieces in damaged.items():
        tally.ends += _Judge(lines, name, pieces, reading).ends()
    spared = {"payouts_raw", "balance_transactions", "events"} if _moves_payouts(damaged) else set()
    unchanged_rows(lines.rows, rows_of(reading), touched, spared)
    return tally


def _moves_payouts(damaged: dict[str, list[tuple[bytes, bytes | None]]]) -> bool:
    """Links of payouts cross the customers; a damaged one may change the rows of any."""
    return any(
        before is not None for name in ("payouts", "payout_balance_transactions") for _, before in damaged.get(name, [])
    )


def _damaged_files(
    lines: Lines, rng: Random, cases: int
) -> tuple[dict[str, list[tuple[bytes, bytes | None]]], set[str]]:
    """Damage lines; returns, per object, every physical line with what it was (none: not damaged), and all ids touched."""
    victims = set(rng.sample(sorted(lines.by_object["customers"]), len(lines.by_object["customers"]) // 3))
    mine = {one for line in victims for named in tokens(line) for one in lines.groups.get(named, ())}
    pool = [
        (name, number)
        for name, every in lines.by_object.items()
        if len(every) >= FEW and (name not in CATALOGUE or rng.random() < 0.2)
        for number, line in enumerate(every)
        if name in CATALOGUE or tokens(line) & mine
    ]
    chosen = set(rng.sample(pool, min(cases, len(pool))))
    touched: set[str] = set()
    files = {}
    for name, every in lines.by_object.items():
        pieces: list[tuple[bytes, bytes | None]] = []
        for number, line in enumerate(every):
            if (name, number) not in chosen:
                pieces.append((line, None))
                continue
            after = damaged_json(rng, line)
            pieces += [(piece, line) for piece in _moved(rng, after, line).split(b"\n")]
            touched |= _reached(lines, tokens(line) | tokens(after) | _own_id(after), is_catalogue=name in CATALOGUE)
        files[name] = pieces
    return files, touched


@cache
def _known(line: bytes) -> plain.Object | None:
    return plain.parsed(line)


def _own_id(line: bytes) -> set[str]:
    record = plain.parsed(line)
    key = plain.text_of(record.get("id")) if record else None
    return {key} if key and key.encode(errors="ignore").decode() == key else set()


def _is_odd_number(key: Any) -> bool:
    """Whether an id is a number that parsers write in their own way, as ``1E3`` and ``1000.0``."""
    return isinstance(key, plain.Number) and plain.whole(key) is None


def _moved(rng: Random, after: bytes, line: bytes) -> bytes:
    """Now and then the line also stands twice, or beside what it was."""
    chance = rng.random()
    if chance < 0.04:
        return after + b"\n" + after
    return after + b"\n" + line if chance < 0.08 else after


def _reached(lines: Lines, named: set[str], *, is_catalogue: bool) -> set[str]:
    reached = set(named)
    for one in named:
        reached |= lines.groups.get(one, set())
        if is_catalogue:
            reached |= {far for user in lines.users.get(one, ()) for far in lines.groups.get(user, ())}
    return reached


class _Judge:
    """Judges the damaged lines of one object."""

    def __init__(self, lines: Lines, name: str, pieces: list[tuple[bytes, bytes | None]], reading: Reading) -> None:
        self.lines, self.name, self.pieces, self.reading = lines, name, pieces, reading
        mine = reading.quarantine.filter(pl.col("object") == name)
        self.faults: dict[int, list[str]] = defaultdict(list)
        for line, rule in mine.select("line", "rule").sort("line", "rule").iter_rows():
            self.faults[line].append(rule)
        self.excluded = set(reading.excluded.filter(pl.col("object") == name)["key"].to_list())
        self.records = {
            number: plain.parsed(text) if before is not None else _known(text)
            for number, text, before in self._numbered()
        }

    def _numbered(self) -> list[tuple[int, bytes, bytes | None]]:
        every = enumerate(self.pieces, start=1)
        return [(number, text, before) for number, (text, before) in every if text.strip(plain.SPACES)]

    def ends(self) -> Counter[str]:
        self._conserves()
        ends: Counter[str] = Counter()
        tables = self._table()
        copies = Counter(text for _, text, _ in self._numbered())
        for number, text, before in self._numbered():
            if before is None:
                self._never_lost(number, text)
            else:
                ends[self._end(number, text, before, copies[text], tables)] += 1
        ends["left blank"] += sum(
            1 for text, before in self.pieces if before is not None and not text.strip(plain.SPACES)
        )
        return +ends

    def _conserves(self) -> None:
        """Rows and money of the buckets against the lines counted here."""
        counts = rows_by_bucket(self.reading.buckets, self.name)
        demand(
            sum(counts.values()) == len(self._numbered()),
            f"{self.name}: {len(self._numbered())} lines, buckets {counts}",
        )
        demand(
            counts.get("quarantined", 0) == len(self.faults),
            f"{self.name}: quarantine names {len(self.faults)} lines, buckets {counts}",
        )
        if self.name not in MONEY:
            return
        amount, currency = MONEY[self.name]
        expected: Counter[str] = Counter()
        for number, _, _ in self._numbered():
            record = self.records[number]
            told = plain.stripe_minor(record.get(amount), record.get(currency)) if record is not None else None
            if told and not (self.faults.get(number) == ["malformed_json"] and not record.is_ambiguous):
                expected[told[1]] += told[0]
        wanted = {code: total for code, total in expected.items() if total}
        found = money_by_currency(self.reading.buckets, self.name)
        demand(found == wanted, f"{self.name}: money {found} instead of {wanted}")

    def _never_lost(self, number: int, text: bytes) -> None:
        demand(
            self.faults.get(number) != ["malformed_json"], f"{self.name} line {number} was not touched: {text[:120]!r}"
        )

    def _table(self) -> dict[str, dict[str, Any]]:
        if self.name not in KEYED:
            return {}
        table, key = KEYED[self.name]
        return {row[key]: row for row in self.reading.tables[table].to_dicts()}

    def _end(self, number: int, text: bytes, before: bytes, copies: int, table: dict[str, dict[str, Any]]) -> str:
        record = self.records[number]
        rules = self.faults.get(number)
        if rules == ["malformed_json"]:
            demand(
                record is None or plain.is_ambiguous(text, record),
                f"{self.name} line {number} is an object: {text[:300]!r}",
            )
            return "quarantined: malformed_json"
        demand(record is not None, f"{self.name} line {number} is no object but was taken for one: {text[:300]!r}")
        demand(not record.is_ambiguous or rules, f"{self.name} line {number} names a key twice: {text[-300:]!r}")
        if rules:
            return f"quarantined: {rules[0]}"
        key = plain.text_of(record.get("id"))
        if key in self.excluded:
            return "excluded"
        if copies > 1 or self._stands_elsewhere(number, key):
            return "duplicate"
        if self.name in KEYED and not _is_odd_number(record.get("id")):
            row = table.get(key) if key else None
            demand(row is not None, f"{self.name} line {number}: {key} is in no bucket: {text[:300]!r}")
            self._amounts(number, record, row)
        return "accepted unchanged" if text == before else "accepted, changed as parsed"

    def _stands_elsewhere(self, number: int, key: str | None) -> bool:
        return any(
            other != number and record and plain.text_of(record.get("id")) == key
            for other, record in self.records.items()
        )

    def _amounts(self, number: int, record: dict[str, Any], row: dict[str, Any]) -> None:
        """The amounts of an accepted record are what plain Python reads in its line."""
        names = {"invoices": ("subtotal", "total", "amount_due", "amount_paid", "amount_remaining")}.get(self.name)
        for name in names or (("amount",) if "amount_minor" in row else ()):
            told = plain.stripe_minor(record.get(name), record.get("currency"))
            found = row.get(f"{name}_minor")
            demand(
                found == (told[0] if told else None),
                f"{self.name} line {number}: {name} {record.get(name)} became {found}",
            )
        if self.name in MONEY or self.name == "subscriptions":
            written = plain.text_of(record.get("currency"))
            demand(
                written is None or row["currency"] == written.upper(),
                f"{self.name} line {number}: currency {written} became {row['currency']}",
            )
