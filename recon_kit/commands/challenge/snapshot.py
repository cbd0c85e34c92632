"""A raw snapshot of which only the records of chosen companies are read; other lines stay as they came, byte by byte.

Records are Python objects here, because they are few and each is changed in its own way.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recon_kit.extract.raw_files import layout_files
from recon_kit.schemas.raw import SALESFORCE, STRIPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from recon_kit.commands.challenge.salesforce_verbs import Row
    from recon_kit.commands.challenge.stripe_verbs import Record

_UNREAD = ("payouts", "balance", "payout_balance_transactions", "balance_transactions")
"""Files that name no company, and that no verb changes."""
_NAME_INVOICES = ("invoice_payments", "invoice_lines")
"""Files that name an invoice, and no customer."""
_MADE_OF_OTHERS = ("exports", "pull")
"""Parts of ``raw/`` that tell how the rest came: it stands on its own in the copy."""


@dataclass
class StripeFile:
    """One file of Stripe objects: its lines as they came, and those of the chosen companies as objects."""

    path: Path
    name: str
    lines: list[bytes]
    read: dict[int, Record] = field(default_factory=dict)


@dataclass
class SalesforceFile:
    """One file of Salesforce rows."""

    path: Path
    name: str
    encoding: str
    columns: list[str]
    rows: list[Row]


class Snapshot:
    """The raw records that may be changed, and what is added and dropped."""

    def __init__(self, raw: Path, ids: Iterable[str]) -> None:
        """Read the Stripe objects that name one of ``ids``, and all Salesforce rows."""
        self.raw = raw
        stripe, _ = layout_files(raw / STRIPE, STRIPE)
        salesforce, _ = layout_files(raw / SALESFORCE, SALESFORCE)
        self.stripe = [_stripe_file(path, name, _any_of(ids)) for path, name in stripe.items()]
        billed = [one["id"] for file in self.stripe if file.name == "invoices" for one in file.read.values()]
        by_invoice = _any_of(billed)
        self.stripe = [
            _stripe_file(file.path, file.name, by_invoice) if file.name in _NAME_INVOICES else file
            for file in self.stripe
        ]
        self.salesforce = [_salesforce_file(path, name) for path, name in salesforce.items()]
        self.added: dict[str, list[Record]] = {}
        self.dropped: set[int] = set()

    def objects(self, name: str) -> Iterator[Record]:
        """Walk the Stripe objects of a kind that were read or added, without those dropped."""
        held = (record for file in self.stripe if file.name == name for record in file.read.values())
        for record in (*held, *self.added.get(name, ())):
            if id(record) not in self.dropped:
                yield record

    def rows(self, name: str) -> Iterator[Row]:
        """Walk the Salesforce rows of an object, without those dropped."""
        for file in self.salesforce:
            if file.name == name:
                yield from (row for row in file.rows if id(row) not in self.dropped)

    def has(self, name: str) -> bool:
        """Tell whether the snapshot has a file of a kind."""
        return name in {file.name for file in self.stripe} | {file.name for file in self.salesforce}

    def add(self, name: str, record: Record) -> None:
        """Add a Stripe object."""
        self.added.setdefault(name, []).append(record)

    def add_row(self, name: str, row: Row) -> None:
        """Add a Salesforce row beside those of its kind."""
        next(file for file in self.salesforce if file.name == name).rows.append(row)

    def drop(self, records: Iterable[Record] | Iterable[Row]) -> None:
        """Leave out Stripe objects or Salesforce rows."""
        self.dropped |= {id(record) for record in records}

    def mark(self) -> tuple[dict[str, int], set[int], dict[str, int]]:
        """Remember what has been added and dropped so far."""
        rows = {str(file.path): len(file.rows) for file in self.salesforce}
        return {name: len(added) for name, added in self.added.items()}, set(self.dropped), rows

    def undo(self, mark: tuple[dict[str, int], set[int], dict[str, int]]) -> None:
        """Go back to what had been added and dropped at a mark."""
        added, self.dropped, rows = mark
        self.added = {name: records[: added[name]] for name, records in self.added.items() if name in added}
        for file in self.salesforce:
            del file.rows[rows[str(file.path)] :]

    def write(self, folder: Path) -> None:
        """Write the snapshot as a ``raw/`` folder of its own.

        Args:
            folder: a folder that does not exist yet.
        """
        shutil.copytree(self.raw, folder, ignore=shutil.ignore_patterns(*_MADE_OF_OTHERS))
        left = dict(self.added)
        for file in self.stripe:
            if file.read or file.name in left:
                _write_lines(folder / STRIPE / file.path.name, self._lines(file, left.pop(file.name, [])))
        for name, records in left.items():
            _write_lines(folder / STRIPE / f"{name}.jsonl", (_line(record) for record in records))
        for table in self.salesforce:
            (folder / SALESFORCE / table.path.name).write_bytes(self._text(table).encode(table.encoding))

    def _lines(self, file: StripeFile, added: Iterable[Record]) -> Iterator[bytes]:
        for number, line in enumerate(file.lines):
            record = file.read.get(number)
            if record is None:
                yield line.rstrip(b"\r\n") + b"\n"
            elif id(record) not in self.dropped:
                yield _line(record)
        yield from (_line(record) for record in added if id(record) not in self.dropped)

    def _text(self, file: SalesforceFile) -> str:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, file.columns, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(row for row in file.rows if id(row) not in self.dropped)
        return buffer.getvalue()


def _any_of(ids: Iterable[str]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(one.encode()) for one in sorted(ids)) or rb"(?!)")


def _line(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _stripe_file(path: Path, name: str, sought: re.Pattern[bytes]) -> StripeFile:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line for line in content.splitlines(keepends=True) if line.strip()]
    if name in _UNREAD:
        return StripeFile(path, name, lines)
    return StripeFile(path, name, lines, {n: json.loads(line) for n, line in enumerate(lines) if sought.search(line)})


def _write_lines(path: Path, lines: Iterable[bytes]) -> None:
    content = b"".join(lines)
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def _salesforce_file(path: Path, name: str) -> SalesforceFile:
    content = path.read_bytes()
    try:
        encoding, text = "utf-8", content.decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding, text = "cp1252", content.decode("cp1252")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(reader)
    return SalesforceFile(path, name, encoding, list(reader.fieldnames or ()), rows)
