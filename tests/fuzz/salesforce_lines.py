"""Many damaged records of Salesforce in one read, each judged by itself."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from recon_kit.normalise.salesforce import read_salesforce
from tests.conserved import broken_controls
from tests.stripe_records import AS_OF, POLICY

from . import plain
from .damage import BYTES, damaged_cells
from .judging import Tally, demand, rows_by_bucket, rows_of, timed, unchanged_rows

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from recon_kit.quarantine import Reading

RECORD_ID = re.compile(r"\b(?:001|003|006|800|00k|008)[A-Za-z0-9]{12,15}\b")
TABLE = {"Account": ("accounts", "account_id"), "Opportunity": ("contracts", "opportunity_id"), "OpportunityLineItem": ("contract_lines", "line_id")}  # fmt: skip


@dataclass
class Records:
    """A snapshot of Salesforce as records, and what reading it undamaged gives."""

    by_object: dict[str, list[list[str]]]
    rows: dict[str, pl.DataFrame]
    groups: dict[str, set[str]]
    seconds: float


def opened(folder: Path) -> Records:
    """Read a rendered world."""
    by_object = {}
    for file in sorted((folder / "salesforce").glob("*.csv")):
        with file.open(newline="", encoding="utf-8") as text:
            by_object[file.stem] = list(csv.reader(text))
    read_salesforce(folder, policy=POLICY, as_of=AS_OF)
    reading, seconds = timed(lambda: read_salesforce(folder, policy=POLICY, as_of=AS_OF))
    return Records(by_object, rows_of(reading), _hanging_together(by_object), seconds)


def _ids(cells: list[str]) -> set[str]:
    return {one for cell in cells for one in RECORD_ID.findall(cell)}


def _hanging_together(by_object: dict[str, list[list[str]]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {}
    for rows in by_object.values():
        for cells in rows[1:]:
            merged = set().union(*(groups.get(one, {one}) for one in _ids(cells)), _ids(cells))
            groups.update(dict.fromkeys(merged, merged))
    return groups


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(cells)
    return text.getvalue().encode(errors="surrogatepass")


@dataclass
class _Piece:
    """One record of a damaged file: the text written, what it was, and whether it was damaged."""

    text: bytes
    cells: list[str]
    is_damaged: bool
    line: int = 0


def run(records: Records, rng: Random, cases: int, close_dir: Path) -> Tally:
    """Damage records of some accounts, read the files, and judge every damaged record and all that was left alone."""
    files, touched = _damaged_files(records, rng, cases)
    home = close_dir / "raw" / "salesforce"
    home.mkdir(parents=True, exist_ok=True)
    for name, pieces in files.items():
        (home / f"{name}.csv").write_bytes(b"".join(piece.text + b"\n" for piece in pieces))
    reading, seconds = timed(lambda: read_salesforce(close_dir / "raw", policy=POLICY, as_of=AS_OF))
    tally = Tally(seconds=seconds, baseline_seconds=records.seconds, reads=1)
    if isinstance(reading, Exception):
        tally.ends["one clear error"] += cases
        return tally
    broken = broken_controls(close_dir, reading, POLICY)
    demand(not broken, f"Controls do not tie: {broken}")
    for name, pieces in files.items():
        tally.ends += _ends(name, pieces, reading)
    unchanged_rows(records.rows, rows_of(reading), touched, set())
    return tally


def _damaged_files(records: Records, rng: Random, cases: int) -> tuple[dict[str, list[_Piece]], set[str]]:
    accounts = sorted(row[0] for row in records.by_object["Account"][1:])
    victims = {far for one in rng.sample(accounts, len(accounts) // 2) for far in records.groups.get(one, {one})}
    pool = [
        (name, number)
        for name, rows in records.by_object.items()
        for number, cells in enumerate(rows[1:], start=1)
        if _ids(cells) & victims
    ]
    chosen = set(rng.sample(pool, min(cases, len(pool))))
    as_bytes = rng.random() < 0.5
    touched: set[str] = set()
    files = {}
    for name, rows in records.by_object.items():
        pieces = [_Piece(_line(cells), cells, is_damaged=False) for cells in rows]
        for _, number in sorted(one for one in chosen if one[0] == name):
            piece = pieces[number]
            piece.text = _damaged(rng, piece.cells, as_bytes=as_bytes)
            piece.is_damaged = True
            named = _ids(piece.cells) | _ids([piece.text.decode(errors="replace")]) | _all_cells(piece.text)
            touched |= named | {far for one in named for far in records.groups.get(one, ())}
        line = 1
        for piece in pieces:
            piece.line = line
            line += 1 + piece.text.count(b"\n")
        files[name] = pieces
    return files, touched


def _all_cells(text: bytes) -> set[str]:
    """Whatever a damaged record may be called now."""
    return {cell.strip() for row in _read(text) for cell in row[:1]}


def _read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode(errors="replace"), newline="")))


def _damaged(rng: Random, cells: list[str], *, as_bytes: bool) -> bytes:
    if not as_bytes:
        return _line(damaged_cells(rng, cells))
    after = rng.choice(BYTES)(rng, _line(cells))
    chance = rng.random()
    return after + b"\n" + after if chance < 0.04 else after + b"\n" + _line(cells) if chance < 0.08 else after


def _ends(name: str, pieces: list[_Piece], reading: Reading) -> Counter[str]:
    faults: dict[int, list[str]] = defaultdict(list)
    for line, rule in (
        reading.quarantine.filter(pl.col("object") == name).select("line", "rule").sort("line", "rule").iter_rows()
    ):
        faults[line].append(rule)
    counts = rows_by_bucket(reading.buckets, name)
    demand(
        counts.get("quarantined", 0) == len(faults), f"{name}: quarantine names {len(faults)} records, buckets {counts}"
    )
    excluded = set(reading.excluded.filter(pl.col("object") == name)["key"].to_list())
    rows = _rows_by_key(name, reading)
    header = pieces[0].cells
    ends: Counter[str] = Counter()
    for piece in pieces[1:]:
        rules = [
            rule
            for line in range(piece.line, piece.line + 1 + piece.text.count(b"\n"))
            for rule in faults.get(line, ())
        ]
        if piece.is_damaged:
            ends[_end(name, piece, rules, excluded, rows, header)] += 1
        else:
            demand("malformed_row" not in rules, f"{name} line {piece.line} was not touched: {piece.text[:200]!r}")
    return ends


def _rows_by_key(name: str, reading: Reading) -> dict[str, dict[str, Any]]:
    if name not in TABLE:
        return {}
    table, key = TABLE[name]
    return {row[key]: row for row in reading.tables[table].to_dicts()}


def _end(
    name: str, piece: _Piece, rules: list[str], excluded: set[str], rows: dict[str, dict[str, Any]], header: list[str]
) -> str:
    if rules:
        return f"quarantined: {rules[0]}"
    read = [row for row in _read(piece.text) if any(cell.strip() for cell in row)]
    if not read:
        return "left blank"
    demand(
        all(len(row) == len(header) for row in read),
        f"{name} line {piece.line} has other fields but was taken: {piece.text!r}",
    )
    if len(read) > 1:
        return "duplicate or superseded"
    record = {column: cell.strip() for column, cell in zip(header, read[0], strict=True)}
    key = record["Id"]
    if key in excluded:
        return "excluded"
    if name in TABLE and key in rows and name == "Opportunity":
        code = (record["CurrencyIsoCode"] or "USD").upper()
        told = plain.decimal_minor(record["Amount"], code)
        found = rows[key]["amount_minor"]
        demand(found == told, f"{name} line {piece.line}: amount {record['Amount']} {code} became {found}")
    demand(name not in TABLE or key in rows, f"{name} line {piece.line}: {key} is in no bucket: {piece.text!r}")
    return "accepted unchanged" if piece.text == _line(piece.cells) else "accepted, changed as parsed"
